using Evidence;
using Evidence.Log;
using Gateway.Tests.Evidence;
using global::Ledger;
using global::Ledger.Hosting;
using global::Ledger.Log;
using Microsoft.EntityFrameworkCore;

namespace Gateway.Tests.Ledger;

/// <summary>Goal: a checkpoint is never ahead of durable entries, and there are never two heads. Method: every write of a round fails,
/// once before
/// and once after it took effect; then the same ledger and a restarted one must come out whole. Go's tlog reads the tiles.</summary>
public sealed class TiledLogTests(GoPeer go) : IClassFixture<GoPeer>
{
    /// <summary>Entries in hand before the failing round: none, inside a bundle, at its last place, just over it.</summary>
    public static TheoryData<int, bool, bool> Rounds =>
        new MatrixTheoryData<int, bool, bool>([0, 3, 254, 255, 256], [false, true], [false, true]);

    /// <summary>F-33.</summary>
    [Theory]
    [MemberData(nameof(Rounds))]
    public async Task A_write_that_fails_loses_nothing_and_invents_nothing(int before, bool persists, bool restarts)
    {
        await using var ledger = new TestLedger();
        var disk = new FailingDisk(ledger.LogDirectory);
        var core = ledger.Open(disk);
        try
        {
            await Answered(ledger.Send(core, before, rounds: 1));
            for (var fail = 1; ; fail++)
            {
                var size = core.Log.Head.Size;
                (disk.Persists, disk.FailAt) = (persists, disk.Calls + fail);
                var batch = ledger.Truck.Seal(1);
                var first = await core.Intake.Accept(ledger.Truck.Id, TestLedger.UplinkOf(batch), TestContext.Current.CancellationToken);
                if (disk.Calls < disk.FailAt)
                {
                    Assert.True(fail > 3, "A round writes entries, a tile and the checkpoint.");
                    Assert.NotNull(first.Receipt);
                    return; // The round has fewer writes than that: every one of them has failed once.
                }

                Assert.Equal((null, Refusal.Unavailable), (first.Receipt, first.Refusal));
                if (restarts)
                {
                    await core.DisposeAsync();
                    disk = new(ledger.LogDirectory);
                    core = ledger.Open(disk);
                }

                disk.FailAt = 0;
                var again = await core.Intake.Accept(ledger.Truck.Id, TestLedger.UplinkOf(batch), TestContext.Current.CancellationToken);
                Assert.True(again.Receipt is { } receipt && ledger.Proves(receipt, batch.Statement), again.Words);
                Assert.Equal(size + 1, core.Log.Head.Size);
                Assert.Empty(new CheckLog(core.Disk, core.Keys).Run(core.Store).Problems);
            }
        }
        finally
        {
            await core.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_checkpoint_that_another_writer_changed_stops_the_ledger_and_is_not_written_over()
    {
        await using var ledger = new TestLedger();
        await using var core = ledger.Open();
        await ledger.Send(core, 2);
        var path = Path.Combine(ledger.LogDirectory, LogDisk.CheckpointName);
        var foreign = (byte[])[.. await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken), (byte)'\n'];
        await File.WriteAllBytesAsync(path, foreign, TestContext.Current.CancellationToken);
        var answer = await core.Intake
            .Accept(ledger.Truck.Id, TestLedger.UplinkOf(ledger.Truck.Seal(1)), TestContext.Current.CancellationToken);
        Assert.Equal(Refusal.Unavailable, answer.Refusal);
        await Assert.ThrowsAsync<EvidenceBrokenException>(() => core.Sequencer.Ended);
        Assert.Equal(foreign, await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken));
        Assert.NotNull(LedgerHealth.Trouble(core));
    }

    [Fact]
    public async Task A_second_ledger_on_one_directory_does_not_start()
    {
        await using var ledger = new TestLedger();
        await using var core = ledger.Open();
        Assert.Contains("Another ledger", Assert.Throws<ConfigurationException>(() => ledger.Open()).Message);
    }

    /// <summary>F-58.</summary>
    [Fact]
    public async Task A_database_that_lags_behind_its_log_is_refused()
    {
        await using var ledger = new TestLedger();
        await using (var core = ledger.Open())
        {
            await ledger.Send(core, 3);
            using var context = core.Store.Read();
            await context.Entries.Where(row => row.LogIndex >= 2).ExecuteDeleteAsync(TestContext.Current.CancellationToken);
        }

        Assert.Contains("restored from an old copy", Assert.Throws<EvidenceBrokenException>(() => ledger.Open()).Message);
    }

    [Fact]
    public async Task Fsck_names_the_changed_entry_tile_and_body()
    {
        await using var ledger = new TestLedger();
        await using var core = ledger.Open();
        await ledger.Send(core, 5);
        var check = new CheckLog(core.Disk, core.Keys);
        Assert.Equal((6L, 5L, 0), (check.Run(core.Store).Entries, check.Run(core.Store).Batches, check.Run(core.Store).Problems.Length));

        using var context = core.Store.Read();
        var bodies = context.Batches.Where(row => row.Number == 3);
        var other = context.Batches.Single(row => row.Number == 2).Body;
        await bodies.ExecuteUpdateAsync(set => set.SetProperty(row => row.Body, other), TestContext.Current.CancellationToken);
        Assert.Contains("Batch 3", Assert.Single(check.Run(core.Store).Problems));

        Flip(ledger.LogDirectory, "tile/0/000.p/6", 40);
        Assert.Contains(check.Run(core.Store).Problems, problem => problem.StartsWith("tile/0/000.p/6 is not", StringComparison.Ordinal));
        Flip(ledger.LogDirectory, "tile/entries/000.p/6", 30);
        Assert.Contains(check.Run(core.Store).Problems, problem => problem.StartsWith("Entry 0", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_statement_asked_for_again_later_shows_the_checkpoint_that_logged_it_first()
    {
        await using var ledger = new TestLedger();
        string first;
        await using (var core = ledger.Open())
        {
            first = (await ledger.Send(core, 1))[1].Receipt!;
            for (var i = 0; i < 300; i++)
            {
                ledger.Clock.Advance(TimeSpan.FromMinutes(1));
                await core.Intake.Accept(ledger.Truck.Id, TestLedger.UplinkOf(ledger.Truck.Seal(1)), TestContext.Current.CancellationToken);
            }
        }

        await using var reopened = ledger.Open();
        var again = await reopened.Intake
            .Accept(ledger.Truck.Id, TestLedger.UplinkOf(ledger.Truck.Batches[0]), TestContext.Current.CancellationToken);
        Assert.Equal(first, again.Receipt);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(300)]
    public async Task Go_opens_the_checkpoint_and_proves_entries_from_the_tiles_on_disk(int entries)
    {
        await using var ledger = new TestLedger();
        await using var core = ledger.Open();
        await Answered(ledger.Send(core, entries - 1, rounds: 1));
        var note = await File.ReadAllTextAsync(Path.Combine(ledger.LogDirectory, "checkpoint"), TestContext.Current.CancellationToken);
        var opened = go.Ask(new("open") { Keys = [ledger.Truck.LogKey.Verifier.ToString()], Note = note });
        Assert.Equal("", opened.Error);
        var root = core.Log.Head.Checkpoint!.Root.ToBytes();
        foreach (var index in new[] { 0, entries / 2, entries - 1 })
        {
            var proof = go.Ask(new("tiles")
            {
                Dir = ledger.LogDirectory,
                Size = entries,
                Root = root,
                Index = index,
                Old = 1,
                OldRoot =
                    LogTree.LeafHash(core.Store.Entry(0)).ToBytes(),
                Entry = core.Store.Entry(index)!,
            });
            Assert.Equal("", proof.Error);
        }
    }

    private static async Task Answered(Task<List<Downlink>> sent) => Assert.All(await sent, answer => Assert.Null(answer.Refusal));

    private static void Flip(string directory, string path, int at)
    {
        var full = Path.Combine(directory, path);
        var bytes = File.ReadAllBytes(full);
        bytes[at] ^= 1;
        File.WriteAllBytes(full, bytes);
    }
}
