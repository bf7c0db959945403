using Anchoring;
using Evidence;

namespace Gateway.Tests.Anchoring;

/// <summary>Goal: what happens before the ledger's word is there (alarms, an orderly stop, a power cut) is closed at once, told once a session, and signed in
/// its order when the patience is over. Method: the real logbook without coverage; its sessions end in both ways before anything is signed.</summary>
public sealed class BeforeTheWordTests
{
    private const int PatienceSeconds = 300;
    private const int SlotMs = 20_000;

    /// <summary>F-121.</summary>
    [Fact]
    public void Alarms_a_stop_and_a_power_cut_before_the_word_are_told_and_signed_in_order_afterwards()
    {
        using var bench = new Bench(options: new() { SegmentLength = Journal.SegmentLengthMin, WordPatienceSeconds = PatienceSeconds });
        bench.Ledger.Connected = false;
        using (var logbook = bench.Start())
        {
            Take(bench, logbook, 4_000, 9_125, 9_500, 7_900);
            Assert.Equal(2, logbook.Status.ToSign); // Out, and in again: each closed its batch at once.
            logbook.Stop(bench.Now(logbook), "The gateway was told to stop.");
            Assert.Equal(3, logbook.Status.ToSign);
            Assert.Null(logbook.Status.Sealed);
        }

        Assert.Equal(3, Fsck.Run(bench.Directory, RoadLedger.Policy).ToSign);
        bench.PowerCut(10_000);
        using (var logbook = bench.Start())
        {
            Take(bench, logbook, 9_200);
            Assert.Equal(4, logbook.Status.ToSign);
        }

        bench.PowerCut(10_000);
        using (var logbook = bench.Start())
        {
            Take(bench, logbook, 9_300, 4_100);
            Assert.Null(logbook.Status.Sealed);
            for (var passedMs = 0; passedMs <= PatienceSeconds * 1_000; passedMs += SlotMs)
            {
                Take(bench, logbook, 4_200);
            }

            Assert.Equal(0, logbook.Status.ToSign);
            bench.Ledger.Reconnect();
            logbook.SealOpen(bench.Now(logbook));
            for (var i = 0; i < 10; i++)
            {
                bench.Pass(SlotMs);
                logbook.Offer(bench.Now(logbook));
            }

            Assert.Equal(0, logbook.Status.Unanchored);
            AssertTold(bench, logbook.Extract(0, long.MaxValue));
        }

        Assert.Empty(Fsck.Run(bench.Directory, RoadLedger.Policy).Findings);
    }

    private static void AssertTold(Bench bench, LogbookExtract extract)
    {
        Assert.Empty(extract.Missing);
        var events = extract.Batches.SelectMany(batch => batch.Body.Events).ToList();
        // The second excursion lasts over the power cut, and each session tells of it (decision 0085).
        Assert.Equal(["limit.passed", "limit.kept", "limit.passed", "limit.passed", "limit.kept"],
            events.Where(happened => happened.Kind == EventKind.Alarm).Select(happened => EventDetail.ReadNote(happened.Detail)!.Value.Code));
        Assert.Single(events, happened => happened.Kind == EventKind.Stop);
        Assert.Equal([GapCause.FirstStart, GapCause.Stopped, GapCause.PowerLoss],
            events.Where(happened => happened.Kind == EventKind.Boot).Select(happened => EventDetail.ReadGap(happened.Detail)!.Value.Cause));
        var headers = extract.Batches.Select(batch => BatchHeader.Decode(batch.Statement.Payload)).ToList();
        Assert.Equal(Enumerable.Range(0, headers.Count).Select(number => (long)number), headers.Select(header => header.Number));
        Assert.Equal(VerdictWord.Verified, bench.Verify(extract, headers[0].OpenedMs, headers[^1].ClosedMs).Word);
    }

    /// <summary>Rounds 20 s apart with this temperature in front, offered and sealed as in the cycle.</summary>
    private static void Take(Bench bench, Logbook logbook, params int[] milliCelsius)
    {
        foreach (var front in milliCelsius)
        {
            bench.Pass(SlotMs);
            var now = bench.Now(logbook);
            logbook.Record(now, [Reading.Measured(new(0), now, new(front), front / 8), Reading.Measured(new(1), now, new(5_000), 625)]);
            logbook.SealIfDue(now);
            logbook.Offer(now);
        }
    }
}
