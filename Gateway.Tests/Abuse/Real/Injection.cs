using System.Text.RegularExpressions;
using Gateway.Hosting;

namespace Gateway.Tests.Abuse;

/// <summary>One system call of one program that is made to fail.</summary>
/// <param name="Target">The program.</param>
/// <param name="Syscall">Its name, as strace knows it.</param>
/// <param name="Error">EIO or ENOSPC.</param>
/// <param name="When">Which call on the program's own files, counted for each thread from 1.</param>
internal sealed record Injection(Victim Target, string Syscall, string Error, int When)
{
    /// <summary>Every call by which either program changes or opens its files.</summary>
    public static readonly string[] Syscalls = ["pwrite64", "write", "fsync", "fdatasync", "openat", "rename", "ftruncate", "fallocate", "unlink"];

    /// <summary>Every call by which either program reads its files, or asks about them or their disk.</summary>
    public static readonly string[] Questions = ["pread64", "read", "fstat", "newfstatat", "stat", "lstat", "getdents64", "statfs", "fstatfs", "lseek", "flock", "mmap"];

    public override string ToString() => $"{Target} {Syscall}:{Error}:{When}";

    /// <summary>The error for the K-th call: both kinds in turn, so that neighbours meet different ones.</summary>
    /// <param name="isOther">The other one of the two.</param>
    public static string ErrorOf(int when, bool isOther = false) => when % 2 == 1 != isOther ? "EIO" : "ENOSPC";
}

/// <summary>How one injection went.</summary>
/// <param name="Hits">How many calls failed; 0 when the program made fewer than that.</param>
/// <param name="EndedWith">Exit code when the program stopped by itself, null when it went on.</param>
/// <param name="Sentence">The last line it said, or the trouble it showed.</param>
/// <param name="Calls">How many such calls the busiest thread of the program made.</param>
internal sealed record InjectionOutcome(Injection Injection, int Hits, int? EndedWith, string Sentence, int Calls = 0)
{
    /// <summary>The files of the calls that failed, and of all such calls, without what differs from run to run.</summary>
    public IReadOnlySet<string> Struck { get; init; } = new HashSet<string>();

    public IReadOnlySet<string> Seen { get; init; } = new HashSet<string>();
}

/// <summary>System calls of the real gateway and ledger fail one by one, in one long life of a convoy: after each, both stores must be
/// clean, and at the end everything acknowledged is there.</summary>
internal sealed partial class InjectionRun : IAsyncDisposable
{
    private const int SegmentsNamed = 400, SegmentsMax = 4, EntriesNamed = 512;
    private static readonly TimeSpan StopPatience = TimeSpan.FromMinutes(4);
    private static readonly string[] DatabaseEnds = ["", "-wal", "-shm", "-journal"];
    private readonly Convoy convoy;
    private readonly AckWatch watch;
    private readonly JournalCopy copy = new();
    private readonly IAsyncDisposable following;
    private readonly List<long> endsMs = [];
    private readonly List<string> violations = [];

    private InjectionRun(Convoy convoy) => (this.convoy, watch, following) = (convoy, new(convoy.StatusPage), copy.Follow(convoy.GatewayData));

    public static async Task<InjectionRun> Begin()
    {
        var run = new InjectionRun(await Convoy.Make(new()));
        try
        {
            await run.convoy.StartAll();
            await run.UntilRecorded(2);
            await run.StopGateway();
            return run;
        }
        catch
        {
            await run.DisposeAsync();
            throw;
        }
    }

    /// <summary>Fails one call and sees to it that the programs come back.</summary>
    public async Task<InjectionOutcome> Inject(Injection injection)
    {
        var trace = convoy.At("strace.txt");
        File.Delete(trace);
        var outcome = injection.Target == Victim.Gateway ? await InjectGateway(injection, trace) : await InjectLedger(injection, trace);
        var calls = File.Exists(trace) ? File.ReadLines(trace).Where(line => line.Contains($" {injection.Syscall}(", StringComparison.Ordinal)).ToList() : [];
        return outcome with
        {
            Hits = calls.Count(line => line.Contains("(INJECTED)", StringComparison.Ordinal)),
            Struck = calls.Where(line => line.Contains("(INJECTED)", StringComparison.Ordinal)).Select(FileOf).ToHashSet(),
            Seen = calls.Select(FileOf).ToHashSet(),
            Calls = calls.CountBy(line => line[..line.IndexOf(' ', StringComparison.Ordinal)]).Select(thread => thread.Value).DefaultIfEmpty(0).Max(),
        };
    }

    /// <summary>Starts everything once more, unharmed, and takes the account.</summary>
    public async Task<Account> Close()
    {
        if (convoy.Ledger is not { HasEnded: false })
        {
            convoy.StartLedger();
        }

        convoy.StartGateway();
        return await new Audit(convoy, watch, copy, endsMs).Close(violations);
    }

    public async ValueTask DisposeAsync()
    {
        await watch.DisposeAsync();
        await following.DisposeAsync();
        await convoy.DisposeAsync();
    }

    private async Task<InjectionOutcome> InjectGateway(Injection injection, string trace)
    {
        var seasoning = new Seasoning(convoy);
        if (seasoning.Segments < SegmentsMax)
        {
            seasoning.FillSegment(); // Not for ever: a gateway that is stopped before it folds would open one file more each time.
        }

        seasoning.TakeWhatIsMadeAnew();
        convoy.StartGateway(Strace(injection, trace, GatewayFiles()));
        var gateway = convoy.Gateway!;
        await Settled(injection, () => gateway.HasEnded, rounds: 2);
        var (ended, said) = (gateway.HasEnded ? gateway.ExitCode : (int?)null, gateway.Said);
        var trouble = watch.Current?.Trouble.FirstOrDefault() ?? "";
        await StopGateway();
        Judge(injection, "gateway", ended, said);
        return new(injection, 0, ended, ended is null ? trouble : LastLine(said));
    }

    private async Task<InjectionOutcome> InjectLedger(Injection injection, string trace)
    {
        new Seasoning(convoy).Seal(3);
        await StopLedger();
        convoy.StartLedger(Strace(injection, trace, LedgerFiles()));
        var ledger = convoy.Ledger!;
        convoy.StartGateway();
        await Settled(injection, () => ledger.HasEnded, rounds: 2);
        var (ended, said) = (ledger.HasEnded ? ledger.ExitCode : (int?)null, ledger.Said);
        await StopLedger();
        Judge(injection, "ledger", ended, said);
        await Clean(injection, "ledger fsck", () => convoy.FsckLedger());
        if (ended is not null)
        {
            convoy.StartLedger(); // What has stopped must come back. What went on is started anew with the next injection.
            await Settled(injection, () => convoy.Ledger!.HasEnded, rounds: 1);
        }

        await StopGateway();
        return new(injection, 0, ended, ended is null ? Warning(said) : LastLine(said));
    }

    /// <summary>Until rounds are recorded and everything sealed is anchored, or the program has ended.</summary>
    private async Task Settled(Injection injection, Func<bool> hasEnded, int rounds)
    {
        try
        {
            await UntilRecorded(rounds, hasEnded);
            await Convoy.Until(() => Task.FromResult(hasEnded() || watch.Current is { Waiting: 0, ToSign: 0, IsConnected: true }), () => null,
                "everything to be anchored", seconds: 90);
        }
        catch (InvalidOperationException stuck)
        {
            violations.Add($"{injection}: neither went on nor ended: {stuck.Message} {string.Join(' ', watch.Current?.Trouble ?? [])}");
        }
    }

    private async Task UntilRecorded(int rounds, Func<bool>? hasEnded = null)
    {
        var from = watch.Readings.Count;
        await Convoy.Until(() => Task.FromResult(hasEnded?.Invoke() == true || watch.Readings.Count >= from + (4 * rounds)),
            () => hasEnded is null && convoy.Gateway!.HasEnded ? convoy.Gateway.Said : null, "readings to be recorded", seconds: 60);
    }

    private async Task StopGateway()
    {
        endsMs.Add(TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds());
        if (!await convoy.Gateway!.Terminate(StopPatience))
        {
            violations.Add($"The gateway did not stop when told to: {convoy.Gateway.Said}");
        }

        convoy.Gateway.Dispose();
        copy.Look(convoy.GatewayData);
        await Clean(null, "gateway fsck", () => convoy.FsckGateway());
    }

    private async Task StopLedger()
    {
        if (convoy.Ledger is { } ledger && !await ledger.Terminate(StopPatience))
        {
            violations.Add($"The ledger did not stop when told to: {ledger.Said}");
        }
    }

    private async Task Clean(Injection? injection, string what, Func<Task<RunResult>> fsck)
    {
        var result = await fsck();
        if (result.Code != 0)
        {
            violations.Add($"{what} after {injection}: {result}");
        }
    }

    /// <summary>A program that stops must say why, in a sentence, and with an exit code that restarts it; a crash is neither.</summary>
    private void Judge(Injection injection, string name, int? ended, string said)
    {
        if (ended is { } code && (code is 0 or > 128 || said.Contains("Unhandled exception", StringComparison.Ordinal) || LastLine(said).Length == 0))
        {
            violations.Add($"{injection}: the {name} ended with {code} and without a sentence: {said}");
        }
    }

    /// <summary>Which file a traced call was about: "ledger.db-wal", "log/tile/#/#.p/#".</summary>
    private string FileOf(string line)
    {
        var call = line[(line.IndexOf('(', StringComparison.Ordinal) + 1)..];
        var path = TracedPath().Matches(call).Select(match => match.Groups[1].Value).FirstOrDefault(found => found.Contains("coldproof-convoy", StringComparison.Ordinal)) ?? call;
        foreach (var home in new[] { convoy.GatewayData, convoy.LedgerData })
        {
            path = path.Replace(home + "/", "", StringComparison.Ordinal).Replace(home, "(the directory itself)", StringComparison.Ordinal);
        }

        return Digits().Replace(path, "#");
    }

    [GeneratedRegex("[\"<]([^\"<>]+)[\">]")]
    private static partial Regex TracedPath();

    [GeneratedRegex("[0-9]+")]
    private static partial Regex Digits();

    private static string LastLine(string said) => said.Split('\n', StringSplitOptions.RemoveEmptyEntries).LastOrDefault() ?? "";

    private static string Warning(string said) =>
        said.Split('\n').FirstOrDefault(line => line.StartsWith("warn:", StringComparison.Ordinal) || line.StartsWith("fail:", StringComparison.Ordinal)) ?? "";

    private static string[] Strace(Injection injection, string trace, IEnumerable<string> files) =>
        ["strace", "-D", "-f", "-qq", "-y", "--seccomp-bpf", "-o", trace, "-e", "signal=none", "-e", $"trace={injection.Syscall}",
            "-e", $"inject={injection.Syscall}:error={injection.Error}:when={injection.When}", .. files.SelectMany(file => new[] { "-P", file })];

    /// <summary>Every file and folder that the gateway may touch, by name: strace knows no folders.</summary>
    private IEnumerable<string> GatewayFiles()
    {
        string In(params string[] parts) => Path.Combine([convoy.GatewayData, .. parts]);
        string[] stores = [In(), In("journal"), In("batches"), In("lock"), In("lock.pid"), In("batches", "signed.mark"), In("batches", "absent.txt"),
            In(SeenFile.Name), In(SeenFile.Name + ".new")];
        var month = TimeProvider.System.GetUtcNow().UtcDateTime;
        var months = new[] { month, month.AddDays(1) }.Select(day => $"batches-{day:yyyy-MM}.litedb").Distinct().SelectMany(name => new[] { In("batches", name), In("batches", name + "-log") });
        var segments = Enumerable.Range(1, SegmentsNamed).Select(number => In("journal", $"journal-{number:D16}.segment")).SelectMany(name => new[] { name, name + ".new" });
        return [.. stores, .. months, .. segments];
    }

    private IEnumerable<string> LedgerFiles()
    {
        string In(params string[] parts) => Path.Combine([convoy.LedgerData, .. parts]);
        string[] stores = [In(), In("log"), In("log", "tile"), In("ledger.lock"), In("statement.key"), In("log", "checkpoint"), In("log", "checkpoint.new"),
            .. DatabaseEnds.Select(end => In("ledger.db" + end))];
        string[] levels = ["tile/0", "tile/1", "tile/entries"];
        var tiles = levels.SelectMany(level => new[] { level, $"{level}/000", $"{level}/000.p", $"{level}/001", $"{level}/001.p" }
            .Concat(Enumerable.Range(1, EntriesNamed).Select(entry => $"{level}/{entry / 256:D3}.p/{entry % 256}")));
        return [.. stores, .. tiles.SelectMany(name => new[] { In("log", name), In("log", name + ".new") })];
    }
}
