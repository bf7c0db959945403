using System.Collections.Immutable;
using System.Formats.Cbor;

namespace Evidence;

/// <summary>What happened. The numbers stand in leaves; never reuse one.</summary>
public enum EventKind : byte
{
    /// <summary>The gateway started. Detail: <see cref="EventDetail.Gap"/> since the last recorded moment.</summary>
    Boot = 1,

    /// <summary>The wall clock was stepped. Detail: <see cref="EventDetail.ClockStep"/>. Opens a new batch.</summary>
    ClockStep = 2,

    /// <summary>Slots passed in which nothing was recorded while the gateway ran. Detail: <see cref="EventDetail.Gap"/>.</summary>
    Gap = 3,

    /// <summary>A door opened or closed. Detail: <see cref="EventDetail.Note"/>, as for all kinds below.</summary>
    Door = 4,

    /// <summary>Supply lost or back.</summary>
    Power = 5,

    /// <summary>Another probe answers on a channel.</summary>
    ProbeSwap = 6,

    /// <summary>A limit was passed, or readings are in range again.</summary>
    Alarm = 7,

    /// <summary>A person acknowledged an alarm.</summary>
    Acknowledgement = 8,

    /// <summary>The load changed hands.</summary>
    Custody = 9,

    /// <summary>A setting that touches evidence changed.</summary>
    Configuration = 10,

    /// <summary>A store did not open and was put aside.</summary>
    StoreBroken = 11,

    /// <summary>The gateway was stopped in an orderly way.</summary>
    Stop = 12,

    /// <summary>A probe's calibration certificate has expired.</summary>
    CalibrationExpired = 13,
}

/// <summary>Why nothing was recorded for a while.</summary>
public enum GapCause : byte
{
    /// <summary>The gateway had no power or its process was killed: the last session did not end in a Stop.</summary>
    PowerLoss = 1,

    /// <summary>It had been stopped in an orderly way.</summary>
    Stopped = 2,

    /// <summary>It ran, but a round came too late: an overloaded or suspended machine.</summary>
    Late = 3,

    /// <summary>Recorded readings were in a store that is broken.</summary>
    StoreBroken = 4,

    /// <summary>The gateway's first start: there is nothing before.</summary>
    FirstStart = 5,
}

/// <summary>One event before it has its salt and place.</summary>
/// <param name="Channel">The channel it concerns; null for the gateway as a whole.</param>
/// <param name="Kind">What happened.</param>
/// <param name="TimeMs">When, by the wall clock.</param>
/// <param name="Detail">4 to 900 bytes; see <see cref="EventDetail"/>.</param>
public sealed record BatchEvent(ChannelId? Channel, EventKind Kind, long TimeMs, ImmutableArray<byte> Detail)
{
    /// <summary>Two events are equal when all their bytes are.</summary>
    public bool Equals(BatchEvent? other) => other is not null && Channel == other.Channel && Kind == other.Kind
        && TimeMs == other.TimeMs && Detail.AsSpan().SequenceEqual(other.Detail.AsSpan());

    public override int GetHashCode() => HashCode.Combine(Channel, Kind, TimeMs, Detail.Length);
}

/// <summary>The layouts of an event's detail: deterministic CBOR, first field the layout's number.</summary>
/// <remarks>
/// <code>
/// gap       = [1, from: uint, to: uint, cause: uint]        ; wall ms of the last moment recorded before, and of the first after
/// clockStep = [2, before: uint, after: uint, source: uint]  ; wall ms by the old and the new setting at one instant
/// note      = [3, code: tstr, text: tstr]                   ; a stable machine code ("door.open") and words
/// </code>
/// </remarks>
public static class EventDetail
{
    /// <summary>A span in which nothing was recorded, both ends exclusive.</summary>
    public readonly record struct GapSpan(long FromMs, long ToMs, GapCause Cause);

    /// <summary>The wall clock's reading before and after a step, at the same instant.</summary>
    public readonly record struct ClockStepSpan(long BeforeMs, long AfterMs, ClockTrust Source);

    /// <summary>A machine code and words for people.</summary>
    public readonly record struct Words(string Code, string Text);

    public static ImmutableArray<byte> Gap(long fromMs, long toMs, GapCause cause) => Numbers(1, fromMs, toMs, (long)cause);

    public static ImmutableArray<byte> ClockStep(long beforeMs, long afterMs, ClockTrust source) =>
        Numbers(2, beforeMs, afterMs, (long)source);

    /// <param name="code">A stable machine code, 1 to 40 characters.</param>
    /// <param name="text">Words for people, cut at 200 characters.</param>
    public static ImmutableArray<byte> Note(string code, string text)
    {
        var writer = CborStrict.Writer();
        writer.WriteStartArray(3);
        writer.WriteInt32(3);
        writer.WriteTextString(code);
        writer.WriteTextString(text.Length <= 200 ? text : text[..200]);
        writer.WriteEndArray();
        return ImmutableArray.Create(writer.Encode());
    }

    /// <summary>The gap that a Boot or Gap event declares; null when its detail has another layout.</summary>
    public static GapSpan? ReadGap(ImmutableArray<byte> detail) =>
        ReadNumbers(1, detail) is { } n && n.Third is >= 1 and <= 5 ? new(n.First, n.Second, (GapCause)n.Third) : null;

    /// <summary>The step that a ClockStep event declares; null when its detail has another layout.</summary>
    public static ClockStepSpan? ReadClockStep(ImmutableArray<byte> detail) =>
        ReadNumbers(2, detail) is { } n && n.Third is >= 0 and <= 2 ? new(n.First, n.Second, (ClockTrust)n.Third) : null;

    /// <summary>Code and words of a note; null when the detail has another layout.</summary>
    public static Words? ReadNote(ImmutableArray<byte> detail) => ReadOrNull<Words>(detail, reader =>
    {
        reader.Array(3, "event detail");
        reader.Integer(3, 3, "layout of the event detail");
        var words = new Words(reader.Text(40, "event code"), reader.Text(200, "event text"));
        reader.ReadEndArray();
        return words;
    });

    private static ImmutableArray<byte> Numbers(int layout, long first, long second, long third)
    {
        var writer = CborStrict.Writer();
        writer.WriteStartArray(4);
        writer.WriteInt32(layout);
        writer.WriteInt64(first);
        writer.WriteInt64(second);
        writer.WriteInt64(third);
        writer.WriteEndArray();
        return ImmutableArray.Create(writer.Encode());
    }

    private static (long First, long Second, long Third)? ReadNumbers(int layout, ImmutableArray<byte> detail) =>
        ReadOrNull(detail, reader =>
        {
            reader.Array(4, "event detail");
            reader.Integer(layout, layout, "layout of the event detail");
            var numbers = (reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt64());
            reader.ReadEndArray();
            return numbers;
        });

    private static T? ReadOrNull<T>(ImmutableArray<byte> detail, Func<CborReader, T> read) where T : struct
    {
        try
        {
            return CborStrict.Read("event detail", detail.AsMemory(), EventLeaf.DetailLengthMax, read);
        }
        catch (MalformedEvidenceException)
        {
            return null; // The caller asks "is it this layout?": any other form is answered with no.
        }
    }
}
