using Anchoring;
using Evidence;

namespace Gateway.Tests.Anchoring;

/// <summary>Goal: no power cut loses what was promised, and no number ever has two signed headers; not in the start after a cut either, and not
/// in a repair. Method: one run on a disk that remembers its operations; then the disk is cut at every one of them, in every way of losing what
/// was not flushed, and started again. All of it over tens of batches: `Gateway.Benchmarks -- cuts`.</summary>
public sealed class PowerCutTests
{
    private const int Batches = 3, FoldedBatches = 70;

    /// <summary>F-08.</summary>
    [Theory]
    [InlineData(LossKind.Clean, 0)]
    [InlineData(LossKind.Written, 0)]
    [InlineData(LossKind.Torn, 512)]
    [InlineData(LossKind.Torn, 4_096)]
    [InlineData(LossKind.Torn, 8_191)]
    [InlineData(LossKind.SomeSectors, 1)]
    [InlineData(LossKind.SomeSectors, 2)]
    [InlineData(LossKind.SomeWrites, 1)]
    [InlineData(LossKind.SomeWrites, 2)]
    public void At_every_cut_what_was_promised_is_there_and_sealed_headers_are_the_ones_that_were_seen(LossKind kind, int number)
    {
        using var sweep = new CutSweep(Batches);
        sweep.Recording([new(kind, number)], stride: 1);
        Holds(sweep, atLeast: 30);
    }

    /// <summary>F-08.</summary>
    [Fact]
    public void Cuts_while_segments_are_folded_lose_nothing_either()
    {
        using var sweep = new CutSweep(FoldedBatches);
        Assert.True(sweep.HasFolded, "Nothing was folded: more batches are needed.");
        sweep.Recording([new(LossKind.Torn, 4_096), new(LossKind.SomeSectors, 1)], stride: 17);
        Holds(sweep, atLeast: 30);
    }

    /// <summary>F-82: power goes again while the gateway starts after a cut.</summary>
    [Fact]
    public void A_second_cut_at_any_operation_of_the_start_after_a_cut_loses_nothing()
    {
        using var sweep = new CutSweep(2);
        sweep.Recovering([new(LossKind.Clean), new(LossKind.Torn, 512), new(LossKind.SomeSectors, 1)], stride: 5);
        Holds(sweep, atLeast: 100);
    }

    /// <summary>F-83: power goes while `fsck --repair` works.</summary>
    [Fact]
    public void A_repair_that_is_cut_anywhere_is_done_again_and_loses_no_batch()
    {
        using var sweep = new CutSweep(FoldedBatches);
        sweep.Repairing([new(LossKind.Clean), new(LossKind.Torn, 4_096), new(LossKind.SomeSectors, 1)], stride: 3);
        Holds(sweep, atLeast: 20);
    }

    /// <summary>F-41: batches are closed and wait for the ledger's word; power goes there, in the start after it, and while they are signed.</summary>
    [Fact]
    public void Cuts_while_batches_wait_for_their_signature_lose_nothing()
    {
        using var sweep = CutSweep.Waiting(closed: 4);
        Assert.InRange(sweep.Waited, 9, 20);
        sweep.Recording([new(LossKind.Torn, 512), new(LossKind.SomeSectors, 1)], stride: 2);
        sweep.Recovering([new(LossKind.SomeSectors, 1)], stride: 31);
        Holds(sweep, atLeast: 100);
    }

    /// <summary>F-59, F-141: power goes while a card whose older image was put back waits, is enrolled again, and resumes behind what the ledger has.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Cuts_of_a_card_that_was_rolled_back_and_resumes_lose_nothing_and_sign_no_number_twice(bool wasFar)
    {
        using var sweep = new RollbackSweep(wasFar);
        Assert.Equal(wasFar, sweep.HasSigned);
        Assert.True(sweep.Waited >= 4, $"{sweep.Waited} batches waited.");
        sweep.Recording([new(LossKind.Torn, 512), new(LossKind.SomeSectors, 1)], stride: 2);
        Holds(sweep, atLeast: 60);
    }

    /// <summary>The sweep's own comparison can fail: a run on a disk that loses what was flushed.</summary>
    [Fact]
    public void A_disk_that_loses_what_was_promised_is_found()
    {
        using var sweep = new CutSweep(Batches);
        sweep.Lying(operations: 20);
        Assert.NotEmpty(sweep.Violations);
    }

    [Fact]
    public void A_fold_into_the_batch_store_that_is_cut_anywhere_is_done_again()
    {
        var batches = SomeBatches(3);
        var disk = new RecordedDisk();
        List<StoreBreak> breaks = [];
        Assert.Null(new BatchStore(disk.Folder("batches"), breaks.Add).Put(batches));
        Assert.Empty(breaks);
        foreach (var cut in disk.Cuts())
        {
            foreach (var loss in Loss.All(seeds: 2))
            {
                RecordedDisk.Of(cut.Found(loss), out var folder);
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

    private static void Holds(DiskSweep sweep, int atLeast)
    {
        Assert.True(sweep.Violations.Count == 0, string.Join('\n', sweep.Violations));
        Assert.True(sweep.Cuts >= atLeast, $"Only {sweep.Cuts} cuts.");
    }
}
