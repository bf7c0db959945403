using System.Collections.Immutable;
using Evidence;

namespace Anchoring;

/// <summary>Where a sealed batch stands on its way (architecture.md, state words).</summary>
public enum BatchState : byte
{
    /// <summary>Signed and durable here.</summary>
    Sealed = 0,

    /// <summary>Given to the link.</summary>
    Sent = 1,

    /// <summary>The broker has it: proves nothing.</summary>
    Delivered = 2,

    /// <summary>A receipt for exactly these bytes has verified.</summary>
    Anchored = 3,
}

/// <summary>A sealed batch whose records are still in the journal: a few words in memory, its bytes on disk.</summary>
/// <param name="Number">Its number.</param>
/// <param name="Digest">Payload digest of its header.</param>
/// <param name="OpenedMs">From the header.</param>
/// <param name="ClosedMs">From the header.</param>
/// <param name="Start">Where its first record stands; where its seal stands when it has none.</param>
/// <param name="Seal">Where its seal stands.</param>
/// <param name="Sequences">Sequence number of each channel's first reading.</param>
/// <param name="IsDamaged">Some of its records were harmed on disk: its root cannot be rebuilt from here.</param>
public sealed record SealedBatch(long Number, Digest Digest, long OpenedMs, long ClosedMs, FramePlace Start, FramePlace Seal,
    ImmutableArray<long> Sequences, bool IsDamaged)
{
    /// <summary>Where its last record stands, or its end: the seal itself unless it was closed first and signed later.</summary>
    public FramePlace End { get; init; }

    /// <summary>Moment of its first record; of its closing when it has none.</summary>
    public Moment Opened { get; init; }

    /// <summary>Rounds in it.</summary>
    public int Rounds { get; init; }

    /// <summary>From the header.</summary>
    public Digest Beacon { get; init; }

    /// <summary>Its first records are in segments that are gone: folded, so that it is in the batch store, or lost before it was anchored.</summary>
    public bool IsPartial { get; internal set; }

    /// <summary>This session folded it: it is in the batch store, and the segment where it starts is deleted.</summary>
    public bool IsFolded { get; internal set; }

    public BatchState State { get; internal set; }

    /// <summary>Where its receipt stands; null until one has verified.</summary>
    public FramePlace? Receipt { get; internal set; }
}
