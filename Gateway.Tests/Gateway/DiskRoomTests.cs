using Gateway.Hosting;

namespace Gateway.Tests.Gateway;

// Goal: a disk that does not say how much room it has costs a figure, not the recording. Its failing system call: InjectionTests.
public sealed class DiskRoomTests
{
    // F-180
    [Fact]
    public void A_disk_that_does_not_answer_is_said_and_asked_again()
    {
        var place = Path.Combine(Path.GetTempPath(), "coldproof-room-" + Guid.NewGuid());
        var room = new DiskRoom(place);
        room.Look();
        Assert.Equal((null, null), (room.FreeBytes, room.TotalBytes));
        Assert.StartsWith($"The disk of {place} does not say how much room it has: ", room.Trouble, StringComparison.Ordinal);
        Directory.CreateDirectory(place);
        try
        {
            room.Look();
            Assert.True(room.FreeBytes <= room.TotalBytes);
            Assert.Equal("", room.Trouble);
        }
        finally
        {
            Directory.Delete(place);
        }
    }
}
