using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace Anchoring;

/// <summary>What a frame holds. The numbers stand on disk; never reuse one. Layouts: <see cref="RecordCodec"/>.</summary>
public enum FrameKind : byte
{
    /// <summary>Zeroes: nothing is written here yet.</summary>
    None = 0,

    /// <summary>First frame of every segment: the state that the segments before it led to.</summary>
    Opening = 1,

    /// <summary>A start of the gateway: its boot number.</summary>
    Boot = 2,

    /// <summary>One reading of every channel.</summary>
    Round = 3,

    /// <summary>An event.</summary>
    Event = 4,

    /// <summary>A signed header and its batch key.</summary>
    Seal = 5,

    /// <summary>A receipt that has verified.</summary>
    Receipt = 6,

    /// <summary>A manifest that the authority signed for this gateway.</summary>
    Manifest = 7,

    /// <summary>The end of a batch that is not signed yet.</summary>
    Close = 8,

    /// <summary>Where the chain goes on after the ledger turned out to be ahead of this card.</summary>
    Resume = 9,
}

/// <summary>Where a frame stands.</summary>
/// <param name="Segment">Number of the segment, from 1.</param>
/// <param name="Offset">Its first byte in the segment.</param>
public readonly record struct FramePlace(long Segment, int Offset) : IComparable<FramePlace>
{
    public int CompareTo(FramePlace other) =>
        Segment != other.Segment ? Segment.CompareTo(other.Segment) : Offset.CompareTo(other.Offset);

    public static bool operator <(FramePlace left, FramePlace right) => left.CompareTo(right) < 0;

    public static bool operator >(FramePlace left, FramePlace right) => left.CompareTo(right) > 0;

    public static bool operator <=(FramePlace left, FramePlace right) => left.CompareTo(right) <= 0;

    public static bool operator >=(FramePlace left, FramePlace right) => left.CompareTo(right) >= 0;

    public override string ToString() => $"segment {Segment}, byte {Offset}";
}

/// <summary>One frame: all of it is there, or it counts for nothing.</summary>
/// <param name="Kind">What the payload is.</param>
/// <param name="Sequence">From 1, one more for each frame, over all segments: a lost frame shows.</param>
/// <param name="Payload">See <see cref="RecordCodec"/>.</param>
/// <param name="Place">Where it stands.</param>
/// <remarks>
/// <code>
/// offset  bytes  what (big-endian)
///      0      4  n, payload length, 1 or more; 0 where nothing is written yet
///      4      1  kind
///      5      8  sequence
///     13      n  payload
///   13+n      4  CRC-32C of the segment's number (8 bytes) and of all bytes before this field
/// </code>
/// The segment's number is in the check sum, so that a frame in the wrong file never counts.
/// </remarks>
public sealed record Frame(FrameKind Kind, long Sequence, ReadOnlyMemory<byte> Payload, FramePlace Place)
{
    /// <summary>Bytes of a frame beside its payload.</summary>
    public const int Overhead = HeaderLength + CheckLength;

    private const int HeaderLength = 13;
    private const int CheckLength = 4;

    /// <summary>Bytes on disk.</summary>
    public int Length => Overhead + Payload.Length;

    internal static byte[] Write(FrameKind kind, long sequence, ReadOnlySpan<byte> payload, long segment)
    {
        var bytes = new byte[Overhead + payload.Length];
        BinaryPrimitives.WriteInt32BigEndian(bytes, payload.Length);
        bytes[4] = (byte)kind;
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(5), sequence);
        payload.CopyTo(bytes.AsSpan(HeaderLength));
        var check = Check(bytes.AsSpan(0, bytes.Length - CheckLength), segment);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(bytes.Length - CheckLength), check);
        return bytes;
    }

    /// <summary>The frame that begins here, if a whole and unharmed one does.</summary>
    internal static bool TryRead(ReadOnlyMemory<byte> segmentBytes, FramePlace place, [NotNullWhen(true)] out Frame? frame) =>
        TryTake(segmentBytes[place.Offset..], place, out frame);

    /// <summary>The same from a segment's file, of which nothing but this frame is read: a segment is large, and read again for each batch in
    /// it.</summary>
    internal static bool TryRead(Stream segment, FramePlace place, [NotNullWhen(true)] out Frame? frame)
    {
        frame = null;
        Span<byte> header = stackalloc byte[HeaderLength];
        segment.Position = place.Offset;
        if (segment.ReadAtLeast(header, HeaderLength, throwOnEndOfStream: false) < HeaderLength)
        {
            return false;
        }

        var length = BinaryPrimitives.ReadInt32BigEndian(header);
        if (length <= 0 || length > segment.Length - place.Offset - Overhead)
        {
            return false;
        }

        var bytes = new byte[Overhead + length];
        header.CopyTo(bytes);
        return segment.ReadAtLeast(bytes.AsSpan(HeaderLength), bytes.Length - HeaderLength, throwOnEndOfStream: false) == bytes.Length - HeaderLength
            && TryTake(bytes, place, out frame);
    }

    private static bool TryTake(ReadOnlyMemory<byte> rest, FramePlace place, [NotNullWhen(true)] out Frame? frame)
    {
        frame = null;
        if (rest.Length <= Overhead)
        {
            return false;
        }

        var bytes = rest.Span;
        var length = BinaryPrimitives.ReadInt32BigEndian(bytes);
        if (length <= 0 || length > rest.Length - Overhead || bytes[4] == 0)
        {
            // A kind that is not known here is a frame all the same if its check sum holds: F-15, a newer program's, never a torn tail.
            return false;
        }

        var end = HeaderLength + length;
        if (BinaryPrimitives.ReadUInt32BigEndian(bytes[end..]) != Check(bytes[..end], place.Segment))
        {
            return false;
        }

        frame = new((FrameKind)bytes[4], BinaryPrimitives.ReadInt64BigEndian(bytes[5..]), rest.Slice(HeaderLength, length), place);
        return true;
    }

    private static uint Check(ReadOnlySpan<byte> bytes, long segment)
    {
        Span<byte> number = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(number, segment);
        return Crc32C.Of(bytes, Crc32C.Of(number));
    }
}
