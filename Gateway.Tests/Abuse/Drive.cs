namespace Gateway.Tests.Abuse;

/// <summary>A convoy on the road with its witness, and what is done to it.</summary>
internal sealed class Drive : IAsyncDisposable
{
    private readonly JournalCopy copy = new();
    private readonly List<long> endsMs = [];
    private readonly List<string> violations = [];

    private Drive(Convoy convoy) => (Convoy, Watch) = (convoy, new(convoy.StatusPage));

    public Convoy Convoy { get; }

    public AckWatch Watch { get; }

    public static async Task<Drive> Begin(ConvoyPlan plan)
    {
        var drive = new Drive(await Convoy.Make(plan));
        try
        {
            await drive.Convoy.StartAll();
            await Convoy.Until(() => Task.FromResult(drive.Watch.Current is { IsConnected: true, Recorded: > 4, Anchored: > 0, Waiting: 0 }),
                () => drive.Convoy.Gateway!.HasEnded ? drive.Convoy.Gateway.Said : drive.Convoy.Ledger!.HasEnded ? drive.Convoy.Ledger.Said : null,
                "the first batch to be anchored");
            return drive;
        }
        catch
        {
            await drive.DisposeAsync();
            throw;
        }
    }

    public async Task StopGateway()
    {
        Assert.True(await Convoy.Gateway!.Terminate(TimeSpan.FromMinutes(4)));
        Ended();
    }

    /// <summary>Waits for the gateway to end by itself, in a way that systemd restarts and a person understands.</summary>
    /// <returns>What it said.</returns>
    public async Task<string> GatewayEnds()
    {
        Assert.True(await Convoy.Gateway!.Ended(TimeSpan.FromMinutes(4)), $"It goes on: {string.Join('\n', Watch.Troubles)}");
        var said = Convoy.Gateway.Said;
        Assert.True(Convoy.Gateway.ExitCode == 1 && !said.Contains("Unhandled", StringComparison.Ordinal), $"exit {Convoy.Gateway.ExitCode}: {said}");
        Ended();
        return said;
    }

    /// <summary>It has ended, however.</summary>
    public void GatewayIsGone() => Ended();

    /// <summary>Power is gone under the gateway; the machine boots again.</summary>
    public async Task CutGateway(SmallDisk disk)
    {
        disk.PowerOff();
        await Convoy.Kill(Convoy.Gateway);
        disk.Reboot();
        Ended();
        Judge("gateway fsck", await Convoy.FsckGateway());
        Convoy.StartGateway();
    }

    /// <summary>Power is gone under the ledger; the machine boots again.</summary>
    public async Task CutLedger(SmallDisk disk)
    {
        disk.PowerOff();
        await Convoy.Kill(Convoy.Ledger);
        disk.Reboot();
        Judge("ledger fsck", await Convoy.FsckLedger());
        Convoy.StartLedger();
    }

    public async Task AssertClean()
    {
        var account = await new Audit(Convoy, Watch, copy, endsMs).Close(violations);
        Assert.True(account.IsClean, string.Join('\n', account.Lines()));
        Assert.True(account.Acknowledged > 0);
    }

    public async ValueTask DisposeAsync()
    {
        await Watch.DisposeAsync();
        await Convoy.DisposeAsync();
    }

    private void Ended()
    {
        endsMs.Add(TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds());
        copy.Look(Convoy.GatewayData);
    }

    private void Judge(string what, RunResult result)
    {
        if (result.Code != 0)
        {
            violations.Add($"{what} after a power cut: {result}");
        }
    }
}
