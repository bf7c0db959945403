namespace Gateway.Tests.Abuse;

// Goal: a ledger that cannot open its files says which one and why, ends with 1 so that systemd tries again, and starts as ever when the fault is over.
// Method: the real program; strace refuses to open one file, always or once; a directory or rubbish lies in the database's place.
public sealed class LedgerStartTests
{
    // F-168
    [Fact]
    public async Task A_file_that_cannot_be_opened_at_the_start_is_named_with_the_systems_reason()
    {
        await using var convoy = await Convoy.Make(new());
        await StartsAndStops(convoy);
        var database = convoy.LedgerDatabase;

        Assert.Contains($"The disk refuses: Input/output error : '{database}'", await Refused(convoy, Strace(convoy, database, "EIO")), StringComparison.Ordinal);
        Assert.Contains($"The disk refuses: No space left on device : '{Path.Combine(convoy.LedgerData, "ledger.lock")}'",
            await Refused(convoy, Strace(convoy, Path.Combine(convoy.LedgerData, "ledger.lock"), "ENOSPC")), StringComparison.Ordinal);
        Assert.Contains($"{database}, its -wal or its -shm could be opened a moment ago and could not just now",
            await Refused(convoy, Strace(convoy, database + "-shm", "EIO:when=1")), StringComparison.Ordinal);

        File.Move(database, database + ".away");
        Directory.CreateDirectory(database);
        Assert.Contains($"{database} is a directory where the database belongs. Move it away", await Refused(convoy), StringComparison.Ordinal);
        Directory.Delete(database);
        await File.WriteAllTextAsync(database, string.Concat(Enumerable.Repeat("no database ", 1_000)), TestContext.Current.CancellationToken);
        Assert.Contains($"{database} is harmed: ", await Refused(convoy), StringComparison.Ordinal);
        File.Move(database + ".away", database, overwrite: true);
        await StartsAndStops(convoy);
    }

    private static async Task StartsAndStops(Convoy convoy)
    {
        convoy.StartLedger();
        await Convoy.Until(async () => await IsReady(convoy), () => convoy.Ledger!.HasEnded ? convoy.Ledger.Said : null, "the ledger's pages");
        Assert.True(await convoy.Ledger!.Terminate(TimeSpan.FromMinutes(4)));
    }

    private static async Task<string> Refused(Convoy convoy, params string[] before)
    {
        convoy.StartLedger(before);
        Assert.True(await convoy.Ledger!.Ended(TimeSpan.FromMinutes(4)), convoy.Ledger.Said);
        Assert.Equal(1, convoy.Ledger.ExitCode);
        return convoy.Ledger.Said;
    }

    private static string[] Strace(Convoy convoy, string file, string error) => ["strace", "-D", "-f", "-qq", "--seccomp-bpf", "-o", convoy.At("strace.txt"),
        "-e", "signal=none", "-e", "trace=openat", "-e", $"inject=openat:error={error}", "-P", file];

    private static async Task<bool> IsReady(Convoy convoy)
    {
        using var http = new HttpClient { BaseAddress = convoy.Pages };
        try
        {
            return (await http.GetStringAsync(new Uri("/healthz/ready", UriKind.Relative), TestContext.Current.CancellationToken)).StartsWith("ready", StringComparison.Ordinal);
        }
        catch (HttpRequestException)
        {
            return false; // Not listening yet.
        }
    }
}
