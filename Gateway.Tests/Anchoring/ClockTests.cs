using Anchoring;
using Evidence;

namespace Gateway.Tests.Anchoring;

/// <summary>Goal: whatever the wall clock does, nothing is reordered or lost, and a stranger is told what its times are worth. Method: the
/// gateway's clock is wrong by an offset while the ledger's is right; the verdict is the verifier's.</summary>
public sealed class ClockTests
{
    private const long Minute = 60_000, Hour = 60 * Minute, Year = 365 * 24 * Hour;

    /// <summary>F-19: before the step the gateway's clock is off by this much; network time puts it right in the middle of a batch.</summary>
    [Theory]
    [InlineData(-4 * Minute, VerdictWord.Verified)]
    [InlineData(4 * Minute, VerdictWord.Verified)]
    [InlineData(-3 * Hour, VerdictWord.TimeNotProven)]
    [InlineData(3 * Hour, VerdictWord.TimeNotProven)]
    [InlineData(-2 * Year, VerdictWord.TimeNotProven)]
    [InlineData(30 * Year, VerdictWord.TimeNotProven)]
    public void A_step_by_any_amount_in_the_middle_of_a_batch_is_declared_and_a_stranger_still_verifies(long offMs, VerdictWord wrongTimes)
    {
        var offset = offMs;
        using var bench = new Bench();
        bench.Ledger.WallMs = () => bench.WallMs - offset; // The true time.
        bench.WallMs += offset;
        using (var logbook = bench.Start())
        {
            Rounds(bench, logbook, 5);
            bench.WallMs -= offset;
            offset = 0;
            Rounds(bench, logbook, 5);
            logbook.SealOpen(bench.Now(logbook));
            logbook.Offer(bench.Now(logbook));
            logbook.Offer(bench.Now(logbook));

            var batches = logbook.Extract(0, long.MaxValue).Batches;
            Assert.Equal(2, batches.Length);
            Assert.Equal([5, 5], batches.Select(batch => batch.Body.Rounds.Length));
            var step = EventDetail.ReadClockStep(batches[1].Body.Events[0].Detail)!.Value;
            Assert.Equal(-offMs, step.AfterMs - step.BeforeMs);
            var headers = batches.Select(batch => BatchHeader.Decode(batch.Statement.Payload)).ToList();
            Assert.True(headers[0].Clock.UptimeMs < headers[1].Clock.UptimeMs);
            Assert.Equal(wrongTimes, Word(bench, logbook, headers[0]));
            Assert.Equal(VerdictWord.Verified, Word(bench, logbook, headers[1]));
        }

        Assert.Empty(Fsck.Run(bench.Directory, RoadLedger.Policy).Findings);
    }

    /// <summary>F-18.</summary>
    [Fact]
    public void A_clock_that_nobody_set_at_boot_reorders_nothing_when_network_time_comes()
    {
        using var bench = new Bench();
        var trueMs = bench.WallMs;
        bench.Ledger.WallMs = () => trueMs + bench.UptimeMs;
        bench.WallMs = 12_000; // 1970: below what evidence may carry.
        using var logbook = bench.Start();
        Rounds(bench, logbook, 3);
        bench.WallMs = trueMs + bench.UptimeMs;
        Rounds(bench, logbook, 3);
        logbook.SealOpen(bench.Now(logbook));
        logbook.Offer(bench.Now(logbook));
        logbook.Offer(bench.Now(logbook));

        var batches = logbook.Extract(0, long.MaxValue).Batches;
        var headers = batches.Select(batch => BatchHeader.Decode(batch.Statement.Payload)).ToList();
        Assert.Equal([ClockTrust.Unset, ClockTrust.Rtc], headers.Select(header => header.Clock.Trust));
        Assert.Equal([0L, 3L], batches.Select(batch => batch.Body.Channels[0].FirstSequence));
        Assert.Equal(EventKind.ClockStep, batches[1].Body.Events[0].Kind);
        Assert.Equal(VerdictWord.TimeNotProven, Word(bench, logbook, headers[0]));
        Assert.Equal(VerdictWord.Verified, Word(bench, logbook, headers[1]));
    }

    /// <summary>F-20: 500 parts in a million, the most that the kernel slews; a second in every 2,000.</summary>
    [Theory]
    [InlineData(30)]
    [InlineData(-30)]
    public void A_drifting_clock_is_no_step_and_a_stranger_still_verifies(long msARound)
    {
        using var bench = new Bench();
        var drift = 0L;
        bench.Ledger.WallMs = () => bench.WallMs - drift;
        using var logbook = bench.Start();
        for (var i = 0; i < 600; i++)
        {
            (bench.WallMs, drift) = (bench.WallMs + msARound, drift + msARound);
            Rounds(bench, logbook, 1);
            logbook.SealIfDue(bench.Now(logbook));
            logbook.Offer(bench.Now(logbook));
        }

        logbook.SealOpen(bench.Now(logbook));
        logbook.Offer(bench.Now(logbook));
        logbook.Offer(bench.Now(logbook));
        var extract = logbook.Extract(0, long.MaxValue);
        Assert.Equal(600, extract.Batches.Sum(batch => batch.Body.Rounds.Length));
        Assert.DoesNotContain(extract.Batches.SelectMany(batch => batch.Body.Events), happened => happened.Kind == EventKind.ClockStep);
        var verdict = bench.Verify(extract, BatchHeader.Decode(extract.Batches[0].Statement.Payload).OpenedMs,
            BatchHeader.Decode(extract.Batches[^1].Statement.Payload).ClosedMs);
        Assert.True(verdict.Word == VerdictWord.Verified, verdict.Reason);
    }

    private static VerdictWord Word(Bench bench, Logbook logbook, BatchHeader header) =>
        bench.Verify(logbook.Extract(header.OpenedMs, header.ClosedMs), header.OpenedMs, header.ClosedMs).Word;

    private static void Rounds(Bench bench, Logbook logbook, int count)
    {
        for (var i = 0; i < count; i++)
        {
            bench.Round(logbook, 4_000, 5_000);
        }
    }
}
