using System.Collections.Immutable;
using System.Net;
using Evidence;

namespace Ledger.Wire;

/// <summary>Judges one message of a gateway; the task ends when the answer may be sent.</summary>
/// <param name="from">Whose topic it came on, which the broker holds to the certificate.</param>
public delegate Task<Downlink> AcceptUplink(GatewayId from, ReadOnlyMemory<byte> uplink, CancellationToken cancellation);

/// <summary>How the ledger reaches its gateways.</summary>
public sealed record WireOptions
{
    /// <summary>The brokers that gateways use; the ledger listens at all of them. May be empty with <see cref="EmbeddedPort"/>.</summary>
    public ImmutableArray<BrokerAddress> Brokers { get; init; } = [];

    /// <summary>Directory with ca.crt, ledger.crt and ledger.key; with the embedded broker server.crt and server.key too.</summary>
    public required string Keys { get; init; }

    /// <summary>Port of a broker hosted in this process, 1 to 65,535; null for none.</summary>
    public int? EmbeddedPort { get; init; }

    /// <summary>Where the embedded broker listens. Default 127.0.0.1.</summary>
    public IPAddress EmbeddedBind { get; init; } = IPAddress.Loopback;

    /// <summary>Plain TCP to brokers with mqtt:// addresses. Default false; the log complains at every start when it is true and
    /// used.</summary>
    public bool AllowPlainTcp { get; init; }

    /// <summary>Most messages taken and not yet answered, for each broker. Default 64.</summary>
    public int InFlightMax { get; init; } = 64;

    /// <summary>Longest time for one connection attempt and one acknowledgement. Default 20 s.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Longest pause between attempts to connect. Default 1 minute; attempts never end.</summary>
    public TimeSpan BackoffMax { get; init; } = TimeSpan.FromMinutes(1);
}
