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
        await using var stage = await LivingStage.Begin(patienceSeconds: 0);
        var (fleet, truck) = (stage.Fleet, stage.Truck);
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var came = 0;
        await fleet.Listen(stage.Broker.Port, async (from, uplink, cancellation) =>
        {
            var answer = await fleet.Core.Intake.Accept(from, uplink, cancellation);
            Interlocked.Increment(ref came);
            await release.Task.WaitAsync(cancellation);
            return answer;
        });
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
        await using var stage = await LivingStage.Begin(namesSessions: false);
        var (fleet, truck) = (stage.Fleet, stage.Truck);
        await stage.Listen();
        var heard = new List<MqttApplicationMessage>();
        using var certificate = truck.Certificate(); // Only the truck's own may hear its answers.
        using var recorder = await Recorder(fleet.Rogue(stage.Broker.Port, fleet.LedgerCertificate, "recorder"), Topics.Up(truck.Id), heard);
        using var listener = await Recorder(fleet.Rogue(stage.Broker.Port, certificate, "listener"), Topics.Down(truck.Id), heard);

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

    private static async Task<IMqttClient> Recorder(MqttClientOptions options, string topic, List<MqttApplicationMessage> heard)
    {
        var client = new MqttClientFactory().CreateMqttClient();
        await client.ConnectAsync(options, TestContext.Current.CancellationToken);
        client.ApplicationMessageReceivedAsync += arguments =>
        {
            lock (heard)
            {
                heard.Add(WireTests.Message(arguments.ApplicationMessage.Topic,
                    System.Buffers.BuffersExtensions.ToArray(arguments.ApplicationMessage.Payload)));
            }

            return Task.CompletedTask;
        };
        await client.SubscribeAsync(topic, cancellationToken: TestContext.Current.CancellationToken);
        return client;
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
