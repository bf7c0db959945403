using Evidence;
using MQTTnet.Exceptions;
using Polly;
using Polly.Retry;

namespace Ledger.Wire;

/// <summary>How the ledger stands with one broker.</summary>
/// <param name="Broker">Its address.</param>
/// <param name="Connected">Whether uplinks can come in now.</param>
/// <param name="LastError">What went wrong last, in words; empty when nothing has.</param>
public readonly record struct IntakeState(string Broker, bool Connected, string LastError);

/// <summary>Takes every gateway's uplinks from one broker and sends the answers, for as long as the ledger runs.</summary>
public sealed partial class MqttIntake : BackgroundService
{
    /// <summary>How long the broker keeps uplinks for an absent ledger: 7 days.</summary>
    internal const uint SessionExpirySeconds = 7 * 24 * 3_600;

    private static readonly TimeSpan SessionMin = TimeSpan.FromSeconds(10);

    private readonly WireOptions options;
    private readonly BrokerAddress broker;
    private readonly WireKeys keys;
    private readonly AcceptUplink accept;
    private readonly PresenceBook presence;
    private readonly TimeProvider clock;
    private readonly ILogger<MqttIntake> log;
    private readonly ResiliencePipeline retry;
    private readonly Lock gate = new();
    private IntakeState state;

    /// <param name="clock">The machine's clock, in a replay too: TLS and pauses go by it.</param>
    public MqttIntake(WireOptions options, BrokerAddress broker, WireKeys keys, AcceptUplink accept, PresenceBook presence,
        TimeProvider clock,
        ILogger<MqttIntake> log)
    {
        (this.options, this.broker, this.keys, this.accept, this.presence, this.clock, this.log) =
            (options, broker, keys, accept, presence, clock, log);
        state = new(broker.ToString(), false, "");
        retry = new ResiliencePipelineBuilder { TimeProvider = clock }.AddRetry(new RetryStrategyOptions
        {
            ShouldHandle = new PredicateBuilder().Handle<MqttCommunicationException>(),
            MaxRetryAttempts = int.MaxValue,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            Delay = TimeSpan.FromMilliseconds(200),
            MaxDelay = options.BackoffMax,
        }).Build();
    }

    public IntakeState State
    {
        get
        {
            lock (gate)
            {
                return state;
            }
        }
    }

    /// <summary>Runs until cancelled. Trouble with the broker never ends it; an intake that cannot go on does.</summary>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!broker.Tls)
        {
            PlainTcp(log, broker.ToString());
        }

        try
        {
            while (!stoppingToken.IsCancellationRequested)
            {
                await retry.ExecuteAsync(async token => await Connect(token).ConfigureAwait(false), stoppingToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            Stopped(log, broker.ToString());
        }
        finally
        {
            Become(false, State.LastError);
        }
    }

    private async Task Connect(CancellationToken cancellation)
    {
        using var session = new IntakeSession(options, broker, keys, accept, presence, clock, log);
        try
        {
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            using var timer = clock.CreateTimer(given => ((CancellationTokenSource)given!).Cancel(), deadline, options.Timeout,
                Timeout.InfiniteTimeSpan);
            await session.Open(deadline.Token).ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is MqttCommunicationException or OperationCanceledException or IOException
            or System.Net.Sockets.SocketException or System.Security.Authentication.AuthenticationException or InvalidOperationException)
        {
            cancellation.ThrowIfCancellationRequested(); // Then it is no fault of the broker: the ledger stops.
            var words = session.Verdict ?? Innermost(fault);
            Become(false, words);
            Failed(log, broker.ToString(), words);
            throw fault as MqttCommunicationException ?? new MqttCommunicationException(words, fault);
        }

        var since = clock.GetTimestamp();
        Become(true, "");
        Connected(log, broker.ToString());
        var end = await session.Serve(cancellation).ConfigureAwait(false);
        cancellation.ThrowIfCancellationRequested();
        var reason = end?.Exception is { } cause ? Innermost(cause) : $"{end?.Reason} {end?.ReasonString}".TrimEnd();
        Become(false, reason);
        Lost(log, broker.ToString(), reason);
        if (clock.GetElapsedTime(since) < SessionMin)
        {
            throw new MqttCommunicationException(reason); // A broker that accepts and drops is not asked again at once.
        }
    }

    private static string Innermost(Exception fault)
    {
        while (fault.InnerException is { } inner)
        {
            fault = inner;
        }

        return fault.Message;
    }

    private void Become(bool connected, string lastError)
    {
        lock (gate)
        {
            state = new(broker.ToString(), connected, lastError);
        }
    }

    [LoggerMessage(2201, LogLevel.Information, "Connected to {Broker}.")]
    private static partial void Connected(ILogger log, string broker);

    [LoggerMessage(2202, LogLevel.Warning, "Not connected to {Broker}: {Reason}")]
    private static partial void Failed(ILogger log, string broker, string reason);

    [LoggerMessage(2203, LogLevel.Warning, "The connection to {Broker} ended: {Reason}")]
    private static partial void Lost(ILogger log, string broker, string reason);

    [LoggerMessage(2204, LogLevel.Warning, "{Broker} is plain TCP: anyone on the way can read, change and cut what is sent. Use mqtts://.")]
    private static partial void PlainTcp(ILogger log, string broker);

    [LoggerMessage(2205, LogLevel.Information, "No longer listening at {Broker}.")]
    private static partial void Stopped(ILogger log, string broker);
}
