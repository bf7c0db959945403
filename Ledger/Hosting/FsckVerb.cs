using System.CommandLine;
using Ledger.Log;
using Ledger.Store;

namespace Ledger.Hosting;

/// <summary>`ledger fsck`: rereads everything and derives it again.</summary>
internal static class FsckVerb
{
    public static Command Create()
    {
        var data = new Option<string>("--data")
        {
            Description = "Data directory of a ledger that is stopped.",
            DefaultValueFactory = _ =>
            RunOptions.DataDefault
        };
        var keys = new Option<string>("--keys")
        {
            Description = "Directory with log.key, clock.key and policy.json.",
            DefaultValueFactory =
            _ => ""
        };
        var command = new Command("fsck",
            "Derives the log's root from its raw entries and every batch's root from its body, and compares.") { data, keys };
        command.SetAction(parsed => Run(new() { Data = parsed.GetValue(data)!, Keys = parsed.GetValue(keys)! }));
        return command;
    }

    private static int Run(RunOptions options)
    {
        var directory = Path.GetFullPath(Path.Combine(options.Data, LedgerCore.LogDirectory));
        var database = Path.Combine(options.Data, LedgerCore.DatabaseFile);
        if (!File.Exists(database) || !Directory.Exists(directory))
        {
            throw new ConfigurationException($"{options.Data} holds no ledger: {LedgerCore.DatabaseFile} and {LedgerCore.LogDirectory}/ " +
                $"are not both there.");
        }

        using var keys = LogKeys.Read(options.KeysDirectory());
        var findings = new CheckLog(new(directory), keys).Run(LedgerStore.Open(database));
        foreach (var problem in findings.Problems)
        {
            Console.Error.WriteLine(problem);
        }

        Console.WriteLine($"{findings.Entries} entries, {findings.Batches} batches, {findings.Checkpoints} checkpoints: " +
            (findings.Problems.IsEmpty ? "all derive again." : $"{findings.Problems.Length} problems."));
        return findings.Problems.IsEmpty ? ExitCode.Done : ExitCode.NotDone;
    }
}
