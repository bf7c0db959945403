namespace Gateway.Tests.Abuse;

// Goal: a disk that fills up under a running program costs nothing that was acknowledged, is told, and is forgotten once there is room.
// Method: a real ext4 in a file under one of the two programs; the others as always; at the end a stranger's verdict over the whole time.
public sealed class FilledDiskTests
{
    private const int MebibytesOfDisk = 24;

    // F-64
    [Fact]
    public async Task A_disk_that_is_full_under_the_gateway_is_told_and_recording_goes_on_when_there_is_room()
    {
        Assert.SkipWhen(SmallDisk.Impossible is not null, SmallDisk.Impossible ?? "");
        using var disk = new SmallDisk(MebibytesOfDisk);
        await using var drive = await Drive.Begin(new() { GatewayData = Path.Combine(disk.Folder, "gateway") });
        await drive.StopGateway();
        disk.Fill();
        new Seasoning(drive.Convoy).FillUpTo(bytesLeft: 3_000);
        drive.Convoy.StartGateway();
        var said = await drive.GatewayEnds();
        Assert.Contains("has no room for the next segment", said, StringComparison.Ordinal);
        Assert.Contains(drive.Watch.Troubles, trouble => trouble.StartsWith("The disk has no room for the next journal segment", StringComparison.Ordinal));
        drive.Convoy.StartGateway(); // As systemd does, again and again.
        await drive.GatewayEnds();
        disk.Empty();
        drive.Convoy.StartGateway();
        await drive.AssertClean();
    }

    // F-65
    [Fact]
    public async Task A_disk_that_is_full_under_the_ledger_refuses_for_now_and_logs_everything_once_there_is_room()
    {
        Assert.SkipWhen(SmallDisk.Impossible is not null, SmallDisk.Impossible ?? "");
        using var disk = new SmallDisk(MebibytesOfDisk);
        await using var drive = await Drive.Begin(new() { LedgerData = Path.Combine(disk.Folder, "ledger") });
        await drive.StopGateway();
        disk.Fill();
        new Seasoning(drive.Convoy).Seal(300); // More than the room that the database's own free pages have.
        drive.Convoy.StartGateway();
        await Convoy.Until(() => Task.FromResult(drive.Watch.Troubles.Exists(trouble => trouble.Contains("cannot read or write its database", StringComparison.Ordinal)
            || trouble.Contains("could not write to its disk", StringComparison.Ordinal))), () => null, "the ledger to refuse");
        disk.Empty();
        await drive.AssertClean();
    }
}
