using System.Buffers.Binary;
using System.Collections.Immutable;

namespace Anchoring;

/// <summary>Bytes of a segment that are no frame although frames stand after them, or although they look whole.</summary>
/// <param name="Place">Where they begin.</param>
/// <param name="Length">How many.</param>
/// <param name="Words">What was found, for people.</param>
public sealed record JournalDamage(FramePlace Place, int Length, string Words)
{
    /// <summary>The whole segment cannot be read, or could not and was set aside by an earlier start.</summary>
    public bool IsUnreadable { get; init; }
}

/// <summary>What one segment file holds.</summary>
/// <param name="Frames">The good frames, in order.</param>
/// <param name="Damages">Harmed places between or after them.</param>
/// <param name="End">First byte after the last good frame.</param>
/// <param name="TornLength">Bytes of a frame whose writing a power cut interrupted, from End on; 0 when there is none.</param>
internal sealed record SegmentScan(ImmutableArray<Frame> Frames, ImmutableArray<JournalDamage> Damages, int End, int TornLength)
{
    private const int SectorLength = 512;

    /// <summary>Reads a whole segment. Every frame is written and flushed before the next begins, so only the very last can be
    /// torn.</summary>
    /// <param name="bytes">The file.</param>
    /// <param name="segment">Its number.</param>
    /// <param name="isLast">No later segment holds a frame. Otherwise nothing in it can be torn: what is not a frame is damage.</param>
    public static SegmentScan Read(ReadOnlyMemory<byte> bytes, long segment, bool isLast)
    {
        var frames = ImmutableArray.CreateBuilder<Frame>();
        var damages = ImmutableArray.CreateBuilder<JournalDamage>();
        var offset = 0;
        while (true)
        {
            if (Frame.TryRead(bytes, new(segment, offset), out var frame))
            {
                frames.Add(frame);
                offset += frame.Length;
                continue;
            }

            var written = LastWritten(bytes.Span, offset);
            if (written == 0)
            {
                return new(frames.ToImmutable(), damages.ToImmutable(), offset, 0);
            }

            var next = FindNext(bytes, segment, offset + 1, frames.Count > 0 ? frames[^1].Sequence : 0);
            if (next is { } place)
            {
                damages.Add(new(new(segment, offset), place - offset, $"{place - offset} bytes are no frame, and good frames follow"));
                offset = place;
                continue;
            }

            if (isLast && IsTorn(bytes.Span[offset..]))
            {
                return new(frames.ToImmutable(), damages.ToImmutable(), offset, written);
            }

            damages.Add(new(new(segment, offset), written, $"the last {written} bytes are no frame, and no power cut leaves them so"));
            return new(frames.ToImmutable(), damages.ToImmutable(), offset + written, 0);
        }
    }

    /// <summary>How many bytes from here on there are up to the last that is not zero.</summary>
    private static int LastWritten(ReadOnlySpan<byte> bytes, int offset) => bytes[offset..].LastIndexOfAnyExcept((byte)0) + 1;

    private static int? FindNext(ReadOnlyMemory<byte> bytes, long segment, int from, long sequenceBefore)
    {
        for (var offset = from; offset < bytes.Length - Frame.Overhead; offset++)
        {
            if (bytes.Span[offset + 4] != 0 && Frame.TryRead(bytes, new(segment, offset), out var frame) && frame.Sequence > sequenceBefore)
            {
                return offset;
            }
        }

        return null;
    }

    /// <summary>
    /// A power cut leaves zeroes where the card wrote nothing: a missing end, or whole sectors. A frame that has neither was written whole
    /// and harmed later; if it was a seal, its header may be known to others, so it must not be cut away like a torn one.
    /// </summary>
    private static bool IsTorn(ReadOnlySpan<byte> bytes)
    {
        var length = bytes.Length >= sizeof(int) ? BinaryPrimitives.ReadInt32BigEndian(bytes) : 0;
        if (length <= 0 || length > bytes.Length - Frame.Overhead)
        {
            return true; // Not even its length is whole.
        }

        var frame = bytes[..(length + Frame.Overhead)];
        if (frame[^1] == 0)
        {
            return true;
        }

        for (var at = 0; at + SectorLength <= frame.Length; at++)
        {
            // Sectors are counted from the file's start, which is not known here: any run of 512 zeroes will do.
            if (!frame.Slice(at, SectorLength).ContainsAnyExcept((byte)0))
            {
                return true;
            }
        }

        return false;
    }
}
