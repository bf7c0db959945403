using System.Collections.Immutable;
using System.Formats.Cbor;

namespace Evidence;

/// <summary>One channel's part of a batch's body.</summary>
/// <param name="FirstSequence">Sequence number of the first reading, or the next to come when there is none.</param>
/// <param name="Samples">One per round of the body, in order.</param>
public sealed record BodyChannel(long FirstSequence, ImmutableArray<BatchSample> Samples);

/// <summary>All that a batch's leaves are made of: what the gateway keeps and uploads. Whoever has it can rebuild every leaf.</summary>
/// <param name="Key">The batch key, 32 random bytes, from which all salts come.</param>
/// <param name="Rounds">Wall milliseconds of each round, not falling; every channel has one sample for each.</param>
/// <param name="Channels">The channels of the manifest in force, by index.</param>
/// <param name="Events">In the order in which they were recorded.</param>
/// <remarks>
/// <code>
/// body    = [1, key: bstr .size 32, count: uint, t0: uint / null, times: bstr, channels: [+ [seq0: uint, outcomes: bstr, temperatures:
/// bstr, codes: bstr]],
///            events: [* [ch: uint / null, kind: uint, t: uint, detail: bstr]]]
/// </code>
/// The byte strings are packed as <see cref="ColumnPacking"/> says.
/// </remarks>
public sealed record BatchBody(ImmutableArray<byte> Key, ImmutableArray<long> Rounds, ImmutableArray<BodyChannel> Channels,
    ImmutableArray<BatchEvent> Events)
{
    /// <summary>Places of the tree that this body fills.</summary>
    public int LeafCount => (2 * Channels.Length) + (Rounds.Length * Channels.Length) + Events.Length;

    /// <summary>Place of the first reading of a channel.</summary>
    public int FirstPlace(int channel) => (2 * Channels.Length) + (channel * Rounds.Length);

    public byte[] Encode()
    {
        var writer = CborStrict.Writer();
        writer.WriteStartArray(7);
        writer.WriteInt32(1);
        writer.WriteByteString(Key.AsSpan());
        writer.WriteInt32(Rounds.Length);
        writer.IntegerOrNull(Rounds.IsEmpty ? null : Rounds[0]);
        writer.WriteByteString(ColumnPacking.PackTimes(Rounds.AsSpan()));
        writer.WriteStartArray(Channels.Length);
        foreach (var channel in Channels)
        {
            writer.WriteStartArray(4);
            writer.WriteInt64(channel.FirstSequence);
            writer.WriteByteString(ColumnPacking.PackOutcomes(channel.Samples.AsSpan()));
            writer.WriteByteString(ColumnPacking.PackTemperatures(channel.Samples.AsSpan()));
            writer.WriteByteString(ColumnPacking.PackCodes(channel.Samples.AsSpan()));
            writer.WriteEndArray();
        }

        writer.WriteEndArray();
        writer.WriteStartArray(Events.Length);
        foreach (var happened in Events)
        {
            writer.WriteStartArray(4);
            writer.IntegerOrNull(happened.Channel?.Value);
            writer.WriteInt32((int)happened.Kind);
            writer.WriteInt64(happened.TimeMs);
            writer.WriteByteString(happened.Detail.AsSpan());
            writer.WriteEndArray();
        }

        writer.WriteEndArray();
        writer.WriteEndArray();
        return writer.Encode();
    }

    /// <exception cref="MalformedEvidenceException">Not a body of version 1, or larger than a batch may be.</exception>
    public static BatchBody Decode(ReadOnlyMemory<byte> bytes) =>
        CborStrict.Read("batch body", bytes, BatchLimits.BodyLengthMax, ReadFields);

    /// <summary>How many rounds an encoded body says that it has; nothing behind the number is looked at.</summary>
    /// <exception cref="MalformedEvidenceException">Not the beginning of a body of version 1.</exception>
    public static int CountRounds(ReadOnlyMemory<byte> bytes) => CborStrict.ReadBeginning("batch body", bytes, reader => ReadCount(reader).Rounds);

    private static (ImmutableArray<byte> Key, int Rounds) ReadCount(CborReader reader)
    {
        reader.Array(7, "batch body");
        reader.Integer(1, 1, "version of the batch body");
        var key = ImmutableArray.Create(reader.Bytes(SaltKeys.Length, SaltKeys.Length, "batch key"));
        return (key, (int)reader.Integer(0, BatchLimits.LeavesMax, "number of rounds"));
    }

    private static BatchBody ReadFields(CborReader reader)
    {
        var (key, count) = ReadCount(reader);
        var first = reader.IntegerOrNull(Moment.WallFloorMs, Moment.WallCeilingMs, "first time");
        if (first is null != (count == 0))
        {
            throw new MalformedEvidenceException($"The body has {count} rounds and {(first is null ? "no" : "a")} first time.");
        }

        var rounds = ColumnPacking.UnpackTimes(first ?? 0, count, reader.ReadByteString());
        var channelCount = reader.ArrayUpTo(BatchLimits.ChannelsMax, "channels");
        if ((long)channelCount * (count + 2) > BatchLimits.LeavesMax)
        {
            throw new MalformedEvidenceException($"{count} rounds of {channelCount} channels are more than a batch may hold.");
        }

        var channels = ImmutableArray.CreateBuilder<BodyChannel>(channelCount);
        for (var i = 0; i < channelCount; i++)
        {
            reader.Array(4, "channel of a body");
            var sequence = reader.Integer(0, Leaf.NumberMax - BatchLimits.LeavesMax, "first sequence");
            var outcomes = reader.ReadByteString();
            var temperatures = reader.ReadByteString();
            var codes = reader.ReadByteString();
            if (codes.Length < count)
            {
                throw new MalformedEvidenceException($"Channel {i} has raw codes for fewer than {count} readings.");
            }

            channels.Add(new(sequence, ColumnPacking.UnpackSamples(count, outcomes, temperatures, codes)));
            reader.ReadEndArray();
        }

        reader.ReadEndArray();
        var events = ReadEvents(reader);
        reader.ReadEndArray();
        var body = new BatchBody(key, rounds, channels.MoveToImmutable(), events);
        return body.LeafCount <= BatchLimits.LeavesMax
            ? body
            : throw new MalformedEvidenceException($"The body fills {body.LeafCount} places; a batch has at most {BatchLimits.LeavesMax}.");
    }

    private static ImmutableArray<BatchEvent> ReadEvents(CborReader reader)
    {
        var count = reader.ArrayUpTo(BatchLimits.LeavesMax, "events");
        var events = ImmutableArray.CreateBuilder<BatchEvent>();
        for (var i = 0; i < count; i++)
        {
            reader.Array(4, "event of a body");
            ChannelId? channel = reader.IntegerOrNull(0, BatchLimits.ChannelsMax - 1, "channel") is { } number ? new((ushort)number) : null;
            events.Add(new(channel, (EventKind)reader.Integer(1, byte.MaxValue, "event kind"),
                reader.Integer(Moment.WallFloorMs, Moment.WallCeilingMs, "event's time"),
                ImmutableArray.Create(reader.Bytes(EventLeaf.DetailLengthMin, EventLeaf.DetailLengthMax, "event detail"))));
            reader.ReadEndArray();
        }

        reader.ReadEndArray();
        return events.ToImmutable();
    }
}
