using Anchoring;
using Gateway.Tests.Anchoring;

namespace Gateway.Tests.Gateway;

/// <summary>Goal: a gateway that does not run still says what it holds and what to do, and nothing on its disk is touched. Method: real data
/// directories left in each state; the files' bytes and times before and after.</summary>
public sealed class StoppedStatusTests
{
    /// <summary>F-43.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_a_stopped_gateway_holds_is_read_and_nothing_is_touched(bool orderly)
    {
        using var bench = new Bench();
        Assert.Null(StoppedLook.Run(bench.Directory));
        using (var logbook = bench.Start())
        {
            for (var i = 0; i < 3; i++)
            {
                bench.Round(logbook, 4_000, 5_000);
                logbook.SealOpen(bench.Now(logbook));
            }

            logbook.Offer(bench.Now(logbook));
            logbook.Offer(bench.Now(logbook));
            bench.Ledger.Connected = false;
            bench.Round(logbook, 4_000, 5_000);
            logbook.SealOpen(bench.Now(logbook));
            bench.Round(logbook, 4_000, 5_000);
            Assert.True(StoppedLook.Run(bench.Directory)!.IsHeld);
            if (orderly)
            {
                logbook.Stop(bench.Now(logbook), "test");
            }
        }

        var before = Stamp(bench.Directory);
        var look = StoppedLook.Run(bench.Directory)!;
        Assert.Equal(before, Stamp(bench.Directory));
        Assert.Equal((false, 1u, bench.WallMs, orderly), (look.IsHeld, look.Boot, look.Last!.Value.WallMs, look.IsOrderly));
        Assert.Equal((orderly ? 5 : 4, orderly ? 0 : 1, orderly ? 2 : 1), (look.Sealed, look.OpenRounds, look.Unanchored));
        Assert.Equal((0, ""), (look.Harmed, look.Fault));
        Assert.True(look.OldestWaitingMs > Bench.StartMs);
    }

    /// <summary>F-43: harmed in the middle, or with its last seal gone.</summary>
    [Fact]
    public void Harm_is_counted_and_what_stops_a_start_is_said()
    {
        using var bench = new Bench();
        using (var logbook = bench.Start())
        {
            for (var i = 0; i < 3; i++)
            {
                bench.Round(logbook, 4_000, 5_000);
                logbook.SealOpen(bench.Now(logbook));
            }
        }

        var file = Path.Combine(bench.Directory, Logbook.JournalFolder, JournalTests.NameOf(1));
        var bytes = File.ReadAllBytes(file);
        bytes[bytes.AsSpan().LastIndexOfAnyExcept((byte)0) - 60] ^= 0x10; // Inside the last seal.
        File.WriteAllBytes(file, bytes);
        var look = StoppedLook.Run(bench.Directory)!;
        Assert.Equal(1, look.Harmed);
        Assert.StartsWith("Batch 2 was signed here", look.Fault, StringComparison.Ordinal);
    }

    private static List<(string Name, long Length, DateTime Written)> Stamp(string directory) => [.. new DirectoryInfo(directory)
        .GetFiles("*", SearchOption.AllDirectories).OrderBy(file => file.FullName, StringComparer.Ordinal)
        .Select(file => (file.FullName, file.Length, file.LastWriteTimeUtc))];
}
