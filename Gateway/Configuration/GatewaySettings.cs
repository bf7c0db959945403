using System.Collections.Immutable;
using System.Net;
using Evidence;
using Sensors;

namespace Gateway.Configuration;

/// <summary>All that an operator may decide about one gateway, checked: an object of this type has no problems left.</summary>
/// <param name="DataDirectory">Where journal, store, key and enrolment live. Default /var/lib/coldproof-gateway.</param>
/// <param name="IntervalMs">Time from one round of readings to the next, 1,000 to 3,600,000 ms; default 60,000. Enrolment fixes it in the
/// manifest.</param>
/// <param name="DeadlineMs">How long a round may wait for its probes, 100 to 30,000 ms; default 2,000.</param>
/// <param name="SealAgeMaxSeconds">Longest time a batch stays open, 10 to 3,600 s; default 300. Bounds what a thief of the gateway could
/// rewrite.</param>
/// <param name="LeavesMax">A batch is sealed at this many leaves, 256 to 16,384; default 4,096.</param>
/// <param name="Probes">The probes with their limits, by channel.</param>
/// <param name="Brokers">mqtts://host:port of the brokers in order of preference; empty (the default) takes those of the enrolment.</param>
/// <param name="AllowPlainTcp">Whether mqtt:// without TLS may be used; default false.</param>
/// <param name="Listen">Where the local status page listens; default 127.0.0.1:8480.</param>
/// <param name="OtlpEndpoint">Where metrics are pushed by OTLP; null (the default) pushes nothing: LTE is metered.</param>
public sealed record GatewaySettings(string DataDirectory, int IntervalMs, int DeadlineMs, int SealAgeMaxSeconds, int LeavesMax,
    ImmutableArray<ConfiguredProbe> Probes, ImmutableArray<BrokerAddress> Brokers, bool AllowPlainTcp, IPEndPoint Listen,
        Uri? OtlpEndpoint)
{
    /// <summary>What journal and batch store may take together, in megabytes, 50 to 1,000,000; default 1,000. Beyond it the oldest month of
    /// anchored batches is removed. What is not anchored never is.</summary>
    public int BudgetMegabytes { get; init; } = 1_000;

    /// <summary>How long after a start signing waits for the ledger's word, 0 to 604,800 s; default 300: a rolled-back card in coverage then
    /// signs nothing. Recording never waits.</summary>
    public int WordPatienceSeconds { get; init; } = 300;
}

/// <summary>A probe and the limits between which its temperature is in range, both inclusive.</summary>
/// <param name="Probe">Where it hangs, which chip it is, its certificate.</param>
/// <param name="Low">Lowest temperature in range; default 2.000 °C.</param>
/// <param name="High">Highest temperature in range; default 8.000 °C.</param>
public sealed record ConfiguredProbe(ProbeSettings Probe, MilliCelsius Low, MilliCelsius High);
