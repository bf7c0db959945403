using System.Net;
using System.Security.Authentication;
using Evidence;
using Ledger.Authority;
using MQTTnet.Protocol;
using MQTTnet.Server;

namespace Ledger.Wire;

/// <summary>An MQTT broker inside the ledger's process, for demonstrations and small fleets. Its sessions live in memory: mosquitto in
/// earnest.</summary>
/// <remarks>
/// TLS only, both ends with a certificate of the one authority; the certificate's common name must be the client id, and says which topics
/// are open: the same rules as systemd/mosquitto/coldproof.acl. A restart forgets what waits; the gateways' outboxes send it again.
/// </remarks>
public sealed partial class EmbeddedBroker(WireOptions options, WireKeys keys, TimeProvider clock, ILogger<EmbeddedBroker> log)
    : IHostedService, IDisposable
{
    private const int PendingMax = 2_000;
    private MqttServer? server;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var built = new MqttServerOptionsBuilder()
            .WithoutDefaultEndpoint()
            .WithEncryptedEndpoint()
            .WithEncryptedEndpointBoundIPAddress(options.EmbeddedBind)
            .WithEncryptedEndpointBoundIPV6Address(IPAddress.None)
            .WithEncryptedEndpointPort(options.EmbeddedPort ?? throw new InvalidOperationException("The embedded broker has no port."))
            .WithEncryptionCertificate(keys.Server ?? throw new InvalidOperationException("The embedded broker has no certificate."))
            .WithEncryptionSslProtocol(SslProtocols.Tls12 | SslProtocols.Tls13)
            .WithClientCertificate((_, shown, _, _) => IsKnown(shown), false)
            .WithPersistentSessions()
            .WithMaxPendingMessagesPerClient(PendingMax)
            .WithPendingMessagesOverflowStrategy(MqttPendingMessagesOverflowStrategy.DropNewMessage)
            .Build();
        server = new MqttServerFactory().CreateMqttServer(built);
        server.ValidatingConnectionAsync += Validate;
        server.InterceptingPublishAsync += JudgePublish;
        server.InterceptingSubscriptionAsync += JudgeSubscription;
        await server.StartAsync().ConfigureAwait(false);
        Listening(log, options.EmbeddedBind, options.EmbeddedPort.Value);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (server is { IsStarted: true } running)
        {
            await running.StopAsync(new MqttServerStopOptionsBuilder().Build()).ConfigureAwait(false);
        }
    }

    public void Dispose() => server?.Dispose();

    private bool IsKnown(System.Security.Cryptography.X509Certificates.X509Certificate? shown)
    {
        var fault = PinnedTls.Fault(shown, keys.Authority, TlsEnd.Client, null, clock.GetUtcNow());
        if (fault is not null)
        {
            CertificateRefused(log, fault);
        }

        return fault is null;
    }

    private Task Validate(ValidatingConnectionEventArgs connection)
    {
        var name = connection.ClientCertificate is { } certificate ? PinnedTls.CommonName(certificate) : null;
        var isOurs = name == AuthorityFolder.LedgerName || GatewayOf(name) is not null;
        if (!isOurs || connection.ClientId != name || (connection.UserName is { Length: > 0 } user && user != name))
        {
            connection.ReasonCode = MqttConnectReasonCode.NotAuthorized;
            connection.ReasonString = "The client id must be the common name of the certificate.";
            ConnectionRefused(log, connection.ClientId, name ?? "nobody");
        }

        return Task.CompletedTask;
    }

    private Task JudgePublish(InterceptingPublishEventArgs message)
    {
        var topic = message.ApplicationMessage.Topic;
        if (!MayPublish(message.ClientId, topic, message.ApplicationMessage.Retain))
        {
            Deny(message, MqttPubAckReasonCode.NotAuthorized, "Not this client's topic.");
        }
        else if (message.ApplicationMessage.Payload.Length > Uplink.LengthMax)
        {
            Deny(message, MqttPubAckReasonCode.QuotaExceeded, "Too long.");
        }

        return Task.CompletedTask;
    }

    private void Deny(InterceptingPublishEventArgs message, MqttPubAckReasonCode code, string reason)
    {
        message.ProcessPublish = false;
        message.Response.ReasonCode = code;
        message.Response.ReasonString = reason;
        PublishRefused(log, message.ClientId, message.ApplicationMessage.Topic, reason);
    }

    private Task JudgeSubscription(InterceptingSubscriptionEventArgs wish)
    {
        if (!MaySubscribe(wish.ClientId, wish.TopicFilter.Topic))
        {
            wish.ProcessSubscription = false;
            wish.Response.ReasonCode = MqttSubscribeReasonCode.NotAuthorized;
            PublishRefused(log, wish.ClientId, wish.TopicFilter.Topic, "Not this client's topic.");
        }

        return Task.CompletedTask;
    }

    private static bool MayPublish(string client, string topic, bool retained) => client == AuthorityFolder.LedgerName
        ? !retained && Topics.GatewayOf(topic) is { } to && topic == Topics.Down(to)
        : GatewayOf(client) is { } gateway && (topic == Topics.State(gateway) || (!retained && topic == Topics.Up(gateway)));

    private static bool MaySubscribe(string client, string filter) => client == AuthorityFolder.LedgerName
        ? filter is Topics.AllUp or Topics.AllStates
        : GatewayOf(client) is { } gateway && filter == Topics.Down(gateway);

    private static GatewayId? GatewayOf(string? name) =>
        Guid.TryParseExact(name, "D", out var id) && id.ToString("D") == name ? new GatewayId(id) : null;

    [LoggerMessage(2401, LogLevel.Information,
        "The embedded broker listens on {Address}:{Port}. Its sessions live in memory; use mosquitto in earnest.")]
    private static partial void Listening(ILogger log, IPAddress address, int port);

    [LoggerMessage(2402, LogLevel.Warning, "A client's certificate is refused: {Reason}")]
    private static partial void CertificateRefused(ILogger log, string reason);

    [LoggerMessage(2403, LogLevel.Warning, "Client {Client} is refused: its certificate is that of {Name}.")]
    private static partial void ConnectionRefused(ILogger log, string client, string name);

    [LoggerMessage(2404, LogLevel.Warning, "Client {Client} may not use {Topic}: {Reason}")]
    private static partial void PublishRefused(ILogger log, string client, string topic, string reason);
}
