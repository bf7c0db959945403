using System.Collections.Immutable;
using System.Security.Cryptography.X509Certificates;
using Evidence;

namespace Anchoring;

/// <summary>How a gateway reaches its ledger.</summary>
/// <param name="Gateway">Whose link it is; client id and topics follow from it.</param>
/// <param name="Brokers">1 to 8, tried in turn.</param>
/// <param name="Certificate">The TLS client certificate with its private key, CN = identity; null only when no broker uses TLS.</param>
/// <param name="Authority">The only authority whose brokers are trusted; null only when no broker uses TLS.</param>
public sealed record LinkOptions(GatewayId Gateway, ImmutableArray<BrokerAddress> Brokers, X509Certificate2? Certificate,
    X509Certificate2? Authority)
{
    /// <summary>Plain TCP to brokers with mqtt:// addresses. Default false; the log complains at every start when it is true and
    /// used.</summary>
    public bool AllowPlainTcp { get; init; }

    /// <summary>Most messages waiting to be sent. Default 64; when full, the outbox keeps them and offers again.</summary>
    public int OutgoingMax { get; init; } = 64;

    /// <summary>Most messages sent and not yet acknowledged. Default 8: enough to fill an LTE round trip, little enough to repeat after
    /// a cut.</summary>
    public int InFlightMax { get; init; } = 8;

    /// <summary>Most news waiting for the core. Default 256; when full, the newest is dropped, and the ledger answers again when asked
    /// again.</summary>
    public int InboxMax { get; init; } = 256;

    /// <summary>Longest time for one connection attempt and for one acknowledgement. Default 20 s.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Silence after which the connection is probed. Default 60 s; the broker notices a vanished truck after 90 s.</summary>
    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long the broker keeps answers for an absent gateway. Default 7 days.</summary>
    public TimeSpan SessionExpiry { get; init; } = TimeSpan.FromDays(7);

    /// <summary>First pause after a failure; it doubles, with jitter, up to <see cref="BackoffMax"/>. Default 1 s.</summary>
    public TimeSpan BackoffMin { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Longest pause between attempts. Default 5 minutes; attempts never end.</summary>
    public TimeSpan BackoffMax { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>What is wrong with the options, one sentence each; empty when nothing is.</summary>
    public ImmutableArray<string> Problems()
    {
        var problems = ImmutableArray.CreateBuilder<string>();
        if (Brokers.IsDefaultOrEmpty || Brokers.Length > Enrolment.BrokersMax)
        {
            problems.Add($"The link needs 1 to {Enrolment.BrokersMax} brokers.");
            return problems.ToImmutable();
        }

        problems.AddRange(Brokers.Where(broker => !broker.Tls && !AllowPlainTcp)
            .Select(broker =>
                $"{broker} is plain TCP, which anyone on the way can read and cut. Use mqtts://, or allow plain TCP explicitly."));
        if (Brokers.Any(broker => broker.Tls) && (Certificate is not { HasPrivateKey: true } || Authority is null))
        {
            problems.Add("TLS needs the client certificate with its private key, and the authority's certificate. Enrol the gateway: "
                + "gateway enrol accept FILE.");
        }
        else if (Certificate is { } certificate && PinnedTls.CommonName(certificate) != Gateway.ToString())
        {
            problems.Add($"The client certificate is for {certificate.Subject}, not for CN={Gateway}; a broker would refuse every "
                + $"message.");
        }

        if (OutgoingMax < 1 || InFlightMax < 1 || InboxMax < 1 || Timeout <= TimeSpan.Zero || BackoffMin <= TimeSpan.Zero
            || BackoffMax < BackoffMin)
        {
            problems.Add("Queues hold at least one message, times are positive, and the longest pause is not below the first.");
        }

        return problems.ToImmutable();
    }
}
