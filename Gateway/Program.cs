using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Anchoring;
using Gateway.Hosting;
using Gateway.Terminal;
using Gateway.Verbs;

namespace Gateway;

/// <summary>The program `gateway`: one verb a task.</summary>
internal static class Program
{
    private static async Task<int> Main(string[] arguments)
    {
        var screen = Screen.OfConsole();
        Command root = IsVerifier() ? Verifier(screen) : Everything(screen);
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
        catch (GatewayKeyException fault)
        {
            screen.Problem(fault.Message);
            return ExitCode.Configuration;
        }
        catch (Exception fault) when (fault is NotRecordedException or EvidenceBrokenException or DirectoryInUseException)
        {
            screen.Problem(fault.Message);
            return ExitCode.Failed;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // F-61: the disk refuses before anything runs. systemd tries again; a person reads why.
            screen.Problem(DiskRoom.Words(fault));
            return ExitCode.Failed;
        }
        catch (OperationCanceledException)
        {
            screen.Problem("Stopped before it was done: by Ctrl-C, by a signal, or because an answer took too long. Run it again when you like.");
            return ExitCode.Interrupted;
        }
    }

    private static RootCommand Everything(Screen screen) => new("Coldproof gateway: reads probes, records every sample durably, seals batches, "
        + "anchors them to a ledger.\n"
        + "Exit codes: 0 done, 1 not done, 2 usage, 78 settings have problems; verify: 0 verified, 1 does not match, 2 usage, 3 cannot check.")
    {
        RunVerb.Create(screen, TimeProvider.System),
        DemoVerb.Create(screen, TimeProvider.System),
        ProbesVerb.Create(screen, TimeProvider.System),
        StatusVerb.Create(screen),
        ExportVerb.Create(screen, TimeProvider.System),
        VerifyVerb.Create(screen, TimeProvider.System),
        UnpackVerb.Create(screen),
        FsckVerb.Create(screen, TimeProvider.System),
        EnrolVerb.Create(screen),
        ConfigVerb.Create(screen),
    };

    private static Command Verifier(Screen screen) => new("coldproof", "Coldproof: checks evidence of a cold chain with your own keys. It needs no "
        + "gateway, no ledger and no network.\nExit codes: 0 verified, 1 does not match, 2 usage, 3 cannot check.")
    {
        new HelpOption { Recursive = true },
        new VersionOption(),
        VerifyVerb.Create(screen, TimeProvider.System),
        UnpackVerb.Create(screen),
    };

    /// <summary>Under the name "coldproof" the program is the reader's: verify and unpack, nothing else (docs/decisions/0111).</summary>
    private static bool IsVerifier()
    {
        const string CommandLine = "/proc/self/cmdline"; // The name as it was called: a link's own, where .NET gives the file behind it.
        var name = File.Exists(CommandLine) ? File.ReadAllText(CommandLine).Split('\0')[0] : Environment.GetCommandLineArgs()[0];
        return Path.GetFileNameWithoutExtension(name) == "coldproof";
    }
}
