using Anchoring;
using Evidence;
using Ledger.Hosting;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Benchmarks;

/// <summary>A link that is a real ledger's intake, called at once: receipts are real, and only the road between is missing.</summary>
internal sealed class LedgerAtHand : ILedgerLink, IDisposable
{
    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("coldproof-ledger-");
    private readonly Queue<LinkNews> inbox = new();
    private readonly GatewayId gateway;
    private readonly LedgerCore core;

    public LedgerAtHand(BenchFleet fleet, GatewayId gateway)
    {
        this.gateway = gateway;
        var keys = Path.Combine(directory.FullName, "keys");
        fleet.WriteKeys(keys);
        core = LedgerCore.Open(Path.Combine(directory.FullName, "data"), keys, TimeProvider.System, NullLoggerFactory.Instance);
    }

    public LinkState State => new(Connected: true, Connection: 1, SinceUnixMs: BenchTruck.StartMs, Peer: "at hand", LastError: "");

    public bool TrySend(Digest statement, ReadOnlyMemory<byte> uplink)
    {
        var answer = core.Intake.Accept(gateway, uplink, CancellationToken.None).GetAwaiter().GetResult();
        inbox.Enqueue(new(LinkNewsKind.Delivered, statement, default));
        inbox.Enqueue(new(LinkNewsKind.Answer, default, answer.Encode()));
        return true;
    }

    public bool TryReceive(out LinkNews news) => inbox.TryDequeue(out news);

    public void Dispose()
    {
        core.DisposeAsync().AsTask().GetAwaiter().GetResult();
        directory.Delete(recursive: true);
    }
}
