using System.CommandLine;
using System.CommandLine.Invocation;
using System.Data.Common;
using Ledger.Hosting;
using Microsoft.EntityFrameworkCore;

namespace Ledger;

/// <summary>The program `ledger`: one verb a task.</summary>
internal static class Program
{
    private static async Task<int> Main(string[] arguments)
    {
        var root = new RootCommand("Coldproof ledger: logs what gateways have signed, and shows it so that anyone can check.\n"
            + "Exit codes: 0 done, 1 not done, 2 usage, 78 settings have problems.")
        {
            RunVerb.Create(),
            FsckVerb.Create(),
            Labels.LabelVerb.Create(),
        };
        Authority.AuthorityVerbs.Add(root);
        Links.LinkVerbs.Add(root);
        Releases.ReleaseVerbs.Add(root);
        Admission.KeyVerbs.Add(root);
        Certificates.CertificateVerbs.Add(root);
        Retention.HoldVerbs.Add(root);
        var parsed = root.Parse(arguments);
        try
        {
            var code = await parsed.InvokeAsync(new() { EnableDefaultExceptionHandler = false });
            return parsed.Action is ParseErrorAction ? ExitCode.Usage : code;
        }
        catch (ConfigurationException fault)
        {
            await Console.Error.WriteLineAsync(fault.Message);
            return ExitCode.Configuration;
        }
        catch (EvidenceBrokenException fault)
        {
            await Console.Error.WriteLineAsync(fault.Message);
            return ExitCode.NotDone;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or DbException or DbUpdateException)
        {
            // The disk refuses. Not a matter of settings: systemd tries again, and a person reads why.
            await Console.Error.WriteLineAsync($"The disk refuses: {(fault is DbUpdateException ? fault.GetBaseException() : fault).Message} Check it (dmesg, df, mount), then start "
                + "the ledger again. What is logged is safe.");
            return ExitCode.NotDone;
        }
    }
}
