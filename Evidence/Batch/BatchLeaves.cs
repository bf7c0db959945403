using System.Collections.Immutable;

namespace Evidence;

/// <summary>From a batch's body to its leaves and their hashes. The gateway, the ledger and every check use this one function.</summary>
/// <remarks>
/// Places: 0..C−1 summary of channel i, C..2C−1 verdict of channel i, then readings by (channel, sequence), then events.
/// Every enrolled channel has both, so absence cannot be hidden.
/// </remarks>
public static class BatchLeaves
{
    /// <summary>All leaves, by place.</summary>
    /// <param name="body">What was recorded.</param>
    /// <param name="openedMs">The header's opening time, which stands in for the times of a channel without readings.</param>
    /// <param name="channels">The manifest's channels, for their limits; as many as the body has.</param>
    /// <exception cref="MalformedEvidenceException">Body and manifest disagree on the number of channels.</exception>
    public static ImmutableArray<Leaf> Build(BatchBody body, long openedMs, ImmutableArray<ManifestChannel> channels)
    {
        var count = body.Channels.Length;
        if (count != channels.Length)
        {
            throw new MalformedEvidenceException($"The body has {count} channels, the manifest in force {channels.Length}.");
        }

        var key = body.Key.AsSpan();
        var leaves = ImmutableArray.CreateBuilder<Leaf>(body.LeafCount);
        for (var i = 0; i < count; i++)
        {
            var channel = new ChannelId((ushort)i);
            leaves.Add(Summary(SaltKeys.Salt(SaltKeys.Derive(key, LeafKind.Summary, channel), leaves.Count), channel, body, openedMs));
        }

        for (var i = 0; i < count; i++)
        {
            var channel = new ChannelId((ushort)i);
            leaves.Add(Verdict(SaltKeys.Salt(SaltKeys.Derive(key, LeafKind.Verdict, channel), leaves.Count), channel, body, openedMs,
                channels[i]));
        }

        for (var i = 0; i < count; i++)
        {
            if (!body.Rounds.IsEmpty)
            {
                leaves.AddRange(Column(body, new((ushort)i)).Leaves());
            }
        }

        foreach (var happened in body.Events)
        {
            var salt = SaltKeys.Salt(SaltKeys.Derive(key, LeafKind.Event, happened.Channel), leaves.Count);
            leaves.Add(new EventLeaf(salt, happened.Channel, happened.Kind, happened.TimeMs, happened.Detail));
        }

        return leaves.MoveToImmutable();
    }

    /// <summary>One channel's readings as they are disclosed. The body has at least one round.</summary>
    public static DisclosedColumn Column(BatchBody body, ChannelId channel)
    {
        var part = body.Channels[channel.Value];
        return new(channel, ImmutableArray.Create(SaltKeys.Derive(body.Key.AsSpan(), LeafKind.Reading, channel)),
            body.FirstPlace(channel.Value), part.FirstSequence, body.Rounds, part.Samples);
    }

    /// <summary>The hash of each leaf, by place.</summary>
    public static ImmutableArray<Digest> Hashes(ImmutableArray<Leaf> leaves) =>
        [.. leaves.Select(leaf => BatchTree.LeafHash(leaf.Encode()))];

    private static SummaryLeaf Summary(ImmutableArray<byte> salt, ChannelId channel, BatchBody body, long openedMs)
    {
        var part = body.Channels[channel.Value];
        MilliCelsius? min = null, max = null;
        foreach (var sample in part.Samples)
        {
            if (sample.Temperature is { } temperature)
            {
                min = min is { } low && low <= temperature ? low : temperature;
                max = max is { } high && high >= temperature ? high : temperature;
            }
        }

        return new(salt, channel, body.FirstPlace(channel.Value), part.Samples.Length, part.FirstSequence,
            FirstTime(body, openedMs), LastTime(body, openedMs), min, max);
    }

    private static VerdictLeaf Verdict(ImmutableArray<byte> salt, ChannelId channel, BatchBody body, long openedMs, ManifestChannel limits)
    {
        var part = body.Channels[channel.Value];
        var outside = part.Samples.Count(sample => sample.Temperature is { } t && (t < limits.Low || t > limits.High));
        var bad = part.Samples.Count(sample => sample.Temperature is null);
        return new(salt, channel, part.Samples.Length, part.FirstSequence, FirstTime(body, openedMs), LastTime(body, openedMs),
            limits.Low, limits.High, outside, bad);
    }

    private static long FirstTime(BatchBody body, long openedMs) => body.Rounds.IsEmpty ? openedMs : body.Rounds[0];

    private static long LastTime(BatchBody body, long openedMs) => body.Rounds.IsEmpty ? openedMs : body.Rounds[^1];
}
