using System.Threading.Channels;
using MQTTnet;
using MQTTnet.Exceptions;
using MQTTnet.Protocol;

namespace Gateway.Tests.House;

// Goal: the broker configuration that ships keeps one truck out of another's topics, and strangers out of everything.
// Method: a real mosquitto, real certificates, real clients. mosquitto grants a forbidden subscription and then delivers nothing, so
// delivery is what is looked at: messages of one sender arrive in order, hence one that comes second proves that the first was dropped.
public sealed class BrokerConfigurationTests(RealBroker broker) : IClassFixture<RealBroker>
{
    private const string Truck = "6f1e0a52-7a53-4a0e-9c3b-0d5f5e0c7a01";
    private const string OtherTruck = "b2d4c8aa-1d39-4f0f-8f6e-51b1a9d0c002";

    [Fact]
    public async Task A_gateway_reaches_the_ledger_on_its_own_topics_only()
    {
        await broker.MakeCertificate("ca", "up-truck", Truck, "keyUsage=digitalSignature");
        await broker.MakeCertificate("ca", "up-ledger", "ledger", "keyUsage=digitalSignature");
        using var ledger = await Connect("up-ledger");
        using var truck = await Connect("up-truck");
        var heard = await Listen(ledger, "coldproof/v1/+/up", "coldproof/v1/+/state");

        Assert.Equal(MqttClientPublishReasonCode.NotAuthorized, await Publish(truck, $"coldproof/v1/{OtherTruck}/up"));
        Assert.Equal(MqttClientPublishReasonCode.NotAuthorized, await Publish(truck, $"coldproof/v1/{OtherTruck}/state"));
        Assert.Equal(MqttClientPublishReasonCode.NotAuthorized, await Publish(truck, $"coldproof/v1/{Truck}/down"));
        Assert.Equal(MqttClientPublishReasonCode.NotAuthorized, await Publish(truck, "elsewhere"));
        Assert.Equal(MqttClientPublishReasonCode.Success, await Publish(truck, $"coldproof/v1/{Truck}/up"));
        Assert.Equal(MqttClientPublishReasonCode.Success, await Publish(truck, $"coldproof/v1/{Truck}/state"));

        Assert.Equal($"coldproof/v1/{Truck}/up", await Next(heard));
        Assert.Equal($"coldproof/v1/{Truck}/state", await Next(heard));
    }

    [Fact]
    public async Task A_gateway_hears_the_ledger_on_its_own_topic_only()
    {
        await broker.MakeCertificate("ca", "down-truck", OtherTruck, "keyUsage=digitalSignature");
        await broker.MakeCertificate("ca", "down-ledger", "ledger", "keyUsage=digitalSignature");
        using var truck = await Connect("down-truck");
        var heard = await Listen(truck, $"coldproof/v1/{Truck}/down", "coldproof/v1/+/up", "#", $"coldproof/v1/{OtherTruck}/down");
        using var ledger = await Connect("down-ledger");

        await Publish(ledger, $"coldproof/v1/{Truck}/down");
        Assert.Equal(MqttClientPublishReasonCode.NotAuthorized, await Publish(ledger, $"coldproof/v1/{OtherTruck}/up"));
        Assert.Equal(MqttClientPublishReasonCode.Success, await Publish(ledger, $"coldproof/v1/{OtherTruck}/down"));

        Assert.Equal($"coldproof/v1/{OtherTruck}/down", await Next(heard));
    }

    [Fact]
    public async Task A_client_without_a_certificate_is_refused()
    {
        using var client = new MqttClientFactory().CreateMqttClient();

        await Assert.ThrowsAnyAsync<MqttCommunicationException>(() => client.ConnectAsync(broker.Client(null), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_certificate_of_another_authority_is_refused_whatever_name_it_bears()
    {
        await broker.MakeAuthority("rogue");
        await broker.MakeCertificate("rogue", "impostor", Truck, "keyUsage=digitalSignature");
        using var client = new MqttClientFactory().CreateMqttClient();

        await Assert.ThrowsAnyAsync<MqttCommunicationException>(() => client.ConnectAsync(broker.Client("impostor"), TestContext.Current.CancellationToken));
    }

    private async Task<IMqttClient> Connect(string certificate)
    {
        var client = new MqttClientFactory().CreateMqttClient();
        var answer = await client.ConnectAsync(broker.Client(certificate), TestContext.Current.CancellationToken);
        Assert.Equal(MqttClientConnectResultCode.Success, answer.ResultCode);
        return client;
    }

    private static async Task<ChannelReader<string>> Listen(IMqttClient client, params string[] topics)
    {
        var heard = Channel.CreateUnbounded<string>();
        client.ApplicationMessageReceivedAsync += message =>
        {
            heard.Writer.TryWrite(message.ApplicationMessage.Topic);
            return Task.CompletedTask;
        };
        foreach (var topic in topics)
        {
            await client.SubscribeAsync(topic, MqttQualityOfServiceLevel.AtLeastOnce, TestContext.Current.CancellationToken);
        }

        return heard.Reader;
    }

    private static async Task<MqttClientPublishReasonCode> Publish(IMqttClient client, string topic) =>
        (await client.PublishStringAsync(topic, "x", MqttQualityOfServiceLevel.AtLeastOnce, retain: false, TestContext.Current.CancellationToken)).ReasonCode;

    private static async Task<string> Next(ChannelReader<string> heard)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromMinutes(3));
        return await heard.ReadAsync(patience.Token);
    }
}
