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
        var repair = new Option<bool>("--repair")
        {
            Description = "Write harmed or missing files of the log again from the database's entries. Originals are kept beside."
        };
        var command = new Command("fsck",
            "Derives the log's root from its raw entries and every batch's root from its body, and compares. Exit: 0 all whole, 1 problems "
            + "are left.") { data, keys, repair };
        command.SetAction(parsed => Run(new() { Data = parsed.GetValue(data)!, Keys = parsed.GetValue(keys)! }, parsed.GetValue(repair)));
        return command;
    }

    private static int Run(RunOptions options, bool isRepair)
    {
        var directory = Path.GetFullPath(Path.Combine(options.Data, LedgerCore.LogDirectory));
        var database = Path.Combine(options.Data, LedgerCore.DatabaseFile);
        if (!File.Exists(database) || !Directory.Exists(directory))
        {
            throw new ConfigurationException($"{options.Data} holds no ledger: {LedgerCore.DatabaseFile} and {LedgerCore.LogDirectory}/ " +
                $"are not both there.");
        }

        using var held = LedgerCore.Lock(options.Data);
        using var keys = LogKeys.Read(options.KeysDirectory());
        var (disk, store) = (new LogDisk(directory), LedgerStore.Open(database));
        var findings = new CheckLog(disk, keys).Run(store, new Retention.RemovalBook(options.Data).Read());
        Tell(findings);
        if (!findings.Problems.IsEmpty)
        {
            Console.WriteLine(isRepair ? "Repaired:" : "With --repair, this would be done (nothing is changed yet):");
            var acts = new LogRepair(disk, keys).Run(store, isTrial: !isRepair);
            foreach (var act in acts.IsEmpty ? ["Nothing: the log's files are what the database gives."] : acts)
            {
                Console.WriteLine("  " + act);
            }

            if (isRepair)
            {
                findings = new CheckLog(disk, keys).Run(store, new Retention.RemovalBook(options.Data).Read());
                Tell(findings);
            }
        }

        Console.WriteLine($"{findings.Entries} entries, {findings.Batches} batches, {findings.Checkpoints} checkpoints: " +
            (findings.Removed > 0 ? $"the readings of {findings.Removed} batches were removed by retention; " : "") +
            (findings.Problems.IsEmpty ? "all derive again." : $"{findings.Problems.Length} problems."));
        return findings.Problems.IsEmpty ? ExitCode.Done : ExitCode.NotDone;
    }

    private static void Tell(LogFindings findings)
    {
        foreach (var problem in findings.Problems)
        {
            Console.Error.WriteLine(problem);
        }
    }
}
