using Anchoring;
using Evidence;
using Gateway.Configuration;
using Gateway.Hosting;

namespace Gateway.Tests.Anchoring;

/// <summary>Goal: batches stay until they are anchored, then as long as the budget allows; nothing else is ever removed, and whoever asks is
/// told. Method: half a year of a few hundred rounds a month under a budget of two months.</summary>
public sealed class RetentionTests
{
    private const long MonthMs = 31L * 86_400_000;
    private static readonly LogbookOptions Small = new() { SegmentLength = 64 * 1024, DiskBudgetBytes = 500_000 };

    [Fact]
    public void The_oldest_months_go_whole_and_only_when_they_are_anchored()
    {
        using var bench = new Bench(channels: 4, Small);
        var firstMs = bench.WallMs;
        Months(bench, 6);
        using var logbook = bench.Start();
        var removed = logbook.Extract(0, long.MaxValue).Removed;
        Assert.NotEmpty(removed);
        Assert.Equal(0, removed[0].First);
        Assert.Equal(removed[^1].Last + 1, logbook.Status.OldestKept);
        Assert.True(logbook.Status.UsedBytes <= Small.DiskBudgetBytes, $"{logbook.Status.UsedBytes} bytes");

        // A window that lost its beginning is refused in a sentence; one after it verifies.
        var words = Assert.Throws<ExportException>(() => new ExportWindow(firstMs, bench.WallMs, [], DisclosureLevel.Readings)
            .Bundle(bench.Key.Gateway, logbook)).Message;
        Assert.Contains("the ledger has them", words, StringComparison.Ordinal);
        var from = BatchHeader.Decode(logbook.Extract(removed[^1].ToMs + 1, long.MaxValue).Batches[0].Statement.Payload).OpenedMs;
        var kept = logbook.Extract(from, bench.WallMs);
        Assert.Empty(kept.Missing);
        Assert.Empty(kept.Removed);
        foreach (var (batch, i) in kept.Batches.Select((batch, i) => (batch, i)))
        {
            var beacon = BatchHeader.Decode(batch.Statement.Payload).Beacon;
            Assert.True(beacon.IsZero || kept.Beacons.Any(note => Digest.Of(System.Text.Encoding.UTF8.GetBytes(note)) == beacon), $"{i}");
        }

        logbook.Dispose();
        var report = Fsck.Run(bench.Directory, RoadLedger.Policy);
        Assert.Empty(report.Findings);
        Assert.Contains(report.Notes, note => note.Contains("removed by retention", StringComparison.Ordinal));
    }

    /// <summary>F-55: no broker for longer than the budget: nothing is removed, and the person is told early.</summary>
    [Fact]
    public void Without_a_ledger_nothing_is_removed_and_the_days_that_are_left_are_told()
    {
        using var bench = new Bench(channels: 4, Small);
        bench.Ledger.Connected = false;
        Months(bench, 5);
        using var logbook = bench.Start();
        var status = logbook.Status;
        Assert.Empty(logbook.Extract(0, long.MaxValue).Removed);
        Assert.Equal(0, status.OldestKept);
        Assert.Equal(status.Sealed, logbook.Extract(0, long.MaxValue).Batches.Length - 1);
        Assert.True(status.UsedBytes > status.BudgetBytes);
        var perDay = status.BytesPerDay!.Value;
        var told = Cycle.RoomTroubles(status, 6 * perDay).ToList();
        Assert.Contains("about 6 more days", told[0], StringComparison.Ordinal);
        Assert.Contains("their budget", told[1], StringComparison.Ordinal);
        Assert.DoesNotContain(Cycle.RoomTroubles(status, 40 * perDay), trouble => trouble.Contains("days", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("49")]
    [InlineData("1000001")]
    [InlineData("plenty")]
    public void A_budget_out_of_its_range_is_named(string budget)
    {
        var raw = RawSettings.Read("/nonexistent/gateway.json", false, new Dictionary<string, string>
        {
            ["COLDPROOF__Storage__BudgetMegabytes"] = budget,
        });
        Assert.Contains(SettingsReader.Read(raw, needsProbes: false).Problems,
            problem => problem.Contains("Storage:BudgetMegabytes", StringComparison.Ordinal) && problem.Contains("50", StringComparison.Ordinal));
    }

    private static void Months(Bench bench, int months)
    {
        for (var month = 0; month < months; month++)
        {
            using var logbook = bench.Start();
            for (var i = 0; i < 900; i++)
            {
                bench.Round(logbook, 4_000, 4_100, 4_200, 4_300 + i % 7);
                logbook.SealIfDue(bench.Now(logbook));
                logbook.Offer(bench.Now(logbook));
            }

            logbook.SealOpen(bench.Now(logbook));
            logbook.Offer(bench.Now(logbook));
            logbook.Offer(bench.Now(logbook));
            bench.PowerCut(MonthMs);
        }
    }
}
