using Anchoring;
using Evidence;
using Gateway.Tests.Simulation;

namespace Gateway.Tests.Anchoring;

/// <summary>Goal: a gateway that has to tell which batches its card does not have records on when the disk is full. Method: the simulated card, full, under the
/// real logbook.</summary>
public sealed class ToldOnFullDiskTests
{
    /// <summary>F-184. Simulated weeks showed it: a card that was put back ended at every start until there was room.</summary>
    [Fact]
    public void A_full_disk_under_what_is_to_be_told_of_lost_batches_does_not_end_recording()
    {
        using var bench = new Bench();
        var card = new Card(new(1));
        using (var logbook = bench.Start(card.Folder))
        {
            bench.Round(logbook, 4_000, 5_000);
        }

        new AbsenceBook(card.Folder(Logbook.BatchesFolder)).Add(new(7, 9, AbsenceCause.Lost, Bench.StartMs, "as a resumption writes it"));
        foreach (var (isFull, told) in ((bool, int)[])[(true, 1), (true, 2), (false, 3), (false, 3)])
        {
            card.IsFull = isFull;
            bench.PowerCut();
            using var logbook = bench.Start(card.Folder);
            bench.Round(logbook, 4_000, 5_000);
            Assert.Equal(isFull, logbook.Status.Faults.Any(fault => fault.StartsWith("The record tells which batches", StringComparison.Ordinal)));
            logbook.SealOpen(bench.Now(logbook));
            Assert.Equal(told, logbook.Extract(0, long.MaxValue).Batches.SelectMany(batch => batch.Body.Events)
                .Count(happened => happened.Kind == EventKind.StoreBroken));
        }
    }
}
