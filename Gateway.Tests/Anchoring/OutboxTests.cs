using Anchoring;
using Evidence;

namespace Gateway.Tests.Anchoring;

/// <summary>Goal: nothing counts as anchored but a receipt that verifies; whatever the road does, the outbox empties in order. Method: the
/// real
/// logbook, and a ledger with a real log behind a road that loses, repeats and refuses.</summary>
public sealed class OutboxTests
{
    /// <summary>F-25.</summary>
    [Fact]
    public void Delivered_proves_nothing_and_a_silent_ledger_is_asked_again()
    {
        using var bench = new Bench();
        using var logbook = bench.Start();
        bench.Ledger.Silent = true;
        Batches(bench, logbook, 2);
        logbook.Offer(bench.Now(logbook));
        logbook.Offer(bench.Now(logbook));
        Assert.Equal(3, bench.Ledger.Arrived.Count);
        Assert.Equal(2, logbook.Status.Unanchored);
        Assert.Null(logbook.Status.Anchored);
        bench.Pass(Outbox.AnswerMsMax);
        logbook.Offer(bench.Now(logbook));
        Assert.Equal(6, bench.Ledger.Arrived.Count);
        bench.Ledger.Silent = false;
        bench.Ledger.Reconnect();
        Settle(bench, logbook);
        Assert.Equal(0, logbook.Status.Unanchored);
        Assert.Equal(3, bench.Ledger.Logged.Count);
    }

    [Fact]
    public void The_manifest_goes_first_then_the_batches_in_order_and_never_more_than_the_window()
    {
        using var bench = new Bench(options: new() { SegmentLength = 64 * 1024, SendWindow = 4 });
        using var logbook = bench.Start();
        bench.Ledger.Connected = false;
        Batches(bench, logbook, 20);
        logbook.Offer(bench.Now(logbook));
        Assert.Empty(bench.Ledger.Arrived);
        bench.Ledger.Silent = true;
        bench.Ledger.Reconnect();
        logbook.Offer(bench.Now(logbook));
        Assert.Equal(4, bench.Ledger.Arrived.Count);
        bench.Ledger.Silent = false;
        bench.Ledger.Reconnect();
        Settle(bench, logbook);
        Assert.Equal(StatementKind.Manifest, bench.Ledger.Logged[0].Kind);
        Assert.Equal(Enumerable.Range(0, 20).Select(i => (long)i), bench.Ledger.Logged.Skip(1).Select(s =>
            BatchHeader.Decode(s.Payload).Number));
        Assert.Equal(0, logbook.Status.Unanchored);
    }

    /// <summary>F-26.</summary>
    [Fact]
    public void A_receipt_for_other_bytes_or_of_another_log_or_no_message_at_all_clears_nothing()
    {
        using var bench = new Bench();
        using var logbook = bench.Start();
        bench.Ledger.Silent = true;
        Batches(bench, logbook, 2);
        logbook.Offer(bench.Now(logbook));
        var first = Downlink.Decode(bench.Ledger.Answers[1]);
        var second = Downlink.Decode(bench.Ledger.Answers[2]);
        bench.Ledger.Inject(new Downlink(first.PayloadDigest, second.Receipt, null, "").Encode());
        bench.Ledger.Inject(new Downlink(first.PayloadDigest, first.Receipt!.Replace("log.example", "bad.example",
            StringComparison.Ordinal), null, "").Encode());
        bench.Ledger.Inject(new byte[] { 1, 2, 3 });
        bench.Ledger.Inject(ReadOnlyMemory<byte>.Empty);
        bench.Ledger.Inject(new byte[Downlink.LengthMax + 1]);
        bench.Ledger.Inject(new Downlink(Digest.Of([7]), first.Receipt, null, "").Encode());
        logbook.Offer(bench.Now(logbook));
        Assert.Equal(2, logbook.Status.Unanchored);
        Assert.Contains(logbook.Status.Faults, fault => fault.StartsWith("5 answers did not hold", StringComparison.Ordinal));
        bench.Ledger.Inject(bench.Ledger.Answers[2]);
        bench.Ledger.Inject(bench.Ledger.Answers[1]);
        bench.Ledger.Inject(bench.Ledger.Answers[1]);
        logbook.Offer(bench.Now(logbook));
        Assert.Equal(0, logbook.Status.Unanchored);
    }

    /// <summary>F-28.</summary>
    [Theory]
    [InlineData(Refusal.Conflict)]
    [InlineData(Refusal.Revoked)]
    public void Two_histories_and_a_revoked_key_end_offering_but_not_recording(Refusal refusal)
    {
        using var bench = new Bench();
        using var logbook = bench.Start();
        bench.Ledger.Refuse = message => !RoadLedger.IsBatch(message) ? null : refusal;
        bench.Ledger.Proof = arrived => refusal == Refusal.Revoked ? bench.SignRevocation() : bench.Other(arrived);
        Batches(bench, logbook, 1);
        Settle(bench, logbook);
        var before = bench.Ledger.Arrived.Count;
        bench.Pass(3_600_000);
        Batches(bench, logbook, 3);
        Settle(bench, logbook);
        Assert.Equal(before, bench.Ledger.Arrived.Count);
        Assert.Equal(refusal, logbook.Status.Refused!.Reason);
        Assert.Contains(logbook.Status.Faults, fault => fault.Contains("Recording goes on", StringComparison.Ordinal));
    }

    /// <summary>F-40: a broker can say that the ledger refuses for ever; it cannot show why.</summary>
    [Theory]
    [InlineData(Refusal.Conflict, 0)]
    [InlineData(Refusal.Conflict, 1)]
    [InlineData(Refusal.Conflict, 2)]
    [InlineData(Refusal.Conflict, 3)]
    [InlineData(Refusal.Revoked, 0)]
    [InlineData(Refusal.Revoked, 1)]
    [InlineData(Refusal.Revoked, 4)]
    public void A_forged_refusal_stops_nothing_and_is_counted(Refusal refusal, int forgery)
    {
        using var bench = new Bench();
        using var logbook = bench.Start();
        using var stranger = new Bench();
        bench.Ledger.Refuse = message => !RoadLedger.IsBatch(message) ? null : refusal;
        bench.Ledger.Proof = arrived => forgery switch
        {
            0 => null, // As ledgers answered before: no proof at all.
            1 => arrived, // The refused batch itself, or no revocation.
            2 => bench.Other(arrived, number: 7), // This gateway's, under another number.
            3 => stranger.Other(arrived), // Signed by another key.
            _ => stranger.SignRevocation(), // Another key's, of another authority.
        };
        Batches(bench, logbook, 1);
        Settle(bench, logbook);
        Assert.Null(logbook.Status.Refused);
        Assert.Contains(logbook.Status.Faults, fault => fault.StartsWith("1 answers did not hold", StringComparison.Ordinal));
        bench.Ledger.Refuse = _ => null;
        bench.Pass(Outbox.AnswerMsMax);
        Settle(bench, logbook);
        Assert.Equal(0, logbook.Status.Unanchored);
        Batches(bench, logbook, 1);
        Settle(bench, logbook);
        Assert.Equal(0, logbook.Status.Unanchored);
    }

    /// <summary>F-40: an answer with the ledger's word for another gateway, another statement or by another key.</summary>
    [Fact]
    public void A_true_refusal_of_another_statement_or_by_another_log_stops_nothing()
    {
        using var bench = new Bench();
        using var logbook = bench.Start();
        bench.Ledger.Silent = true;
        bench.Ledger.Refuse = message => !RoadLedger.IsBatch(message) ? null : Refusal.Conflict;
        bench.Ledger.Proof = arrived => bench.Other(arrived);
        Batches(bench, logbook, 2);
        Settle(bench, logbook);
        var (first, second) = (Downlink.Decode(bench.Ledger.Answers[^2]), Downlink.Decode(bench.Ledger.Answers[^1]));
        bench.Ledger.Inject((first with { Proof = second.Proof }).Encode());
        bench.Ledger.Inject((first with { Refusal = Refusal.Revoked }).Encode());
        bench.Ledger.Inject((first with
        {
            Proof = first.Proof! with { Standing = first.Proof.Standing.Replace("log.example", "bad.example", StringComparison.Ordinal) },
        }).Encode());
        bench.Ledger.Inject((first with
        {
            Proof = first.Proof! with { Standing = first.Proof.Standing.Replace("next 0", "next 1", StringComparison.Ordinal) },
        }).Encode());
        logbook.Offer(bench.Now(logbook));
        Assert.Null(logbook.Status.Refused);
        Assert.Contains(logbook.Status.Faults, fault => fault.StartsWith("4 answers did not hold", StringComparison.Ordinal));
        bench.Ledger.Inject(first.Encode());
        logbook.Offer(bench.Now(logbook));
        Assert.Equal(Refusal.Conflict, logbook.Status.Refused!.Reason);
    }

    /// <summary>F-27.</summary>
    [Theory]
    [InlineData(Refusal.NumberNotNext, Outbox.ResyncMs)]
    [InlineData(Refusal.Unavailable, Outbox.ResyncMs)]
    [InlineData(Refusal.NotEnrolled, Outbox.RefusedMs)]
    [InlineData(Refusal.RootMismatch, Outbox.RefusedMs)]
    public void A_refusal_that_can_be_lifted_is_kept_and_everything_is_offered_again_from_the_oldest(Refusal refusal, long waitMs)
    {
        using var bench = new Bench();
        using var logbook = bench.Start();
        bench.Ledger.Refuse = message => !RoadLedger.IsBatch(message) ? null : refusal;
        Batches(bench, logbook, 3);
        logbook.Offer(bench.Now(logbook));
        logbook.Offer(bench.Now(logbook));
        Assert.Equal(refusal, logbook.Status.Refused!.Reason);
        Assert.Equal(3, logbook.Status.Unanchored);
        var before = bench.Ledger.Arrived.Count;
        bench.Ledger.Refuse = _ => null;
        bench.Pass(waitMs - 1);
        logbook.Offer(bench.Now(logbook));
        Assert.Equal(before, bench.Ledger.Arrived.Count);
        bench.Pass(1);
        Settle(bench, logbook);
        Assert.Equal(0, logbook.Status.Unanchored);
        Assert.Null(logbook.Status.Refused);
        Assert.Equal([0L, 1L, 2L], bench.Ledger.Logged.Skip(1).Select(s => BatchHeader.Decode(s.Payload).Number));
    }

    /// <summary>F-23.</summary>
    [Fact]
    public void A_month_without_coverage_and_a_restart_drain_in_order_once_the_road_is_back()
    {
        using var bench = new Bench();
        bench.Ledger.Connected = false;
        using (var logbook = bench.Start())
        {
            Batches(bench, logbook, 400);
            Assert.Equal(400, logbook.Status.Unanchored);
        }

        bench.PowerCut();
        bench.Ledger.Reconnect();
        using (var logbook = bench.Start())
        {
            Settle(bench, logbook);
            Assert.Equal(0, logbook.Status.Unanchored);
            Assert.Equal(401, bench.Ledger.Logged.Count);
            Assert.Equal(401, bench.Ledger.Arrived.Count);
        }

        Assert.Empty(Fsck.Run(bench.Directory, RoadLedger.Policy).Findings);
    }

    private static void Batches(Bench bench, Logbook logbook, int count)
    {
        for (var i = 0; i < count; i++)
        {
            bench.Round(logbook, 4_000, 5_000);
            logbook.SealOpen(bench.Now(logbook));
        }
    }

    private static void Settle(Bench bench, Logbook logbook)
    {
        for (var i = 0; i < 400 && (i < 3 || logbook.Status.InFlight > 0); i++)
        {
            logbook.Offer(bench.Now(logbook));
        }
    }
}
