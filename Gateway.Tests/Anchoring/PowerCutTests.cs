using Anchoring;
using Evidence;

namespace Gateway.Tests.Anchoring;

/// <summary>Goal: no power cut loses what was promised, and no number ever has two signed headers. Method: one run on a disk that
/// remembers its
/// operations; then the disk is cut at every one of them, in four ways of losing what was not flushed, and started again.</summary>
public sealed class PowerCutTests
{
    private sealed record Promise(int Operations, long? SequencePromised, Statement? Seen);

    /// <summary>F-08.</summary>
    [Theory]
    [InlineData(Loss.All)]
    [InlineData(Loss.HalfOfLast)]
    [InlineData(Loss.OddSectors)]
    [InlineData(Loss.EvenSectors)]
    public void At_every_cut_what_was_promised_is_there_and_sealed_headers_are_the_ones_that_were_seen(Loss loss)
    {
        using var bench = new Bench();
        var disk = new RecordedDisk();
        List<Promise> promises = [];
        bench.Ledger.OnArrival = statement =>
        {
            if (statement.Kind == StatementKind.Batch)
            {
                promises.Add(new(disk.Count, null, statement));
            }
        };
        using (var logbook = bench.Start(disk.Folder))
        {
            for (var i = 0; i < 6; i++)
            {
                var recorded = bench.Round(logbook, 4_000 + i, 5_000);
                promises.Add(new(disk.Count, recorded.Sequences[0], null));
                if (i % 2 == 1)
                {
                    logbook.SealOpen(bench.Now(logbook));
                }

                logbook.Offer(bench.Now(logbook));
            }
        }

        Assert.Equal(3, promises.Count(promise => promise.Seen is not null));
        for (var cut = 0; cut <= disk.Count; cut++)
        {
            var kept = promises.Where(promise => promise.Operations <= cut).ToList();
            Restart(bench, disk, cut, loss, kept);
        }
    }

    private static void Restart(Bench bench, RecordedDisk disk, int cut, Loss loss, List<Promise> kept)
    {
        using var second = new SecondLife(bench);
        RecordedDisk.Of(disk.After(cut, loss), out var folder);
        using (var logbook = second.Start(folder))
        {
            bench.Round(logbook, 4_500, 5_000);
            logbook.SealOpen(bench.Now(logbook));
            var extract = logbook.Extract(0, long.MaxValue);
            var rounds = extract.Batches.Sum(batch => batch.Body.Rounds.Length);
            var promised = kept.Max(promise => promise.SequencePromised) ?? -1;
            Assert.True(rounds - 1 > promised, $"cut {cut}, {loss}: {rounds - 1} rounds are left of {promised + 1}");
            foreach (var seen in kept.Select(promise => promise.Seen).OfType<Statement>())
            {
                var number = BatchHeader.Decode(seen.Payload).Number;
                var now = extract.Batches.Single(batch => BatchHeader.Decode(batch.Statement.Payload).Number == number);
                Assert.Equal(seen.Bytes, now.Statement.Bytes);
            }
        }

        var report = Fsck.Run(folder("journal"), folder("batches"), RoadLedger.Policy);
        Assert.True(report.Findings.IsEmpty, $"cut {cut}, {loss}: {string.Join("; ", report.Findings)}");
    }

    /// <summary>The same gateway after the cut; its link is down, so that only the disk speaks.</summary>
    private sealed class SecondLife(Bench bench) : IDisposable
    {
        private readonly bool connected = bench.Ledger.Connected;

        public Logbook Start(Func<string, IFolder> folder)
        {
            bench.Ledger.Connected = false;
            bench.PowerCut();
            return bench.Start(folder);
        }

        public void Dispose() => bench.Ledger.Connected = connected;
    }

    [Fact]
    public void A_fold_into_the_batch_store_that_is_cut_anywhere_is_done_again()
    {
        var batches = SomeBatches(3);
        var disk = new RecordedDisk();
        List<StoreBreak> breaks = [];
        Assert.Null(new BatchStore(disk.Folder("batches"), breaks.Add).Put(batches));
        Assert.Empty(breaks);
        foreach (var loss in new[] { Loss.All, Loss.HalfOfLast, Loss.OddSectors, Loss.EvenSectors })
        {
            for (var cut = 0; cut <= disk.Count; cut++)
            {
                RecordedDisk.Of(disk.After(cut, loss), out var folder);
                var store = new BatchStore(folder("batches"), breaks.Add);
                Assert.Null(store.Put(batches));
                Assert.Equal(batches.Select(batch => batch.Check()), store.Read(0, long.MaxValue).Select(batch => batch.Check()));
            }
        }
    }

    internal static List<StoredBatch> SomeBatches(int count)
    {
        using var bench = new Bench();
        using var logbook = bench.Start();
        for (var i = 0; i < count; i++)
        {
            bench.Round(logbook, 4_000, 5_000);
            logbook.SealOpen(bench.Now(logbook));
        }

        return [.. logbook.Extract(0, long.MaxValue).Batches.Select((batch, i) =>
            new StoredBatch(batch.Statement, batch.Body.Encode(), "receipt", $"note {i}", [i + 1, i + 1]))];
    }
}
