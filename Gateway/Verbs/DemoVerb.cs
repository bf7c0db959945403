using System.CommandLine;
using Gateway.Demo;
using Gateway.Terminal;

namespace Gateway.Verbs;

/// <summary><c>gateway demo</c>: from nothing to a verdict in a stranger's hands, with one command.</summary>
public static class DemoVerb
{
    public static Command Create(Screen screen, TimeProvider clock)
    {
        var port = new Option<int>("--port") { Description = "Port of the ledger's page on 127.0.0.1; default: a free one." };
        var directory = new Option<string?>("--dir")
        {
            Description = "Keep everything in this new directory; default: a temporary one, "
            + "deleted at the end."
        };
        var ledger = new Option<string?>("--ledger")
        {
            Description = "The ledger program; default: beside this one, or in the build "
            + "tree."
        };
        var once = new Option<bool>("--once") { Description = "End after the verdict instead of serving the page until Ctrl-C." };
        var verb = new Command("demo", "Replay a real trip through two real programs and show its verdict. Exit: 0 all verified, 1 "
            + "otherwise.")
        {
            port, directory, ledger, once,
        };
        verb.SetAction(async (parsed, stop) =>
        {
            var program = ProgramFile.Ledger(parsed.GetValue(ledger));
            using var folder = DemoFolder.Open(parsed.GetValue(directory), parsed.GetValue(port));
            return await new Demonstration(screen, folder, ProgramFile.Self(), program, clock).Run(parsed.GetValue(once), stop);
        });
        return verb;
    }
}
