using System.Security.Cryptography;
using Evidence;

namespace Gateway.Benchmarks;

/// <summary>One enrolled gateway and what it uploads, made before any clock runs.</summary>
/// <param name="Id">Its identity.</param>
/// <param name="Manifest">The message that enrols it in the log.</param>
/// <param name="Batches">Its batches' messages, in order.</param>
/// <param name="Sample">A batch's body and limits, for whoever wants to rebuild the tree.</param>
internal sealed record BenchTruck(GatewayId Id, Uplink Manifest, Uplink[] Batches,
    (BatchBody Body, long OpenedMs, Manifest Manifest) Sample)
{
    public const long StartMs = 1_767_225_600_000; // 2026-01-01T00:00:00Z

    public static BenchTruck Make(BenchFleet fleet, int channels, int intervalMs, int batches, int rounds)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var id = GatewayId.FromBytes(RandomNumberGenerator.GetBytes(GatewayId.Length));
        var (manifest, statement) = fleet.Enrol(id, PublicKey.Of(key), channels, intervalMs, StartMs);
        var fridge = new BenchFridge(channels);
        var previous = default(Digest);
        var messages = new Uplink[batches];
        var sample = default((BatchBody, long, Manifest));
        for (var number = 0; number < batches; number++)
        {
            var first = (long)number * rounds;
            var opened = StartMs + (first * intervalMs);
            var read = Enumerable.Range(0, rounds).Select(_ => fridge.Round()).ToArray();
            var body = new BatchBody([.. RandomNumberGenerator.GetBytes(32)],
                [.. Enumerable.Range(0, rounds).Select(i => opened + ((long)i * intervalMs))],
                [.. Enumerable.Range(0, channels).Select(c => new BodyChannel(first, [.. read.Select(round => round[c])]))], []);
            var hashes = BatchLeaves.Hashes(BatchLeaves.Build(body, opened, manifest.Channels));
            var header = new BatchHeader(manifest.Gateway, number, previous, statement.PayloadDigest, opened,
                opened + ((long)rounds * intervalMs) - 1, new(ClockTrust.Ntp, 5, 1, 10_000 + (first * intervalMs)), default, hashes.Length,
                channels, BatchTree.Root(hashes.AsSpan()));
            var signed = Statement.Sign(StatementKind.Batch, Statement.IssuerOf(manifest.Gateway), header.Encode(), key);
            previous = signed.PayloadDigest;
            messages[number] = new(signed.Bytes, [.. body.Encode()]);
            sample = (body, opened, manifest);
        }

        return new(manifest.Gateway, new(statement.Bytes, null), messages, sample);
    }
}

/// <summary>Temperatures of a good fridge: each probe wanders by up to two of the chip's steps a round, between 3 and 7 °C.</summary>
internal sealed class BenchFridge(int channels)
{
    private readonly Random random = new(20_261_123); // Seeded: every run of a benchmark stores and sends the same readings.
    private readonly int[] codes = [.. Enumerable.Range(0, channels).Select(channel => 600 + (10 * channel))];

    public BatchSample[] Round()
    {
        var samples = new BatchSample[codes.Length];
        for (var i = 0; i < codes.Length; i++)
        {
            codes[i] = Math.Clamp(codes[i] + random.Next(-2, 3), 384, 896);
            samples[i] = new(Outcome.Measured, new MilliCelsius(codes[i] * 125 / 16), codes[i]);
        }

        return samples;
    }
}
