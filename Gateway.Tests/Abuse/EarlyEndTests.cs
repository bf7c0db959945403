using Anchoring;
using Evidence;
using Gateway.Tests.Anchoring;

namespace Gateway.Tests.Abuse;

// Goal: a gateway that ends again and again before its first round, as on a full disk under systemd, leaves a record that verifies.
// Method: starts without a round between two readings; then the verdict of a stranger over both.
public sealed class EarlyEndTests
{
    // F-67
    [Theory]
    [InlineData(1, false)]
    [InlineData(4, false)]
    [InlineData(3, true)]
    public void Starts_that_end_before_their_first_round_are_one_declared_gap(int starts, bool isOrderly)
    {
        using var bench = new Bench();
        TwoRounds(bench);

        for (var i = 0; i < starts; i++)
        {
            bench.PowerCut();
            using var early = bench.Start();
            if (isOrderly)
            {
                early.Stop(bench.Now(early), "Stopped before its first round.");
            }
        }

        bench.PowerCut();
        using var last = bench.Start();
        var verdict = AfterOneRound(bench, last);
        Assert.True(verdict.Word is VerdictWord.Verified, $"{verdict.Word} {verdict.Fault}: {verdict.Reason}");
        var gap = Assert.Single(verdict.Channels[0].Intervals, interval => interval.Answer == Answer.NoData && interval.Cause is nameof(GapCause.PowerLoss));
        Assert.True(gap.ToMs - gap.FromMs > starts * 600_000);
    }

    // F-163: the machine stands still between a start and its first round, or its clock, unset at boot, is set in that time.
    [Theory]
    [InlineData(3_000_000, true)]
    [InlineData(3_000_000, false)]
    [InlineData(1_000, false)]
    public void A_first_round_long_after_its_start_or_behind_a_clock_set_meanwhile_is_inside_one_declared_gap(long afterMs, bool hasClock)
    {
        using var bench = new Bench();
        TwoRounds(bench);

        bench.PowerCut();
        var wallMs = bench.WallMs;
        bench.WallMs = hasClock ? wallMs : 1_000;
        using var last = bench.Start();
        bench.WallMs = wallMs;
        bench.Pass(afterMs);
        var verdict = AfterOneRound(bench, last);
        // What was sealed in 1970 builds on a checkpoint of today: its time is not proven, and nothing is left out.
        Assert.True(verdict.Word == (hasClock ? VerdictWord.Verified : VerdictWord.TimeNotProven), $"{verdict.Word} {verdict.Fault}: {verdict.Reason}");
        var gap = Assert.Single(verdict.Channels[0].Intervals, interval => interval.Answer == Answer.NoData);
        Assert.True(gap.ToMs - gap.FromMs > afterMs);
    }

    private static void TwoRounds(Bench bench)
    {
        using var first = bench.Start();
        bench.Round(first, 4_000, 5_000);
        bench.Round(first, 4_100, 5_000);
    }

    /// <summary>What a stranger says of it all once the session has taken one round and everything is anchored.</summary>
    private static Verdict AfterOneRound(Bench bench, Logbook session)
    {
        bench.Round(session, 4_200, 5_000);
        var end = bench.WallMs;
        session.SealOpen(bench.Now(session));
        for (var i = 0; i < 8; i++)
        {
            bench.Pass();
            session.Offer(bench.Now(session));
        }

        return bench.Verify(session.Extract(0, long.MaxValue), Bench.StartMs + 60_000, end);
    }
}
