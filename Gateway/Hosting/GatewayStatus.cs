using System.Collections.Immutable;
using Evidence;

namespace Gateway.Hosting;

/// <summary>What one channel gave last, and over the last hour.</summary>
/// <param name="Place">Where the probe hangs.</param>
/// <param name="Last">The newest reading; the default when there was none in this boot.</param>
/// <param name="LastHour">Temperatures of the last hour, the newest of each minute, oldest first, null where a reading failed.</param>
public sealed record ChannelStatus(string Place, string Serial, MilliCelsius Low, MilliCelsius High, Reading Last,
    ImmutableArray<int?> LastHour);

/// <summary>Where a replayed trip stands.</summary>
/// <param name="State">"running", "at-gap" (the truck's power is cut here: waiting to be killed), "done".</param>
/// <param name="Rows">Rows of the trip that are recorded.</param>
/// <param name="RowsTotal">Rows of the trip.</param>
public sealed record ReplayStatus(string State, int Rows, int RowsTotal);

/// <summary>All that a person or a monitor may want to know, taken at the end of one cycle. Immutable: any thread may read it.</summary>
/// <param name="Gateway">Its identity.</param>
/// <param name="Now">The moment of the newest cycle.</param>
/// <param name="Activity">One or two words: "logging", "waiting for enrolment", "stopping".</param>
/// <param name="Recorded">Readings recorded since the gateway's first start.</param>
/// <param name="Sealed">Batches sealed since then.</param>
/// <param name="Anchored">Batches whose receipt has verified since then.</param>
/// <param name="LastSealedMs">When the newest batch was sealed; null before the first.</param>
/// <param name="OldestWaitingMs">When the oldest batch without a receipt was sealed; null when none waits.</param>
/// <param name="IsConnected">Whether the broker answers.</param>
/// <param name="DiskFreeBytes">Room on the disk; null while the disk does not say.</param>
/// <param name="DiskTotalBytes">Its size; null while the disk does not say.</param>
/// <param name="Trouble">What is wrong, each with its next step; empty when nothing is.</param>
public sealed record GatewayStatus(GatewayId Gateway, Moment Now, string Activity, ImmutableArray<ChannelStatus> Channels, int IntervalMs,
    long Recorded, long Sealed, long Anchored, long? LastSealedMs, long? OldestWaitingMs, bool IsConnected, long? DiskFreeBytes,
    long? DiskTotalBytes, ImmutableArray<string> Trouble, ReplayStatus? Replay)
{
    /// <summary>Sealed batches that have no verified receipt yet.</summary>
    public long Waiting => Sealed - Anchored;

    /// <summary>Closed batches that are not signed yet: the ledger's word on this gateway is not there, or it is ahead of this card.</summary>
    public long ToSign { get; init; }

    /// <summary>What lies between the run before and this one, as the record declares it; null at the first one.</summary>
    public EventDetail.GapSpan? StartGap { get; init; }

    /// <summary>Bytes of journal and batch store.</summary>
    public long StoreBytes { get; init; }

    /// <summary>How many they may have before the oldest anchored month is removed.</summary>
    public long BudgetBytes { get; init; }

    /// <summary>Number of the oldest batch that is here; null while there is none.</summary>
    public long? OldestKept { get; init; }
}

/// <summary>Holds the newest status. The cycle writes, the status page and the metrics read.</summary>
public sealed class StatusBoard
{
    private volatile GatewayStatus? current;

    /// <summary>Null before the first cycle ended.</summary>
    public GatewayStatus? Current => current;

    public void Show(GatewayStatus status) => current = status;
}
