using System.Collections.Immutable;

namespace Evidence;

/// <summary>One batch of a bundle, decoded; believed only as far as the checks have come.</summary>
internal sealed record ProvenBatch(Statement Statement, BatchHeader Header, Manifest Manifest, ProvenProbes Probes, ShownBatch Shown,
    ImmutableArray<(int Place, Leaf Leaf, Digest Hash)> Leaves, ImmutableArray<DisclosedColumn> Columns)
{
    public string Name => $"batch {Header.Number}";

    /// <summary>What the manifest in force says about a channel that is shown and enrolled.</summary>
    public ManifestChannel Probe(ChannelId channel) => Probes.Of(channel);

    public DisclosedColumn? Column(ChannelId channel) => Columns.FirstOrDefault(column => column.Channel == channel);

    public SummaryLeaf? Summary(ChannelId channel) => Leaves.Select(l => l.Leaf).OfType<SummaryLeaf>().FirstOrDefault(l =>
        l.Channel == channel);

    public VerdictLeaf? Verdict(ChannelId channel) => Leaves.Select(l => l.Leaf).OfType<VerdictLeaf>().FirstOrDefault(l =>
        l.Channel == channel);

    public IEnumerable<EventLeaf> Events => Leaves.Select(l => l.Leaf).OfType<EventLeaf>();

    /// <summary>What boots and gaps of this batch declare; read once, because every wide step of every channel asks.</summary>
    public ImmutableArray<EventDetail.GapSpan> Gaps => declared.IsDefault ? declared = [.. Events.Where(happened => happened.EventKind is EventKind.Boot or EventKind.Gap)
        .Select(happened => EventDetail.ReadGap(happened.Detail)).OfType<EventDetail.GapSpan>()] : declared;

    private ImmutableArray<EventDetail.GapSpan> declared;

    /// <summary>Monotonic milliseconds of this batch's boot at a wall time inside the batch.</summary>
    public long Uptime(long wallMs) => wallMs - Header.OpenedMs + Header.Clock.UptimeMs;
}

/// <summary>The channels of one manifest that its openings show, each held against its commitment.</summary>
internal sealed class ProvenProbes
{
    private readonly Dictionary<ChannelId, ManifestChannel> shown = [];

    /// <summary>Exactly the shown channels are opened, each by what the manifest commits to.</summary>
    public Finding Check(Digest name, Manifest manifest, ShownStatement statement, ImmutableArray<ChannelId> channels)
    {
        var commitments = manifest.Commitments;
        foreach (var (channel, bytes) in statement.Openings)
        {
            if (!channels.Contains(channel) || channel.Value >= commitments.Length)
            {
                return Finding.Of(Fault.OtherChannel, "opening", name.ToShortString(), channel);
            }

            if (ManifestChannel.Commit(bytes.AsSpan()) != commitments[channel.Value])
            {
                return Finding.Of(Fault.OpeningMismatch, "", name.ToShortString(), channel);
            }

            shown[channel] = ManifestChannel.Decode(bytes.AsMemory());
        }

        foreach (var channel in channels)
        {
            if (channel.Value < commitments.Length && !shown.ContainsKey(channel))
            {
                return Finding.Of(Fault.OpeningMissing, "", name.ToShortString(), channel);
            }
        }

        return Finding.None;
    }

    public ManifestChannel Of(ChannelId channel) => shown[channel];
}

/// <summary>Shown leaves and columns against the signed root: places, hashes, and what may be shown at all.</summary>
internal static class TreeRules
{
    /// <summary>The first rule that the batch breaks.</summary>
    public static Finding Check(ProvenBatch batch, ImmutableArray<ChannelId> channels)
    {
        var shown = batch.Shown;
        if (shown.Leaves.IsEmpty && shown.Columns.IsEmpty)
        {
            return shown.Tree is null && shown.Path is null
                ? Finding.None
                : Finding.Of(Fault.FormBatch, "nothing", batch.Header.Number);
        }

        var places = Places(batch, channels);
        if (!places.IsNone)
        {
            return places;
        }

        var (known, twice) = Known(batch);
        if (twice is { } place)
        {
            return Finding.Of(Fault.PlaceWrong, "twice", batch.Header.Number, place);
        }

        return (shown.Tree, shown.Path) switch
        {
            ({ } tree, null) => Partial(batch, tree, known),
            (null, { } path) => Sibling(batch, path, known),
            _ => Finding.Of(Fault.FormBatch, "proof", batch.Header.Number),
        };
    }

    private static Finding Partial(ProvenBatch batch, ImmutableArray<byte> tree, PlacedHash[] known)
    {
        var check = PartialTree.Verify(tree.AsSpan(), batch.Header.LeafCount);
        if (!check.IsWellFormed)
        {
            return Unreadable(batch, check.Reason);
        }

        if (check.Leaves.Length != known.Length)
        {
            return Finding.Of(Fault.LeafNotInTree, "count", batch.Header.Number, known.Length, check.Leaves.Length);
        }

        for (var i = 0; i < known.Length; i++)
        {
            if (check.Leaves[i] != known[i])
            {
                return Finding.Of(Fault.LeafNotInTree, "leaf", batch.Header.Number, known[i].Index);
            }
        }

        return Root(batch, check.Root);
    }

    private static Finding Sibling(ProvenBatch batch, ImmutableArray<byte> path, PlacedHash[] known)
    {
        var check = SiblingPath.Verify(path.AsSpan(), batch.Header.LeafCount, known);
        return check.IsWellFormed ? Root(batch, check.Root) : Unreadable(batch, check.Reason);
    }

    private static Finding Unreadable(ProvenBatch batch, string why) =>
        Finding.Of(Fault.TreeUnreadable, "", batch.Header.Number) with { Detail = why };

    private static Finding Root(ProvenBatch batch, Digest root) => root == batch.Header.Root
        ? Finding.None
        : Finding.Of(Fault.RootMismatch, "", batch.Header.Number, root.ToShortString(), batch.Header.Root.ToShortString());

    private static (PlacedHash[] Known, int? Twice) Known(ProvenBatch batch)
    {
        var known = batch.Leaves.Select(leaf => new PlacedHash(leaf.Place, leaf.Hash))
            .Concat(batch.Columns.SelectMany(column => column.Leaves()
                .Select((leaf, i) => new PlacedHash(column.First + i, BatchTree.LeafHash(leaf.Encode())))))
            .ToArray();
        Array.Sort(known, (a, b) => a.Index.CompareTo(b.Index));
        for (var i = 1; i < known.Length; i++)
        {
            if (known[i].Index == known[i - 1].Index)
            {
                return (known, known[i].Index);
            }
        }

        return (known, null);
    }

    /// <summary>Place = meaning: a summary stands at its channel, a verdict behind all summaries, readings behind all verdicts.</summary>
    private static Finding Places(ProvenBatch batch, ImmutableArray<ChannelId> channels)
    {
        var count = batch.Header.ChannelCount;
        if (count != batch.Manifest.ChannelCount)
        {
            return Finding.Of(Fault.PlaceWrong, "channels", batch.Header.Number, count, batch.Manifest.ChannelCount);
        }

        foreach (var column in batch.Columns)
        {
            if (!channels.Contains(column.Channel) || column.Channel.Value >= count)
            {
                return Finding.Of(Fault.OtherChannel, "column", batch.Header.Number, column.Channel);
            }

            if (column.First < 2 * count || column.First + column.Samples.Length > batch.Header.LeafCount)
            {
                return Finding.Of(Fault.PlaceWrong, "column", batch.Header.Number, column.Channel, column.First);
            }
        }

        foreach (var (place, leaf, _) in batch.Leaves)
        {
            ChannelId? channel = leaf switch
            {
                SummaryLeaf summary => summary.Channel,
                VerdictLeaf verdict => verdict.Channel,
                ReadingLeaf reading => reading.Channel,
                EventLeaf happened => happened.Channel,
                _ => null,
            };
            if (channel is { } shownChannel && !channels.Contains(shownChannel))
            {
                return Finding.Of(Fault.OtherChannel, "leaf", batch.Header.Number, shownChannel, place);
            }

            var right = leaf switch
            {
                SummaryLeaf summary => place == summary.Channel.Value && place < count,
                VerdictLeaf verdict => place == count + verdict.Channel.Value && place < 2 * count,
                _ => place >= 2 * count && place < batch.Header.LeafCount,
            };
            if (!right)
            {
                return Finding.Of(Fault.PlaceWrong, leaf.Kind.ToString().ToLowerInvariant(), batch.Header.Number, place);
            }
        }

        return Finding.None;
    }
}
