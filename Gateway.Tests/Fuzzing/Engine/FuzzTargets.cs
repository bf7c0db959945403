using Gateway.Tests.Evidence;

namespace Gateway.Tests.Fuzzing;

/// <summary>All readers of untrusted bytes of all rooms.</summary>
public sealed class FuzzTargets : IDisposable
{
    private readonly GatewayTargets gateway = new();
    private readonly AnchoringTargets anchoring;
    private readonly LedgerTargets ledger;

    public FuzzTargets(TestTruck truck)
    {
        anchoring = new(truck);
        ledger = new(truck);
        All = [.. EvidenceTargets.All(truck), .. anchoring.All, .. gateway.All, .. ledger.All];
    }

    /// <summary>The names of all targets, in order.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        "leaf", "event detail", "batch header", "opening", "manifest", "revocation", "statement", "column", "batch body", "partial tree",
        "sibling path", "signed note", "checkpoint", "tlog proof", "link between heads", "receipt", "beacon", "tlog policy", "verifier key",
        "entry bundle", "tile path", "bundle", "bundle's form", "verifier policy", "software release", "withdrawal", "release file", "saved page", "uplink", "downlink", "topic",
        "broker address", "enrolment request", "enrolment", "journal segment", "journal records", "absence book", "signed mark",
        "answer at the gateway", "settings file", "settings in the environment", "export window", "status text", "logger file", "file with evidence",
        "window of a link", "ledger's settings", "message at the ledger", "page of the ledger"
    ];

    public IReadOnlyList<FuzzTarget> All { get; }

    /// <summary>A trip with everything in it that a bundle may show.</summary>
    public static TestTruck MakeTruck()
    {
        var truck = new TestTruck(channels: 2);
        truck.Seal(5);
        truck.Seal(5, (round, channel) => round == 2 ? null : 4_000 + (round * 700) + channel);
        truck.Seal(3, events: truck.PowerCut(600_000));
        truck.Seal(0);
        truck.Seal(4, (round, _) => 9_000 - round);
        return truck;
    }

    /// <summary>Earlier findings of one target, as they lie in a folder; empty when there are none.</summary>
    public static IEnumerable<byte[]> Kept(string folder, string name)
    {
        var own = Path.Combine(folder, name.Replace(' ', '-').Replace("'", "", StringComparison.Ordinal));
        return Directory.Exists(own) ? Directory.EnumerateFiles(own).Order(StringComparer.Ordinal).Select(File.ReadAllBytes) : [];
    }

    public void Dispose()
    {
        gateway.Dispose();
        anchoring.Dispose();
        ledger.Dispose();
    }
}
