using Anchoring;
using Evidence;

namespace Gateway.Tests.Anchoring;

/// <summary>Goal: a batch that was closed in one segment of the journal and signed in a later one outlives the earlier segment. Method: a ledger
/// that keeps its word back until the batches fill several segments, then gives it; everything is anchored and folded; then a restart.</summary>
public sealed class LateSealTests
{
    private const int Batches = 500;

    /// <summary>F-84.</summary>
    [Fact]
    public void A_seal_whose_batch_was_closed_in_a_segment_that_is_gone_does_not_stop_the_next_start()
    {
        using var bench = new Bench(options: new() { SegmentLength = Journal.SegmentLengthMin, WordPatienceSeconds = 604_800 });
        bench.Ledger.Mute = true;
        using (var logbook = bench.Start())
        {
            for (var i = 0; i < Batches; i++)
            {
                bench.Round(logbook, 4_000, 5_000);
                logbook.SealOpen(bench.Now(logbook));
                logbook.Offer(bench.Now(logbook));
            }

            Assert.Equal(Batches, logbook.Status.ToSign);
            bench.Ledger.Mute = false;
            for (var i = 0; i < Batches && logbook.Status.Unanchored > 0; i++)
            {
                bench.Pass();
                logbook.Offer(bench.Now(logbook));
            }

            Assert.Equal(0, logbook.Status.Unanchored);
        }

        // Every start folds a little more, so that each finds the journal to begin with other seals.
        for (var start = 0; start < 8; start++)
        {
            bench.PowerCut();
            using (var logbook = bench.Start())
            {
                bench.Round(logbook, 4_000, 5_000);
                logbook.SealOpen(bench.Now(logbook));
                logbook.Offer(bench.Now(logbook));
                bench.Pass();
                logbook.Offer(bench.Now(logbook));
                var extract = logbook.Extract(0, long.MaxValue);
                Assert.Empty(extract.Missing);
                Assert.Equal(Batches + start + 1, extract.Batches.Sum(batch => batch.Body.Rounds.Length));
            }

            Assert.Empty(Fsck.Run(bench.Directory, RoadLedger.Policy).Findings);
        }
    }

    /// <summary>F-162: a card that was put back has signed, far from coverage, several segments that it must take back; after it resumed, the first of
    /// them are folded and gone, and the journal begins in the midst of what got new numbers. A simulated week found it.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_a_card_took_back_keeps_its_new_numbers_when_the_first_segments_of_it_are_gone(bool hasSigned)
    {
        using var bench = new Bench(options: new() { SegmentLength = Journal.SegmentLengthMin, WordPatienceSeconds = hasSigned ? 0 : 604_800 });
        long rounds;
        using (var logbook = bench.Start())
        {
            Record(bench, logbook, 4);
        }

        var image = bench.Image();
        bench.PowerCut();
        using (var logbook = bench.Start())
        {
            Record(bench, logbook, 6);
            rounds = bench.Ledger.Bodies.Sum(body => body.Rounds.Length);
        }

        bench.PutBack(image);
        bench.Ledger.Connected = false;
        for (var start = 0; start < 3; start++)
        {
            bench.PowerCut();
            using var logbook = bench.Start();
            Record(bench, logbook, 60);
        }

        bench.Ledger.Reconnect();
        var again = bench.SignManifest(2, BatchHeader.Decode(bench.Ledger.Logged[^1].Payload).Number + 1, bench.FirstManifest.PayloadDigest);
        for (var start = 0; start < 12; start++)
        {
            bench.PowerCut();
            using (var logbook = bench.Open())
            {
                logbook.Enrol(again);
                logbook.Start(bench.Now(logbook));
                Record(bench, logbook, 1);
                for (var turn = 0; turn < 3; turn++)
                {
                    bench.Pass();
                    logbook.Offer(bench.Now(logbook)); // A window of batches a turn: every start finds another beginning of the journal.
                }
            }

            Assert.Empty(Fsck.Run(bench.Directory, RoadLedger.Policy).Findings);
        }

        using (var logbook = bench.Start())
        {
            Assert.Equal(0, logbook.Status.Unanchored);
            Assert.Empty(logbook.Status.Faults);
        }

        var next = 0L;
        foreach (var body in bench.Ledger.Bodies)
        {
            Assert.Equal(next, body.Channels[0].FirstSequence);
            next += body.Rounds.Length;
        }

        Assert.Equal(rounds + (3 * 60) + 12, next);
    }

    private static void Record(Bench bench, Logbook logbook, int batches)
    {
        for (var i = 0; i < batches; i++)
        {
            bench.Round(logbook, 4_000, 5_000);
            logbook.SealOpen(bench.Now(logbook));
            logbook.Offer(bench.Now(logbook));
            logbook.Offer(bench.Now(logbook));
        }
    }

    /// <summary>F-142: the end of a batch stands first in a segment, and the one that holds its rounds is folded and gone. A simulated week found
    /// it.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_batch_behind_one_whose_rounds_are_folded_and_whose_end_is_not_keeps_its_numbers_over_a_start(bool nextIsClosed)
    {
        using var bench = new Bench(options: new() { SegmentLength = Journal.SegmentLengthMin, WordPatienceSeconds = 604_800 });
        bench.Ledger.Mute = true;
        using (var logbook = bench.Start())
        {
            bench.Round(logbook, 4_000, 5_000);
            FillSegment(bench, logbook);
            logbook.SealOpen(bench.Now(logbook));
            Assert.True(File.Exists(SegmentOf(bench, 2)), "The end of the batch stands in the segment of its rounds.");
            bench.Round(logbook, 4_100, 5_100);
            if (nextIsClosed)
            {
                logbook.SealOpen(bench.Now(logbook));
                bench.Round(logbook, 4_200, 5_200);
            }

            bench.Ledger.Mute = false;
            bench.Ledger.Reconnect();
            for (var i = 0; i < 6; i++)
            {
                bench.Pass(1_000);
                logbook.Offer(bench.Now(logbook));
            }

            Assert.False(File.Exists(SegmentOf(bench, 1)), "Nothing was folded.");
        }

        bench.PowerCut();
        using (var logbook = bench.Start())
        {
            bench.Round(logbook, 4_300, 5_300);
            logbook.SealOpen(bench.Now(logbook));
            for (var i = 0; i < 4; i++)
            {
                bench.Pass(1_000);
                logbook.Offer(bench.Now(logbook));
            }

            var extract = logbook.Extract(0, long.MaxValue);
            Assert.Equal(0, logbook.Status.Unanchored);
            var next = 0L;
            foreach (var batch in extract.Batches)
            {
                Assert.Equal(next, batch.Body.Channels[0].FirstSequence);
                next += batch.Body.Rounds.Length;
            }

            Assert.Equal(nextIsClosed ? 4 : 3, next);
            Assert.Equal(VerdictWord.Verified, bench.Verify(extract, Bench.StartMs + 60_000, bench.WallMs - 10_000).Word);
        }

        Assert.Empty(Fsck.Run(bench.Directory, RoadLedger.Policy).Findings);
    }

    private static string SegmentOf(Bench bench, int number) => Path.Combine(bench.Directory, Logbook.JournalFolder, JournalTests.NameOf(number));

    /// <summary>Events until not even the shortest frame fits into the segment any more.</summary>
    private static void FillSegment(Bench bench, Logbook logbook)
    {
        const int Overhead = 64, EventMax = EventLeaf.DetailLengthMax, FrameMin = 24;
        int Left() => Journal.SegmentLengthMin - 1 - File.ReadAllBytes(SegmentOf(bench, 1)).AsSpan().LastIndexOfAnyExcept((byte)0);
        void Add(int length) => logbook.RecordEvent(new(null, EventKind.Configuration, bench.WallMs, [.. Enumerable.Repeat((byte)0x41, length)]),
            bench.Now(logbook));
        while (Left() > EventMax + (2 * Overhead))
        {
            Add(Math.Min(EventMax, Left() - EventMax - Overhead));
        }

        var before = Left();
        Add(300);
        var overhead = before - Left() - 300;
        Add(Left() - overhead - FrameMin + 10);
    }
}
