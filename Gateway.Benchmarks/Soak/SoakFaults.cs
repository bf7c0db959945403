using Gateway.Tests.Abuse;
using Gateway.Tests.Simulation;

namespace Gateway.Benchmarks;

/// <summary>What is done to the three programs and their roads, one thing at a time, drawn from one seed.</summary>
/// <remarks>The gateway is killed in the first third only, so that the rest of the soak watches one process for slow growth.</remarks>
internal sealed class SoakFaults(SoakStage stage, SoakPlan plan, Func<Task> beforeGatewayKill)
{
    private readonly Dice dice = new(plan.Seed);

    /// <summary>How often each was done.</summary>
    public SortedDictionary<string, int> Done { get; } = new(StringComparer.Ordinal);

    /// <summary>Draws and does, until told to stop; then every program runs and every road is open.</summary>
    public async Task Run(CancellationToken stop)
    {
        var started = TimeProvider.System.GetTimestamp();
        var kills = KillTimes();
        try
        {
            while (true)
            {
                await Wait(dice.Between(5, 45), stop);
                if (kills.TryPeek(out var at) && TimeProvider.System.GetElapsedTime(started) > at)
                {
                    kills.Dequeue();
                    await GatewayKilled(stop);
                    continue;
                }

                await One(dice.Between(0, 5), stop);
            }
        }
        catch (OperationCanceledException)
        {
            return; // Time is up; each fault has put back what it took.
        }
    }

    private Queue<TimeSpan> KillTimes()
    {
        var third = plan.Length / 3;
        var times = Enumerable.Range(0, Math.Max(1, (int)(third.TotalMinutes / 5)))
            .Select(_ => third * (dice.Between(1, 100) / 100.0)).Order();
        return new(times);
    }

    private Task One(long which, CancellationToken stop) => which switch
    {
        0 => For("broker killed", 1, 30, stage.KillBroker, stage.StartBroker, stop),
        1 => For("ledger killed", 1, 30, stage.KillLedger, stage.StartLedger, stop),
        2 => For("gateway's road cut", 0, 1, stage.GatewayRoad.Cut, () => { }, stop),
        3 => For("ledger's road cut", 0, 1, stage.LedgerRoad.Cut, () => { }, stop),
        4 => For("gateway's road closed", 5, 60, () => stage.GatewayRoad.State = RoadState.Cut, () => stage.GatewayRoad.State = RoadState.Clear, stop),
        _ => For("gateway's road slow", 10, 60, () => SlowDown(stage.GatewayRoad), () => stage.GatewayRoad.State = RoadState.Clear, stop),
    };

    private void SlowDown(Road road)
    {
        var lateMs = (int)dice.Spread(50, 3_000);
        road.Slow(lateMs, lateMs);
    }

    private async Task For(string name, long least, long most, Action begin, Action end, CancellationToken stop)
    {
        Done[name] = Done.GetValueOrDefault(name) + 1;
        begin();
        try
        {
            await Wait(dice.Spread(Math.Max(1, least), most), stop);
        }
        finally
        {
            end();
        }
    }

    private async Task GatewayKilled(CancellationToken stop)
    {
        await beforeGatewayKill();
        await For("gateway killed", 1, 10, stage.KillGateway, stage.StartGateway, stop);
    }

    private static Task Wait(long seconds, CancellationToken stop) => Task.Delay(TimeSpan.FromSeconds(seconds), TimeProvider.System, stop);
}
