using System.Collections.Immutable;
using Anchoring;
using Evidence;

namespace Gateway.Tests.Anchoring;

/// <summary>Goal: a card whose older image was put back never makes a second header that anybody sees, loses nothing of what it records, and
/// goes on when the authority says so (F-59). Method: data directories copied back, the real logbook, a ledger with a real log; the verdict
/// over the break is the verifier's.</summary>
public sealed partial class RollbackTests
{
    private const int PatienceSeconds = 300;

    /// <summary>F-59.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_card_rolled_back_signs_nothing_records_on_and_goes_on_after_re_enrolment(bool hadOpenBatch)
    {
        using var bench = Patient();
        var image = Before(bench, hadOpenBatch);
        bench.PutBack(image);
        bench.PowerCut(7_200_000);
        var seen = new HashSet<Digest>(bench.Ledger.Arrived.Select(statement => statement.PayloadDigest));
        long heldRounds;
        using (var logbook = bench.Start())
        {
            Work(bench, logbook, 40);
            Assert.Contains(logbook.Status.Faults, fault => fault.Contains("--first 8", StringComparison.Ordinal));
            Assert.True(logbook.Status.ToSign >= 6, $"{logbook.Status.ToSign} wait");
            heldRounds = 40;
        }

        // A restart on the way changes nothing, nor does a night without coverage.
        bench.PowerCut(60_000);
        using (var logbook = bench.Start())
        {
            Work(bench, logbook, 20);
            heldRounds += 20;
            Assert.All(bench.Ledger.Arrived, statement => Assert.Contains(statement.PayloadDigest, seen));
        }

        Assert.DoesNotContain(Fsck.Run(bench.Directory, RoadLedger.Policy).Findings, finding => finding.Fault.Length > 0);
        var manifest = bench.SignManifest(2, 8, bench.FirstManifest.PayloadDigest);
        bench.PowerCut(60_000);
        using (var logbook = bench.Open())
        {
            logbook.Enrol(manifest);
            logbook.Start(bench.Now(logbook));
            Work(bench, logbook, 20);
            Assert.Empty(logbook.Status.Faults);
            Assert.Equal(0, logbook.Status.ToSign);
            logbook.SealOpen(bench.Now(logbook));
            Work(bench, logbook, 1);
            Assert.Equal(0, logbook.Status.Unanchored);
            Assert.Contains(Events(logbook), happened => happened.Kind == EventKind.StoreBroken
                && EventDetail.ReadNote(happened.Detail)!.Value.Text.Contains("an older image of it was put back", StringComparison.Ordinal));
        }

        var headers = Batches(bench).Select(statement => BatchHeader.Decode(statement.Payload)).ToList();
        Assert.Equal(Enumerable.Range(0, headers.Count).Select(number => (long)number), headers.Select(header => header.Number));
        Assert.Equal(headers.Count, headers.Select(header => header.Number).Distinct().Count());
        AssertRecordedOnce(bench, heldRounds + 20);
        Assert.Equal(VerdictWord.Verified, VerdictOf(bench).Word);
        Assert.Empty(Fsck.Run(bench.Directory, RoadLedger.Policy).Findings);
        bench.PowerCut();
        using (var logbook = bench.Start())
        {
            Work(bench, logbook, 10);
            Assert.Empty(logbook.Status.Faults);
            Assert.Equal(0, logbook.Status.ToSign);
        }

        Assert.Empty(Fsck.Run(bench.Directory, RoadLedger.Policy).Findings);
    }

    /// <summary>F-59, out of coverage for longer than signing waits: what was signed then was seen by nobody and is signed anew.</summary>
    [Fact]
    public void A_card_rolled_back_far_from_coverage_takes_back_what_it_signed_and_nobody_saw()
    {
        using var bench = Patient();
        var image = Before(bench, hadOpenBatch: true);
        bench.PutBack(image);
        bench.PowerCut(7_200_000);
        bench.Ledger.Connected = false;
        var arrived = bench.Ledger.Arrived.Count;
        using (var logbook = bench.Start())
        {
            Work(bench, logbook, 90);
            Assert.Equal(0, logbook.Status.ToSign);
            Assert.True(logbook.Status.Sealed > 9, $"sealed up to {logbook.Status.Sealed}");
            bench.Ledger.Reconnect();
            Work(bench, logbook, 10);
            Assert.Contains(logbook.Status.Faults, fault => fault.StartsWith("The ledger has another batch 4 ", StringComparison.Ordinal));
            Assert.Equal(arrived, bench.Ledger.Arrived.Count);
        }

        bench.PowerCut(60_000);
        using (var logbook = bench.Open())
        {
            logbook.Enrol(bench.SignManifest(2, 8, bench.FirstManifest.PayloadDigest));
            logbook.Start(bench.Now(logbook));
            Work(bench, logbook, 60);
            Assert.Empty(logbook.Status.Faults);
            logbook.SealOpen(bench.Now(logbook));
            Work(bench, logbook, 1);
            Assert.Equal(0, logbook.Status.Unanchored);
        }

        AssertRecordedOnce(bench, 160);
        Assert.Equal(VerdictWord.Verified, VerdictOf(bench).Word);
        Assert.Empty(Fsck.Run(bench.Directory, RoadLedger.Policy).Findings);
    }

    /// <summary>F-41: without the ledger's word signing waits as long as it is told to, and then goes on as before.</summary>
    [Fact]
    public void Without_coverage_recording_never_waits_and_signing_only_as_long_as_it_is_told()
    {
        using var bench = Patient();
        bench.Ledger.Connected = false;
        using var logbook = bench.Start();
        bench.Round(logbook, 4_000, 5_000);
        Assert.Null(logbook.SealOpen(bench.Now(logbook)));
        bench.Round(logbook, 9_000, 5_000); // An excursion closes the batch, and waits all the same.
        Assert.Equal(2, logbook.Status.ToSign);
        Assert.Null(logbook.Status.Sealed);
        Work(bench, logbook, 10);
        Assert.Equal(0, logbook.Status.ToSign);
        bench.Ledger.Reconnect();
        Work(bench, logbook, 10);
        logbook.SealOpen(bench.Now(logbook));
        Work(bench, logbook, 1);
        Assert.Equal(0, logbook.Status.Unanchored);
        Assert.Equal(VerdictWord.Verified, VerdictOf(bench).Word);
    }

    /// <summary>F-41: a power cut while batches wait for their signature.</summary>
    [Fact]
    public void Batches_that_wait_for_their_signature_survive_power_cuts()
    {
        using var bench = Patient();
        bench.Ledger.Connected = false;
        for (var start = 0; start < 3; start++)
        {
            using var logbook = bench.Start();
            for (var i = 0; i < 3; i++)
            {
                bench.Round(logbook, 4_000 + i, 5_000);
                Assert.Null(logbook.SealOpen(bench.Now(logbook)));
            }

            bench.Round(logbook, 4_000, 5_000);
            Assert.Equal((start * 4) + 3, logbook.Status.ToSign);
            bench.PowerCut(30_000);
        }

        Assert.Empty(Fsck.Run(bench.Directory, RoadLedger.Policy).Findings);
        bench.Ledger.Reconnect();
        using (var logbook = bench.Start())
        {
            Work(bench, logbook, 3);
            Assert.Equal(0, logbook.Status.ToSign);
            logbook.SealOpen(bench.Now(logbook));
            Work(bench, logbook, 1);
        }

        AssertRecordedOnce(bench, 15);
        Assert.Equal(VerdictWord.Verified, VerdictOf(bench).Word);
        Assert.Empty(Fsck.Run(bench.Directory, RoadLedger.Policy).Findings);
    }

    /// <summary>F-42: what a broker can say of the ledger's word, it cannot make hold.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void A_forged_word_neither_stops_a_gateway_nor_lets_it_sign(int forgery)
    {
        using var bench = Patient();
        using (var logbook = bench.Start())
        {
            Work(bench, logbook, 12);
            logbook.SealOpen(bench.Now(logbook));
            Work(bench, logbook, 1);
        }

        var old = bench.Ledger.Words[^1];
        bench.PowerCut(30_000);
        bench.Ledger.Reconnect();
        bench.Ledger.Mute = true;
        using (var logbook = bench.Start())
        {
            logbook.Offer(bench.Now(logbook));
            var asked = bench.Ledger.Asked[^1];
            bench.Ledger.Words.Clear();
            var word = Downlink.Decode(bench.Ledger.WordOn(asked));
            var proof = word.Proof!;
            bench.Ledger.Inject(forgery switch
            {
                0 => (Downlink.Decode(old) with { PayloadDigest = word.PayloadDigest }).Encode(), // An older answer, replayed.
                1 => (word with { Proof = proof with { Shown = [] } }).Encode(),
                2 => (word with { Proof = proof with { Standing = proof.Standing.Replace("next 3", "next 0", StringComparison.Ordinal) } }).Encode(),
                3 => (word with { Proof = proof with { Path = [Digest.Of([1])] } }).Encode(),
                _ => (word with { Proof = proof with { Shown = [bench.Other(bench.Ledger.Logged[^1]).Bytes] } }).Encode(),
            });
            bench.Round(logbook, 4_000, 5_000);
            Assert.Null(logbook.SealOpen(bench.Now(logbook)));
            logbook.Offer(bench.Now(logbook));
            if (forgery != 3)
            {
                Assert.Contains(logbook.Status.Faults, fault => fault.Contains("did not hold", StringComparison.Ordinal));
            }

            Assert.True(logbook.Status.ToSign > 0);
            bench.Ledger.Mute = false;
            bench.Ledger.Reconnect();
            Work(bench, logbook, 2);
            Assert.Equal(0, logbook.Status.ToSign);
            logbook.SealOpen(bench.Now(logbook));
            Work(bench, logbook, 2);
            Assert.True(logbook.Status.Unanchored <= 1);
        }
    }

    private static Bench Patient() => new(options: new() { SegmentLength = 64 * 1024, WordPatienceSeconds = PatienceSeconds });

    /// <summary>Lives until batch 7 is logged; the image is of after batch 3.</summary>
    private static Dictionary<string, byte[]> Before(Bench bench, bool hadOpenBatch)
    {
        using (var logbook = bench.Start())
        {
            Closed(bench, logbook, 4);
            if (hadOpenBatch)
            {
                bench.Round(logbook, 4_000, 5_000);
            }
        }

        var image = bench.Image();
        bench.PowerCut(30_000);
        using (var logbook = bench.Start())
        {
            Closed(bench, logbook, hadOpenBatch ? 3 : 4);
            logbook.Offer(bench.Now(logbook));
        }

        Assert.Equal(7, BatchHeader.Decode(bench.Ledger.Logged[^1].Payload).Number);
        return image;
    }

    private static void Closed(Bench bench, Logbook logbook, int batches)
    {
        logbook.Offer(bench.Now(logbook));
        for (var i = 0; i < batches; i++)
        {
            bench.Round(logbook, 4_000 + i, 5_000);
            logbook.SealOpen(bench.Now(logbook));
            logbook.Offer(bench.Now(logbook));
            logbook.Offer(bench.Now(logbook));
        }
    }

    private static void Work(Bench bench, Logbook logbook, int rounds)
    {
        for (var i = 0; i < rounds; i++)
        {
            bench.Round(logbook, 4_000 + (i % 5 * 100), 5_000);
            logbook.SealIfDue(bench.Now(logbook));
            logbook.Offer(bench.Now(logbook));
        }

        logbook.Offer(bench.Now(logbook));
    }

    private static IEnumerable<Statement> Batches(Bench bench) => bench.Ledger.Logged.Where(statement => statement.Kind == StatementKind.Batch);

    private static IEnumerable<BatchEvent> Events(Logbook logbook) =>
        logbook.Extract(0, long.MaxValue).Batches.SelectMany(batch => batch.Body.Events);

    /// <summary>Every round since the image was put back stands in the log once, in order.</summary>
    private static void AssertRecordedOnce(Bench bench, long rounds)
    {
        var times = bench.Ledger.Bodies.SelectMany(body => body.Rounds).ToList();
        Assert.Equal(times.Distinct().Count(), times.Count);
        Assert.True(times.Count >= rounds, $"{times.Count} rounds of at least {rounds}");
        var next = 0L;
        foreach (var body in bench.Ledger.Bodies)
        {
            Assert.Equal(next, body.Channels[0].FirstSequence);
            next += body.Rounds.Length;
        }
    }

    private static Verdict VerdictOf(Bench bench)
    {
        var manifests = bench.Ledger.Logged.Where(statement => statement.Kind == StatementKind.Manifest)
            .Select(statement => new BundleStatement(statement, null)).ToImmutableArray();
        var batches = Batches(bench).Zip(bench.Ledger.Bodies)
            .Select(pair => new BundleBatch(pair.First, pair.Second, bench.Ledger.ReceiptFor(pair.First))).ToImmutableArray();
        var (from, to) = (batches[0].Header.OpenedMs, batches[^1].Header.ClosedMs);
        return Verifier.Verify(BundleWriter.Write(new(bench.Key.Gateway, [new(0), new(1)], from, to, DisclosureLevel.Readings, manifests, batches,
            [.. bench.Ledger.Notes], [])), bench.Policy);
    }
}
