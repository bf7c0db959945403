using Evidence;

namespace Anchoring;

/// <summary>Which batches that wait on a card are in the ledger already: the card is an older image, and its other life has signed them. The ledger's
/// headers come some at a time, so this is kept until all were seen.</summary>
/// <param name="next">The ledger's next number, as long as the comparison lasts.</param>
/// <param name="last">Payload digest of its last header.</param>
/// <param name="withdrawnFrom">Batches from this number on were signed here and not by the other life; null when there are none.</param>
internal sealed class CardComparison(long next, Digest last, long? withdrawnFrom)
{
    private readonly SortedSet<long> covered = [];

    public long? WithdrawnFrom => withdrawnFrom;

    /// <summary>Numbers on this card of batches whose records the ledger has.</summary>
    public IReadOnlySet<long> Covered => covered;

    /// <summary>Whether a word speaks of the same state of the ledger.</summary>
    public bool IsOf(LedgerWord word) => word.Next == next && word.Last == last;

    /// <summary>Takes in some of the ledger's headers.</summary>
    /// <param name="waiting">What waits here, from earlier sessions.</param>
    /// <param name="shown">Headers of this gateway that the ledger has.</param>
    /// <param name="bootShift">What a header of this card adds to its boot numbers.</param>
    public void Cover(IEnumerable<ClosedBatch> waiting, IReadOnlyCollection<ShownHeader> shown, uint bootShift) =>
        covered.UnionWith(waiting.Where(batch => shown.Any(header => HasRecordsOf(header.Header, batch, bootShift))).Select(batch => batch.Number));

    /// <summary>The other life went on from the same first record: under the same number, or, when it had been put back itself, under a later one and no
    /// earlier boot. The batch here may end before, where the image was taken.</summary>
    private static bool HasRecordsOf(BatchHeader header, ClosedBatch batch, uint bootShift) =>
        header.OpenedMs == batch.Opened.WallMs && header.Clock.UptimeMs == batch.Opened.UptimeMs && (header.Number == batch.Number
            ? header.Clock.Boot == batch.Opened.Boot + bootShift
            : header.Number > batch.Number && header.Clock.Boot >= batch.Opened.Boot + bootShift && header.ClosedMs >= batch.ClosedMs);
}
