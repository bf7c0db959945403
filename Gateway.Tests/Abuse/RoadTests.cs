namespace Gateway.Tests.Abuse;

// Goal: whatever a road between gateway, broker and ledger does, everything is logged once when it is over.
// Method: real programs; a TCP proxy on both roads that delays, trickles, swallows, cuts and flaps, while rounds are recorded and sealed.
public sealed class RoadTests
{
    // F-63
    [Fact]
    public async Task Roads_that_delay_trickle_swallow_cut_and_flap_lose_nothing_and_double_nothing()
    {
        await using var roads = new Roads();
        await using var convoy = await Convoy.Make(new() { GatewayRoad = roads.ToGateway, LedgerRoad = roads.ToLedger });
        await using var watch = new AckWatch(convoy.StatusPage);
        await convoy.StartAll();
        await Convoy.Until(() => Task.FromResult(watch.Current is { IsConnected: true, Recorded: > 0 }), () => null, "a connection");
        foreach (var state in new[] { RoadState.Slow, RoadState.Trickle, RoadState.BlackHole, RoadState.Cut })
        {
            roads.Gateway!.State = roads.Ledger!.State = state;
            await Task.Delay(TimeSpan.FromSeconds(5), TimeProvider.System, TestContext.Current.CancellationToken);
        }

        await Task.WhenAll(roads.Gateway!.Flap(4, TimeSpan.FromSeconds(2)), roads.Ledger!.Flap(3, TimeSpan.FromSeconds(3)));
        var account = await new Audit(convoy, watch, new(), []).Close([]);
        Assert.True(account.IsClean, string.Join('\n', account.Lines()));
        Assert.True(roads.Gateway.Connections > 2 && roads.Ledger.Connections > 2 && account.Acknowledged > 0);
    }

    private sealed class Roads : IAsyncDisposable
    {
        public Road? Gateway { get; private set; }

        public Road? Ledger { get; private set; }

        public int ToGateway(int broker) => (Gateway = new(broker, seed: 1)).Port;

        public int ToLedger(int broker) => (Ledger = new(broker, seed: 2)).Port;

        public async ValueTask DisposeAsync()
        {
            await (Gateway?.DisposeAsync() ?? default);
            await (Ledger?.DisposeAsync() ?? default);
        }
    }
}
