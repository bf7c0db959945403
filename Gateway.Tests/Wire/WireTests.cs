using Gateway.Tests.Abuse;
// Goal: what a gateway has sealed reaches the log exactly once and its receipt comes back, whatever happens to brokers and connections
// between.
// Method: the real link, intake and ledger; a real mosquitto with the shipped configuration, and the embedded broker.
#pragma warning disable xUnit1069 // The fleet waits with the token of the test itself.
using Anchoring;
using Evidence;
using MQTTnet;
using MQTTnet.Exceptions;
using MQTTnet.Protocol;

namespace Gateway.Tests.Wire;

public sealed class WireTests
{
    private const int Minute = 60_000;

    [Fact(Timeout = 5 * Minute)]
    public async Task A_statement_goes_up_and_a_verified_receipt_comes_down_through_mosquitto()
    {
        await using var fleet = new Fleet();
        await using var broker = new Mosquitto(fleet);
        await broker.Start();
        await fleet.Listen(broker.Port);
        using var truck = fleet.Enrol(Fleet.At(broker.Port));
        truck.Seal(5);
        truck.Connect();

        await truck.DeliverAll();

        truck.AssertLoggedOnceAndInOrder();
        Assert.Empty(truck.Refusals);
        Assert.Contains(truck.News, news => news.Kind == LinkNewsKind.Delivered);
        await Fleet.Until(() => fleet.Presence.Of(truck.Id) is { IsOnline: true });
        await truck.Disconnect();
        await Fleet.Until(() => fleet.Presence.Of(truck.Id) is { IsOnline: false });
        Assert.False(truck.Link.State.Connected);
    }

    [Fact(Timeout = 5 * Minute)]
    public async Task A_statement_goes_up_and_a_verified_receipt_comes_down_through_the_embedded_broker()
    {
        await using var fleet = new Fleet();
        var port = FreePort.Take();
        await fleet.StartEmbedded(port);
        await fleet.Listen(port);
        using var truck = fleet.Enrol(Fleet.At(port));
        using var other = fleet.Enrol(Fleet.At(port));
        truck.Seal(5);
        other.Seal(5);
        truck.Connect();
        other.Connect();

        await Task.WhenAll(truck.DeliverAll(), other.DeliverAll());

        truck.AssertLoggedOnceAndInOrder();
        other.AssertLoggedOnceAndInOrder();
        Assert.Equal(12, fleet.Core.Log.Head.Size);
    }

    /// <summary>F-24.</summary>
    [Fact(Timeout = 5 * Minute)]
    public async Task Mosquitto_killed_in_the_middle_and_started_again_costs_no_statement_and_doubles_none()
    {
        await using var fleet = new Fleet();
        await using var broker = new Mosquitto(fleet);
        await broker.Start();
        await fleet.Listen(broker.Port);
        using var truck = fleet.Enrol(Fleet.At(broker.Port));
        truck.Seal(60);
        truck.Connect();
        var kills = 0;

        await truck.DeliverAll(async receipts =>
        {
            if (receipts >= 15 * (kills + 1) && kills < 3)
            {
                kills++;
                broker.Kill();
                await broker.Start();
            }
        });

        Assert.Equal(3, kills);
        truck.AssertLoggedOnceAndInOrder();
        Assert.Equal(61, fleet.Core.Log.Head.Size);
    }

    [Fact(Timeout = 5 * Minute)]
    public async Task A_road_that_is_cut_again_and_again_costs_no_statement_and_doubles_none()
    {
        await using var fleet = new Fleet();
        await using var broker = new Mosquitto(fleet);
        await broker.Start();
        await fleet.Listen(broker.Port);
        await using var road = new Road(broker.Port);
        using var truck = fleet.Enrol(Fleet.At(road.Port));
        truck.Seal(40);
        truck.Connect();
        var cuts = 0;

        await truck.DeliverAll(receipts =>
        {
            if (receipts % 7 == 0 && cuts < 5)
            {
                cuts++;
                road.Cut();
            }

            return Task.CompletedTask;
        });

        Assert.Equal(5, cuts);
        truck.AssertLoggedOnceAndInOrder();
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{truck.Uplinks.Count} uplinks of {truck.Uplinks.Sum(uplink => uplink.Length)} bytes, {cuts} cuts: {road.Up} bytes up, "
                + $"{road.Down} down, TLS and all.");
    }

    [Fact(Timeout = 5 * Minute)]
    public async Task Without_a_ledger_at_the_broker_nothing_counts_as_delivered()
    {
        await using var fleet = new Fleet();
        await using var broker = new Mosquitto(fleet);
        await broker.Start();
        using var truck = fleet.Enrol(Fleet.At(broker.Port));
        truck.Connect();
        await Fleet.Until(() => truck.Link.State.Connected);

        Assert.True(truck.Link.TrySend(Digest.Of("x"u8), truck.Uplinks[0]));
        Assert.Equal(new LinkNews(LinkNewsKind.NotDelivered, Digest.Of("x"u8), default), await truck.Next());

        await fleet.Listen(broker.Port);
        await truck.DeliverAll();
        truck.AssertLoggedOnceAndInOrder();
    }

    [Fact(Timeout = 5 * Minute)]
    public async Task When_one_broker_is_gone_the_other_takes_over()
    {
        await using var fleet = new Fleet();
        await using var first = new Mosquitto(fleet);
        await using var second = new Mosquitto(fleet);
        await first.Start();
        await second.Start();
        await fleet.Listen(first.Port);
        await fleet.Listen(second.Port);
        using var truck = fleet.Enrol(Fleet.At(FreePort.Take()), Fleet.At(first.Port), Fleet.At(second.Port));
        truck.Seal(3);
        truck.Connect();
        await truck.DeliverAll();
        Assert.Equal(Fleet.At(first.Port).ToString(), truck.Link.State.Peer);

        first.Kill();
        truck.Seal(3);
        await truck.DeliverAll();

        Assert.Equal(Fleet.At(second.Port).ToString(), truck.Link.State.Peer);
        truck.AssertLoggedOnceAndInOrder();
    }

    /// <summary>F-32.</summary>
    [Theory(Timeout = 5 * Minute)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Malformed_and_oversized_uplinks_are_answered_or_refused_and_the_next_good_one_is_logged(bool embedded)
    {
        await using var fleet = new Fleet();
        await using var broker = new Mosquitto(fleet);
        var port = embedded ? FreePort.Take() : broker.Port;
        await (embedded ? fleet.StartEmbedded(port) : broker.Start());
        await fleet.Listen(port);
        using var truck = fleet.Enrol(Fleet.At(port));
        truck.Connect();
        await Fleet.Until(() => truck.Link.State.Connected);

        byte[][] rubbish = [[], [0xFF], [.. "not CBOR at all"u8], [.. truck.Uplinks[0][..^1]], [.. truck.Uplinks[0], 0]];
        foreach (var bytes in rubbish)
        {
            Assert.True(truck.Link.TrySend(Digest.Of(bytes), bytes));
            LinkNews news;
            while ((news = await truck.Next()).Kind != LinkNewsKind.Answer)
            {
                Assert.Equal(LinkNewsKind.Delivered, news.Kind);
            }

            var answer = Downlink.Decode(news.Message);
            Assert.Equal((Refusal.Malformed, Digest.Of(bytes)), (answer.Refusal, answer.PayloadDigest));
        }

        Assert.Throws<ArgumentException>(() => truck.Link.TrySend(default, new byte[Uplink.LengthMax + 1]));
        await truck.Disconnect();
        using var rogue = new MqttClientFactory().CreateMqttClient();
        await rogue.ConnectAsync(fleet.Rogue(port, truck.Certificate, truck.Id.ToString()), TestContext.Current.CancellationToken);
        var sent = await Record.ExceptionAsync(async () =>
        {
            var result = await rogue.PublishAsync(Message(Topics.Up(truck.Id), new byte[Uplink.LengthMax + 100_000]),
                TestContext.Current.CancellationToken);
            throw new MqttCommunicationException(result.ReasonCode.ToString());
        });
        Assert.DoesNotContain("Success", sent!.Message, StringComparison.Ordinal);
        Assert.Equal(0, fleet.Core.Log.Head.Size);

        using var honest = fleet.Enrol(Fleet.At(port));
        honest.Connect();
        await honest.DeliverAll();
        honest.AssertLoggedOnceAndInOrder();
    }

    [Fact(Timeout = 5 * Minute)]
    public async Task Malformed_and_oversized_answers_are_counted_and_the_next_good_one_is_taken()
    {
        await using var fleet = new Fleet();
        var port = FreePort.Take();
        await fleet.StartEmbedded(port);
        using var truck = fleet.Enrol(Fleet.At(port));
        truck.Connect();
        await Fleet.Until(() => truck.Link.State.Connected);
        using var ledger = new MqttClientFactory().CreateMqttClient();
        await ledger.ConnectAsync(fleet.Rogue(port, fleet.LedgerCertificate, "ledger"), TestContext.Current.CancellationToken);

        var good = new Downlink(Digest.Of("x"u8), null, Refusal.Unavailable, "later").Encode();
        foreach (var bytes in new byte[][] { [], [1, 2, 3], [.. good, 0], new byte[Downlink.LengthMax + 1], good })
        {
            await ledger.PublishAsync(Message(Topics.Down(truck.Id), bytes), TestContext.Current.CancellationToken);
        }

        var news = await truck.Next();
        Assert.Equal(good, news.Message.ToArray());
        Assert.Equal(LinkNewsKind.Answer, news.Kind);
        Assert.Equal(4, truck.Log.Count(3204));
        Assert.True(truck.Link.State.Connected);
    }

    [Fact(Timeout = 5 * Minute)]
    public async Task Plain_TCP_works_only_when_it_is_allowed_and_then_the_log_complains_at_every_start()
    {
        await using var fleet = new Fleet();
        await using var broker = new Mosquitto(fleet, "listener PORT 127.0.0.1\nallow_anonymous true\n");
        await broker.Start();
        using var truck = fleet.Enrol(new BrokerAddress("127.0.0.1", broker.Port, false));
        Assert.Contains("plain TCP", Assert.Single(truck.Options.Problems()), StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(truck.Connect);

        truck.Options = truck.Options with { AllowPlainTcp = true };
        truck.Connect();
        await Fleet.Until(() => truck.Link.State.Connected);
        Assert.Equal(1, truck.Log.Count(3104));
    }

    internal static MqttApplicationMessage Message(string topic, byte[] bytes) => new()
    {
        Topic = topic,
        PayloadSegment = bytes,
        QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce,
    };
}
