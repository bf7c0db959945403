using System.Globalization;
using System.Net;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Anchoring;
using Evidence;
using Gateway.Tests.Abuse;
using MQTTnet;
using MQTTnet.Protocol;
using MQTTnet.Server;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Benchmarks;

/// <summary>What a metered link pays for a reading: signed batches against one JSON message a reading, same broker, same TLS.</summary>
/// <remarks>Eight channels a minute, batches of five minutes. Counted in TCP's payload after connecting; minutes are not waited.</remarks>
internal static class WireBenchmark
{
    private const int Channels = 8;
    private const int IntervalMs = 60_000;
    private const int Rounds = 5;
    private const int Batches = 96;
    private const int Readings = Batches * Rounds * Channels;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static int Run(string[] arguments) => Measure().GetAwaiter().GetResult();

    private static async Task<int> Measure()
    {
        using var fleet = new BenchFleet();
        var truck = BenchTruck.Make(fleet, Channels, IntervalMs, Batches + 1, Rounds);
        using var authority = new TlsPair("CN=benchmark authority", null);
        using var server = new TlsPair("CN=127.0.0.1", authority);
        using var client = new TlsPair($"CN={truck.Id}", authority);
        var port = FreePort.Take();
        using var broker = await Broker(server.Certificate, port);
        using var ledger = await Connected("ledger", port, client.Certificate, authority.Certificate);
        await ledger.SubscribeAsync(Topics.AllUp, MqttQualityOfServiceLevel.AtLeastOnce);
        await ledger.SubscribeAsync("v1/gateway/telemetry", MqttQualityOfServiceLevel.AtLeastOnce);

        var ours = await Ours(truck, port, client.Certificate, authority.Certificate);
        var (lean, ping) = await Json(port, client, authority, (body, round, channel, _) => string.Create(
            CultureInfo.InvariantCulture,
            $"{{\"shelf {channel + 1}\":[{{\"ts\":{body.Rounds[round]},"
            + $"\"values\":{{\"temperature\":{Celsius(body, channel, round)}}}}}]}}"),
            truck);
        var (same, _) = await Json(port, client, authority, (body, round, channel, sequence) => string.Create(CultureInfo.InvariantCulture,
            $"{{\"gateway\":\"{truck.Id}\",\"channel\":{channel},\"sequence\":{sequence},\"time\":{body.Rounds[round]},"
            + $"\"outcome\":\"measured\",\"milliCelsius\":{body.Channels[channel].Samples[round].Temperature!.Value.Value},"
            + $"\"code\":{body.Channels[channel].Samples[round].RawCode}}}"),
            truck);
        // A batch every five minutes leaves the line silent for longer than the keep-alive of 60 s; the peer's messages keep theirs alive.
        var pings = (double)ping * (Rounds - 1) / (Rounds * Channels);
        var total = ours + pings;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"wire: {Readings} readings in {Batches} signed batches of {Rounds * Channels}: {ours:0.0} bytes to the broker a reading, "
            + $"{total:0.0} with the four keep-alives of {ping} bytes between two batches; MQTT 5, QoS 1, TLS 1.3"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"wire: one JSON message a reading with the same fields: {same:0.0}, "
            + $"ratio {total / same:0.00}; with time and temperature alone (ThingsBoard's gateway telemetry): {lean:0.0}, "
            + $"ratio {total / lean:0.00}"));
        await WireAnswers.Measure(fleet, truck, port, client.Certificate, authority.Certificate, ledger);
        return 0;
    }

    /// <summary>The real link, its messages taken one after the other as the broker acknowledges them.</summary>
    private static async Task<double> Ours(BenchTruck truck, int port, X509Certificate2 client, X509Certificate2 authority)
    {
        await using var proxy = new Road(port);
        var link = new MqttLedgerLink(new(truck.Id, [new("127.0.0.1", proxy.Port, true)], client, authority), TimeProvider.System,
            NullLogger<MqttLedgerLink>.Instance);
        using var stop = new CancellationTokenSource();
        var running = link.Run(stop.Token);
        await Until(() => link.State.Connected, "the link to connect");
        await Send(link, truck.Batches[0]);
        var before = proxy.Up;
        for (var i = 1; i <= Batches; i++)
        {
            await Send(link, truck.Batches[i]);
        }

        var bytes = proxy.Up - before;
        await stop.CancelAsync();
        await running;
        return (double)bytes / Readings;
    }

    private static async Task Send(MqttLedgerLink link, Uplink uplink)
    {
        var digest = Statement.Decode(uplink.Statement.AsMemory()).PayloadDigest;
        await Until(() => link.TrySend(digest, uplink.Encode()), "room in the link's queue");
        var news = default(LinkNews);
        await Until(() => link.TryReceive(out news), "an acknowledgement");
        if (news.Kind != LinkNewsKind.Delivered)
        {
            throw new InvalidOperationException($"The link says {news.Kind} of a batch; only what is delivered may be counted.");
        }
    }

    private static async Task<(double Reading, long Ping)> Json(int port, TlsPair client, TlsPair authority,
        Func<BatchBody, int, int, long, string> message, BenchTruck truck)
    {
        await using var proxy = new Road(port);
        using var sender = await Connected("json", proxy.Port, client.Certificate, authority.Certificate);
        var start = proxy.Up;
        await sender.PingAsync();
        var ping = proxy.Up - start;
        var before = proxy.Up;
        foreach (var uplink in truck.Batches.Skip(1))
        {
            var body = BatchBody.Decode(uplink.Body!.Value.AsMemory());
            for (var round = 0; round < Rounds; round++)
            {
                for (var channel = 0; channel < Channels; channel++)
                {
                    var text = message(body, round, channel, body.Channels[channel].FirstSequence + round);
                    var answer = await sender.PublishStringAsync("v1/gateway/telemetry", text, MqttQualityOfServiceLevel.AtLeastOnce);
                    if (!answer.IsSuccess)
                    {
                        throw new InvalidOperationException($"The broker answers {answer.ReasonCode} to a JSON message.");
                    }
                }
            }
        }

        return ((double)(proxy.Up - before) / Readings, ping);
    }

    private static string Celsius(BatchBody body, int channel, int round) =>
        (body.Channels[channel].Samples[round].Temperature!.Value.Value / 1000m).ToString("0.000", CultureInfo.InvariantCulture);

    private static async Task<MqttServer> Broker(X509Certificate2 certificate, int port)
    {
        var server = new MqttServerFactory().CreateMqttServer(new MqttServerOptionsBuilder()
            .WithoutDefaultEndpoint()
            .WithEncryptedEndpoint()
            .WithEncryptedEndpointBoundIPAddress(IPAddress.Loopback)
            .WithEncryptedEndpointBoundIPV6Address(IPAddress.None)
            .WithEncryptedEndpointPort(port)
            .WithEncryptionCertificate(certificate)
            .WithEncryptionSslProtocol(SslProtocols.Tls12 | SslProtocols.Tls13)
            .Build());
        await server.StartAsync();
        return server;
    }

    private static async Task<IMqttClient> Connected(string id, int port, X509Certificate2 certificate, X509Certificate2 authority)
    {
        var client = new MqttClientFactory().CreateMqttClient();
        await client.ConnectAsync(new MqttClientOptionsBuilder()
            .WithProtocolVersion(MQTTnet.Formatter.MqttProtocolVersion.V500)
            .WithClientId(id)
            .WithTcpServer("127.0.0.1", port)
            .WithTlsOptions(tls => tls.UseTls().WithClientCertificates([certificate]).WithCertificateValidationHandler(shown =>
                PinnedTls.Fault(shown.Certificate, authority, TlsEnd.Server, "127.0.0.1", TimeProvider.System.GetUtcNow()) is null))
            .Build());
        return client;
    }

    internal static async Task Until(Func<bool> isSo, string what)
    {
        for (var left = Patience.TotalMilliseconds; !isSo(); left--)
        {
            if (left <= 0)
            {
                throw new InvalidOperationException($"Waited {Patience.TotalSeconds:0} s for {what} in vain.");
            }

            await Task.Delay(1);
        }
    }

    /// <summary>A key and its certificate, signed by another pair or by itself.</summary>
    private sealed class TlsPair : IDisposable
    {
        private readonly ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

        public TlsPair(string name, TlsPair? issuer)
        {
            var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
            var now = TimeProvider.System.GetUtcNow();
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(issuer is null, false, 0, true));
            if (issuer is null)
            {
                Certificate = request.CreateSelfSigned(now.AddHours(-1), now.AddHours(12));
                return;
            }

            var names = new SubjectAlternativeNameBuilder();
            names.AddIpAddress(IPAddress.Loopback);
            request.CertificateExtensions.Add(names.Build());
            OidCollection bothEnds = [new("1.3.6.1.5.5.7.3.1"), new("1.3.6.1.5.5.7.3.2")];
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(bothEnds, false));
            using var signed = request.Create(issuer.Certificate, now.AddMinutes(-30), now.AddHours(6), RandomNumberGenerator.GetBytes(8));
            Certificate = signed.CopyWithPrivateKey(key);
        }

        public X509Certificate2 Certificate { get; }

        public void Dispose()
        {
            Certificate.Dispose();
            key.Dispose();
        }
    }
}
