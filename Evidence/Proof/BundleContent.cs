using System.Collections.Immutable;

namespace Evidence;

/// <summary>How much of a window a bundle shows. Each level shows all of those before it.</summary>
public enum DisclosureLevel
{
    /// <summary>When, and how many batches; no temperature.</summary>
    Headers = 0,

    /// <summary>The gateway's signed judgement of each batch: how many readings were out of range. A claim, checkable later against the
    /// readings.</summary>
    Verdicts = 1,

    /// <summary>Lowest and highest temperature of each batch. A claim, checkable later against the readings.</summary>
    Summaries = 2,

    /// <summary>Every reading.</summary>
    Readings = 3,
}

/// <summary>A logged statement that is not a batch.</summary>
/// <param name="Receipt">Its C2SP tlog-proof; null when it has none yet.</param>
public sealed record BundleStatement(Statement Statement, string? Receipt);

/// <summary>One batch with all that it is made of, from which a bundle takes what its level shows.</summary>
/// <param name="Receipt">Its C2SP tlog-proof; null when it has none yet.</param>
public sealed record BundleBatch(Statement Statement, BatchBody Body, string? Receipt)
{
    public BatchHeader Header { get; } = BatchHeader.Decode(Statement.Payload);
}

/// <summary>What a bundle is to be made of.</summary>
/// <param name="Gateway">Whose readings.</param>
/// <param name="Channels">Which channels, rising, each once.</param>
/// <param name="FromMs">The window's first instant, wall milliseconds.</param>
/// <param name="ToMs">The window's last instant; not before FromMs.</param>
/// <param name="Level">How much is shown.</param>
/// <param name="Manifests">Every manifest that a batch names.</param>
/// <param name="Batches">Whole contiguous batches: from the last one opened at or before FromMs to the first one sealed at or after
/// ToMs.</param>
/// <param name="Beacons">Checkpoint notes whose hashes stand in headers, as far as they are kept.</param>
/// <param name="Revocations">Every revocation known for this gateway's keys.</param>
public sealed record BundleContent(GatewayId Gateway, ImmutableArray<ChannelId> Channels, long FromMs, long ToMs, DisclosureLevel Level,
    ImmutableArray<BundleStatement> Manifests, ImmutableArray<BundleBatch> Batches, ImmutableArray<string> Beacons,
    ImmutableArray<BundleStatement> Revocations)
{
    /// <summary>How many readings a bundle shows; verifiers refuse more than <see cref="Bundle.ReadingsMax"/>.</summary>
    /// <param name="level">Below <see cref="DisclosureLevel.Readings"/> none are shown.</param>
    /// <param name="channels">Which channels are asked for.</param>
    /// <param name="rounds">Rounds of the batches, each with how many channels the batch has.</param>
    public static long CountReadings(DisclosureLevel level, ImmutableArray<ChannelId> channels, IEnumerable<(int Channels, long Rounds)> rounds) =>
        level < DisclosureLevel.Readings ? 0 : rounds.Sum(some => some.Rounds * channels.Count(channel => channel.Value < some.Channels));

    /// <summary>Software releases that a reader may compare their page with; the field is left out when there are none.</summary>
    public ImmutableArray<BundleStatement> Releases { get; init; } = [];

    /// <summary>Proves that the log of this origin at one size begins with all entries of a smaller one; null where it cannot. Only who holds the
    /// log's tiles can.</summary>
    public Func<string, long, long, ImmutableArray<Digest>?>? Consistency { get; init; }
}
