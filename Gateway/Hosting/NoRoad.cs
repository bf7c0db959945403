using Anchoring;
using Evidence;

namespace Gateway.Hosting;

/// <summary>The link of a gateway that cannot have one: it records and seals, nothing is sent, and status says why.</summary>
/// <param name="reason">What is wrong and the next step, in sentences.</param>
/// <remarks>F-152: a harmed enrolment or TLS key must not cost readings, as long as the journal knows the manifest.</remarks>
internal sealed class NoRoad(string reason) : ILedgerLink
{
    public LinkState State => new(Connected: false, Connection: 0, SinceUnixMs: 0, Peer: "the ledger", LastError: reason);

    public bool TrySend(Digest statement, ReadOnlyMemory<byte> uplink) => false;

    public bool TryReceive(out LinkNews news)
    {
        news = default;
        return false;
    }
}
