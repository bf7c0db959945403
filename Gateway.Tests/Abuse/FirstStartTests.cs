using Ledger.Store;
using Microsoft.Data.Sqlite;

namespace Gateway.Tests.Abuse;

// Goal: a ledger that is killed at any call of its very first start starts again as if nothing had been.
// Method: strace kills the real program at one call on its database after the other; the next start's own code opens what is left.
public sealed class FirstStartTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    /// <summary>Before the first journal, with a header half written, before the write-ahead log, with the lock taken, among the tables.</summary>
    private static IEnumerable<(string Syscall, int When)> Calls =>
        [("openat", 2), ("openat", 3), ("pwrite64", 2), ("fsync", 3), ("fsync", 6), ("fsync", 7)];

    // F-110, F-111
    [Fact]
    public async Task A_first_start_that_is_killed_anywhere_is_done_again()
    {
        await using var convoy = await Convoy.Make(new());
        foreach (var (syscall, when) in Calls)
        {
            await KillAt(convoy, syscall, when);
            try
            {
                var opening = Task.Run(() => LedgerStore.Open(convoy.LedgerDatabase).NextIndex(), TestContext.Current.CancellationToken);
                Assert.Equal(0, await opening.WaitAsync(Patience, TestContext.Current.CancellationToken));
            }
            catch (Exception fault) when (fault is TimeoutException or SqliteException or IOException)
            {
                Assert.Fail($"Killed at {syscall} {when}: {fault.Message}");
            }
            finally
            {
                SqliteConnection.ClearAllPools();
            }

            Directory.Delete(convoy.LedgerData, recursive: true);
        }
    }

    private static async Task KillAt(Convoy convoy, string syscall, int when)
    {
        string[] files = [.. new[] { "", "-journal", "-wal" }.SelectMany(end => new[] { "-P", convoy.LedgerDatabase + end })];

        // Not with --seccomp-bpf: strace 6.1 then injects no signals.
        convoy.StartLedger(["strace", "-D", "-f", "-qq", "-o", convoy.At("strace.txt"), "-e", $"trace={syscall}", "-e",
            $"inject={syscall}:signal=KILL:when={when}", .. files]);
        Assert.True(await convoy.Ledger!.Ended(Patience), $"Nobody was killed at {syscall} {when}: {convoy.Ledger.Said}");
        Assert.Equal(128 + 9, convoy.Ledger.ExitCode);
    }
}
