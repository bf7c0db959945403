namespace Gateway.Tests.Abuse;

// Goal: power cuts of a real file system cost nothing that was acknowledged.
// Method: a real ext4 in a file under one of the two programs; the others as always; at the end a stranger's verdict over the whole time.
public sealed class RealPowerCutTests
{
    private const int MebibytesOfDisk = 24;

    // F-68
    [Fact]
    public async Task Power_cuts_of_a_real_file_system_lose_nothing_that_was_acknowledged()
    {
        Assert.SkipWhen(SmallDisk.Impossible is not null, SmallDisk.Impossible ?? "");
        using var truck = new SmallDisk(MebibytesOfDisk);
        using var centre = new SmallDisk(MebibytesOfDisk);
        await using var drive = await Drive.Begin(new() { GatewayData = Path.Combine(truck.Folder, "gateway"), LedgerData = Path.Combine(centre.Folder, "ledger") });
        var dice = new Random(68);
        for (var cut = 0; cut < 6; cut++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(500 + dice.Next(4_000)), TimeProvider.System, TestContext.Current.CancellationToken);
            if (cut % 3 < 2)
            {
                await drive.CutGateway(truck);
            }
            else
            {
                await drive.CutLedger(centre);
            }
        }

        await drive.AssertClean();
    }
}
