namespace Gateway.Tests.Abuse;

// Goal: a disk that turns read-only under a running program costs nothing that was acknowledged.
// Method: a real ext4 in a file under one of the two programs; the others as always; at the end a stranger's verdict over the whole time.
public sealed class WornDiskTests
{
    private const int MebibytesOfDisk = 24;

    // F-66
    [Fact]
    public async Task A_disk_that_turns_read_only_under_the_gateway_stops_it_with_a_sentence_until_it_is_mended()
    {
        Assert.SkipWhen(SmallDisk.Impossible is not null, SmallDisk.Impossible ?? "");
        using var disk = new SmallDisk(MebibytesOfDisk);
        await using var drive = await Drive.Begin(new() { GatewayData = Path.Combine(disk.Folder, "gateway") });
        disk.Fail();
        Assert.Contains("could not be written", await drive.GatewayEnds(), StringComparison.Ordinal);
        drive.Convoy.StartGateway();
        Assert.Contains("Read-only file system", await drive.GatewayEnds(), StringComparison.Ordinal);
        disk.Reboot();
        drive.Convoy.StartGateway();
        await drive.AssertClean();
    }

    // F-66
    [Fact]
    public async Task A_disk_that_turns_read_only_under_the_ledger_costs_no_entry()
    {
        Assert.SkipWhen(SmallDisk.Impossible is not null, SmallDisk.Impossible ?? "");
        using var disk = new SmallDisk(MebibytesOfDisk);
        await using var drive = await Drive.Begin(new() { LedgerData = Path.Combine(disk.Folder, "ledger") });
        disk.Fail();
        await Convoy.Until(() => Task.FromResult(drive.Watch.Current is { } status && status.Waiting + status.ToSign > 0), () => null, "a batch to wait");
        await drive.Convoy.Ledger!.Terminate(TimeSpan.FromMinutes(4));
        drive.Convoy.StartLedger();
        Assert.True(await drive.Convoy.Ledger!.Ended(TimeSpan.FromMinutes(4)));
        Assert.InRange(drive.Convoy.Ledger.ExitCode, 1, 127);
        Assert.DoesNotContain("Unhandled", drive.Convoy.Ledger.Said, StringComparison.Ordinal);
        disk.Reboot();
        drive.Convoy.StartLedger();
        await drive.AssertClean();
    }
}
