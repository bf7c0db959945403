using System.Collections.Immutable;

namespace Evidence;

/// <summary>One batch of a bundle, decoded; believed only as far as the checks have come.</summary>
internal sealed record ProvenBatch(Statement Statement, BatchHeader Header, Manifest Manifest, ShownBatch Shown,
    ImmutableArray<(int Place, Leaf Leaf, Digest Hash)> Leaves, ImmutableArray<DisclosedColumn> Columns)
{
    public string Name => $"batch {Header.Number}";

    public DisclosedColumn? Column(ChannelId channel) => Columns.FirstOrDefault(column => column.Channel == channel);

    public SummaryLeaf? Summary(ChannelId channel) => Leaves.Select(l => l.Leaf).OfType<SummaryLeaf>().FirstOrDefault(l =>
        l.Channel == channel);

    public VerdictLeaf? Verdict(ChannelId channel) => Leaves.Select(l => l.Leaf).OfType<VerdictLeaf>().FirstOrDefault(l =>
        l.Channel == channel);

    public IEnumerable<EventLeaf> Events => Leaves.Select(l => l.Leaf).OfType<EventLeaf>();

    /// <summary>Monotonic milliseconds of this batch's boot at a wall time inside the batch.</summary>
    public long Uptime(long wallMs) => wallMs - Header.OpenedMs + Header.Clock.UptimeMs;
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
                : new(Fault.FormBatch, $"{Name(batch)} has a tree and shows nothing in it.");
        }

        var places = Places(batch, channels);
        if (!places.IsNone)
        {
            return places;
        }

        var (known, twice) = Known(batch);
        if (twice is { } place)
        {
            return new(Fault.PlaceWrong, $"{Name(batch)} shows place {place} twice.");
        }

        return (shown.Tree, shown.Path) switch
        {
            ({ } tree, null) => Partial(batch, tree, known),
            (null, { } path) => Sibling(batch, path, known),
            _ => new(Fault.FormBatch, $"{Name(batch)} needs either a tree or a path, not both or neither."),
        };
    }

    private static Finding Partial(ProvenBatch batch, ImmutableArray<byte> tree, PlacedHash[] known)
    {
        var check = PartialTree.Verify(tree.AsSpan(), batch.Header.LeafCount);
        if (!check.IsWellFormed)
        {
            return new(Fault.TreeUnreadable, $"{Name(batch)}: {check.Reason}");
        }

        if (check.Leaves.Length != known.Length)
        {
            return new(Fault.LeafNotInTree, $"{Name(batch)} shows {known.Length} leaves; its tree marks {check.Leaves.Length}.");
        }

        for (var i = 0; i < known.Length; i++)
        {
            if (check.Leaves[i] != known[i])
            {
                return new(Fault.LeafNotInTree, $"{Name(batch)}: the leaf shown at place {known[i].Index} is not the one in the tree.");
            }
        }

        return Root(batch, check.Root);
    }

    private static Finding Sibling(ProvenBatch batch, ImmutableArray<byte> path, PlacedHash[] known)
    {
        var check = SiblingPath.Verify(path.AsSpan(), batch.Header.LeafCount, known);
        return check.IsWellFormed ? Root(batch, check.Root) : new(Fault.TreeUnreadable, $"{Name(batch)}: {check.Reason}");
    }

    private static Finding Root(ProvenBatch batch, Digest root) => root == batch.Header.Root
        ? Finding.None
        : new(Fault.RootMismatch, $"{Name(batch)}: the readings and leaves shown hash to {root.ToShortString()}, "
            + $"the gateway signed {batch.Header.Root.ToShortString()}. Something in this batch was changed.");

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
        if (count != batch.Manifest.Channels.Length)
        {
            return new(Fault.PlaceWrong, $"{Name(batch)} has {count} channels, the manifest it names {batch.Manifest.Channels.Length}.");
        }

        foreach (var column in batch.Columns)
        {
            if (!channels.Contains(column.Channel) || column.Channel.Value >= count)
            {
                return new(Fault.OtherChannel,
                    $"{Name(batch)} shows readings of channel {column.Channel}, which this bundle is not about.");
            }

            if (column.First < 2 * count || column.First + column.Samples.Length > batch.Header.LeafCount)
            {
                return new(Fault.PlaceWrong,
                    $"{Name(batch)}: the readings of channel {column.Channel} cannot stand at place {column.First}.");
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
                return new(Fault.OtherChannel,
                    $"{Name(batch)} shows channel {shownChannel} at place {place}, which this bundle is not about.");
            }

            var right = leaf switch
            {
                SummaryLeaf summary => place == summary.Channel.Value && place < count,
                VerdictLeaf verdict => place == count + verdict.Channel.Value && place < 2 * count,
                _ => place >= 2 * count && place < batch.Header.LeafCount,
            };
            if (!right)
            {
                return new(Fault.PlaceWrong, $"{Name(batch)}: a {leaf.Kind.ToString().ToLowerInvariant()} cannot stand at place {place}.");
            }
        }

        return Finding.None;
    }

    private static string Name(ProvenBatch batch) => $"Batch {batch.Header.Number}";
}
