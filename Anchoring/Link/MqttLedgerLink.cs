using Evidence;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;

namespace Anchoring;

/// <summary>The way to the ledger over MQTT 5: QoS 1, a persistent session, TLS with both certificates, several brokers tried in
/// turn.</summary>
/// <remarks>
/// The link keeps nothing durable. PUBACK means delivered and no more; what has no receipt after a new connection is offered again by the
/// outbox. Attempts never end: after a failure the next broker is tried, with jittered pauses from <see cref="LinkOptions.BackoffMin"/>
/// doubling to
/// <see cref="LinkOptions.BackoffMax"/>; a broker that failed three times running is left out for a while.
/// </remarks>
public sealed partial class MqttLedgerLink : ILedgerLink
{
    /// <summary>A connection that ends sooner counts as a failure, so that a broker which accepts and drops is not asked again at
    /// once.</summary>
    private static readonly TimeSpan SessionMin = TimeSpan.FromSeconds(30);

    private readonly LinkOptions options;
    private readonly LinkQueues queues;
    private readonly TimeProvider clock;
    private readonly ILogger<MqttLedgerLink> log;
    private readonly ResiliencePipeline retry;
    private readonly ResiliencePipeline[] circuits;
    private readonly Lock gate = new();
    private LinkState state = new(false, 0, 0, "", "");
    private int turn;

    /// <param name="clock">The machine's clock, in a replay too: TLS, pauses and the state's times go by it.</param>
    /// <exception cref="ArgumentException">The options have problems; the message lists them.</exception>
    public MqttLedgerLink(LinkOptions options, TimeProvider clock, ILogger<MqttLedgerLink> log)
    {
        if (options.Problems() is { IsEmpty: false } problems)
        {
            throw new ArgumentException(string.Join(' ', problems), nameof(options));
        }

        (this.options, this.clock, this.log) = (options, clock, log);
        queues = new(options);
        retry = new ResiliencePipelineBuilder { TimeProvider = clock }.AddRetry(new RetryStrategyOptions
        {
            ShouldHandle = new PredicateBuilder().Handle<LinkBrokenException>().Handle<BrokenCircuitException>(),
            MaxRetryAttempts = int.MaxValue,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            Delay = options.BackoffMin,
            MaxDelay = options.BackoffMax,
        }).Build();
        circuits =
            [.. options.Brokers
                .Select(_ => new ResiliencePipelineBuilder { TimeProvider = clock }.AddCircuitBreaker(new CircuitBreakerStrategyOptions
        {
            ShouldHandle = new PredicateBuilder().Handle<LinkBrokenException>(),
            FailureRatio = 1,
            MinimumThroughput = 3,
            SamplingDuration = TimeSpan.FromMinutes(10),
            // A single broker has no better one to leave the time to: its pause is the retry's.
            BreakDuration = options.Brokers.Length > 1 ? TimeSpan.FromMinutes(1) : TimeSpan.FromMilliseconds(500),
        }).Build())];
    }

    public LinkState State
    {
        get
        {
            lock (gate)
            {
                return state;
            }
        }
    }

    public bool TrySend(Digest statement, ReadOnlyMemory<byte> uplink) =>
        uplink.Length <= Uplink.LengthMax ? State.Connected && queues.TrySend(new(statement, uplink))
            : throw new ArgumentException($"The uplink has {uplink.Length} bytes; at most {Uplink.LengthMax} are sent.", nameof(uplink));

    public bool TryReceive(out LinkNews news) => queues.TryReceive(out news);

    /// <summary>Connects and serves until cancelled; ends without an exception then. Expected trouble never ends it.</summary>
    public async Task Run(CancellationToken cancellation)
    {
        foreach (var broker in options.Brokers.Where(broker => !broker.Tls))
        {
            PlainTcp(log, broker.ToString());
        }

        try
        {
            while (!cancellation.IsCancellationRequested)
            {
                await retry.ExecuteAsync(Attempt, cancellation).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            Stopped(log);
        }
        finally
        {
            Become(false, State.Peer, State.LastError);
            queues.GiveBack();
        }
    }

    private async ValueTask Attempt(CancellationToken cancellation)
    {
        var place = turn % options.Brokers.Length;
        turn = (place + 1) % options.Brokers.Length;
        var broker = options.Brokers[place];
        await circuits[place].ExecuteAsync(token => Connect(place, broker, token), cancellation).ConfigureAwait(false);
    }

    private async ValueTask Connect(int place, BrokerAddress broker, CancellationToken cancellation)
    {
        using var session = new BrokerSession(options, broker, queues, clock, log);
        try
        {
            await session.Open(cancellation).ConfigureAwait(false);
        }
        catch (LinkBrokenException fault)
        {
            Become(false, broker.ToString(), fault.Message);
            Failed(log, broker.ToString(), fault.Message);
            throw;
        }

        var since = clock.GetTimestamp();
        Become(true, broker.ToString(), "");
        Connected(log, broker.ToString(), State.Connection);
        var reason = await session.Serve(cancellation).ConfigureAwait(false);
        Become(false, broker.ToString(), reason ?? "");
        queues.GiveBack();
        cancellation.ThrowIfCancellationRequested();
        Lost(log, broker.ToString(), reason ?? "");
        if (clock.GetElapsedTime(since) < SessionMin)
        {
            throw new LinkBrokenException(reason ?? "The connection ended at once.");
        }

        turn = place; // It served well: the same one again first.
    }

    private void Become(bool connected, string peer, string lastError)
    {
        lock (gate)
        {
            var since = connected != state.Connected || state.SinceUnixMs == 0 ? clock.GetUtcNow().ToUnixTimeMilliseconds()
                : state.SinceUnixMs;
            // A message that slips in after the end waits for the next connection, or is given back when Run ends.
            state = new(connected, state.Connection + (connected ? 1 : 0), since, peer, lastError);
        }
    }

    [LoggerMessage(3101, LogLevel.Information, "Connected to {Broker}, connection {Number}.")]
    private static partial void Connected(ILogger log, string broker, long number);

    [LoggerMessage(3102, LogLevel.Warning, "Not connected to {Broker}: {Reason}")]
    private static partial void Failed(ILogger log, string broker, string reason);

    [LoggerMessage(3103, LogLevel.Warning, "The connection to {Broker} ended: {Reason}")]
    private static partial void Lost(ILogger log, string broker, string reason);

    [LoggerMessage(3104, LogLevel.Warning,
        "{Broker} is plain TCP: anyone on the way can read, change and cut what is sent. Signatures still hold, secrecy does not. Use "
            + "mqtts://.")]
    private static partial void PlainTcp(ILogger log, string broker);

    [LoggerMessage(3105, LogLevel.Information, "The link to the ledger is closed.")]
    private static partial void Stopped(ILogger log);
}
