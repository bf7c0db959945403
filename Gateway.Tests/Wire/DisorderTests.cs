// Goal: answers that come late, twice, from another day or in another order, and uplinks that a broker sends again, cost no batch and double
// none (F-45).
// Method: the real logbook, link, intake and ledger over a real mosquitto; a recorder that replays what it heard, newest first and twice.
#pragma warning disable xUnit1069 // The fleet waits with the token of the test itself.
using Anchoring;
using Evidence;
using MQTTnet;

namespace Gateway.Tests.Wire;

public sealed class DisorderTests
{
    private const int Minute = 60_000;

    /// <summary>F-45.</summary>
    [Fact(Timeout = 5 * Minute)]
    public async Task A_ledger_that_answers_late_is_asked_again_and_logs_each_batch_once()
    {
        await using var fleet = new Fleet();
        await using var broker = new Mosquitto(fleet);
        await broker.Start();
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var came = 0;
        await fleet.Listen(broker.Port, async (from, uplink, cancellation) =>
        {
            var answer = await fleet.Core.Intake.Accept(from, uplink, cancellation);
            Interlocked.Increment(ref came);
            await release.Task.WaitAsync(cancellation);
            return answer;
        });
        using var truck = new LivingTruck(fleet, broker.Port) { PatienceSeconds = 0 };
        truck.Start();
        truck.Batch();
        truck.Batch();
        await truck.Until(() => came >= 2); // The question and the manifest are judged; nobody has heard of it.
        truck.Pass(Outbox.AnswerMsMax);
        await truck.Until(() => came >= 4);
        Assert.Equal(2, truck.Status.Unanchored);
        release.SetResult();
        truck.Pass(Outbox.AnswerMsMax);
        await truck.Until(() => truck.Status.Unanchored == 0);
        await truck.Cut();
        Assert.Equal(3, fleet.Core.Log.Head.Size);
    }

    /// <summary>F-45.</summary>
    [Fact(Timeout = 5 * Minute)]
    public async Task Messages_replayed_reordered_and_doubled_on_the_wire_change_nothing()
    {
        await using var fleet = new Fleet();
        await using var broker = new Mosquitto(fleet, namesSessions: false);
        await broker.Start();
        await fleet.Listen(broker.Port);
        using var truck = new LivingTruck(fleet, broker.Port);
        var heard = new List<MqttApplicationMessage>();
        using var recorder = new MqttClientFactory().CreateMqttClient();
        await recorder.ConnectAsync(fleet.Rogue(broker.Port, fleet.LedgerCertificate, "recorder"), TestContext.Current.CancellationToken);
        recorder.ApplicationMessageReceivedAsync += arguments =>
        {
            lock (heard)
            {
                heard.Add(WireTests.Message(arguments.ApplicationMessage.Topic,
                    System.Buffers.BuffersExtensions.ToArray(arguments.ApplicationMessage.Payload)));
            }

            return Task.CompletedTask;
        };
        await recorder.SubscribeAsync(Topics.Up(truck.Id), cancellationToken: TestContext.Current.CancellationToken);
        using var listener = new MqttClientFactory().CreateMqttClient(); // Only the truck's own certificate may hear its answers.
        using var certificate = truck.Certificate();
        await listener.ConnectAsync(fleet.Rogue(broker.Port, certificate, "listener"), TestContext.Current.CancellationToken);
        listener.ApplicationMessageReceivedAsync += arguments =>
        {
            lock (heard)
            {
                heard.Add(WireTests.Message(arguments.ApplicationMessage.Topic,
                    System.Buffers.BuffersExtensions.ToArray(arguments.ApplicationMessage.Payload)));
            }

            return Task.CompletedTask;
        };
        await listener.SubscribeAsync(Topics.Down(truck.Id), cancellationToken: TestContext.Current.CancellationToken);

        for (var life = 0; life < 3; life++)
        {
            truck.Start();
            for (var i = 0; i < 6; i++)
            {
                truck.Batch();
            }

            await Replay(heard, recorder, listener, truck.Id);
            await truck.Until(() =>
            {
                truck.Pass(500); // An answer that an old one has displaced is asked for again once its time has passed, as on the road.
                return truck.Status is { Unanchored: 0, ToSign: 0, UnanchoredManifests: 0 };
            });
            Assert.Null(truck.Status.Refused);
            Assert.Empty(truck.Status.Faults);
            await truck.Cut();
        }

        await Replay(heard, recorder, listener, truck.Id);
        var entries = fleet.Core.Store.EntriesFrom(0).Select(entry => Statement.Decode(entry)).ToList();
        Assert.Equal(entries.Count, entries.Select(entry => entry.PayloadDigest).Distinct().Count());
        Assert.Equal(Enumerable.Range(0, entries.Count - 1).Select(number => (long)number),
            entries.Skip(1).Select(entry => BatchHeader.Decode(entry.Payload).Number));
        Assert.Empty(Fsck.Run(truck.Folder, null).Findings);
    }

    /// <summary>All that was ever heard, newest first, twice: uplinks by the truck's own name, answers by the ledger's.</summary>
    private static async Task Replay(List<MqttApplicationMessage> heard, IMqttClient ledger, IMqttClient truck, GatewayId id)
    {
        List<MqttApplicationMessage> messages;
        lock (heard)
        {
            messages = [.. heard.AsEnumerable().Reverse().Take(60)];
        }

        foreach (var message in messages.SelectMany(message => new[] { message, message }))
        {
            await (message.Topic == Topics.Up(id) ? truck : ledger).PublishAsync(message, TestContext.Current.CancellationToken);
        }
    }
}
