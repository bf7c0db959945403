using System.Globalization;
using System.Security.Cryptography;
using Gateway.Tests.Fuzzing;

namespace Gateway.Benchmarks;

/// <summary>Bends the inputs of every reader of untrusted bytes, one after the other: `fuzz [--seconds 60] [--target NAME] [--seed 1]`; or
/// writes bent bundles with the C# verifier's answers for the other verifier: `fuzz --differential FILE [--count 10000]`.</summary>
/// <remarks>A finding is written to artifacts/fuzz/TARGET/ in the working directory; put it into Gateway.Tests/Golden/fuzz/TARGET/, where the
/// tests try it for ever.</remarks>
internal static class FuzzBenchmark
{
    public static int Run(string[] arguments)
    {
        string? Given(string name) => Array.IndexOf(arguments, name) is >= 0 and var at && at + 1 < arguments.Length ? arguments[at + 1] : null;
        var seed = ulong.Parse(Given("--seed") ?? "1", CultureInfo.InvariantCulture);
        if (Given("--differential") is { } file)
        {
            var count = long.Parse(Given("--count") ?? "10000", CultureInfo.InvariantCulture);
            using var writer = File.CreateText(file);
            Differential.Write(writer, seed, count);
            Console.WriteLine($"fuzz: {count:N0} bundles with their answers in {file}. Compare: node Verifier/test/differential.mjs {file}");
            return 0;
        }

        using var truck = FuzzTargets.MakeTruck();
        using var targets = new FuzzTargets(truck);
        var chosen = targets.All.Where(target => Given("--target") is not { } name || target.Name == name).ToList();
        if (chosen.Count == 0)
        {
            Console.Error.WriteLine($"fuzz: there is no target {Given("--target")}; there are: {string.Join(", ", targets.All.Select(target => target.Name))}.");
            return 2;
        }

        var each = TimeSpan.FromSeconds(double.Parse(Given("--seconds") ?? "60", CultureInfo.InvariantCulture) / chosen.Count);
        var (tried, found) = (0L, 0);
        Console.WriteLine($"fuzz: {"target",-28} {"inputs",12} {"accepted",11} {"answers",8} {"most allocated, of its bound",30} {"longest",10} findings");
        foreach (var target in chosen)
        {
            var fuzzer = new Fuzzer(target, seed, FuzzTargets.Kept(Path.Combine("Gateway.Tests", "Golden", "fuzz"), target.Name));
            var started = TimeProvider.System.GetTimestamp();
            while (TimeProvider.System.GetElapsedTime(started) < each)
            {
                fuzzer.Step();
            }

            tried += fuzzer.Tried;
            found += fuzzer.Findings.Count;
            var worst = target.IsUncounted ? "not counted" : string.Create(CultureInfo.InvariantCulture, $"{fuzzer.Worst.Allocated:N0} of {fuzzer.Worst.Bound:N0}");
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"fuzz: {target.Name,-28} {fuzzer.Tried,12:N0} {fuzzer.Accepted,11:N0} "
                + $"{fuzzer.Answers,8} {worst,30} {fuzzer.Longest.TotalMilliseconds,7:N0} ms {fuzzer.Findings.Count}"));
            foreach (var finding in fuzzer.Findings)
            {
                Keep(finding);
            }
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"fuzz: {tried:N0} inputs in {chosen.Count} targets, seed {seed}: {found} findings"));
        return found == 0 ? 0 : 1;
    }

    private static void Keep(FuzzFinding finding)
    {
        var folder = Directory.CreateDirectory(Path.Combine("artifacts", "fuzz", finding.Target.Replace(' ', '-').Replace("'", "", StringComparison.Ordinal)));
        var file = Path.Combine(folder.FullName, Convert.ToHexStringLower(SHA256.HashData(finding.Input))[..16] + ".bin");
        File.WriteAllBytes(file, finding.Input);
        Console.WriteLine($"fuzz: FOUND in {finding.Target}: {(finding.What.Length <= 600 ? finding.What : finding.What[..600])} Kept as {file}.");
    }
}
