using System.Globalization;

namespace Anchoring;

/// <summary>The one place where anything becomes durable: frames, one after the other, in zero-filled segment files.</summary>
/// <remarks>
/// One frame is one write and one flush. A segment is full when the next frame does not fit; the next one lies ready, already zeroed, so
/// that a full disk is noticed a whole segment ahead. Segments are deleted only from the oldest on. Used by one thread at a time.
/// </remarks>
public sealed class Journal : IDisposable
{
    /// <summary>Fewest and most bytes of a segment; a frame may take half of one.</summary>
    public const int SegmentLengthMin = 64 * 1024;

    public const int SegmentLengthMax = 16 * 1024 * 1024;

    private const string Prefix = "journal-";
    private const string Suffix = ".segment";
    private readonly IFolder folder;
    private readonly int segmentLength;
    private readonly Func<byte[]> opening;
    private Stream? stream;
    private Stream? spare;
    private bool broken;

    private Journal(IFolder folder, int segmentLength, Func<byte[]> opening)
    {
        this.folder = folder;
        this.segmentLength = segmentLength;
        this.opening = opening;
    }

    /// <summary>Number of the segment that is written to; 0 before the first frame.</summary>
    public long Segment { get; private set; }

    /// <summary>Oldest segment that is kept.</summary>
    public long OldestSegment { get; private set; } = 1;

    /// <summary>Where the next frame goes.</summary>
    public int Offset { get; private set; }

    /// <summary>Sequence number of the next frame.</summary>
    public long NextSequence { get; private set; } = 1;

    /// <summary>Bytes of the segment files, the spare one left out.</summary>
    public long Length => Segment == 0 ? 0 : (Segment - OldestSegment + 1) * segmentLength;

    /// <summary>Why the next segment could not be made ready, in words; empty when it lies ready.</summary>
    public string SpareFault { get; private set; } = "";

    /// <summary>Reads all segments, cuts a torn tail and is ready to append.</summary>
    /// <param name="segmentLength">Bytes of each new segment.</param>
    /// <param name="opening">Gives the payload of the first frame of a segment that is about to begin.</param>
    /// <param name="replay">Receives every good frame, in order.</param>
    /// <param name="damaged">Receives what is no frame, at its place between the frames.</param>
    /// <param name="read">Called when everything is read and nothing is written yet; it may refuse, and move what cannot be read.</param>
    public static Journal Open(IFolder folder, int segmentLength, Func<byte[]> opening, Action<Frame> replay, Action<JournalDamage> damaged,
        Action? read = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(segmentLength, SegmentLengthMin);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(segmentLength, SegmentLengthMax);
        var journal = new Journal(folder, segmentLength, opening);
        var tail = JournalReader.ReadAll(folder, replay, damaged);
        read?.Invoke();
        foreach (var name in folder.Names.Where(name => name.EndsWith(".new", StringComparison.Ordinal)))
        {
            folder.Delete(name); // A segment that was being zeroed when the power went.
        }

        if (tail is { } last)
        {
            journal.Continue(last);
        }

        journal.MakeSpare();
        return journal;
    }

    /// <summary>Writes one frame and returns when it would survive a power cut.</summary>
    /// <exception cref="NotRecordedException">It did not become durable.</exception>
    public FramePlace Append(FrameKind kind, ReadOnlySpan<byte> payload)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(payload.Length, segmentLength / 2);
        if (broken)
        {
            throw new NotRecordedException($"The journal in {folder.Place} failed before; the process must start anew.");
        }

        if (spare is null)
        {
            MakeSpare();
        }

        if (stream is null || Offset + Frame.Overhead + payload.Length > stream.Length)
        {
            BeginSegment();
        }

        return Write(kind, payload);
    }

    /// <summary>Deletes the oldest segments, up to and with this one, which is not the one that is written to.</summary>
    public void DeleteThrough(long segment)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(segment, Segment);
        for (; OldestSegment <= segment; OldestSegment++)
        {
            folder.Delete(NameOf(OldestSegment));
        }
    }

    public void Dispose()
    {
        stream?.Dispose();
        spare?.Dispose();
    }

    internal static string NameOf(long segment) => Prefix + segment.ToString("D16", CultureInfo.InvariantCulture) + Suffix;

    internal static long? SegmentOf(string name) =>
        name.StartsWith(Prefix, StringComparison.Ordinal) && name.EndsWith(Suffix, StringComparison.Ordinal)
        && long.TryParse(name.AsSpan(Prefix.Length, name.Length - Prefix.Length - Suffix.Length), NumberStyles.None,
            CultureInfo.InvariantCulture, out var number)
            ? number : null;

    private void Continue(JournalReader.Tail tail)
    {
        if (tail.TornSegment > 0)
        {
            // Never promised: the session ended while this segment's first frame was written.
            using var torn = folder.Open(NameOf(tail.TornSegment));
            torn.Write(new byte[torn.Length], 0, (int)torn.Length);
            torn.Flush();
        }

        if (tail.Segment == 0)
        {
            OldestSegment = tail.OldestSegment;
            Segment = tail.OldestSegment - 1;
            return;
        }

        OldestSegment = tail.OldestSegment;
        Segment = tail.Segment;
        Offset = tail.End;
        NextSequence = tail.NextSequence;
        stream = folder.Open(NameOf(tail.Segment));
        if (tail.Last is { } last)
        {
            // F-69: if its flush failed and ended the last session, it may be readable from the kernel's memory and not be on the disk, and a
            // later flush would not say so. Written once more, it is flushed before anything is built on it.
            WriteAt(last.Place.Offset, Frame.Write(last.Kind, last.Sequence, last.Payload.Span, tail.Segment));
        }

        if (tail.TornLength > 0)
        {
            WriteAt(tail.End, new byte[tail.TornLength]); // The frame in hand when power was lost: it was never promised.
        }
    }

    private void BeginSegment()
    {
        if (spare is null)
        {
            throw new NotRecordedException($"Nothing is recorded: {folder.Place} has no room for the next segment of {segmentLength} bytes "
                + $"({SpareFault}). Free some space on this disk.", diskFull: true, new IOException(SpareFault));
        }

        var payload = opening();
        stream?.Dispose();
        stream = spare;
        spare = null;
        Segment++;
        Offset = 0;
        Write(FrameKind.Opening, payload);
        MakeSpare();
    }

    private FramePlace Write(FrameKind kind, ReadOnlySpan<byte> payload)
    {
        var bytes = Frame.Write(kind, NextSequence, payload, Segment);
        WriteAt(Offset, bytes);
        // From here a power cut loses nothing of this frame.
        var place = new FramePlace(Segment, Offset);
        Offset += bytes.Length;
        NextSequence++;
        return place;
    }

    private void WriteAt(int offset, byte[] bytes)
    {
        try
        {
            stream!.Position = offset;
            stream.Write(bytes, 0, bytes.Length);
            stream.Flush();
        }
        catch (IOException fault)
        {
            // After a failed flush the kernel may forget what it could not write and report success the next time: only reading again
            // helps.
            broken = true;
            throw new NotRecordedException($"Nothing is recorded: {NameOf(Segment)} in {folder.Place} could not be written. "
                + "Check the disk (dmesg); the gateway starts anew.", fault);
        }
    }

    private void MakeSpare()
    {
        var name = NameOf(Segment + 1);
        try
        {
            // One may lie ready from the last session; only one that is all zeroes gets here, the reader takes any other as a segment.
            // A gateway with dozens of manifests behind it has a long opening; it must leave room for frames.
            spare = folder.Names.Contains(name) ? folder.Open(name) : folder.Create(name, Math.Max(segmentLength, 4 * opening().Length));
            SpareFault = "";
        }
        catch (IOException fault)
        {
            // The segment in use still has room: recording goes on, the status says so, and every append tries again.
            SpareFault = fault.Message;
        }
    }
}
