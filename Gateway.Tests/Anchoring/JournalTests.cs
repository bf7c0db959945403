using Anchoring;

namespace Gateway.Tests.Anchoring;

/// <summary>Goal: a torn tail is cut and nothing else; a harmed frame is always found. Method: a real journal file, cut and flipped
/// everywhere.</summary>
public sealed class JournalTests
{
    private const int Length = Journal.SegmentLengthMin;
    private static readonly byte[] Opening = [0x80];

    [Fact]
    public void A_tail_torn_at_any_byte_costs_that_frame_alone()
    {
        var (bytes, places) = ThreeFrames();
        for (var cut = places[2].Offset; cut < places[2].Offset + Frame.Overhead + 300; cut++)
        {
            var torn = bytes.ToArray();
            torn.AsSpan(cut).Clear();
            var (frames, damages, journal) = Reopen(torn);
            using (journal)
            {
                // A cut in trailing zeroes takes nothing away, and then the frame is whole.
                Assert.Equal(torn.AsSpan().SequenceEqual(bytes) ? 4 : 3, frames.Count);
                Assert.Empty(damages);
                Assert.Equal(frames.Count + 1, journal.NextSequence);
                journal.Append(FrameKind.Round, [1, 2, 3]);
            }
        }
    }

    [Fact]
    public void A_flipped_bit_in_any_byte_of_any_frame_is_found()
    {
        var (bytes, places) = ThreeFrames();
        var end = places[2].Offset + Frame.Overhead + 300;
        for (var at = 0; at < end; at++)
        {
            var flipped = bytes.ToArray();
            flipped[at] ^= (byte)(1 << at % 8);
            var (frames, damages, journal) = Reopen(flipped);
            journal.Dispose();
            Assert.Equal(3, frames.Count);
            if (at < places[2].Offset)
            {
                Assert.NotEmpty(damages); // Good frames follow: never taken for a torn tail.
            }
        }
    }

    /// <summary>A segment is read whole at the start, and a frame at a time when a batch is read again: both take the same frames and no others.</summary>
    [Fact]
    public void A_frame_read_from_its_file_alone_is_the_one_that_is_read_with_its_segment()
    {
        var (bytes, places) = ThreeFrames();
        var end = places[2].Offset + Frame.Overhead + 300;
        for (var at = -1; at < end; at++)
        {
            var harmed = bytes.ToArray();
            if (at >= 0)
            {
                harmed[at] ^= (byte)(1 << at % 8);
            }

            // Whole, and cut off where the harm is.
            foreach (var content in new[] { harmed, harmed[..Math.Max(at, 0)] })
            {
                using var file = new MemoryStream(content);
                foreach (var place in places.Append(new(1, end)).Where(place => place.Offset <= content.Length))
                {
                    var isThere = Frame.TryRead(content, place, out var expected);
                    Assert.Equal(isThere, Frame.TryRead(file, place, out var read));
                    Assert.Equal(expected?.Payload.ToArray(), read?.Payload.ToArray());
                    Assert.Equal((expected?.Kind, expected?.Sequence, expected?.Place), (read?.Kind, read?.Sequence, read?.Place));
                }
            }
        }
    }

    [Fact]
    public void A_frame_of_another_segment_never_counts()
    {
        var (bytes, _) = ThreeFrames();
        RecordedDisk.Of(new() { ["journal"] = new() { [NameOf(1)] = bytes, [NameOf(2)] = bytes } }, out var open);
        List<JournalDamage> damages = [];
        List<Frame> frames = [];
        using var journal = Journal.Open(open("journal"), Length, () => Opening, frames.Add, damages.Add);
        Assert.Equal(4, frames.Count);
        Assert.Equal(2, damages[0].Place.Segment);
    }

    /// <summary>F-09.</summary>
    [Fact]
    public void A_full_disk_is_told_a_segment_ahead_and_recording_goes_on_when_there_is_room()
    {
        var folder = new TightFolder(new RecordedDisk().Folder("journal")) { Room = 2 };
        using var journal = Journal.Open(folder, Length, () => Opening, _ => { }, _ => { });
        var payload = new byte[20_000];
        payload[0] = 1;
        journal.Append(FrameKind.Round, payload);
        Assert.Empty(journal.SpareFault);
        journal.Append(FrameKind.Round, payload);
        journal.Append(FrameKind.Round, payload);
        journal.Append(FrameKind.Round, payload);
        Assert.Contains("No space left", journal.SpareFault, StringComparison.Ordinal);
        journal.Append(FrameKind.Round, payload);
        journal.Append(FrameKind.Round, payload);
        var sequence = journal.NextSequence;
        var fault = Assert.Throws<NotRecordedException>(() => journal.Append(FrameKind.Round, payload));
        Assert.True(fault.DiskFull);
        Assert.Contains("Free some space", fault.Message, StringComparison.Ordinal);
        folder.Room = 1;
        journal.Append(FrameKind.Round, payload);
        Assert.Equal(sequence + 2, journal.NextSequence);
    }

    [Fact]
    public void A_real_folder_keeps_what_it_was_given()
    {
        var path = Directory.CreateTempSubdirectory("journal").FullName;
        try
        {
            using (var journal = Journal.Open(new DiskFolder(path), Length, () => Opening, _ => { }, _ => { }))
            {
                for (byte i = 1; i < 10; i++)
                {
                    journal.Append(FrameKind.Round, Enumerable.Repeat(i, 15_000).ToArray());
                }
            }

            List<Frame> frames = [];
            List<JournalDamage> damages = [];
            using var again = Journal.Open(new DiskFolder(path), Length, () => Opening, frames.Add, damages.Add);
            Assert.Empty(damages);
            Assert.Equal(9, frames.Count(frame => frame.Kind == FrameKind.Round));
            Assert.All(Directory.GetFiles(path), file => Assert.Equal(Length, new FileInfo(file).Length));
        }
        finally
        {
            Directory.Delete(path, recursive: true);
        }
    }

    internal static string NameOf(int segment) => $"journal-{segment:D16}.segment";

    /// <summary>A segment with its opening and three rounds of 300 bytes.</summary>
    private static (byte[] Bytes, List<FramePlace> Places) ThreeFrames()
    {
        var disk = new RecordedDisk();
        List<FramePlace> places = [];
        using (var journal = Journal.Open(disk.Folder("journal"), Length, () => Opening, _ => { }, _ => { }))
        {
            for (byte i = 1; i <= 3; i++)
            {
                places.Add(journal.Append(FrameKind.Round, Enumerable.Repeat(i, 300).ToArray()));
            }
        }

        return (disk.After(disk.Count, new(LossKind.Clean))["journal"][NameOf(1)], places);
    }

    private static (List<Frame> Frames, List<JournalDamage> Damages, Journal Journal) Reopen(byte[] segment)
    {
        RecordedDisk.Of(new() { ["journal"] = new() { [NameOf(1)] = segment } }, out var open);
        List<JournalDamage> damages = [];
        List<Frame> frames = [];
        return (frames, damages, Journal.Open(open("journal"), Length, () => Opening, frames.Add, damages.Add));
    }

    /// <summary>A disk on which so many more segments find room.</summary>
    private sealed class TightFolder(IFolder folder) : IFolder
    {
        public int Room { get; set; }

        public IReadOnlyList<string> Names => folder.Names;

        public string Place => folder.Place;

        public Stream Create(string name, int length) =>
            Room-- > 0 ? folder.Create(name, length) : throw new IOException("No space left on device");

        public Stream Open(string name) => folder.Open(name);

        public Stream OpenWriteThrough(string name) => folder.OpenWriteThrough(name);

        public void Move(string name, string newName) => folder.Move(name, newName);

        public void Delete(string name) => folder.Delete(name);
    }
}
