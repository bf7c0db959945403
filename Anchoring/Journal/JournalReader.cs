namespace Anchoring;

/// <summary>Reads segments; writes nothing, so that fsck can use it beside anything.</summary>
internal static class JournalReader
{
    /// <summary>Where the journal ends.</summary>
    /// <param name="TornSegment">A segment after the last whose very first frame is torn; 0 when there is none.</param>
    /// <param name="Last">The last good frame of the last segment; null when that has none.</param>
    internal readonly record struct Tail(long OldestSegment, long Segment, int End, int TornLength, long NextSequence, long TornSegment,
        Frame? Last);

    /// <summary>Every good frame and every damage, in order.</summary>
    /// <returns>Null when no segment has a byte; Segment 0 when only a torn first frame is there.</returns>
    public static Tail? ReadAll(IFolder folder, Action<Frame> replay, Action<JournalDamage> damaged)
    {
        var numbers = folder.Names.Select(Journal.SegmentOf).OfType<long>().Order().ToList();
        // A segment that lies ready is all zeroes; it is not yet part of the journal.
        while (numbers.Count > 0 && IsEmpty(folder, numbers[^1]))
        {
            numbers.RemoveAt(numbers.Count - 1);
        }

        long? expected = null;
        Tail? tail = null;
        for (var i = 0; i < numbers.Count; i++)
        {
            var number = numbers[i];
            if (i > 0 && number != numbers[i - 1] + 1)
            {
                TellMissing(folder, numbers[i - 1] + 1, number - 1, ref expected, damaged);
            }

            if (TryBytes(folder, number, out var fault) is not { } bytes)
            {
                damaged(Unreadable(number, fault));
                expected = null;
                continue;
            }

            var scan = SegmentScan.Read(bytes, number, isLast: i == numbers.Count - 1);
            Deliver(scan, ref expected, replay, damaged);
            if (scan is { End: 0, TornLength: > 0 })
            {
                // Power was lost while this segment was begun. The one before is whole, and this one lies ready again once it is zeroed.
                return tail is { } before ? before with { TornSegment = number } : new(number, 0, 0, 0, 1, number, null);
            }

            tail = new(numbers[0], number, scan.End, scan.TornLength, expected ?? 1, 0,
                scan.Frames.IsEmpty ? null : scan.Frames[^1]);
        }

        return tail;
    }

    public static IEnumerable<Frame> Read(IFolder folder, FramePlace from, FramePlace last)
    {
        for (var segment = from.Segment; segment <= last.Segment; segment++)
        {
            using var stream = folder.Open(Journal.NameOf(segment));
            var place = new FramePlace(segment, segment == from.Segment ? from.Offset : 0);
            while (place <= last && Frame.TryRead(stream, place, out var frame))
            {
                yield return frame;
                place = place with { Offset = place.Offset + frame.Length };
            }

            if (segment == last.Segment && place <= last)
            {
                throw new EvidenceBrokenException($"The journal's frame at {place} was good and is not any more; run `gateway fsck`.");
            }
        }
    }

    /// <summary>The good frames between two places, whatever stands between them.</summary>
    public static IEnumerable<Frame> ReadGood(IFolder folder, FramePlace from, FramePlace last)
    {
        for (var segment = from.Segment; segment <= last.Segment; segment++)
        {
            // A segment that could not be read is set aside, and gone from here: what it held is lost.
            foreach (var frame in TryBytes(folder, segment, out _) is { } bytes ? SegmentScan.Read(bytes, segment, isLast: true).Frames : [])
            {
                if (frame.Place >= from && frame.Place <= last)
                {
                    yield return frame;
                }
            }
        }
    }

    internal static byte[] Bytes(IFolder folder, long segment)
    {
        using var stream = folder.Open(Journal.NameOf(segment));
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes, 0, bytes.Length);
        return bytes;
    }

    private static void Deliver(SegmentScan scan, ref long? expected, Action<Frame> replay, Action<JournalDamage> damaged)
    {
        var damages = scan.Damages.AsSpan();
        foreach (var frame in scan.Frames)
        {
            var isTold = !damages.IsEmpty && damages[0].Place < frame.Place;
            while (!damages.IsEmpty && damages[0].Place < frame.Place)
            {
                damaged(damages[0]);
                damages = damages[1..];
            }

            if (!isTold && expected is { } next && frame.Sequence != next)
            {
                damaged(new(frame.Place, 0, $"frames {next} to {frame.Sequence - 1} are missing before this place"));
            }

            expected = frame.Sequence + 1;
            replay(frame);
        }

        foreach (var damage in damages)
        {
            damaged(damage);
        }
    }

    /// <summary>A segment's bytes; null when the disk does not give them, or something else lies in its place.</summary>
    internal static byte[]? TryBytes(IFolder folder, long segment, out string fault)
    {
        try
        {
            fault = "";
            return Bytes(folder, segment);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            fault = refused.Message;
            return null;
        }
    }

    private static JournalDamage Unreadable(long segment, string fault) => new(new(segment, 0), 0, $"{Journal.NameOf(segment)} cannot be read: {fault}")
    {
        IsUnreadable = true,
    };

    /// <summary>Segments that are not there: set aside by an earlier start, which has declared them, or gone without a word.</summary>
    private static void TellMissing(IFolder folder, long first, long last, ref long? expected, Action<JournalDamage> damaged)
    {
        var names = folder.Names;
        var kept = 0;
        for (var segment = first; segment <= last; segment++)
        {
            var known = Unreadable(segment, "it was set aside by an earlier start");
            if (names.Contains(Logbook.AsideName(known)))
            {
                kept++;
                damaged(known);
            }
        }

        if (kept == last - first + 1)
        {
            expected = null; // The frames that are missing are those.
        }
        else
        {
            damaged(new(new(last + 1, 0), 0, $"segments {first} to {last} are missing"));
        }
    }

    private static bool IsEmpty(IFolder folder, long segment) =>
        TryBytes(folder, segment, out _) is { } bytes && !bytes.AsSpan().ContainsAnyExcept((byte)0);
}
