using System.CommandLine;
using Evidence;
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
            + "are left, or a gateway has shown a newer checkpoint than this copy has.") { data, keys, repair };
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

        var goesOn = Ahead(options.Data, disk, keys);
        Console.WriteLine($"{findings.Entries} entries, {findings.Batches} batches, {findings.Checkpoints} checkpoints: " +
            (findings.Removed > 0 ? $"the readings of {findings.Removed} batches were removed by retention; " : "") +
            (findings.Problems.IsEmpty ? "all derive again." : $"{findings.Problems.Length} problems."));
        return findings.Problems.IsEmpty && goesOn ? ExitCode.Done : ExitCode.NotDone;
    }

    /// <summary>Says whether the log honours the newer checkpoint that a gateway has shown it; the files may be whole all the same, as those of
    /// an old copy are.</summary>
    /// <returns>Whether a start may go on.</returns>
    private static bool Ahead(string data, LogDisk disk, LogKeys keys)
    {
        var shown = new ShownAhead(data, keys);
        if (!shown.IsKept)
        {
            return true;
        }

        string? trouble;
        try
        {
            trouble = shown.Look(new(disk, keys, TimeProvider.System));
        }
        catch (Exception fault) when (fault is EvidenceBrokenException or MalformedEvidenceException)
        {
            trouble = $"A gateway has shown a newer checkpoint, and the log cannot be held against it: {fault.Message}";
        }

        if (trouble is null)
        {
            Console.WriteLine($"The log honours the checkpoint in {ShownAhead.FileName} again; the next start sets it aside and logs on.");
            return true;
        }

        // F-90: an old copy is whole in itself, and --repair cannot know what it lost.
        Console.Error.WriteLine(trouble);
        Console.Error.WriteLine($"Next step: put the newest copy of {data} back, database and {LedgerCore.LogDirectory}/ together, leave "
            + $"{ShownAhead.FileName} in it, and run `ledger fsck` again. The ledger does not start before.");
        return false;
    }

    private static void Tell(LogFindings findings)
    {
        foreach (var problem in findings.Problems)
        {
            Console.Error.WriteLine(problem);
        }
    }
}
