using System.Collections.Immutable;
using System.Security.Cryptography;
using Evidence;
using Evidence.Log;

namespace Gateway.Benchmarks;

/// <summary>One authority and the gateways it has enrolled, each with its own key and chain, made by Evidence itself.</summary>
internal sealed class BenchFleet : IDisposable
{
    private const string Origin = "log.example/bench";

    public ECDsa Authority { get; } = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public NoteSigner LogKey { get; } = NoteSigner.FromSeed(Origin, SignatureType.Ed25519, RandomNumberGenerator.GetBytes(32));

    public NoteSigner ClockKey { get; } =
        NoteSigner.FromSeed(Origin + "/clock", SignatureType.Cosignature, RandomNumberGenerator.GetBytes(32));

    /// <summary>Trusts this log and its clock, and no witness: what `ledger authority init` writes.</summary>
    public VerifierPolicy Policy => new([new("benchmark", PublicKey.Of(Authority))],
        $"log {LogKey.Verifier}\nwitness clock {ClockKey.Verifier}\nquorum clock\n", 24 * 3_600_000, 48 * 3_600_000);

    /// <summary>Enrols a gateway and gives its manifest.</summary>
    public (Manifest Manifest, Statement Statement) Enrol(GatewayId gateway, PublicKey key, int channels, int intervalMs, long startMs)
    {
        var probes = Enumerable.Range(0, channels).Select(i => new ManifestChannel($"shelf {i + 1}", $"TMP117-{i:0000}",
            new(2_000), new(8_000), intervalMs, Digest.Of([(byte)i]), startMs + (400L * 86_400_000),
            Digest.FromBytes(RandomNumberGenerator.GetBytes(Digest.Length)))).ToImmutableArray();
        var manifest = new Manifest(gateway, key, 0, startMs - 3_600_000, probes, default, default, GatewayTraits.SoftwareKey);
        return (manifest, manifest.Sign("authority:benchmark", Authority));
    }

    public void WriteKeys(string directory)
    {
        Directory.CreateDirectory(directory);
        File.WriteAllText(Path.Combine(directory, "log.key"), LogKey.ToPrivateKeyText() + "\n");
        File.WriteAllText(Path.Combine(directory, "clock.key"), ClockKey.ToPrivateKeyText() + "\n");
        File.WriteAllBytes(Path.Combine(directory, "policy.json"), Policy.ToJson());
    }

    public void Dispose()
    {
        Authority.Dispose();
        LogKey.Dispose();
        ClockKey.Dispose();
    }
}
