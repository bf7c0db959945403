using System.Buffers;
using System.Security.Authentication;
using Evidence;
using Microsoft.Extensions.Logging;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace Anchoring;

/// <summary>One connection to one broker, from the first byte to the last. Made anew each time: an acknowledgement of one connection
/// must never meet a message of another.</summary>
internal sealed partial class BrokerSession : IDisposable
{
    private readonly LinkOptions options;
    private readonly BrokerAddress broker;
    private readonly LinkQueues queues;
    private readonly TimeProvider clock;
    private readonly ILogger log;
    private readonly IMqttClient client = new MqttClientFactory().CreateMqttClient();
    private readonly TaskCompletionSource<MqttClientDisconnectedEventArgs> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private string? verdict;
    private bool judged;

    public BrokerSession(LinkOptions options, BrokerAddress broker, LinkQueues queues, TimeProvider clock, ILogger log)
    {
        (this.options, this.broker, this.queues, this.clock, this.log) = (options, broker, queues, clock, log);
        client.DisconnectedAsync += arguments =>
        {
            ended.TrySetResult(arguments);
            return Task.CompletedTask;
        };
        client.ApplicationMessageReceivedAsync += arguments =>
        {
            Take(arguments.ApplicationMessage);
            return Task.CompletedTask;
        };
    }

    /// <summary>Messages that were not ours, too long or malformed.</summary>
    public long Refused { get; private set; }

    public void Dispose() => client.Dispose();

    /// <summary>Connects, listens for answers and says "online".</summary>
    /// <exception cref="LinkBrokenException">With the reason in words.</exception>
    public async Task Open(CancellationToken cancellation)
    {
        try
        {
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            using var timer = clock.CreateTimer(state => ((CancellationTokenSource)state!).Cancel(), deadline, options.Timeout,
                Timeout.InfiniteTimeSpan);
            var answer = await client.ConnectAsync(ClientOptions(), deadline.Token).ConfigureAwait(false);
            if (answer.ResultCode != MqttClientConnectResultCode.Success)
            {
                throw new LinkBrokenException(LinkFault.Words(answer, broker));
            }

            var down = await client.SubscribeAsync(Topics.Down(options.Gateway), MqttQualityOfServiceLevel.AtLeastOnce,
                deadline.Token).ConfigureAwait(false);
            if (down.Items.Any(item => item.ResultCode > MqttClientSubscribeResultCode.GrantedQoS2))
            {
                throw new LinkBrokenException(
                    $"Not authorised: {broker} does not let this gateway read {Topics.Down(options.Gateway)}. Its certificate's "
                        + $"common name and the broker's access rules must agree.");
            }

            await client.PublishAsync(State("online"), deadline.Token).ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is MQTTnet.Exceptions.MqttCommunicationException or OperationCanceledException or IOException
            or System.Net.Sockets.SocketException or AuthenticationException or InvalidOperationException)
        {
            cancellation.ThrowIfCancellationRequested(); // Then it is no fault of the road: the gateway stops.
            throw new LinkBrokenException(OwnFault() ?? LinkFault.Words(fault, broker, verdict), fault);
        }
    }

    /// <summary>Sends what the core gives until the connection ends or the caller cancels.</summary>
    /// <returns>Why it ended, in words; null when cancelled.</returns>
    public async Task<string?> Serve(CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var slots = new SemaphoreSlim(options.InFlightMax);
        var sending = Send(slots, stop.Token);
        await Task.WhenAny(ended.Task, sending).ConfigureAwait(false);
        await stop.CancelAsync().ConfigureAwait(false);
        await sending.ConfigureAwait(false);
        for (var i = 0; i < options.InFlightMax; i++)
        {
            // Every message in flight has been told as delivered or not before the session is gone.
            await slots.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        }

        if (cancellation.IsCancellationRequested)
        {
            await Leave().ConfigureAwait(false);
            return null;
        }

        var end = await ended.Task.ConfigureAwait(false);
        return end.Exception is { } fault
            ? LinkFault.Words(fault, broker, verdict)
            : $"{broker} ended the connection: {end.Reason} {end.ReasonString}".TrimEnd();
    }

    /// <summary>With TLS 1.3 a broker judges our certificate after the handshake and hangs up; the
    /// alert seldom arrives. So we judge it ourselves.</summary>
    private string? OwnFault() => judged && verdict is null
        && PinnedTls.Fault(options.Certificate, options.Authority!, TlsEnd.Client, null, clock.GetUtcNow()) is { } fault
        ? $"{broker} hangs up, and the gateway's own certificate is at fault. {fault} Enrol again."
        : null;

    private async Task Send(SemaphoreSlim slots, CancellationToken stop)
    {
        try
        {
            while (await queues.WaitForOutgoing(stop).ConfigureAwait(false))
            {
                await slots.WaitAsync(stop).ConfigureAwait(false);
                if (queues.TryTake(out var message))
                {
                    // Not awaited: the next one follows on the wire while the broker still acknowledges this one.
                    _ = Publish(message, slots, stop);
                }
                else
                {
                    slots.Release();
                }
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return;
        }
    }

    private async Task Publish(Outgoing message, SemaphoreSlim slots, CancellationToken stop)
    {
        var delivered = false;
        try
        {
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(stop);
            using var timer = clock.CreateTimer(state => ((CancellationTokenSource)state!).Cancel(), deadline, options.Timeout,
                Timeout.InfiniteTimeSpan);
            var answer = await client.PublishAsync(
                new MqttApplicationMessage
                {
                    Topic = Topics.Up(options.Gateway),
                    Payload = new ReadOnlySequence<byte>(message.Uplink),
                    QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce,
                },
                deadline.Token).ConfigureAwait(false);
            // NoMatchingSubscribers is a success to MQTT. To us nobody has heard it.
            delivered = answer.ReasonCode == MqttClientPublishReasonCode.Success;
            if (!delivered)
            {
                NotTaken(log, message.Statement.ToShortString(), answer.ReasonCode, Advice(answer.ReasonCode));
            }
        }
        catch (Exception fault) when (fault is MQTTnet.Exceptions.MqttCommunicationException or OperationCanceledException or IOException
            or ObjectDisposedException or InvalidOperationException)
        {
            Interrupted(log, message.Statement.ToShortString(), fault.Message);
        }
        finally
        {
            // Told either way: what is not acknowledged is offered again by the outbox.
            if (!queues.Tell(new(delivered ? LinkNewsKind.Delivered : LinkNewsKind.NotDelivered, message.Statement, default)))
            {
                InboxFull(log, options.InboxMax, queues.Dropped);
            }

            slots.Release();
        }
    }

    private void Take(MqttApplicationMessage message)
    {
        var problem = Problem(message, out var bytes);
        if (problem is not null)
        {
            Refused++;
            MessageRefused(log, message.Topic, problem, Refused);
        }
        else if (!queues.Tell(new(LinkNewsKind.Answer, default, bytes)))
        {
            InboxFull(log, options.InboxMax, queues.Dropped);
        }
    }

    private string? Problem(MqttApplicationMessage message, out byte[] bytes)
    {
        bytes = [];
        if (message.Topic != Topics.Down(options.Gateway))
        {
            return "it is not this gateway's topic";
        }

        if (message.Payload.Length > Downlink.LengthMax)
        {
            return $"it has {message.Payload.Length} bytes; at most {Downlink.LengthMax} are read";
        }

        bytes = message.Payload.ToArray(); // The client reuses its buffer after this call.
        try
        {
            _ = Downlink.Decode(bytes);
            return null;
        }
        catch (MalformedEvidenceException fault)
        {
            return fault.Message;
        }
    }

    private async Task Leave()
    {
        try
        {
            if (client.IsConnected)
            {
                using var deadline = new CancellationTokenSource(options.Timeout, clock);
                await client.PublishAsync(State("offline"), deadline.Token).ConfigureAwait(false);
                await client.DisconnectAsync(new MqttClientDisconnectOptionsBuilder()
                    .WithSessionExpiryInterval((uint)options.SessionExpiry.TotalSeconds).Build(), deadline.Token).ConfigureAwait(false);
            }
        }
        catch (Exception fault) when (fault is MQTTnet.Exceptions.MqttCommunicationException or OperationCanceledException or IOException
            or InvalidOperationException)
        {
            Interrupted(log, "offline", fault.Message); // The will says it in our place.
        }
    }

    private MqttApplicationMessage State(string word) => new()
    {
        Topic = Topics.State(options.Gateway),
        PayloadSegment = System.Text.Encoding.ASCII.GetBytes(word),
        QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce,
        Retain = true,
    };

    private MqttClientOptions ClientOptions()
    {
        var builder = new MqttClientOptionsBuilder()
            .WithProtocolVersion(MqttProtocolVersion.V500)
            .WithClientId(options.Gateway.ToString())
            .WithTcpServer(broker.Host, broker.Port)
            .WithCleanStart(false)
            .WithSessionExpiryInterval((uint)options.SessionExpiry.TotalSeconds)
            .WithKeepAlivePeriod(options.KeepAlive)
            .WithTimeout(options.Timeout)
            .WithMaximumPacketSize(Downlink.LengthMax + 4_096)
            .WithReceiveMaximum(20)
            .WithWillTopic(Topics.State(options.Gateway))
            .WithWillPayload("offline")
            .WithWillRetain()
            .WithWillQualityOfServiceLevel(MqttQualityOfServiceLevel.AtLeastOnce);
        return (broker.Tls ? builder.WithTlsOptions(Tls) : builder).Build();
    }

    private void Tls(MqttClientTlsOptionsBuilder tls) => tls
        .UseTls()
        .WithSslProtocols(SslProtocols.Tls12 | SslProtocols.Tls13)
        .WithTargetHost(broker.Host)
        .WithClientCertificates([options.Certificate!])
        .WithRevocationMode(System.Security.Cryptography.X509Certificates.X509RevocationMode.NoCheck)
        .WithCertificateValidationHandler(shown =>
        {
            verdict = PinnedTls.Fault(shown.Certificate, options.Authority!, TlsEnd.Server, broker.Host, clock.GetUtcNow());
            judged = true;
            return verdict is null;
        });

    private static string Advice(MqttClientPublishReasonCode code) => code switch
    {
        MqttClientPublishReasonCode.NoMatchingSubscribers => "the ledger is not connected to the broker",
        MqttClientPublishReasonCode.NotAuthorized => "the certificate's common name and the broker's access rules must agree",
        MqttClientPublishReasonCode.QuotaExceeded => "the broker's queue for the ledger is full",
        _ => "see the broker's log",
    };

    [LoggerMessage(3201, LogLevel.Warning, "Statement {Statement} is not delivered: {Reason}; {Advice}. It is offered again.")]
    private static partial void NotTaken(ILogger log, string statement, MqttClientPublishReasonCode reason, string advice);

    [LoggerMessage(3202, LogLevel.Information, "Sending {Statement} was interrupted: {Reason} It is offered again.")]
    private static partial void Interrupted(ILogger log, string statement, string reason);

    [LoggerMessage(3203, LogLevel.Warning,
        "The inbox of {Max} is full; {Dropped} dropped so far. The ledger answers again when asked again.")]
    private static partial void InboxFull(ILogger log, int max, long dropped);

    [LoggerMessage(3204, LogLevel.Warning, "A message on {Topic} is not taken: {Problem} ({Count} since the connection began).")]
    private static partial void MessageRefused(ILogger log, string topic, string problem, long count);
}
