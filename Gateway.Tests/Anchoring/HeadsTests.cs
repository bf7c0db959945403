using Anchoring;
using Evidence;
using Evidence.Log;
using Gateway.Hosting;

namespace Gateway.Tests.Anchoring;

/// <summary>Goal: an export of a truck joins all its heads of the log by itself, after any restart, fold and enrolment; and a wrong proof never
/// counts. Method: a real logbook at a log in which others' entries stand between, its bundle read by the verifier.</summary>
public sealed class HeadsTests
{
    private const string Unlinked = "note.unlinked";

    [Fact]
    public void A_trucks_export_joins_all_its_heads_over_restarts_folds_and_another_manifest()
    {
        using var bench = new Bench();
        var last = bench.FirstManifest;
        for (var session = 0; session < 4; session++)
        {
            using var logbook = bench.Start();
            for (var i = 0; i < 40; i++)
            {
                Batch(bench, logbook, others: (i * 7) % 19);
            }

            last = bench.SignManifest(2, logbook.Status.Sealed!.Value + 2, last.PayloadDigest, high: 8_100 + session);
            logbook.Enrol(last, bench.Now(logbook));
            Settle(bench, logbook);
            logbook.Stop(bench.Now(logbook), "the session ends");
            Settle(bench, logbook);
            bench.PowerCut(60_000);
        }

        using var read = bench.Start();
        Assert.True(BatchesFolded(bench) > 20, "Folding is what this test is about.");
        var all = read.Extract(0, long.MaxValue);
        Joined(bench, read, Opened(all, 0), Closed(all, ^1));
        foreach (var (first, end) in new[] { (0, 3), (1, 2), (50, 60), (79, 84), (120, 121), (all.Batches.Length - 3, all.Batches.Length - 1) })
        {
            Joined(bench, read, Opened(all, first), Closed(all, end));
        }
    }

    /// <summary>Months of batches without a road are sent at once, many under one head each.</summary>
    [Fact]
    public void Heads_are_joined_where_a_backlog_was_logged_at_once_and_where_receipts_were_given_again()
    {
        using var bench = new Bench();
        using var logbook = bench.Start();
        Batch(bench, logbook, others: 3);
        bench.Ledger.Connected = false;
        for (var i = 0; i < 60; i++)
        {
            Batch(bench, logbook, others: 2);
        }

        bench.Ledger.Reconnect();
        bench.Ledger.Silent = true;
        Settle(bench, logbook);
        bench.Ledger.Silent = false;
        for (var i = 0; i < 8; i++)
        {
            bench.Pass(Outbox.AnswerMsMax);
            Settle(bench, logbook);
        }

        Assert.Equal(0, logbook.Status.Unanchored);
        var all = logbook.Extract(0, long.MaxValue);
        Joined(bench, logbook, Opened(all, 0), Closed(all, ^1));
        Joined(bench, logbook, Opened(all, 30), Closed(all, 40));
    }

    /// <summary>F-172: nothing of a receipt counts whose proof is wrong, whoever bent it; sent again, the true one does.</summary>
    [Theory]
    [InlineData("growth")]
    [InlineData("tail")]
    [InlineData("fork")]
    public void A_receipt_whose_link_does_not_hold_anchors_nothing_until_a_true_one_comes(string bent)
    {
        using var bench = new Bench();
        using (var before = bench.Start())
        {
            Batch(bench, before, others: 5);
            Batch(bench, before, others: 5);
        }

        bench.PowerCut(60_000);
        using var logbook = bench.Start(); // The head before is read back from the newest receipt.
        Settle(bench, logbook);
        var anchored = logbook.Status.Anchored;
        bench.Ledger.Link = link => bent switch
        {
            "growth" => link with { Growth = link.Growth.SetItem(0, Digest.Of([7])) },
            "tail" => link with { Tail = [.. link.Tail, Digest.Of([7])] },
            _ => link with { Growth = [.. link.Growth.Select((_, i) => Digest.Of([(byte)i, 9]))] },
        };
        bench.Ledger.LogOthers(6);
        bench.Round(logbook, 4_000, 5_000);
        logbook.SealOpen(bench.Now(logbook));
        Settle(bench, logbook);
        Assert.Equal(anchored, logbook.Status.Anchored);
        Assert.Contains(logbook.Status.Faults, fault => fault.Contains("answers did not hold; the last: The receipt for", StringComparison.Ordinal));

        bench.Ledger.Link = link => link;
        bench.Ledger.Forget(); // Its next answer is made anew.
        bench.Pass(Outbox.AnswerMsMax);
        Settle(bench, logbook);
        Assert.True(logbook.Status.Anchored > anchored);
        var all = logbook.Extract(0, long.MaxValue);
        Joined(bench, logbook, Opened(all, 0), Closed(all, ^1));
    }

    /// <summary>A ledger of before sends no links: everything is anchored as it was, and the verdict counts what nothing joins.</summary>
    [Fact]
    public void Receipts_of_an_older_ledger_count_as_before_and_their_heads_are_told_to_be_unlinked()
    {
        using var bench = new Bench();
        using var logbook = bench.Start();
        bench.Ledger.Link = _ => null;
        for (var i = 0; i < 12; i++)
        {
            Batch(bench, logbook, others: 4);
        }

        bench.Ledger.Link = link => link;
        for (var i = 0; i < 12; i++)
        {
            Batch(bench, logbook, others: 4);
        }

        Assert.Equal(0, logbook.Status.Unanchored);
        var all = logbook.Extract(0, long.MaxValue);
        var verdict = bench.Verify(all, Opened(all, 0), Closed(all, ^1));
        Assert.Equal(VerdictWord.Verified, verdict.Word);
        Assert.Contains(verdict.Notes, note => note.Key == Unlinked);
    }

    /// <summary>The bundle as `gateway export` makes it: VERIFIED, every head joined, and no link left in a receipt.</summary>
    private static void Joined(Bench bench, Logbook logbook, long fromMs, long toMs)
    {
        var bytes = new ExportWindow(fromMs, toMs, [], DisclosureLevel.Readings).Bundle(bench.Key.Gateway, logbook);
        var verdict = Verifier.Verify(bytes, bench.Policy);
        Assert.Equal((VerdictWord.Verified, ""), (verdict.Word, verdict.Reason));
        Assert.DoesNotContain(verdict.Notes, note => note.Key == Unlinked);
        var bundle = global::Evidence.Bundle.Parse(bytes);
        Assert.All(bundle.Batches.Select(batch => batch.Receipt).Concat(bundle.Manifests.Select(manifest => manifest.Receipt)).OfType<string>(),
            receipt => Assert.Null(TlogProof.Parse(receipt).Extra));
        Assert.True(bundle.Consistency.Length >= 1, "There are several heads.");
    }

    private static void Batch(Bench bench, Logbook logbook, int others)
    {
        bench.Round(logbook, 4_000, 5_000);
        bench.Round(logbook, 4_100, 5_100);
        logbook.SealOpen(bench.Now(logbook));
        bench.Ledger.LogOthers(others);
        Settle(bench, logbook);
    }

    private static void Settle(Bench bench, Logbook logbook)
    {
        for (var i = 0; i < 4; i++)
        {
            logbook.Offer(bench.Now(logbook));
        }
    }

    private static int BatchesFolded(Bench bench)
    {
        var store = new BatchStore(new DiskFolder(Path.Combine(bench.Directory, Logbook.BatchesFolder)), _ => { });
        return store.Span() is { } span ? (int)(span.Last - span.First + 1) : 0;
    }

    private static long Opened(LogbookExtract extract, Index at) => BatchHeader.Decode(extract.Batches[at].Statement.Payload).OpenedMs;

    private static long Closed(LogbookExtract extract, Index at) => BatchHeader.Decode(extract.Batches[at].Statement.Payload).ClosedMs;
}
