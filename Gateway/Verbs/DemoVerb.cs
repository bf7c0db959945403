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
            try
            {
                return await new Demonstration(screen, folder, ProgramFile.Self(), program, clock).Run(parsed.GetValue(once), stop);
            }
            catch (Exception fault) when (stop.IsCancellationRequested && fault is OperationCanceledException or VerbException or HttpRequestException)
            {
                // F-120: a terminal sends Ctrl-C to the two programs as well: that they end, or answer nothing any more, is no failure then.
                SayStopped(screen, folder);
                return ExitCode.Interrupted;
            }
        });
        return verb;
    }

    private static void SayStopped(Screen screen, DemoFolder folder)
    {
        var isRecording = File.Exists(folder.File("gateway.json")) && Directory.Exists(folder.GatewayData);
        screen.Problem("Stopped before it was done. Both programs have ended. " + (!folder.IsKept
            ? "Nothing is kept; `gateway demo --dir DIR` would keep what there is."
            : !isRecording
                ? $"Nothing was recorded yet; delete {folder.Root}, or give --dir another new directory to begin again."
                : $"What was recorded is kept in {folder.Root}: look at it with `gateway status --config {folder.File("gateway.json")}`. "
                    + "To begin again give --dir another new directory."));
    }
}
