using Anchoring;
using Evidence;
using Gateway.Tests.Simulation;

namespace Gateway.Tests.Anchoring;

/// <summary>Goal: an excursion is told once when it begins and once when it ends, is signed at once, and is told even if the power goes in that
/// very instant. Method: the real logbook; a card that is cut at each operation of the round that passes the limit.</summary>
public sealed class AlarmTests
{
    [Fact]
    public void Leaving_the_limits_and_being_back_are_each_told_once_and_sealed_at_once()
    {
        using var bench = new Bench();
        using var logbook = bench.Start();
        foreach (var milliCelsius in (int[])[4_000, 9_125, 9_500, 7_900, 7_800])
        {
            bench.Round(logbook, milliCelsius, 5_000);
        }

        var batches = logbook.Extract(0, long.MaxValue).Batches;
        Assert.Equal([2, 2], batches.Select(batch => batch.Body.Rounds.Length)); // The last round waits in the open batch.
        var alarms = batches.SelectMany(batch => batch.Body.Events).Where(happened => happened.Kind == EventKind.Alarm).ToList();
        Assert.Equal([new("limit.passed", "place 0: 9.125 °C is outside 2.000 to 8.000 °C."), new("limit.kept",
            "place 0: 7.900 °C is inside 2.000 to 8.000 °C.")], alarms.Select(WordsOf));
        Assert.Equal([batches[0].Body.Rounds[1], batches[1].Body.Rounds[1]], alarms.Select(alarm => alarm.TimeMs));
        Assert.All(alarms, alarm => Assert.Equal(new ChannelId(0), alarm.Channel));
    }

    [Fact]
    public void A_slot_without_a_temperature_neither_begins_nor_ends_an_excursion()
    {
        using var bench = new Bench(channels: 1);
        using var logbook = bench.Start();
        bench.Round(logbook, 9_000);
        bench.Pass();
        var now = bench.Now(logbook);
        logbook.Record(now, [Reading.Missing(new(0), now, Outcome.NoAcknowledge)]);
        bench.Round(logbook, 9_000);
        logbook.SealOpen(bench.Now(logbook));
        Assert.Single(AlarmsOf(logbook));
    }

    /// <summary>F-87: power goes between a round that passed a limit and its alarm.</summary>
    [Theory]
    [InlineData(Survival.Flushed)]
    [InlineData(Survival.Torn)]
    [InlineData(Survival.SomeSectors)]
    [InlineData(Survival.Written)]
    public void A_power_cut_at_any_operation_of_the_alarm_leaves_it_told(Survival survival)
    {
        for (var cutAfter = 1; ; cutAfter++)
        {
            using var bench = new Bench();
            var card = new Card(new((ulong)cutAfter));
            bool isRecorded;
            using (var logbook = bench.Start(card.Folder))
            {
                bench.Round(logbook, 4_000, 5_000);
                card.CutAfter(cutAfter, survival);
                bench.Round(logbook, 9_000, 5_000);
                if (!card.IsCut)
                {
                    Assert.True(cutAfter > 5, "The round, its alarm and the seal have more operations than that.");
                    return;
                }
            }

            card.PowerOn();
            bench.PowerCut();
            bench.Ledger.Connected = false;
            using (var logbook = bench.Start(card.Folder))
            {
                logbook.SealOpen(bench.Now(logbook));
                isRecorded = logbook.Extract(0, long.MaxValue).Batches.Sum(batch => batch.Body.Rounds.Length) == 2;
                Assert.True(AlarmsOf(logbook).Count == (isRecorded ? 1 : 0), $"cut {cutAfter}, {survival}: {AlarmsOf(logbook).Count} alarms");
            }

            var report = Fsck.Run(card.Folder("journal"), card.Folder("batches"), RoadLedger.Policy);
            Assert.Empty(report.Findings);
        }
    }

    /// <summary>Every session tells an excursion that it sees: none needs the one before.</summary>
    [Fact]
    public void An_excursion_that_lasts_over_a_power_cut_is_told_again_by_the_next_session()
    {
        using var bench = new Bench();
        using (var logbook = bench.Start())
        {
            bench.Round(logbook, 9_000, 5_000);
            bench.Round(logbook, 9_000, 5_000);
        }

        bench.PowerCut();
        using var next = bench.Start();
        bench.Round(next, 9_000, 5_000);
        Assert.Equal(["limit.passed", "limit.passed", "limit.passed"], AlarmsOf(next).Select(alarm => WordsOf(alarm).Code));
        Assert.Contains("before the start", WordsOf(AlarmsOf(next)[1]).Text, StringComparison.Ordinal);
    }

    private static EventDetail.Words WordsOf(BatchEvent happened) => EventDetail.ReadNote(happened.Detail)!.Value;

    private static List<BatchEvent> AlarmsOf(Logbook logbook) => [.. logbook.Extract(0, long.MaxValue).Batches
        .SelectMany(batch => batch.Body.Events).Where(happened => happened.Kind == EventKind.Alarm)];
}
