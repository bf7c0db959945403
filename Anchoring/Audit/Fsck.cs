using System.Collections.Immutable;
using System.Globalization;
using Evidence;
using Evidence.Log;

namespace Anchoring;

/// <summary>Reads everything again and rebuilds every root, chain, sequence, signature and receipt. Changes nothing.</summary>
public sealed class Fsck
{
    private const string KeepAndCall = "Keep the data directory as it is and call the authority; do not delete anything.";
    private const string RepairIt = "`gateway fsck --repair` rebuilds what can be rebuilt and declares the rest as lost.";
    private const long StepMax = 512;
    private readonly FrozenFolder journalFolder;
    private readonly BatchStore store;
    private readonly ReceiptCheck? receiptCheck;
    private readonly Chain chain = new();
    private readonly BatchReader reader;
    private readonly ImmutableArray<FsckFinding>.Builder findings = ImmutableArray.CreateBuilder<FsckFinding>();
    private readonly FrozenFolder batchesFolder;
    private readonly IReadOnlyList<Absence> absences;
    private readonly Action<long, long>? progress;
    private (long First, long Last)? missing;
    private BatchHeader? previous;
    private Digest previousDigest;
    private ImmutableArray<long> nextSequences = [];
    private long frames, batches, rounds, stored, receipts;
    private int tornLength;

    private Fsck(IFolder journalFolder, IFolder batchesFolder, TlogPolicy? policy, Action<long, long>? progress)
    {
        this.journalFolder = new(journalFolder);
        this.batchesFolder = new(batchesFolder);
        this.progress = progress;
        absences = new AbsenceBook(batchesFolder).Read();
        reader = new(this.journalFolder, chain);
        receiptCheck = policy is null ? null : new(policy);
        store = new(this.batchesFolder, broken => Add(broken.Name, broken.Words,
            "Left as it is, the gateway puts this file aside and keeps it; its batches are anchored, so the ledger has them. " + RepairIt));
    }

    /// <summary>Looks over a data directory that no process has open.</summary>
    /// <param name="directory">The data directory.</param>
    /// <param name="policy">Under which receipts are verified; null leaves them unverified.</param>
    /// <param name="progress">Told how many batches are checked, and of how many.</param>
    /// <exception cref="DirectoryInUseException">The gateway runs.</exception>
    /// <exception cref="DirectoryNotFoundException">No gateway has run here.</exception>
    public static FsckReport Run(string directory, TlogPolicy? policy, Action<long, long>? progress = null)
    {
        if (!Directory.Exists(Path.Combine(directory, Logbook.JournalFolder))
            || !Directory.Exists(Path.Combine(directory, Logbook.BatchesFolder)))
        {
            throw new DirectoryNotFoundException($"{directory} holds no journal and batches: no gateway has run with this data directory.");
        }

        using var held = DirectoryLock.Take(directory);
        return Run(new DiskFolder(Path.Combine(directory, Logbook.JournalFolder)),
            new DiskFolder(Path.Combine(directory, Logbook.BatchesFolder)), policy, progress);
    }

    /// <summary>Looks over folders that are given.</summary>
    public static FsckReport Run(IFolder journal, IFolder batches, TlogPolicy? policy, Action<long, long>? progress = null) =>
        new Fsck(journal, batches, policy, progress).Run();

    private FsckReport Run()
    {
        ReadJournal();
        foreach (var manifest in chain.Manifests)
        {
            CheckReceipt("manifest " + manifest.Statement.PayloadDigest.ToShortString(), manifest.Statement, manifest.Receipt);
        }

        var first = FirstNumber();
        for (var number = first; number < chain.NextToSign; number += StepMax)
        {
            CheckBatches(number, Math.Min(number + StepMax, chain.NextToSign) - 1);
            progress?.Invoke(Math.Min(number + StepMax, chain.NextToSign) - first, chain.NextToSign - first);
        }

        TellMissing();
        if (batches > 0 && !previousDigest.IsZero && previousDigest != chain.Previous)
        {
            Add($"batch {chain.NextToSign}", $"the next header would name {chain.Previous.ToShortString()}, the last one is "
                + $"{previousDigest.ToShortString()}", KeepAndCall);
        }

        if (new SignedMark(batchesFolder).Read(chain.IsWithdrawn) is { } signed && signed.Number >= chain.NextToSign)
        {
            Add($"batch {signed.Number}", "it was signed here, and the journal does not have its seal: harmed, or an older journal was copied "
                + "back", "Put a newer copy of the journal folder back if there is one. Started without it, the gateway records on and signs "
                + "nothing until the ledger has said what it has; `gateway status` then says how to go on.");
        }

        return new(findings.ToImmutable(), journalFolder.Names.Count(name => Journal.SegmentOf(name) is not null), frames, batches, rounds,
            stored, receipts, chain.Open.RoundCount, tornLength)
        {
            Unanchored = chain.Unanchored.Count(),
            ToSign = chain.Closed.Count,
            Manifest = chain.ManifestFor(chain.Open.Number)?.Manifest,
            Notes = [.. Notes()],
        };
    }

    /// <summary>A gateway's first batch; without a manifest, which says so, the lowest that is left.</summary>
    private long FirstNumber() => !chain.Manifests.IsEmpty ? chain.Manifests[0].Manifest.FirstNumber
        : Math.Min(store.Span()?.First ?? long.MaxValue, chain.Sealed.Count > 0 ? chain.Sealed.Keys.Min() : long.MaxValue);

    private IEnumerable<string> Notes()
    {
        foreach (var absence in absences.Where(absence => absence.Cause != AbsenceCause.Declared))
        {
            yield return absence.Cause == AbsenceCause.Retention ? $"{absence}: removed by retention: {absence.Words}. The ledger has them."
                : absences.Contains(absence with { Cause = AbsenceCause.Declared }) ? $"{absence}: lost, as the chain says: {absence.Words}."
                : $"{absence}: lost, and the next start says so in the chain: {absence.Words}.";
        }

        foreach (var name in journalFolder.Names.Where(IsKept).Concat(batchesFolder.Names.Where(name => BatchStore.IsSetAside(name))))
        {
            yield return name.EndsWith(Logbook.UnreadableSuffix, StringComparison.Ordinal)
                ? $"{name} could not be read and was set aside; the chain declares the gap. Keep it for whoever may still read that disk."
                : $"{name} is an original that was kept. Delete it when nobody needs it any more.";
        }
    }

    private static bool IsKept(string name) => name.EndsWith(Logbook.AsideSuffix, StringComparison.Ordinal)
        || name.EndsWith(Logbook.UnreadableSuffix, StringComparison.Ordinal)
        || name.Contains(SetAside.Mark, StringComparison.Ordinal);

    private void ReadJournal()
    {
        try
        {
            var tail = JournalReader.ReadAll(journalFolder, frame =>
            {
                chain.Apply(frame);
                frames++;
            }, damage =>
            {
                if (!journalFolder.Names.Contains(Logbook.AsideName(damage)))
                {
                    Add(damage.Place.ToString(), damage.Words, damage.IsUnreadable
                        ? "Check its owner and the disk (dmesg). If it stays so, the next start sets it aside, declares the gap in the chain and records on."
                        : "The next start keeps a copy and declares the gap in the chain. " + RepairIt);
                }

                chain.Damaged(); // With the copy there, an earlier start has declared it.
            });
            tornLength = tail?.TornLength ?? 0;
            chain.FinishReplay();
        }
        catch (EvidenceBrokenException fault)
        {
            Add("journal", fault.Message, KeepAndCall);
        }
    }

    private void CheckBatches(long first, long last)
    {
        var found = store.Read(first, last).ToDictionary(batch => batch.Header.Number);
        for (var number = first; number <= last; number++)
        {
            var place = string.Create(CultureInfo.InvariantCulture, $"batch {number}");
            try
            {
                var inJournal = chain.Sealed.TryGetValue(number, out var sealedBatch) ? reader.Read(sealedBatch) : null;
                if (found.TryGetValue(number, out var inStore))
                {
                    stored++;
                    if (inJournal is not null && inJournal.Statement.PayloadDigest != inStore.Statement.PayloadDigest)
                    {
                        Add(place, "the journal and the batch store hold different headers under this number", KeepAndCall);
                    }
                }

                if ((inStore ?? inJournal) is { } batch)
                {
                    Check(place, batch);
                }
                else
                {
                    Absent(place, number, sealedBatch);
                }
            }
            catch (Exception fault) when (fault is EvidenceBrokenException or MalformedEvidenceException)
            {
                Add(place, fault.Message, KeepAndCall);
                Skip(chain.Sealed.GetValueOrDefault(number));
            }
        }
    }

    private void Absent(string place, long number, SealedBatch? sealedBatch)
    {
        if (sealedBatch is { IsDamaged: true, IsPartial: false })
        {
            Add(place, "its records were harmed on disk; its root cannot be rebuilt", KeepAndCall);
        }
        else if (!absences.Any(absence => absence.First <= number && number <= absence.Last))
        {
            // A run of them is one finding, however long.
            if (missing is { } run && run.Last + 1 != number)
            {
                TellMissing();
            }

            missing = (missing?.First ?? number, number);
        }

        Skip(sealedBatch);
    }

    private void TellMissing()
    {
        if (missing is { } run)
        {
            Add(new Absence(run.First, run.Last, AbsenceCause.Lost, 0, "").ToString(),
                "neither in the journal nor in the batch store", "The ledger has those that are anchored. " + RepairIt);
        }

        missing = null;
    }

    /// <summary>A batch that cannot be read breaks the chain once, not for every batch after it.</summary>
    private void Skip(SealedBatch? batch)
    {
        previous = null;
        previousDigest = batch?.Digest ?? default;
        nextSequences = [];
    }

    private void Check(string place, StoredBatch batch)
    {
        var header = batch.Header;
        var body = BatchBody.Decode(batch.Body);
        batches++;
        rounds += body.Rounds.Length;
        if (chain.ManifestFor(header.Number) is not { } enrolled || enrolled.Statement.PayloadDigest != header.Manifest)
        {
            Add(place, $"it names the manifest {header.Manifest.ToShortString()}, which is not the one in force", KeepAndCall);
            return;
        }

        if (!batch.Statement.VerifiedBy(enrolled.Manifest.Key))
        {
            Add(place, "its signature does not verify with the manifest's key", KeepAndCall);
        }

        if (Sealer.RootOf(body, header.OpenedMs, enrolled.Manifest) is var root && root != header.Root)
        {
            Add(place, $"its records give the root {root.ToShortString()}, signed is {header.Root.ToShortString()}", KeepAndCall);
        }

        if (previous is { } before && (header.Number != before.Number + 1 || header.Previous != previousDigest))
        {
            Add(place, $"it names {header.Previous.ToShortString()} as the header before it; that is {previousDigest.ToShortString()}",
                KeepAndCall);
        }

        CheckSequences(place, body);
        CheckReceipt(place, batch.Statement, batch.Receipt);
        previous = header;
        previousDigest = batch.Statement.PayloadDigest;
        nextSequences = [.. batch.NextSequences];
    }

    private void CheckSequences(string place, BatchBody body)
    {
        for (var i = 0; i < body.Channels.Length && i < nextSequences.Length; i++)
        {
            if (body.Channels[i].FirstSequence != nextSequences[i])
            {
                Add(place, $"channel {i} begins with reading {body.Channels[i].FirstSequence}; {nextSequences[i]} must come", KeepAndCall);
            }
        }
    }

    private void CheckReceipt(string place, Statement statement, string? receipt)
    {
        if (receipt is null || receiptCheck is null)
        {
            return;
        }

        var verdict = receiptCheck.Check(statement, receipt);
        receipts += verdict.Holds ? 1 : 0;
        if (!verdict.Holds)
        {
            Add(place, $"its receipt does not verify: {verdict.Reason}", "Check that the policy is the one this gateway was enrolled with. "
                + KeepAndCall);
        }
    }

    private void Add(string place, string fault, string advice) => findings.Add(new(place, fault, advice));
}
