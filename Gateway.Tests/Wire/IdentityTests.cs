using Gateway.Tests.Abuse;
// Goal: nobody without the right certificate speaks to the ledger or as another gateway, and a link that is refused says why in words.
// Method: real TLS handshakes with certificates that are wrong in one way each, at mosquitto and at the embedded broker.
#pragma warning disable xUnit1069 // The fleet waits with the token of the test itself.
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Anchoring;
using Evidence;
using Ledger.Authority;
using MQTTnet;
using MQTTnet.Protocol;

namespace Gateway.Tests.Wire;

public sealed class IdentityTests
{
    private const int Minute = 60_000;

    /// <summary>F-29.</summary>
    [Fact(Timeout = 5 * Minute)]
    public async Task A_broker_of_another_authority_is_not_trusted_and_the_link_says_so()
    {
        await using var fleet = new Fleet();
        await using var strangers = new Fleet();
        await using var broker = new Mosquitto(strangers);
        await broker.Start();
        using var truck = fleet.Enrol(Fleet.At(broker.Port));

        Assert.Contains("Unknown authority", await WhyNot(truck), StringComparison.Ordinal);
    }

    [Theory(Timeout = 5 * Minute)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_gateway_of_another_authority_is_refused(bool embedded)
    {
        await using var fleet = new Fleet();
        await using var strangers = new Fleet();
        await using var broker = new Mosquitto(fleet);
        var port = await Start(fleet, broker, embedded);
        using var truck = strangers.Enrol(Fleet.At(port));
        // It trusts the broker, so that only its own certificate is wrong.
        truck.Options = truck.Options with { Authority = X509CertificateLoader.LoadCertificate(fleet.Ca.RawData) };

        var why = await WhyNot(truck);
        Assert.Contains("Unknown authority", why, StringComparison.Ordinal);
        Assert.True(!embedded || fleet.Log.ToString().Contains("Unknown authority", StringComparison.Ordinal), fleet.Log.ToString());
    }

    /// <summary>F-30.</summary>
    [Theory(Timeout = 5 * Minute)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_expired_certificate_is_refused_and_named(bool embedded)
    {
        await using var fleet = new Fleet();
        await using var broker = new Mosquitto(fleet);
        var port = await Start(fleet, broker, embedded);
        using var truck = fleet.Enrol(Fleet.At(port));
        using var expired = Issue(fleet, truck.Id.ToString(), truck.TlsKey, TimeSpan.FromDays(-2), TimeSpan.FromDays(-1));
        truck.Options = truck.Options with { Certificate = expired };

        var why = await WhyNot(truck);
        Assert.Contains("Expired certificate", why, StringComparison.Ordinal);
        Assert.True(!embedded || fleet.Log.ToString().Contains("Expired certificate", StringComparison.Ordinal), fleet.Log.ToString());
    }

    [Theory(Timeout = 5 * Minute)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_client_without_a_certificate_is_refused(bool embedded)
    {
        await using var fleet = new Fleet();
        await using var broker = new Mosquitto(fleet);
        var port = await Start(fleet, broker, embedded);
        using var client = new MqttClientFactory().CreateMqttClient();

        await Assert.ThrowsAnyAsync<Exception>(() => client.ConnectAsync(fleet.Rogue(port, null, "ledger"),
            TestContext.Current.CancellationToken));
        using var truck = fleet.Enrol(Fleet.At(port));
        Assert.Contains("private key", Assert.Single((truck.Options with { Certificate = null }).Problems()), StringComparison.Ordinal);
    }

    [Theory(Timeout = 5 * Minute)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_gateway_cannot_write_or_read_in_another_ones_name(bool embedded)
    {
        await using var fleet = new Fleet();
        await using var broker = new Mosquitto(fleet);
        var port = await Start(fleet, broker, embedded);
        await fleet.Listen(port);
        using var truck = fleet.Enrol(Fleet.At(port));
        using var victim = fleet.Enrol(Fleet.At(port));
        using var rogue = new MqttClientFactory().CreateMqttClient();
        var stop = TestContext.Current.CancellationToken;
        await rogue.ConnectAsync(fleet.Rogue(port, truck.Certificate, truck.Id.ToString()), stop);

        foreach (var topic in new[] { Topics.Up(victim.Id), Topics.State(victim.Id), Topics.Down(victim.Id), Topics.Down(truck.Id),
            "elsewhere" })
        {
            var answer = await rogue.PublishAsync(WireTests.Message(topic, victim.Uplinks[0]), stop);
            Assert.Equal(MqttClientPublishReasonCode.NotAuthorized, answer.ReasonCode);
        }

        // On its own topic, with another one's statement: the intake holds topic and statement together.
        await rogue.DisconnectAsync(cancellationToken: stop);
        truck.Connect();
        await Fleet.Until(() => truck.Link.State.Connected);
        Assert.True(truck.Link.TrySend(Digest.Of("x"u8), victim.Uplinks[0]));
        LinkNews news;
        while ((news = await truck.Next()).Kind != LinkNewsKind.Answer)
        {
            Assert.Equal(LinkNewsKind.Delivered, news.Kind);
        }

        Assert.Equal(Refusal.NotEnrolled, Downlink.Decode(news.Message).Refusal);
        Assert.Equal(0, fleet.Core.Log.Head.Size);
    }

    [Fact(Timeout = 5 * Minute)]
    public async Task The_embedded_broker_binds_client_id_and_subscriptions_to_the_certificate()
    {
        await using var fleet = new Fleet();
        var port = FreePort.Take();
        await fleet.StartEmbedded(port);
        using var truck = fleet.Enrol(Fleet.At(port));
        using var victim = fleet.Enrol(Fleet.At(port));
        var stop = TestContext.Current.CancellationToken;
        using var rogue = new MqttClientFactory().CreateMqttClient();
        foreach (var name in new[] { "ledger", victim.Id.ToString(), "", truck.Id.ToString().ToUpperInvariant() })
        {
            var answer = await Record.ExceptionAsync(async () => Assert.Equal(MqttClientConnectResultCode.Success,
                (await rogue.ConnectAsync(fleet.Rogue(port, truck.Certificate, name), stop)).ResultCode));
            Assert.NotNull(answer);
        }

        using var client = new MqttClientFactory().CreateMqttClient();
        await client.ConnectAsync(fleet.Rogue(port, truck.Certificate, truck.Id.ToString()), stop);
        foreach (var filter in new[] { "#", Topics.AllUp, Topics.Down(victim.Id), "coldproof/v1/+/down", "$SYS/#", Topics.Up(truck.Id) })
        {
            var given = await client.SubscribeAsync(filter, MqttQualityOfServiceLevel.AtLeastOnce, stop);
            Assert.Equal(MqttClientSubscribeResultCode.NotAuthorized, Assert.Single(given.Items).ResultCode);
        }

        Assert.Equal(MqttClientSubscribeResultCode.GrantedQoS1,
            Assert.Single((await client.SubscribeAsync(Topics.Down(truck.Id), MqttQualityOfServiceLevel.AtLeastOnce,
                stop)).Items).ResultCode);
    }

    [Fact(Timeout = 5 * Minute)]
    public async Task A_link_says_in_words_what_is_wrong_with_the_road()
    {
        await using var fleet = new Fleet();
        using var nobody = fleet.Enrol(Fleet.At(FreePort.Take()));
        Assert.Contains("refused the connection", await WhyNot(nobody), StringComparison.Ordinal);
        using var unnamed = fleet.Enrol(new BrokerAddress("no-such-host.invalid", 8883, true));
        Assert.Contains("DNS", await WhyNot(unnamed), StringComparison.Ordinal);
        await using var broker = new Mosquitto(fleet, "listener PORT 127.0.0.1\nallow_anonymous true\n");
        await broker.Start();
        using var plain = fleet.Enrol(Fleet.At(broker.Port));
        Assert.NotEmpty(await WhyNot(plain));
    }

    private static async Task<int> Start(Fleet fleet, Mosquitto broker, bool embedded)
    {
        if (!embedded)
        {
            await broker.Start();
            return broker.Port;
        }

        var port = FreePort.Take();
        await fleet.StartEmbedded(port);
        return port;
    }

    private static async Task<string> WhyNot(Truck truck)
    {
        truck.Connect();
        await Fleet.Until(() => truck.Link.State.LastError.Length > 0);
        Assert.False(truck.Link.State.Connected);
        Assert.False(truck.Link.TrySend(default, truck.Uplinks[0]));
        return truck.Link.State.LastError;
    }

    private static X509Certificate2 Issue(Fleet fleet, string commonName, ECDsa key, TimeSpan from, TimeSpan to)
    {
        using var ca = X509Certificate2.CreateFromPemFile(
            Path.Combine(fleet.KeysFolder, AuthorityFolder.CaFile), Path.Combine(fleet.KeysFolder, AuthorityFolder.CaKeyFile));
        var request = new CertificateRequest($"CN={commonName}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.2")], false));
        var now = TimeProvider.System.GetUtcNow();
        // Backdated beyond its authority's beginning; validators look at each certificate's own dates.
        using var bare = request.Create(ca.SubjectName, X509SignatureGenerator.CreateForECDsa(ca.GetECDsaPrivateKey()!), now + from, now
            + to, [1, 2, 3]);
        return bare.CopyWithPrivateKey(key);
    }
}
