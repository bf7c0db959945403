using System.CommandLine;
using System.CommandLine.Invocation;
using Gateway.Terminal;
using Gateway.Verbs;

namespace Gateway;

/// <summary>The program `gateway`: one verb a task.</summary>
internal static class Program
{
    private static async Task<int> Main(string[] arguments)
    {
        var screen = Screen.OfConsole();
        var root = new RootCommand("Coldproof gateway: reads probes, records every sample durably, seals batches, anchors them to a "
            + "ledger.\n"
            + "Exit codes: 0 done, 1 not done, 2 usage, 78 settings have problems; verify: 0 verified, 1 does not match, 2 usage, 3 "
                + "cannot check.")
        {
            RunVerb.Create(screen, TimeProvider.System),
            DemoVerb.Create(screen, TimeProvider.System),
            ProbesVerb.Create(screen, TimeProvider.System),
            StatusVerb.Create(screen),
            ExportVerb.Create(screen, TimeProvider.System),
            VerifyVerb.Create(screen),
            FsckVerb.Create(screen, TimeProvider.System),
            EnrolVerb.Create(screen),
            ConfigVerb.Create(screen),
        };
        var parsed = root.Parse(arguments);
        try
        {
            var code = await parsed.InvokeAsync(new()
            {
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = TimeSpan.FromSeconds(40)
            });
            return parsed.Action is ParseErrorAction ? ExitCode.Usage : code;
        }
        catch (VerbException fault)
        {
            screen.Problem(fault.Message);
            return fault.Code;
        }
    }
}
