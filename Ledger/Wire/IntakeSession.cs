using System.Buffers;
using System.Security.Authentication;
using System.Threading.Channels;
using Evidence;
using Ledger.Authority;
using MQTTnet;
using MQTTnet.Exceptions;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace Ledger.Wire;

/// <summary>One connection of the ledger to one broker.</summary>
/// <remarks>
/// A message is judged as it comes and answered in the order of coming; the broker gets its acknowledgement only after the answer is
/// durable
/// and has been handed to the broker. What is not acknowledged when the connection breaks, the broker sends again, and the intake
/// answers the same.
/// </remarks>
internal sealed partial class IntakeSession : IDisposable
{
    private readonly WireOptions options;
    private readonly BrokerAddress broker;
    private readonly WireKeys keys;
    private readonly AcceptUplink accept;
    private readonly PresenceBook presence;
    private readonly TimeProvider clock;
    private readonly ILogger log;
    private readonly IMqttClient client = new MqttClientFactory().CreateMqttClient();
    private readonly TaskCompletionSource<MqttClientDisconnectedEventArgs> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource stop = new();
    private readonly Channel<Pending> pending;
    private string? verdict;
    private long refused;

    public IntakeSession(WireOptions options, BrokerAddress broker, WireKeys keys, AcceptUplink accept, PresenceBook presence,
        TimeProvider clock,
        ILogger log)
    {
        (this.options, this.broker, this.keys, this.accept, this.presence, this.clock, this.log) =
            (options, broker, keys, accept, presence, clock, log);
        pending = Channel.CreateBounded<Pending>(new BoundedChannelOptions(options.InFlightMax) { SingleReader = true });
        client.DisconnectedAsync += arguments =>
        {
            ended.TrySetResult(arguments);
            return Task.CompletedTask;
        };
        client.ApplicationMessageReceivedAsync += Take;
    }

    /// <summary>What our own judgement of the broker's certificate was; null when it was accepted or not shown.</summary>
    public string? Verdict => verdict;

    public void Dispose()
    {
        client.Dispose();
        stop.Dispose();
    }

    public async Task Open(CancellationToken cancellation)
    {
        var answer = await client.ConnectAsync(ClientOptions(), cancellation).ConfigureAwait(false);
        if (answer.ResultCode != MqttClientConnectResultCode.Success)
        {
            throw new MqttCommunicationException(
                $"{broker} refuses the ledger: {answer.ResultCode} {answer.ReasonString}. Its certificate must have "
                    + $"CN={AuthorityFolder.LedgerName}.");
        }

        var given = await client.SubscribeAsync(
            new MqttClientSubscribeOptionsBuilder()
                .WithTopicFilter(Topics.AllUp, MqttQualityOfServiceLevel.AtLeastOnce)
                .WithTopicFilter(Topics.AllStates, MqttQualityOfServiceLevel.AtLeastOnce).Build(),
            cancellation).ConfigureAwait(false);
        if (given.Items.FirstOrDefault(item => item.ResultCode > MqttClientSubscribeResultCode.GrantedQoS2) is { } denied)
        {
            throw new MqttCommunicationException(
                $"{broker} does not let the ledger subscribe to {denied.TopicFilter.Topic}: {denied.ResultCode}. Correct the broker's "
                    + $"access rules.");
        }
    }

    /// <summary>Answers until the connection ends or the caller cancels.</summary>
    /// <returns>Why it ended; null when cancelled.</returns>
    public async Task<MqttClientDisconnectedEventArgs?> Serve(CancellationToken cancellation)
    {
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellation, stop.Token);
        var answering = Answer(both.Token);
        await Task.WhenAny(ended.Task, answering, Task.Delay(Timeout.InfiniteTimeSpan, clock, both.Token)).ConfigureAwait(false);
        await stop.CancelAsync().ConfigureAwait(false);
        await answering.ConfigureAwait(false); // Here an intake that cannot go on speaks up.
        await Leave().ConfigureAwait(false);
        return cancellation.IsCancellationRequested ? null : ended.Task.IsCompletedSuccessfully ? await ended.Task.ConfigureAwait(false)
            : null;
    }

    private async Task Take(MqttApplicationMessageReceivedEventArgs arguments)
    {
        var message = arguments.ApplicationMessage;
        if (Topics.GatewayOf(message.Topic) is not { } from)
        {
            MessageRefused(log, message.Topic, "it is no gateway's topic", Interlocked.Increment(ref refused));
        }
        else if (message.Topic == Topics.State(from))
        {
            if (!presence.Note(from, message.Payload.ToArray()))
            {
                MessageRefused(log, message.Topic, "it is neither online nor offline", Interlocked.Increment(ref refused));
            }
        }
        else if (message.Topic == Topics.Up(from))
        {
            arguments.AutoAcknowledge = false;
            var bytes = message.Payload.ToArray(); // The client reuses its buffer after this call.
            try
            {
                // Judged from now on, before the queue is waited for: the order of the calls is the order of the gateway's statements.
                await pending.Writer.WriteAsync(new(arguments, from, accept(from, bytes, stop.Token)), stop.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return; // Not acknowledged: the broker sends it again.
            }
        }
        else
        {
            MessageRefused(log, message.Topic, "the ledger does not listen there", Interlocked.Increment(ref refused));
        }
    }

    private async Task Answer(CancellationToken cancellation)
    {
        try
        {
            await foreach (var item in pending.Reader.ReadAllAsync(cancellation).ConfigureAwait(false))
            {
                // Whatever the intake throws is the ledger's own trouble and goes up; whatever the wire throws ends this connection only.
                var answer = await item.Answer.WaitAsync(cancellation).ConfigureAwait(false);
                if (!await TrySend(item, answer, cancellation).ConfigureAwait(false))
                {
                    return;
                }
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested || stop.IsCancellationRequested)
        {
            // F-60: the connection ended while a round was in work. The judgement hears of it before the linked token does; taken for a
            // trouble of the intake, it stopped the whole ledger. Not acknowledged: the broker, or the gateway, sends it again.
            return;
        }
    }

    private async Task<bool> TrySend(Pending item, Downlink answer, CancellationToken cancellation)
    {
        try
        {
            var sent = await client.PublishAsync(
                new MqttApplicationMessage
                {
                    Topic = Topics.Down(item.From),
                    Payload = new ReadOnlySequence<byte>(answer.Encode()),
                    QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce,
                },
                cancellation).ConfigureAwait(false);
            if (sent.ReasonCode is not (MqttClientPublishReasonCode.Success or MqttClientPublishReasonCode.NoMatchingSubscribers))
            {
                AnswerRefused(log, item.From, sent.ReasonCode);
            }

            // Only now: the answer is durable in the log, and on its way. A gateway that is gone asks again and gets the same.
            await item.Message.AcknowledgeAsync(cancellation).ConfigureAwait(false);
            return true;
        }
        catch (Exception fault) when (fault is MqttCommunicationException or IOException or InvalidOperationException)
        {
            AnswerInterrupted(log, broker.ToString(), fault.Message);
            return false;
        }
    }

    private async Task Leave()
    {
        try
        {
            if (client.IsConnected)
            {
                using var deadline = new CancellationTokenSource(options.Timeout, clock);
                await client.DisconnectAsync(
                    new MqttClientDisconnectOptionsBuilder().WithSessionExpiryInterval(MqttIntake.SessionExpirySeconds).Build(),
                    deadline.Token).ConfigureAwait(false);
            }
        }
        catch (Exception fault) when (fault
            is MqttCommunicationException or OperationCanceledException or IOException or InvalidOperationException)
        {
            AnswerInterrupted(log, broker.ToString(), fault.Message);
        }
    }

    private MqttClientOptions ClientOptions()
    {
        var builder = new MqttClientOptionsBuilder()
            .WithProtocolVersion(MqttProtocolVersion.V500)
            .WithClientId(AuthorityFolder.LedgerName)
            .WithTcpServer(broker.Host, broker.Port)
            .WithCleanStart(false)
            .WithSessionExpiryInterval(MqttIntake.SessionExpirySeconds)
            .WithKeepAlivePeriod(TimeSpan.FromSeconds(30))
            .WithTimeout(options.Timeout)
            .WithMaximumPacketSize(Uplink.LengthMax + 4_096)
            .WithReceiveMaximum((ushort)options.InFlightMax);
        return (broker.Tls ? builder.WithTlsOptions(Tls) : builder).Build();
    }

    private void Tls(MqttClientTlsOptionsBuilder tls) => tls
        .UseTls()
        .WithSslProtocols(SslProtocols.Tls12 | SslProtocols.Tls13)
        .WithTargetHost(broker.Host)
        .WithClientCertificates([keys.Client])
        .WithRevocationMode(System.Security.Cryptography.X509Certificates.X509RevocationMode.NoCheck)
        .WithCertificateValidationHandler(shown =>
        {
            verdict = PinnedTls.Fault(shown.Certificate, keys.Authority, TlsEnd.Server, broker.Host, clock.GetUtcNow());
            return verdict is null;
        });

    private readonly record struct Pending(MqttApplicationMessageReceivedEventArgs Message, GatewayId From, Task<Downlink> Answer);

    [LoggerMessage(2301, LogLevel.Warning, "A message on {Topic} is not taken: {Problem} ({Count} since the connection began).")]
    private static partial void MessageRefused(ILogger log, string topic, string problem, long count);

    [LoggerMessage(2302, LogLevel.Error, "The broker does not take the answer to {Gateway}: {Reason}. Correct the broker's access rules.")]
    private static partial void AnswerRefused(ILogger log, GatewayId gateway, MqttClientPublishReasonCode reason);

    [LoggerMessage(2303, LogLevel.Information,
        "Answering over {Broker} was interrupted: {Reason} The broker sends again what was not acknowledged.")]
    private static partial void AnswerInterrupted(ILogger log, string broker, string reason);
}
