using System.Collections.Immutable;
using System.Formats.Cbor;

namespace Evidence;

/// <summary>What one place of a batch's tree says. The numbers stand first in a leaf's bytes and in its salt key.</summary>
public enum LeafKind : byte
{
    Reading = 0,
    Summary = 1,
    Verdict = 2,
    Event = 3,
}

/// <summary>One place of a batch: a reading, a channel's summary or verdict, or an event. Deterministic CBOR, 32 to 1,024 bytes.</summary>
/// <param name="Salt">Sixteen bytes that stop anyone from guessing a hidden leaf from its hash; see <see cref="SaltKeys"/>.</param>
/// <remarks>
/// <code>
/// reading = [0, salt, ch: uint, seq: uint, t: uint, mC: int / null, status: uint]
/// summary = [1, salt, ch, first: uint, count: uint, seq0: uint, t0: uint, t1: uint, min: int / null, max: int / null]
/// verdict = [2, salt, ch, count, seq0, t0, t1, lo: int, hi: int, nOut: uint, nBad: uint]
/// event   = [3, salt, ch: uint / null, kind: uint, t, detail: bstr .size (4..900)]
/// </code>
/// t in milliseconds since 1970 UTC, at least <see cref="Moment.WallFloorMs"/>; temperatures in milli-degrees Celsius.
/// </remarks>
public abstract record Leaf(ImmutableArray<byte> Salt)
{
    /// <summary>Fewest bytes of a leaf: one more than could be mistaken for an interior node (docs/formats.md, leaf).</summary>
    public const int LengthMin = 32;

    /// <summary>Most bytes of a leaf.</summary>
    public const int LengthMax = 1024;

    /// <summary>Bytes of a salt.</summary>
    public const int SaltLength = 16;

    /// <summary>Highest sequence number: 2^53 − 1, so that a browser holds it exactly.</summary>
    public const long NumberMax = (1L << 53) - 1;

    public abstract LeafKind Kind { get; }

    /// <summary>The leaf's bytes, exactly as they are hashed.</summary>
    /// <exception cref="MalformedEvidenceException">They would be shorter than 32 or longer than 1,024 bytes.</exception>
    public byte[] Encode()
    {
        var writer = CborStrict.Writer();
        WriteFields(writer);
        var bytes = writer.Encode();
        CheckLength(bytes.Length);
        return bytes;
    }

    /// <summary>Reads one leaf strictly: known kind, deterministic CBOR, every field in its range, 32 to 1,024 bytes.</summary>
    /// <exception cref="MalformedEvidenceException">Any of these does not hold.</exception>
    public static Leaf Decode(ReadOnlyMemory<byte> bytes)
    {
        CheckLength(bytes.Length);
        return CborStrict.Read("leaf", bytes, LengthMax, ReadFields);
    }

    protected abstract void WriteFields(CborWriter writer);

    private protected void WriteStart(CborWriter writer, int fields)
    {
        writer.WriteStartArray(fields);
        writer.WriteUInt32((uint)Kind);
        writer.WriteByteString(Salt.AsSpan());
    }

    private static void CheckLength(int length)
    {
        if (length is < LengthMin or > LengthMax)
        {
            throw new MalformedEvidenceException($"A leaf has {LengthMin} to {LengthMax} bytes, not {length}.");
        }
    }

    private static Leaf ReadFields(CborReader reader)
    {
        var fields = reader.ReadStartArray();
        var kind = reader.Integer(0, byte.MaxValue, "leaf kind");
        var salt = ImmutableArray.Create(reader.Bytes(SaltLength, SaltLength, "salt"));
        Leaf leaf = (kind, fields) switch
        {
            ((int)LeafKind.Reading, 7) => ReadingLeaf.ReadFields(reader, salt),
            ((int)LeafKind.Summary, 10) => SummaryLeaf.ReadFields(reader, salt),
            ((int)LeafKind.Verdict, 11) => VerdictLeaf.ReadFields(reader, salt),
            ((int)LeafKind.Event, 6) => EventLeaf.ReadFields(reader, salt),
            _ => throw new MalformedEvidenceException($"No leaf has kind {kind} with {fields} fields."),
        };
        reader.ReadEndArray();
        return leaf;
    }

    private protected static ChannelId ReadChannel(CborReader reader) =>
        new((ushort)reader.Integer(0, ushort.MaxValue - 1, "channel"));

    private protected static long ReadTime(CborReader reader, string what) =>
        reader.Integer(Moment.WallFloorMs, Moment.WallCeilingMs, what);

    private protected static MilliCelsius? ReadTemperature(CborReader reader, string what) =>
        reader.IntegerOrNull(int.MinValue, int.MaxValue, what) is { } value ? new MilliCelsius((int)value) : null;
}

/// <summary>One sample of one channel.</summary>
/// <param name="Salt">See <see cref="Leaf"/>.</param>
/// <param name="Channel">The probe.</param>
/// <param name="Sequence">The channel's own running number from 0; given when recorded and never skipped.</param>
/// <param name="TimeMs">Wall time of the round.</param>
/// <param name="Temperature">Calibrated; null exactly when <paramref name="Outcome"/> is not Measured.</param>
/// <param name="Outcome">How the attempt ended.</param>
public sealed record ReadingLeaf(
    ImmutableArray<byte> Salt, ChannelId Channel, long Sequence, long TimeMs, MilliCelsius? Temperature, Outcome Outcome) : Leaf(Salt)
{
    public override LeafKind Kind => LeafKind.Reading;

    protected override void WriteFields(CborWriter writer)
    {
        WriteStart(writer, 7);
        writer.WriteUInt32(Channel.Value);
        writer.WriteInt64(Sequence);
        writer.WriteInt64(TimeMs);
        writer.IntegerOrNull(Temperature?.Value);
        writer.WriteInt32(Status.FromOutcome(Outcome));
        writer.WriteEndArray();
    }

    internal static ReadingLeaf ReadFields(CborReader reader, ImmutableArray<byte> salt)
    {
        var leaf = new ReadingLeaf(salt, ReadChannel(reader), reader.Integer(0, NumberMax, "sequence"), ReadTime(reader, "reading's time"),
            ReadTemperature(reader, "temperature"), Status.ToOutcome((int)reader.Integer(0, Status.Max, "status")));
        return leaf.Temperature is null == (leaf.Outcome == Outcome.Measured)
            ? throw new MalformedEvidenceException($"Reading {leaf.Sequence} of channel {leaf.Channel} is {leaf.Outcome}, "
                + $"and its temperature is {(leaf.Temperature is null ? "missing" : "there")}.")
            : leaf;
    }
}

/// <summary>What one channel has in a batch. Every enrolled channel has one, so that absence cannot be hidden.</summary>
/// <param name="Salt">See <see cref="Leaf"/>.</param>
/// <param name="Channel">The probe.</param>
/// <param name="First">Place of the channel's first reading; where it would stand when there is none.</param>
/// <param name="Count">How many readings, failed ones included; 0 is a statement too.</param>
/// <param name="FirstSequence">Sequence number of the first reading, or the next to come when there is none.</param>
/// <param name="FirstTimeMs">Time of the first reading; the batch's opening time when there is none.</param>
/// <param name="LastTimeMs">Time of the last reading; the batch's opening time when there is none.</param>
/// <param name="Min">Lowest temperature measured, null when none was.</param>
/// <param name="Max">Highest temperature measured, null when none was.</param>
public sealed record SummaryLeaf(ImmutableArray<byte> Salt, ChannelId Channel, int First, int Count, long FirstSequence,
    long FirstTimeMs, long LastTimeMs, MilliCelsius? Min, MilliCelsius? Max) : Leaf(Salt)
{
    public override LeafKind Kind => LeafKind.Summary;

    protected override void WriteFields(CborWriter writer)
    {
        WriteStart(writer, 10);
        writer.WriteUInt32(Channel.Value);
        writer.WriteInt32(First);
        writer.WriteInt32(Count);
        writer.WriteInt64(FirstSequence);
        writer.WriteInt64(FirstTimeMs);
        writer.WriteInt64(LastTimeMs);
        writer.IntegerOrNull(Min?.Value);
        writer.IntegerOrNull(Max?.Value);
        writer.WriteEndArray();
    }

    internal static SummaryLeaf ReadFields(CborReader reader, ImmutableArray<byte> salt) => new(salt, ReadChannel(reader),
        (int)reader.Integer(0, BatchLimits.LeavesMax, "first place"), (int)reader.Integer(0, BatchLimits.LeavesMax, "count"),
        reader.Integer(0, NumberMax, "first sequence"), ReadTime(reader, "first time"), ReadTime(reader, "last time"),
        ReadTemperature(reader, "minimum"), ReadTemperature(reader, "maximum"));
}

/// <summary>The gateway's own judgement of a channel's readings in one batch: a signed claim, provably false to whoever sees the
/// readings.</summary>
/// <param name="Salt">See <see cref="Leaf"/>.</param>
/// <param name="Channel">The probe.</param>
/// <param name="Count">As in <see cref="SummaryLeaf"/>.</param>
/// <param name="FirstSequence">As in <see cref="SummaryLeaf"/>.</param>
/// <param name="FirstTimeMs">As in <see cref="SummaryLeaf"/>.</param>
/// <param name="LastTimeMs">As in <see cref="SummaryLeaf"/>.</param>
/// <param name="Low">Lowest temperature still in range, from the manifest in force.</param>
/// <param name="High">Highest temperature still in range.</param>
/// <param name="OutCount">Measured readings below Low or above High.</param>
/// <param name="BadCount">Readings without a temperature.</param>
public sealed record VerdictLeaf(ImmutableArray<byte> Salt, ChannelId Channel, int Count, long FirstSequence, long FirstTimeMs,
    long LastTimeMs, MilliCelsius Low, MilliCelsius High, int OutCount, int BadCount) : Leaf(Salt)
{
    public override LeafKind Kind => LeafKind.Verdict;

    protected override void WriteFields(CborWriter writer)
    {
        WriteStart(writer, 11);
        writer.WriteUInt32(Channel.Value);
        writer.WriteInt32(Count);
        writer.WriteInt64(FirstSequence);
        writer.WriteInt64(FirstTimeMs);
        writer.WriteInt64(LastTimeMs);
        writer.WriteInt32(Low.Value);
        writer.WriteInt32(High.Value);
        writer.WriteInt32(OutCount);
        writer.WriteInt32(BadCount);
        writer.WriteEndArray();
    }

    internal static VerdictLeaf ReadFields(CborReader reader, ImmutableArray<byte> salt) => new(salt, ReadChannel(reader),
        (int)reader.Integer(0, BatchLimits.LeavesMax, "count"), reader.Integer(0, NumberMax, "first sequence"),
        ReadTime(reader, "first time"), ReadTime(reader, "last time"),
        new((int)reader.Integer(int.MinValue, int.MaxValue, "lower limit")),
            new((int)reader.Integer(int.MinValue, int.MaxValue, "upper limit")),
        (int)reader.Integer(0, BatchLimits.LeavesMax, "count out of range"),
            (int)reader.Integer(0, BatchLimits.LeavesMax, "count without temperature"));
}

/// <summary>Something that happened and is not a reading: a boot, a gap, a clock step, a door, a person's act.</summary>
/// <param name="Salt">See <see cref="Leaf"/>.</param>
/// <param name="Channel">The channel it concerns; null for the gateway as a whole.</param>
/// <param name="EventKind">What happened.</param>
/// <param name="TimeMs">When, by the wall clock.</param>
/// <param name="Detail">Deterministic CBOR whose layout the kind decides, 4 to 900 bytes; see <see cref="EventDetail"/>.</param>
public sealed record EventLeaf(
    ImmutableArray<byte> Salt, ChannelId? Channel, EventKind EventKind, long TimeMs, ImmutableArray<byte> Detail) : Leaf(Salt)
{
    public const int DetailLengthMin = 4;
    public const int DetailLengthMax = 900;

    public override LeafKind Kind => LeafKind.Event;

    protected override void WriteFields(CborWriter writer)
    {
        WriteStart(writer, 6);
        writer.IntegerOrNull(Channel?.Value);
        writer.WriteUInt32((uint)EventKind);
        writer.WriteInt64(TimeMs);
        writer.WriteByteString(Detail.AsSpan());
        writer.WriteEndArray();
    }

    internal static EventLeaf ReadFields(CborReader reader, ImmutableArray<byte> salt) => new(salt,
        reader.IntegerOrNull(0, ushort.MaxValue - 1, "channel") is { } channel ? new ChannelId((ushort)channel) : null,
        (EventKind)reader.Integer(1, byte.MaxValue, "event kind"), ReadTime(reader, "event's time"),
        ImmutableArray.Create(reader.Bytes(DetailLengthMin, DetailLengthMax, "event detail")));
}
