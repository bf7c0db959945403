namespace Anchoring;

/// <summary>How a gateway records, seals and offers.</summary>
public sealed record LogbookOptions
{
    /// <summary>Longest time a batch stays open, in seconds by the monotonic clock.</summary>
    /// <value>10 to 3,600; default 300 (docs/decisions/0080). What is recorded is durable anyway; this bounds how long it stays unsigned.</value>
    public int SealAgeSeconds { get; init; } = 300;

    /// <summary>Most places of one batch's tree.</summary>
    /// <value>256 to 16,384; default 4,096.</value>
    public int SealLeavesMax { get; init; } = 4_096;

    /// <summary>Bytes of one journal segment.</summary>
    /// <value>65,536 to 16,777,216; default 131,072: about four hours of eight probes at one minute (docs/decisions/0035).</value>
    public int SegmentLength { get; init; } = 128 * 1024;

    /// <summary>How many statements may wait for their answer at once.</summary>
    /// <value>1 to 256; default 16.</value>
    public int SendWindow { get; init; } = 16;

    /// <summary>How many bytes journal and batch store may take together before the oldest month of anchored batches is removed.</summary>
    /// <value>262,144 to 2^50; default 1,000,000,000: about four years of eight probes at one minute. What is not anchored is never removed.
    /// </value>
    public long DiskBudgetBytes { get; init; } = 1_000_000_000;

    /// <summary>How long after a start signing waits for the ledger's word about this gateway, in seconds by the monotonic clock. Recording
    /// never waits, and what is closed meanwhile is signed afterwards (docs/decisions/0077).</summary>
    /// <value>0 to 604,800; default 0, which signs at once. The gateway's own default is 300.</value>
    public int WordPatienceSeconds { get; init; }

    /// <summary>Whether opening moves a segment that cannot be read out of the way, declares it as lost and goes on; otherwise it is refused with
    /// <see cref="UnreadableSegmentException"/>.</summary>
    /// <value>Default false: what a second try may still read is not given up.</value>
    public bool SetsUnreadableAside { get; init; }

    /// <summary>One line for each setting out of its range; empty when all are in range.</summary>
    public IReadOnlyList<string> Problems()
    {
        List<string> problems = [];
        Check(problems, nameof(SealAgeSeconds), SealAgeSeconds, 10, 3_600);
        Check(problems, nameof(SealLeavesMax), SealLeavesMax, 256, 16_384);
        Check(problems, nameof(SegmentLength), SegmentLength, Journal.SegmentLengthMin, Journal.SegmentLengthMax);
        Check(problems, nameof(SendWindow), SendWindow, 1, 256);
        Check(problems, nameof(WordPatienceSeconds), WordPatienceSeconds, 0, 604_800);
        if (DiskBudgetBytes is < 256 * 1024 or > 1L << 50)
        {
            problems.Add($"{nameof(DiskBudgetBytes)} is {DiskBudgetBytes}; 262144 to {1L << 50} are allowed.");
        }

        return problems;
    }

    private static void Check(List<string> problems, string name, int value, int min, int max)
    {
        if (value < min || value > max)
        {
            problems.Add($"{name} is {value}; {min} to {max} are allowed.");
        }
    }
}
