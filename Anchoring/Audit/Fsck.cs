using System.Collections.Immutable;
using System.Globalization;
using Evidence;
using Evidence.Log;

namespace Anchoring;

/// <summary>One thing that is wrong.</summary>
/// <param name="Place">Where: a batch, a file, a place in the journal.</param>
/// <param name="Fault">What is wrong, with the numbers.</param>
/// <param name="Advice">What to do.</param>
public sealed record FsckFinding(string Place, string Fault, string Advice);

/// <summary>What a whole look over a data directory gave.</summary>
/// <param name="Findings">What is wrong, in the order of reading; empty when all is well.</param>
/// <param name="Segments">Journal segments read.</param>
/// <param name="Frames">Good frames in them.</param>
/// <param name="Batches">Sealed batches whose root, chain and signature were rebuilt.</param>
/// <param name="Rounds">Rounds in them.</param>
/// <param name="Stored">How many of the batches are in the batch store.</param>
/// <param name="Receipts">Receipts that were verified; 0 without a policy.</param>
/// <param name="OpenRounds">Rounds that are recorded and not yet sealed.</param>
/// <param name="TornLength">Bytes of a frame that a power cut interrupted at the journal's end: no fault, the next start cuts it.</param>
public sealed record FsckReport(ImmutableArray<FsckFinding> Findings, int Segments, long Frames, long Batches, long Rounds, long Stored,
    long Receipts,
    int OpenRounds, int TornLength);

/// <summary>Reads everything again and rebuilds every root, chain, sequence, signature and receipt. Changes nothing.</summary>
public sealed class Fsck
{
    private const string KeepAndCall = "Keep the data directory as it is and call the authority; do not delete anything.";
    private const long StepMax = 64;
    private readonly FrozenFolder journalFolder;
    private readonly BatchStore store;
    private readonly ReceiptCheck? receiptCheck;
    private readonly Chain chain = new();
    private readonly BatchReader reader;
    private readonly ImmutableArray<FsckFinding>.Builder findings = ImmutableArray.CreateBuilder<FsckFinding>();
    private BatchHeader? previous;
    private Digest previousDigest;
    private ImmutableArray<long> nextSequences = [];
    private long frames, batches, rounds, stored, receipts;
    private int tornLength;

    private Fsck(IFolder journalFolder, IFolder batchesFolder, TlogPolicy? policy)
    {
        this.journalFolder = new(journalFolder);
        reader = new(this.journalFolder, chain);
        receiptCheck = policy is null ? null : new(policy);
        store = new(new FrozenFolder(batchesFolder), broken => Add(broken.Name, broken.Words,
            "The next start of the gateway puts this file aside and keeps it; its batches are anchored, so the ledger has them."));
    }

    /// <summary>Looks over a data directory that no process has open.</summary>
    /// <param name="directory">The data directory.</param>
    /// <param name="policy">Under which receipts are verified; null leaves them unverified.</param>
    /// <exception cref="DirectoryInUseException">The gateway runs.</exception>
    /// <exception cref="DirectoryNotFoundException">No gateway has run here.</exception>
    public static FsckReport Run(string directory, TlogPolicy? policy)
    {
        if (!Directory.Exists(Path.Combine(directory, Logbook.JournalFolder))
            || !Directory.Exists(Path.Combine(directory, Logbook.BatchesFolder)))
        {
            throw new DirectoryNotFoundException($"{directory} holds no journal and batches: no gateway has run with this data directory.");
        }

        using var held = DirectoryLock.Take(directory);
        return Run(new DiskFolder(Path.Combine(directory, Logbook.JournalFolder)),
            new DiskFolder(Path.Combine(directory, Logbook.BatchesFolder)), policy);
    }

    /// <summary>Looks over folders that are given.</summary>
    public static FsckReport Run(IFolder journal, IFolder batches, TlogPolicy? policy) => new Fsck(journal, batches, policy).Run();

    private FsckReport Run()
    {
        ReadJournal();
        foreach (var manifest in chain.Manifests)
        {
            CheckReceipt("manifest " + manifest.Statement.PayloadDigest.ToShortString(), manifest.Statement, manifest.Receipt);
        }

        var span = store.Span();
        var first = Math.Min(span?.First ?? long.MaxValue, chain.Sealed.Count > 0 ? chain.Sealed.Keys.Min() : long.MaxValue);
        for (var number = first; number < chain.Open.Number; number += StepMax)
        {
            CheckBatches(number, Math.Min(number + StepMax, chain.Open.Number) - 1);
        }

        if (batches > 0 && previousDigest != chain.Previous)
        {
            Add($"batch {chain.Open.Number}", $"the next header would name {chain.Previous.ToShortString()}, the last one is "
                + $"{previousDigest.ToShortString()}", KeepAndCall);
        }

        return new(findings.ToImmutable(), journalFolder.Names.Count(name => Journal.SegmentOf(name) is not null), frames, batches, rounds,
            stored,
            receipts, chain.Open.RoundCount, tornLength);
    }

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
                Add(damage.Place.ToString(), damage.Words, "A copy is kept at the next start. " + KeepAndCall);
                chain.Damaged();
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
                    Add(place, sealedBatch is { IsDamaged: true } ? "its records were harmed on disk; its root cannot be rebuilt"
                        : "it is neither in the journal nor in the batch store", KeepAndCall);
                    Skip(sealedBatch);
                }
            }
            catch (Exception fault) when (fault is EvidenceBrokenException or MalformedEvidenceException)
            {
                Add(place, fault.Message, KeepAndCall);
                Skip(chain.Sealed.GetValueOrDefault(number));
            }
        }
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
