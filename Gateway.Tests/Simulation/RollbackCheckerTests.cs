using System.Collections.Immutable;
using Evidence;

namespace Gateway.Tests.Simulation;

/// <summary>Goal: a world in which a card was put back and that has no violations means something. Method: the record of such a truck is written by hand,
/// right once, and then with each rule broken.</summary>
public sealed class RollbackCheckerTests : HandWrittenTruck
{
    [Fact]
    public void A_card_that_goes_on_behind_the_ledger_and_says_so_passes()
    {
        BehindTheLedger();
        Send(Batch([6, 7], boot: 2, Lost(1, 2), Boot(6)));
        Checker.Finish();
        Assert.Empty(Checker.Violations);
        Assert.Equal((1, 1), (Checker.Tally.GoneWithCard, Checker.Tally.Breaks));
        Assert.Equal([1L, 2L], Checker.Missing.Order());
        Assert.Equal(2, Assert.Single(Checker.Broken));
    }

    [Fact]
    public void A_break_that_the_record_does_not_tell_is_found()
    {
        BehindTheLedger();
        Send(Batch([6, 7], boot: 2, Boot(6)));
        Checker.Finish();
        Assert.Contains("Batch 1 went with the card, and 1 others, and no event of the record says so.", Assert.Single(Checker.Violations), StringComparison.Ordinal);
    }

    /// <summary>F-164.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Settings_that_are_not_told_anew_behind_a_break_are_found(bool areTold)
    {
        BehindTheLedger();
        Try(2, 8, 9);
        Send(Batch([6, 7, 8, 9], boot: 2, areTold ? [Lost(1, 2), Boot(6), Holds] : [Lost(1, 2), Boot(6)]));
        Assert.Equal(areTold, Checker.Violations.Count == 0);
        Assert.True(areTold || Checker.Violations[0].Contains("nothing tells the settings anew", StringComparison.Ordinal));
    }

    [Fact]
    public void A_boot_number_that_the_ledger_has_seen_is_not_given_again()
    {
        BehindTheLedger();
        Send(Batch([6, 7], boot: 1, Lost(1, 2), Boot(6)));
        Assert.Contains(Checker.Violations, words => words.Contains("the ledger had seen 1 when the card was put back", StringComparison.Ordinal));
    }

    [Fact]
    public void Rounds_of_a_card_that_was_put_back_are_not_recorded_a_second_time()
    {
        BehindTheLedger();
        Send(Batch([2, 3], boot: 2, Lost(1, 2), Boot(2)));
        Assert.True(Checker.Tally.Invented > 0);
    }

    [Fact]
    public void What_was_recorded_after_a_card_was_put_back_must_arrive()
    {
        BehindTheLedger();
        Send(Batch([7], boot: 2, Lost(1, 2), Boot(7)));
        Assert.Equal(1, Checker.Tally.Lost);
    }

    [Fact]
    public void What_the_image_had_and_the_ledger_had_not_must_arrive()
    {
        Try(1, 0, 1);
        Send(Batch([0], boot: 1));
        var mark = Checker.Mark(next: 1);
        Try(1, 2);
        Leave(Batch([1, 2], boot: 1));
        PutBack(mark);
        Assert.Equal(1, Checker.Tally.GoneWithCard);
        Assert.Empty(Checker.Missing);
        Try(2, 6);
        Send(Batch([6], boot: 2, Boot(6)));
        Assert.Equal(1, Checker.Tally.Lost);
    }

    [Fact]
    public void A_header_that_left_the_truck_and_was_never_logged_may_be_signed_anew_after_a_card_was_put_back_and_a_logged_one_may_not()
    {
        Try(1, 0);
        Send(Batch([0], boot: 1));
        var mark = Checker.Mark(next: 1);
        Try(1, 1);
        Leave(Batch([1], boot: 1));
        PutBack(mark);
        Try(2, 6);
        Send(Batch([6], boot: 2, Boot(6)));
        Assert.Empty(Checker.Violations);
        Following = (0, default, 0);
        Leave(Batch([9], boot: 3));
        Assert.Contains("Batch 0 has two signed headers", Assert.Single(Checker.Violations), StringComparison.Ordinal);
    }

    [Fact]
    public void A_batch_that_never_left_the_truck_and_a_conflict_in_the_log_are_found()
    {
        Try(1, 0);
        Log(Batch([0], boot: 1).Statement);
        Assert.Contains("never left this truck", Assert.Single(Checker.Violations), StringComparison.Ordinal);
        Log(Statement.Sign(StatementKind.Conflict, "ledger:log", [0x80], Key));
        Assert.Contains("two headers were signed under one number", Checker.Violations[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void The_mark_of_an_image_forgets_numbers_that_another_life_of_the_card_has_signed()
    {
        Try(1, 0, 1, 2);
        Send(Batch([0], boot: 1));
        var early = Checker.Mark(next: 1);
        var late = Checker.Mark(next: 3); // Signed up to 2, far from coverage.
        PutBack(early, late);
        Assert.Equal(1, late.Next);
    }

    /// <summary>An image of after batch 0, with a round of batch 1 on it; then batches 1 and 2 are logged, and a round is lost with the card.</summary>
    private void BehindTheLedger()
    {
        Try(1, 0, 1, 2);
        Send(Batch([0, 1], boot: 1));
        var mark = Checker.Mark(next: 1);
        Try(1, 3, 4, 5);
        Send(Batch([2, 3], boot: 1));
        Send(Batch([4], boot: 1));
        PutBack(mark);
        Try(2, 6, 7);
    }

    private void PutBack(CardMark mark, params CardMark[] others)
    {
        Checker.RolledBack(mark, others);
        Following = (Entries.Count, Statement.Decode(Entries[^1]).PayloadDigest, Entries.Sum(entry => (long)Lengths[Statement.Decode(entry).PayloadDigest]));
    }

    private Dictionary<Digest, int> Lengths { get; } = [];

    private static BatchEvent Boot(int slot) =>
        new(null, EventKind.Boot, Start + (slot * Interval), EventDetail.Gap(Start, Start + (slot * Interval), GapCause.PowerLoss));

    private static BatchEvent Holds => new(null, EventKind.Configuration, Start, EventDetail.Note("setting.holds", "year is ; so it is behind batch 2."));

    private static BatchEvent Lost(long first, long last) => new(null, EventKind.StoreBroken, Start, EventDetail.Note("store.lost",
        $"batches {first} to {last}: this card did not have them: an older image of it was put back, or the gateway was copied."));

    private void Try(uint boot, params int[] slots)
    {
        foreach (var slot in slots)
        {
            Checker.Try(new(Start + (slot * Interval), boot, Start + (slot * Interval), [new(4_000 + slot, 8, true)]) { IsPromised = true });
        }
    }

    private (Statement Statement, BatchBody Body) Batch(int[] slots, uint boot, params ImmutableArray<BatchEvent> events)
    {
        var batch = SignedBatch(slots, slot => new(Outcome.Measured, new(4_000 + slot), 512), boot, events);
        Lengths[batch.Statement.PayloadDigest] = batch.Body.Rounds.Length;
        return batch;
    }
}
