namespace Gateway.Tests.Abuse;

/// <summary>Which of the three is killed.</summary>
internal enum Victim
{
    Gateway = 0,
    Ledger,
    Broker,
}

/// <summary>One process after the other is killed at a random instant and started again while data flow.</summary>
/// <param name="seed">Chooses victims and instants.</param>
/// <param name="pauseMaxMs">Longest time from one start to the next kill.</param>
internal sealed class KillRun(int seed, int kills, int pauseMaxMs)
{
    private readonly Random dice = new(seed);
    private readonly Dictionary<Victim, int> killed = Enum.GetValues<Victim>().ToDictionary(victim => victim, _ => 0);
    private readonly List<string> violations = [];
    private readonly List<long> gatewayKillsMs = [];
    private readonly JournalCopy copy = new();

    /// <summary>How often each was killed.</summary>
    public IReadOnlyDictionary<Victim, int> Killed => killed;

    /// <summary>How many looks with fsck came back clean.</summary>
    public int CleanFscks { get; private set; }

    /// <param name="progress">Told the number of kills so far.</param>
    public async Task<Account> Run(Action<int>? progress = null)
    {
        await using var convoy = await Convoy.Make(new());
        await using var watch = new AckWatch(convoy.StatusPage);
        await using var following = copy.Follow(convoy.GatewayData);
        await convoy.StartAll();
        await Convoy.Until(() => Task.FromResult(watch.Current is { Recorded: > 0 }), () => convoy.Gateway!.HasEnded ? convoy.Gateway.Said : null,
            "the first reading");
        for (var i = 0; i < kills; i++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(dice.Next(pauseMaxMs)), TimeProvider.System);
            await Strike(convoy, (Victim)dice.Next(killed.Count));
            progress?.Invoke(i + 1);
        }

        return await new Audit(convoy, watch, copy, gatewayKillsMs).Close(violations);
    }

    private async Task Strike(Convoy convoy, Victim victim)
    {
        killed[victim]++;
        switch (victim)
        {
            case Victim.Gateway:
                gatewayKillsMs.Add(TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds());
                await End(convoy.Gateway!);
                copy.Look(convoy.GatewayData);
                Judge("gateway fsck", await convoy.FsckGateway());
                convoy.StartGateway();
                break;
            case Victim.Ledger:
                await End(convoy.Ledger!);
                if (File.Exists(convoy.LedgerDatabase) && Directory.Exists(Path.Combine(convoy.LedgerData, "log")))
                {
                    Judge("ledger fsck", await convoy.FsckLedger());
                }

                convoy.StartLedger();
                break;
            default:
                await End(convoy.Broker!);
                await convoy.StartBroker();
                break;
        }
    }

    /// <summary>A program that had ended by itself before it was killed is a finding, whatever its reason.</summary>
    private async Task End(RealProgram program)
    {
        if (program.HasEnded)
        {
            violations.Add($"The {program.Name} had ended by itself with {program.ExitCode}: {program.Said}");
        }
        else
        {
            await program.Kill();
        }

        program.Dispose();
    }

    private void Judge(string what, RunResult result)
    {
        if (result.Code == 0)
        {
            CleanFscks++;
        }
        else
        {
            violations.Add($"{what} after a kill: {result}");
        }
    }
}
