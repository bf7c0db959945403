using System.Formats.Cbor;
using Anchoring;
using Evidence;

namespace Gateway.Tests.Anchoring;

/// <summary>Goal: a program never guesses at, or cuts away, what a newer one wrote; and goes on with what one before it left open. Method: a
/// real journal, and in it frames of a version that does not exist yet.</summary>
public sealed class UpgradeTests
{
    /// <summary>F-15: a newer opening, or a frame of a kind that this program does not know, at the journal's end.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_journal_of_a_newer_version_is_refused_in_words_and_left_as_it_is(bool isOpening)
    {
        using var bench = new Bench();
        var folder = new DiskFolder(Path.Combine(bench.Directory, Logbook.JournalFolder));
        if (isOpening)
        {
            using var newer = Journal.Open(folder, Journal.SegmentLengthMin, NewerOpening, _ => { }, _ => { });
            newer.Append(FrameKind.Boot, [0x81, 0x01]);
        }
        else
        {
            using (var logbook = bench.Start())
            {
                bench.Round(logbook, 4_000, 5_000);
            }

            using var newer = Journal.Open(folder, Journal.SegmentLengthMin, NewerOpening, _ => { }, _ => { });
            newer.Append((FrameKind)99, [0x81, 0x01]);
        }

        var before = Content(folder);
        var fault = Assert.Throws<EvidenceBrokenException>(() => bench.Start());
        Assert.Contains("Install the newer gateway again; nothing was changed.", fault.Message, StringComparison.Ordinal);
        Assert.Equal(before, Content(folder));
        Assert.Contains(Fsck.Run(bench.Directory, null).Findings, finding => finding.Fault == fault.Message);
    }

    /// <summary>F-16: the program was killed and replaced while a batch was open.</summary>
    [Fact]
    public void A_batch_that_one_program_left_open_is_sealed_by_the_next()
    {
        using var bench = new Bench();
        using (var logbook = bench.Start())
        {
            bench.Round(logbook, 4_000, 5_000);
            bench.Round(logbook, 4_100, 5_000);
        }

        bench.PowerCut(2_000);
        using var next = bench.Start();
        bench.Round(next, 4_200, 5_000);
        next.SealOpen(bench.Now(next));
        next.Offer(bench.Now(next));
        next.Offer(bench.Now(next));
        var extract = next.Extract(0, long.MaxValue);
        Assert.Equal([2, 1], extract.Batches.Select(batch => batch.Body.Rounds.Length));
        var headers = extract.Batches.Select(batch => BatchHeader.Decode(batch.Statement.Payload)).ToList();
        Assert.Equal([1u, 2u], headers.Select(header => header.Clock.Boot));
        Assert.Equal(VerdictWord.Verified, bench.Verify(extract, headers[0].OpenedMs, headers[1].ClosedMs).Word);
    }

    private static byte[] NewerOpening()
    {
        var writer = new CborWriter(CborConformanceMode.Canonical);
        writer.WriteStartArray(16); // One field more than today's, version 4.
        writer.WriteInt32(4);
        for (var field = 1; field < 16; field++)
        {
            writer.WriteInt32(field);
        }

        writer.WriteEndArray();
        return writer.Encode();
    }

    private static List<(string Name, string Hash)> Content(DiskFolder folder) => [.. folder.Names.Select(name =>
    {
        using var stream = folder.Open(name);
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return (name, Digest.Of(copy.ToArray()).ToString());
    })];
}
