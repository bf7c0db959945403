using Anchoring;
using Evidence;

namespace Gateway.Tests.Anchoring;

/// <summary>What one life of a card has in common with another: nothing is dropped that only this one has, and nothing is recorded twice that both have.</summary>
public sealed partial class RollbackTests
{
    /// <summary>F-161: the image is of the card while it waited to be enrolled again, and the card went on afterwards: what waited is in the ledger under
    /// other numbers, more of them than one answer shows, and is not recorded a second time.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void An_image_of_a_card_that_waited_and_went_on_does_not_record_its_readings_twice(bool hadSigned)
    {
        using var bench = Patient();
        bench.PutBack(Before(bench, hadOpenBatch: true));
        bench.PowerCut(7_200_000);
        using (var logbook = bench.Start())
        {
            bench.Ledger.Connected = !hadSigned; // Far from coverage it signs what it must take back later.
            Work(bench, logbook, 120);
        }

        var image = bench.Image();
        bench.Ledger.Reconnect();
        Enrolled(bench, first: 8, rounds: 60);
        var rounds = bench.Ledger.Bodies.Sum(body => body.Rounds.Length);

        bench.PutBack(image);
        bench.PowerCut(7_200_000);
        using (var logbook = bench.Start())
        {
            Work(bench, logbook, 10);
        }

        Enrolled(bench, first: BatchHeader.Decode(Batches(bench).Last().Payload).Number + 1, rounds: 5);
        AssertRecordedOnce(bench, rounds + 15);
        Assert.Equal(rounds + 15, bench.Ledger.Bodies.Sum(body => body.Rounds.Length));
        Assert.Equal(VerdictWord.Verified, VerdictOf(bench).Word);
        Assert.Empty(Fsck.Run(bench.Directory, RoadLedger.Policy).Findings);
    }

    /// <summary>The authority enrols this card again, and it goes on until all is anchored.</summary>
    private static void Enrolled(Bench bench, long first, int rounds)
    {
        bench.PowerCut(60_000);
        using var logbook = bench.Open();
        var manifests = bench.Ledger.Logged.Where(statement => statement.Kind == StatementKind.Manifest);
        logbook.Enrol(bench.SignManifest(2, first, manifests.Last().PayloadDigest));
        logbook.Start(bench.Now(logbook));
        Work(bench, logbook, rounds);
        logbook.SealOpen(bench.Now(logbook));
        for (var turn = 0; turn < 60 && logbook.Status.Unanchored > 0; turn++)
        {
            bench.Pass();
            logbook.Offer(bench.Now(logbook));
        }

        Assert.Empty(logbook.Status.Faults);
        Assert.Equal(0, logbook.Status.Unanchored);
    }

    /// <summary>F-160: without a clock the card's two lives go on with the same boot number at the same millisecond; only what each session adds to an
    /// unset clock tells their batches apart, and the second one's must not be taken for the first one's.</summary>
    [Fact]
    public void A_card_rolled_back_whose_clock_nobody_set_loses_nothing_of_what_it_records_afterwards()
    {
        using var bench = Patient();
        bench.Ledger.WallMs = () => Bench.StartMs;
        void PowerCut(int unsetMs)
        {
            bench.PowerCut();
            (bench.WallMs, bench.UnsetMs) = (0, unsetMs);
        }

        PowerCut(unsetMs: 1_000_000);
        using (var logbook = bench.Start())
        {
            Closed(bench, logbook, 4);
        }

        var image = bench.Image();
        PowerCut(unsetMs: 2_000_000);
        using (var logbook = bench.Start())
        {
            Closed(bench, logbook, 3);
        }

        var rounds = bench.Ledger.Bodies.Sum(body => body.Rounds.Length);
        bench.PutBack(image);
        PowerCut(unsetMs: 3_000_000);
        using (var logbook = bench.Start())
        {
            Work(bench, logbook, 12);
            Assert.Contains(logbook.Status.Faults, fault => fault.Contains("An older image of the card was put back", StringComparison.Ordinal));
        }

        PowerCut(unsetMs: 4_000_000);
        using (var logbook = bench.Open())
        {
            logbook.Enrol(bench.SignManifest(2, 7, bench.FirstManifest.PayloadDigest));
            logbook.Start(bench.Now(logbook));
            Work(bench, logbook, 3);
            logbook.SealOpen(bench.Now(logbook));
            Work(bench, logbook, 1);
            Assert.Empty(logbook.Status.Faults);
        }

        AssertRecordedOnce(bench, rounds + 15);
        Assert.Empty(Fsck.Run(bench.Directory, RoadLedger.Policy).Findings);
    }
}
