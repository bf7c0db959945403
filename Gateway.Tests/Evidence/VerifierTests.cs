using Evidence;

namespace Gateway.Tests.Evidence;

/// <summary>Goal: what a good record gives. Method: batches, log and bundle from real keys; the verdict read field by field.</summary>
public sealed class VerifierTests
{
    [Theory]
    [InlineData(DisclosureLevel.Headers)]
    [InlineData(DisclosureLevel.Verdicts)]
    [InlineData(DisclosureLevel.Summaries)]
    [InlineData(DisclosureLevel.Readings)]
    public void A_whole_record_is_verified_at_every_level(DisclosureLevel level)
    {
        using var truck = new TestTruck(3);
        for (var i = 0; i < 6; i++)
        {
            truck.Seal(5);
        }

        var verdict = truck.Verify(truck.Content(level, 0, 2));
        Assert.Equal((VerdictWord.Verified, ""), (verdict.Word, verdict.Reason));
        Assert.All(verdict.Checks, check => Assert.Equal(CheckState.Ok, check.State));
        Assert.Equal(level == DisclosureLevel.Headers ? Answer.NoData : Answer.InRange, verdict.Temperature);
        Assert.Equal((0, 5), (verdict.FirstNumber, verdict.LastNumber));
        Assert.Equal(("test authority", 1), (verdict.Authority, verdict.Witnesses));
    }

    [Fact]
    public void Readings_come_out_as_they_were_recorded_and_intervals_cover_the_window()
    {
        using var truck = new TestTruck(2);
        truck.Seal(10);
        truck.Seal(10, (round, _) => round is >= 2 and < 5 ? 9_000 + round : round == 7 ? null : 5_000);
        truck.Seal(10, (round, _) => round == 0 ? -500 : 5_000);
        var channel = Assert.Single(truck.Verify(truck.Content()).Channels);
        Assert.Equal(30, channel.Readings.Length);
        Assert.Equal(Answer.OutOfRange, channel.Answer);
        Assert.Equal(
            [Answer.InRange, Answer.OutOfRange, Answer.InRange, Answer.NoData, Answer.InRange, Answer.OutOfRange, Answer.InRange],
            channel.Intervals.Select(interval => interval.Answer));
        Assert.Equal((9_002, 9_004, 3), (channel.Intervals[1].Min!.Value.Value, channel.Intervals[1].Max!.Value.Value,
            channel.Intervals[1].Readings));
        Assert.Equal("NoAcknowledge", channel.Intervals[3].Cause);
        Assert.Equal(180_000, channel.Intervals[1].ToMs - channel.Intervals[1].FromMs);
        for (var i = 1; i < channel.Intervals.Length; i++)
        {
            Assert.Equal(channel.Intervals[i - 1].ToMs, channel.Intervals[i].FromMs);
        }
    }

    /// <remarks>F-130: the regulator's page called a window without readings "not disclosed"; here and in TypeScript it is an interval without data.</remarks>
    [Theory]
    [InlineData(DisclosureLevel.Verdicts)]
    [InlineData(DisclosureLevel.Summaries)]
    [InlineData(DisclosureLevel.Readings)]
    public void A_window_without_any_reading_is_one_interval_without_data(DisclosureLevel level)
    {
        using var truck = new TestTruck();
        truck.Seal(0);
        truck.Seal(0);
        var verdict = truck.Verify(truck.Content(level));
        Assert.Equal((VerdictWord.Verified, ""), (verdict.Word, verdict.Reason));
        var interval = Assert.Single(Assert.Single(verdict.Channels).Intervals);
        Assert.Equal((Answer.NoData, "NoReading", verdict.FromMs, verdict.ToMs), (interval.Answer, interval.Cause, interval.FromMs, interval.ToMs));
        Assert.Empty(Assert.Single(truck.Verify(truck.Content(DisclosureLevel.Headers)).Channels).Intervals);
    }

    [Fact]
    public void A_power_cut_that_is_declared_reads_no_data_and_never_in_range()
    {
        using var truck = new TestTruck();
        truck.Seal(5);
        var boot = truck.PowerCut(5 * 3_600_000);
        truck.Seal(5, null, null, boot);
        var verdict = truck.Verify(truck.Content());
        Assert.Equal((VerdictWord.Verified, ""), (verdict.Word, verdict.Reason));
        var gap = Assert.Single(verdict.Channels[0].Intervals, interval => interval.Answer == Answer.NoData);
        Assert.Equal((nameof(GapCause.PowerLoss), 5 * 3_600_000L), (gap.Cause, gap.ToMs - gap.FromMs));
    }

    [Fact]
    public void Without_a_receipt_of_the_last_batch_it_is_verified_but_not_yet_anchored()
    {
        using var truck = new TestTruck();
        truck.Seal(5);
        truck.Receipts = false;
        truck.Seal(5);
        Assert.Equal(VerdictWord.NotYetAnchored, truck.Verify(truck.Content()).Word);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(long.MaxValue / 1000)]
    public void A_cosigner_with_an_absurd_time_gives_a_verdict_and_no_crash(long seconds)
    {
        using var truck = new TestTruck { DelayMs = (seconds * 1000) - TestTruck.StartMs - 300_000 };
        truck.Seal(5);
        Assert.Equal(VerdictWord.TimeNotProven, truck.Verify(truck.Content()).Word);
    }

    [Fact]
    public void Under_another_readers_policy_the_signer_is_unknown_and_integrity_was_still_checked()
    {
        using var truck = new TestTruck();
        using var other = new TestTruck();
        truck.Seal(5);
        var verdict = Verifier.Verify(truck.Bundle(), other.Policy);
        Assert.Equal((VerdictWord.SignerUnknown, Fault.AuthorityUnknown), (verdict.Word, verdict.Fault));
        Assert.Equal(CheckState.Ok, verdict.Checks.Single(check => check.Name == "complete").State);
        Assert.Equal(Answer.InRange, verdict.Temperature);
    }

    [Fact]
    public void What_a_reader_must_know_stands_beside_the_word()
    {
        using var truck = new TestTruck(traits: GatewayTraits.SoftwareKey | GatewayTraits.EmulatedProbes);
        truck.Seal(5);
        Assert.Contains(truck.Verify(truck.Content()).Notes, note => note.Sentence.Contains("demonstration", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("[1,2]")]
    [InlineData("%PDF-1.7")]
    [InlineData("{\"format\":\"coldproof/2\"}")]
    [InlineData("{\"format\":\"coldproof/1\",\"format\":\"coldproof/1\"}")]
    public void Rubbish_cannot_be_checked_and_the_reason_is_a_sentence(string text)
    {
        using var truck = new TestTruck();
        var verdict = Verifier.Verify(System.Text.Encoding.UTF8.GetBytes(text), truck.Policy);
        Assert.Equal((VerdictWord.CannotCheck, Fault.FormUnreadable), (verdict.Word, verdict.Fault));
        Assert.EndsWith(".", verdict.Reason, StringComparison.Ordinal);
    }
}
