using System.Globalization;
using System.Security.Cryptography;
using Evidence;
using Gateway.Tests.Evidence;

namespace Gateway.Benchmarks;

/// <summary>Three days of one channel of eight, ten seconds apart, sealed every five minutes: how long a stranger waits, and what they
/// download.</summary>
internal static class VerifyBenchmark
{
    private const int Batches = 864;
    private const int Rounds = 30;

    public static int Run(string[] arguments)
    {
        using var truck = new TestTruck(channels: 8, intervalMs: 10_000);
        for (var i = 0; i < Batches; i++)
        {
            truck.Seal(Rounds, (round, channel) => 5_000 + (100 * channel) + (((i * Rounds) + round) * 37 % 211));
        }

        var bundle = truck.Bundle();
        var policy = truck.Policy;
        var verdict = Verifier.Verify(bundle, policy);
        if (verdict.Word != VerdictWord.Verified || verdict.Channels[0].Readings.Length != Batches * Rounds)
        {
            Console.Error.WriteLine($"verify: the bundle does not verify: {verdict.Reason}");
            return 1;
        }

        if (arguments is ["--write", var folder])
        {
            Write(folder, bundle, policy);
        }

        var ours = Machine.Time(9, () => Verifier.Verify(bundle, policy));
        // The peer is what no verifier of these 864 headers can avoid: the same machine's bare ES256 verification, and two hashes a
        // reading.
        var key = PublicKey.Of(truck.GatewayKey);
        var message = truck.Batches[0].Statement.Payload.ToArray();
        var signature = truck.GatewayKey.SignData(message, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        var leaf = new byte[35];
        var bare = Machine.Time(9, () =>
        {
            for (var i = 0; i < Batches; i++)
            {
                key.Verify(message, signature);
            }

            for (var i = 0; i < 2 * Batches * Rounds; i++)
            {
                Digest.Of(leaf);
            }
        });
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"verify: {Batches} batches, {Batches * Rounds} readings: {Machine.Ms(ours)}; bare ES256 and SHA-256 of as many: "
                + $"{Machine.Ms(bare)}; ratio {ours.Median / bare.Median:0.00}"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"verify: bundle {bundle.Length} bytes of JSON, {(double)bundle.Length / (Batches * Rounds):0.0} a reading; in memory, "
                + $"nothing on disk"));
        return 0;
    }

    /// <summary>The same bundle, one of a single reading, and the policy, for the browser's benchmark (Verifier/test/browser/bench.mjs).</summary>
    private static void Write(string folder, byte[] bundle, VerifierPolicy policy)
    {
        Directory.CreateDirectory(folder);
        using var small = new TestTruck(intervalMs: 10_000);
        small.Seal(1);
        File.WriteAllBytes(Path.Combine(folder, "days.coldproof.json"), bundle);
        File.WriteAllBytes(Path.Combine(folder, "single.coldproof.json"), small.Bundle());
        File.WriteAllBytes(Path.Combine(folder, "days-policy.json"), policy.ToJson());
        File.WriteAllBytes(Path.Combine(folder, "single-policy.json"), small.Policy.ToJson());
    }
}
