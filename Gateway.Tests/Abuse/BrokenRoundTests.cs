using Evidence;
using Gateway.Tests.Wire;
using Ledger.Wire;

namespace Gateway.Tests.Abuse;

// Goal: a broker that dies while the ledger works on a message costs the connection and nothing else. Two hundred kills found the ledger stopped.
// Method: a judgement that hears of the cancellation before anybody else does, which is the order in which it happened.
public sealed class BrokenRoundTests
{
    // F-60
    [Fact]
    public async Task A_broker_that_dies_while_a_message_is_judged_does_not_stop_the_ledger()
    {
        await using var fleet = new Fleet();
        var port = FreePort.Take();
        var broker = await fleet.StartEmbedded(port);
        using var keys = WireKeys.Read(fleet.KeysFolder, server: false);
        var judging = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var options = new WireOptions { Keys = fleet.KeysFolder, BackoffMax = TimeSpan.FromSeconds(1), Timeout = TimeSpan.FromSeconds(5) };
        using var intake = new MqttIntake(options, Fleet.At(port), keys, Judge, fleet.Presence, TimeProvider.System, fleet.Log.Of<MqttIntake>());
        await intake.StartAsync(TestContext.Current.CancellationToken);
        using var truck = fleet.Enrol(Fleet.At(port));
        truck.Connect();
        await Fleet.Until(() => intake.State.Connected && truck.Link.State.Connected);
        truck.Link.TrySend(Digest.Of(truck.Uplinks[0]), truck.Uplinks[0]);
        await judging.Task.WaitAsync(TestContext.Current.CancellationToken);
        await fleet.Stop(broker);
        await Fleet.Until(() => !intake.State.Connected);
        await fleet.StartEmbedded(port);
        await Fleet.Until(() => intake.State.Connected || intake.ExecuteTask!.IsCompleted);
        Assert.False(intake.ExecuteTask!.IsCompleted, $"The intake has ended: {intake.ExecuteTask.Exception}");
        await intake.StopAsync(TestContext.Current.CancellationToken);

        Task<Downlink> Judge(GatewayId from, ReadOnlyMemory<byte> uplink, CancellationToken cancellation)
        {
            var work = new TaskCompletionSource<Downlink>(); // Its continuation runs inside the cancellation, before other listeners.
            cancellation.Register(() => work.TrySetCanceled(cancellation));
            judging.TrySetResult();
            return work.Task;
        }
    }
}
