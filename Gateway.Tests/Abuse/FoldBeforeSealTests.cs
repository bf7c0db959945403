using Anchoring;
using Evidence;
using Gateway.Tests.Anchoring;

namespace Gateway.Tests.Abuse;

// Goal: a segment that ends between a batch's end and its signature is folded like any other, and the gateway starts again afterwards.
// Method: batches are closed while the ledger says nothing; the segment's end is moved over their ends and seals frame by frame; then all is
// signed, anchored and folded, and the logbook is opened anew. A sweep of failing system calls met this.
public sealed class FoldBeforeSealTests
{
    private const string Words = "Written down at length, so that the segment fills up: nothing happened on this stretch of the road, and nothing will happen on the "
        + "next one either, as far as anybody can tell.";

    // F-61
    [Fact]
    public void A_segment_that_ends_between_a_batchs_end_and_its_seal_is_folded_and_the_gateway_starts_again()
    {
        var folded = 0;
        for (var fill = 210; fill < 262; fill++)
        {
            using var bench = new Bench(options: new() { SegmentLength = Journal.SegmentLengthMin, WordPatienceSeconds = 86_400 });
            var disk = new ForgettingDisk();
            using (var logbook = bench.Start(disk.Folder))
            {
                CloseUnsigned(bench, logbook, fill);
                bench.Ledger.Mute = false;
                Anchor(bench, logbook);
                Happen(bench, logbook, 250);
                Anchor(bench, logbook);
            }

            folded += disk.Folder("batches").Names.Count(BatchStore.IsFile);
            GoOn(bench, disk, fill);
            GoOn(bench, disk, fill);
        }

        Assert.True(folded > 0, "Nothing was folded: the test proves nothing.");
    }

    private static void CloseUnsigned(Bench bench, Logbook logbook, int fill)
    {
        bench.Ledger.Mute = true;
        bench.Round(logbook, 4_000, 5_000);
        Happen(bench, logbook, fill);
        for (var i = 0; i < 4; i++)
        {
            logbook.SealOpen(bench.Now(logbook));
            bench.Round(logbook, 4_000 + i, 5_000);
        }

        Assert.True(logbook.Status.ToSign > 0);
    }

    private static void GoOn(Bench bench, ForgettingDisk disk, int fill)
    {
        bench.PowerCut();
        using var logbook = bench.Start(disk.Folder);
        bench.Round(logbook, 4_600, 5_000);
        Anchor(bench, logbook);
        Happen(bench, logbook, 250); // The segments that hold the seals are folded in their turn.
        Anchor(bench, logbook);
        Assert.True(logbook.Status is { Faults.IsEmpty: true, ToSign: 0, Unanchored: 0 }, $"fill {fill}: {string.Join(' ', logbook.Status.Faults)}");
        var extract = logbook.Extract(0, long.MaxValue);
        Assert.Empty(extract.Missing);
        Assert.Equal(Enumerable.Range(0, extract.Batches.Length).Select(number => (long)number),
            extract.Batches.Select(batch => BatchHeader.Decode(batch.Statement.Payload).Number));
    }

    private static void Happen(Bench bench, Logbook logbook, int events)
    {
        for (var i = 0; i < events; i++)
        {
            bench.Pass(10);
            logbook.RecordEvent(new(null, EventKind.Configuration, bench.WallMs, EventDetail.Note("abuse.season", Words)), bench.Now(logbook));
        }
    }

    private static void Anchor(Bench bench, Logbook logbook)
    {
        logbook.SealOpen(bench.Now(logbook));
        for (var i = 0; i < 12; i++)
        {
            bench.Pass(15_000);
            logbook.Offer(bench.Now(logbook));
        }
    }
}
