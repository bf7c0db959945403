using Anchoring;
using Evidence;

namespace Gateway.Tests.Anchoring;

/// <summary>Goal: a gateway notices a ledger that has lost what it published, keeps what it has, and goes on when the log is whole again
/// (F-91). Method: the real logbook, and a log whose last entries are taken away or replaced.</summary>
public sealed class LedgerBehindTests
{
    /// <summary>F-91.</summary>
    [Fact]
    public void A_log_that_lost_published_entries_is_offered_nothing_and_named()
    {
        using var bench = new Bench();
        using var logbook = bench.Start();
        Work(bench, logbook, 6);
        var whole = bench.Ledger.Logged.ToList();
        bench.Ledger.Lose(3);
        bench.Ledger.Reconnect();
        var arrived = bench.Ledger.Arrived.Count;
        Work(bench, logbook, 2);
        Assert.Equal(arrived, bench.Ledger.Arrived.Count);
        Assert.Equal(2, logbook.Status.Unanchored);
        Assert.Contains(logbook.Status.Faults, fault => fault.Contains("It has lost entries that it had published", StringComparison.Ordinal));

        bench.Ledger.Restore(whole);
        bench.Ledger.Reconnect();
        Work(bench, logbook, 1);
        Assert.Empty(logbook.Status.Faults);
        Assert.Equal(0, logbook.Status.Unanchored);
    }

    /// <summary>F-91.</summary>
    [Fact]
    public void A_log_that_grew_anew_after_it_lost_entries_is_found_by_its_own_checkpoint()
    {
        using var bench = new Bench();
        using var logbook = bench.Start();
        Work(bench, logbook, 6);
        bench.Ledger.Lose(3);
        for (var i = 0; i < 5; i++)
        {
            bench.Ledger.Logged.Add(bench.SignRevocation()); // Whatever others have sent to it since.
        }

        bench.Ledger.Restore([.. bench.Ledger.Logged]);
        bench.Ledger.Reconnect();
        var arrived = bench.Ledger.Arrived.Count;
        Work(bench, logbook, 2);
        Assert.Equal(arrived, bench.Ledger.Arrived.Count);
        Assert.Contains(logbook.Status.Faults, fault => fault.Contains("It shows two histories.", StringComparison.Ordinal));
    }

    private static void Work(Bench bench, Logbook logbook, int batches)
    {
        for (var i = 0; i < batches; i++)
        {
            bench.Round(logbook, 4_000, 5_000);
            logbook.SealOpen(bench.Now(logbook));
            logbook.Offer(bench.Now(logbook));
            logbook.Offer(bench.Now(logbook));
        }
    }
}
