using System.Collections.Immutable;
using Evidence;
using Evidence.Log;

namespace Anchoring;

/// <summary>What a round or event became.</summary>
/// <param name="Batch">The batch it will be sealed in.</param>
/// <param name="Sequences">Sequence number of each channel's reading, by channel; empty for an event.</param>
public sealed record Recorded(long Batch, ImmutableArray<long> Sequences);

/// <summary>How the logbook stands after its last piece of work. A value: any thread may look at it.</summary>
/// <param name="Boot">This session's boot number.</param>
/// <param name="NextNumber">Number of the open batch.</param>
/// <param name="OpenRounds">Rounds recorded and not yet sealed.</param>
/// <param name="LastRecorded">The last recorded moment; null if there is none.</param>
/// <param name="LastReadings">The last round's readings, by channel; empty before the first round of this session.</param>
/// <param name="Sealed">Number of the last sealed batch; null if there is none.</param>
/// <param name="Anchored">Number of the newest batch such that it and all before it are anchored; null if there is none.</param>
/// <param name="Unanchored">Batches that are closed or sealed and not anchored.</param>
/// <param name="UnanchoredManifests">Manifests without a receipt.</param>
/// <param name="InFlight">Statements that wait for an answer.</param>
/// <param name="JournalLength">Bytes of the journal's segments.</param>
/// <param name="Link">How the link stands.</param>
/// <param name="Refused">The ledger's last word, if it was a refusal.</param>
/// <param name="Faults">What needs a person, one sentence each; empty when all is well.</param>
public sealed record LogbookStatus(uint Boot, long NextNumber, int OpenRounds, Moment? LastRecorded, ImmutableArray<Reading> LastReadings,
    long? Sealed, long? Anchored, int Unanchored, int UnanchoredManifests, int InFlight, long JournalLength, LinkState Link,
    KeptRefusal? Refused, ImmutableArray<string> Faults)
{
    /// <summary>Bytes of journal and batch store.</summary>
    public long UsedBytes { get; init; }

    /// <summary>How many they may have before the oldest anchored month is removed.</summary>
    public long BudgetBytes { get; init; }

    /// <summary>Number of the oldest batch that is here; null while there is none.</summary>
    public long? OldestKept { get; init; }

    /// <summary>Batches that are closed and wait for their signature.</summary>
    public int ToSign { get; init; }

    /// <summary>The last batch that the ledger has, or had, and this card has lost, told in the record; null when there is none.</summary>
    public long? LostThrough { get; init; }

    /// <summary>What lies between the session before and this one, as the record declares it; null before the start and at the first one.</summary>
    public EventDetail.GapSpan? StartGap { get; init; }

    /// <summary>Bytes that recording takes in a day while nothing is anchored; null while less than an hour is known.</summary>
    public long? BytesPerDay { get; init; }
}

/// <summary>Whole batches that cover a window, for a bundle.</summary>
/// <param name="Batches">Contiguous, in order; empty when nothing is sealed in the window.</param>
/// <param name="Manifests">Every manifest in force for one of them, in order.</param>
/// <param name="Beacons">The checkpoint notes that their headers name, without repetition.</param>
/// <param name="Missing">Numbers that belong into the window and are neither in the journal nor in the batch store; a bundle without them
/// fails.</param>
public sealed record LogbookExtract(ImmutableArray<ExtractedBatch> Batches, ImmutableArray<EnrolledManifest> Manifests,
    ImmutableArray<string> Beacons, ImmutableArray<long> Missing)
{
    /// <summary>What retention removed of the window: the ledger has it, this gateway does not.</summary>
    public ImmutableArray<Absence> Removed { get; init; } = [];

    /// <summary>Receipts before the window that are needed to join its heads, those of the manifests among them; in no order.</summary>
    public ImmutableArray<LoggedStatement> Earlier { get; init; } = [];

    /// <summary>What proves that the heads of the window's receipts and beacons are of one log.</summary>
    public HeadBook Heads()
    {
        var book = new HeadBook();
        foreach (var (statement, receipt) in Manifests.Where(manifest => manifest.Receipt is not null)
            .Select(manifest => new LoggedStatement(manifest.Statement, manifest.Receipt!)).Concat(Earlier)
            .Concat(Batches.Where(batch => batch.Receipt is not null).Select(batch => new LoggedStatement(batch.Statement, batch.Receipt!)))
            .DistinctBy(logged => logged.Statement.PayloadDigest).OrderBy(logged => TlogProof.Parse(logged.Receipt).Index))
        {
            book.Add(statement, receipt);
        }

        return book;
    }
}

/// <summary>A statement with its receipt.</summary>
public sealed record LoggedStatement(Statement Statement, string Receipt);

/// <summary>One sealed batch.</summary>
/// <param name="Statement">The signed header.</param>
/// <param name="Body">Its body.</param>
/// <param name="Receipt">Null while it is not anchored.</param>
public sealed record ExtractedBatch(Statement Statement, BatchBody Body, string? Receipt);

/// <summary>No authority has enrolled this gateway yet, so there are no channels to record and no limits to judge by.</summary>
public sealed class NotEnrolledException : Exception
{
    public NotEnrolledException() { }

    public NotEnrolledException(string message) : base(message) { }

    public NotEnrolledException(string message, Exception inner) : base(message, inner) { }
}
