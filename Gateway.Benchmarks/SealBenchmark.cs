using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using Evidence;

namespace Gateway.Benchmarks;

/// <summary>What the truck does every five minutes: 256 leaves salted and hashed, the root, one signature.</summary>
internal static class SealBenchmark
{
    public static int Run(string[] arguments)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var start = 1_767_225_600_000L;
        var channels = Enumerable.Range(0, 8).Select(i => new ManifestChannel($"place {i}", $"S-{i}", new(2_000), new(8_000), 10_000,
            default, null, Digest.Of([(byte)i]))).ToImmutableArray();
        var times = Enumerable.Range(0, 30).Select(i => start + (i * 10_000L)).ToImmutableArray();
        var body = new BatchBody([.. RandomNumberGenerator.GetBytes(32)], times,
            [.. channels.Select((_, c) => new BodyChannel(0, [.. times
                .Select((_, i) => new BatchSample(Outcome.Measured, new MilliCelsius(5_000 + (c * 100) + i), 640 + i))]))], []);
        var gateway = new GatewayId(new Guid(RandomNumberGenerator.GetBytes(16)));
        var seal = Machine.Time(51, () =>
        {
            var hashes = BatchLeaves.Hashes(BatchLeaves.Build(body, start, channels));
            var header = new BatchHeader(gateway, 0, default, default, start, times[^1], new(ClockTrust.Ntp, 0, 1, 0), default,
                hashes.Length, 8,
                BatchTree.Root(hashes.AsSpan()));
            Statement.Sign(StatementKind.Batch, Statement.IssuerOf(gateway), header.Encode(), key);
        });
        var bare = Machine.Time(51, () => key.SignData(new byte[182], HashAlgorithmName.SHA256));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"seal: {body.LeafCount} leaves: {Machine.Ms(seal)}; one bare ES256 signature: {Machine.Ms(bare)}; ratio "
                + $"{seal.Median / bare.Median:0.0}; not durable, the journal's part is measured elsewhere"));
        return 0;
    }
}
