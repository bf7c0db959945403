using Anchoring;

namespace Gateway.Tests.Abuse;

// Goal: a part of the journal that the disk does not give any more keeps no gateway from recording; the gap is declared, the file kept.
// Method: the real programs; a batch over several segments is left open, the middle one is harmed so that no read of it succeeds, and the
// gateway is started; at the end fsck and a stranger's verdict.
public sealed class UnreadableSegmentTests
{
    // F-166
    [Fact]
    public async Task A_segment_that_cannot_be_read_is_set_aside_and_declared_and_recording_goes_on()
    {
        await using var drive = await Drive.Begin(new());
        await drive.StopGateway();
        var place = Place(drive, new Seasoning(drive.Convoy).FillWithoutEnd(3));
        File.Move(place, drive.Convoy.At("was-a-segment"));
        Directory.CreateDirectory(place);
        await RecordsOn(drive, place, "cannot be read: ", []);
        Assert.True(Directory.Exists(place + ".unreadable"));

        await drive.StopGateway();
        place = Place(drive, new Seasoning(drive.Convoy).FillWithoutEnd(3));
        var bytes = await File.ReadAllBytesAsync(place, TestContext.Current.CancellationToken);
        await RecordsOn(drive, place, "cannot be read: Input/output error", ["strace", "-D", "-f", "-qq", "--seccomp-bpf", "-o", drive.Convoy.At("strace.txt"),
            "-e", "signal=none", "-e", "trace=pread64", "-e", "inject=pread64:error=EIO", "-P", place]);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(place + ".unreadable", TestContext.Current.CancellationToken));

        await drive.StopGateway();
        var fsck = await drive.Convoy.FsckGateway();
        Assert.True(fsck.Code == 0, fsck.Said);
        Assert.Contains("could not be read and was set aside; the chain declares the gap.", fsck.Said, StringComparison.Ordinal);
        drive.Convoy.StartGateway();
        await drive.AssertClean();
    }

    private static async Task RecordsOn(Drive drive, string place, string words, string[] before)
    {
        drive.Watch.LookAnew();
        drive.Convoy.StartGateway(before);
        await Convoy.Until(() => Task.FromResult(drive.Watch.Current is { Waiting: 0, ToSign: 0, Anchored: > 0, IsConnected: true, Recorded: > 0 } status
                && status.Trouble.Any(trouble => trouble.Contains($"{Path.GetFileName(place)} {words}", StringComparison.Ordinal))),
            () => drive.Convoy.Gateway!.HasEnded ? drive.Convoy.Gateway.Said : null, $"all to be anchored beside a segment that cannot be read ({words})");
        Assert.Contains("Tried 1 of 4 times; then it is set aside, its gap declared, and recording goes on.", drive.Convoy.Gateway!.Said, StringComparison.Ordinal);
    }

    private static string Place(Drive drive, long segment) =>
        Path.Combine(drive.Convoy.GatewayData, Logbook.JournalFolder, $"journal-{segment:D16}.segment");
}
