using global::Ledger.Log;

namespace Gateway.Tests.Ledger;

/// <summary>Goal: harmed or missing files of the log (F-57) are named, rebuilt from the database, kept aside, and the ledger goes on.
/// Method: each kind of file in turn, of a log of two full bundles and a part.</summary>
public sealed class LogRepairTests
{
    [Theory]
    [InlineData("tile/0/000", true)]
    [InlineData("tile/0/000", false)]
    [InlineData("tile/1/000.p/2", true)]
    [InlineData("tile/0/002.p/9", false)]
    [InlineData("tile/entries/001", true)]
    [InlineData("tile/entries/001", false)]
    [InlineData("tile/entries/002.p/9", true)]
    [InlineData("checkpoint", false)]
    [InlineData("checkpoint", true)]
    public async Task A_harmed_or_missing_file_is_written_again_and_the_original_kept(string path, bool isHarmed)
    {
        await using var ledger = new TestLedger();
        byte[] original;
        var file = Path.Combine(ledger.LogDirectory, path);
        await using (var core = ledger.Open())
        {
            await ledger.Send(core, 500, rounds: 1);
            await ledger.Send(core, 19, rounds: 1);
            Assert.Equal(520, core.Log.Head.Size);
            await core.Intake.Accept(ledger.Truck.Id, TestLedger.UplinkOf(ledger.Truck.Seal(1)), TestContext.Current.CancellationToken);
            original = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
        }

        var harmed = original.ToArray();
        harmed[40] ^= 1;
        File.Delete(file);
        if (isHarmed)
        {
            await File.WriteAllBytesAsync(file, harmed, TestContext.Current.CancellationToken);
        }

        using var keys = LogKeys.Read(ledger.Keys);
        var disk = new LogDisk(ledger.LogDirectory);
        var store = global::Ledger.Store.LedgerStore.Open(Path.Combine(ledger.Data, "ledger.db"));
        Assert.NotEmpty(new CheckLog(disk, keys).Run(store).Problems);
        var repair = new LogRepair(disk, keys);
        var trial = repair.Run(store, isTrial: true);
        Assert.Contains(trial, act => act.Contains(path, StringComparison.Ordinal));
        Assert.Equal(isHarmed ? harmed : null, disk.Read(path));
        repair.Run(store, isTrial: false);
        Assert.Empty(new CheckLog(disk, keys).Run(store).Problems);
        Assert.Empty(repair.Run(store, isTrial: true));
        Assert.Equal(isHarmed, File.Exists(Path.Combine(ledger.LogDirectory + ".set-aside-1", path)));
        if (path != "checkpoint")
        {
            Assert.Equal(original, disk.Read(path));
        }

        await using var again = ledger.Open();
        var answer = await again.Intake.Accept(ledger.Truck.Id, TestLedger.UplinkOf(ledger.Truck.Seal(1)),
            TestContext.Current.CancellationToken);
        Assert.NotNull(answer.Receipt);
        Assert.Empty(new CheckLog(again.Disk, again.Keys).Run(again.Store).Problems);
    }
}
