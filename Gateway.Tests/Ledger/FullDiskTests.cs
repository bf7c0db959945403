using System.Diagnostics;
using Evidence;
using Gateway.Tests.Evidence;
using global::Ledger.Hosting;
using global::Ledger.Log;

namespace Gateway.Tests.Ledger;

/// <summary>Goal: a ledger whose disk is full says "later", invents nothing, and goes on when there is room. Method: the real ledger on a small
/// file system of its own that is really full; needs root for the mount.</summary>
public sealed class FullDiskTests : IAsyncLifetime
{
    private readonly TestLedger ledger = new();

    public ValueTask InitializeAsync()
    {
        Directory.CreateDirectory(ledger.Data);
        Tool("mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", ledger.Data);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        Tool("umount", "--lazy", ledger.Data); // Other tests' mounts may hold a copy of it.
        await ledger.DisposeAsync();
    }

    /// <summary>F-44.</summary>
    [Fact]
    public async Task A_full_disk_makes_the_ledger_say_later_and_it_goes_on_when_there_is_room()
    {
        var stop = TestContext.Current.CancellationToken;
        var uplinks = new List<(Statement Statement, byte[] Bytes)> { (ledger.Truck.SignedManifest, TestLedger.UplinkOf(ledger.Truck.SignedManifest)) };
        await using (var core = ledger.Open())
        {
            Assert.NotNull((await core.Intake.Accept(ledger.Truck.Id, uplinks[0].Bytes, stop)).Receipt);
            var filler = Path.Combine(ledger.Data, "filler");
            var answer = new Downlink(default, "", null, "");
            for (var i = 0; answer.Refusal is null && i < 2_000; i++)
            {
                var batch = ledger.Truck.Seal(60);
                uplinks.Add((batch.Statement, TestLedger.UplinkOf(batch)));
                answer = await core.Intake.Accept(ledger.Truck.Id, uplinks[^1].Bytes, stop);
                if (i == 5)
                {
                    await File.WriteAllBytesAsync(filler, new byte[(int)(new DriveInfo(ledger.Data).AvailableFreeSpace - 100_000)], stop);
                }
            }

            Assert.Equal(Refusal.Unavailable, answer.Refusal);
            Assert.Contains("later", answer.Words, StringComparison.Ordinal);
            for (var i = 0; i < 5; i++)
            {
                Assert.Equal(Refusal.Unavailable, (await core.Intake.Accept(ledger.Truck.Id, uplinks[^1].Bytes, stop)).Refusal);
            }

            File.Delete(filler);
            foreach (var (statement, bytes) in uplinks)
            {
                var receipt = (await core.Intake.Accept(ledger.Truck.Id, bytes, stop)).Receipt;
                Assert.True(ledger.Proves(receipt!, statement));
            }

            Assert.Equal(uplinks.Count, core.Log.Head.Size);
        }

        await using var again = ledger.Open();
        Assert.Empty(new CheckLog(again.Disk, again.Keys).Run(again.Store).Problems);
        Assert.Equal(uplinks.Count, again.Log.Head.Size);
    }

    private static void Tool(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        var said = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)}: {said}");
    }
}
