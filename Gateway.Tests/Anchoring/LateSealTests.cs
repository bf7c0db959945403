using Anchoring;

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
}
