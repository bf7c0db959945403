using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Evidence;
using Ledger.Hosting;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Benchmarks;

/// <summary>How fast a real ledger takes in what trucks bring after days offline, against what no ledger here can avoid.</summary>
internal static class IntakeBenchmark
{
    private const int Trucks = 16;
    private const int BatchesEach = 64;
    private const int Rounds = 30;
    private const int Channels = 8;
    private const int Batches = Trucks * BatchesEach;

    public static int Run(string[] arguments)
    {
        var directory = Directory.CreateTempSubdirectory("coldproof-intake-");
        try
        {
            return Measure(directory.FullName).GetAwaiter().GetResult();
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static async Task<int> Measure(string directory)
    {
        using var fleet = new BenchFleet();
        fleet.WriteKeys(Path.Combine(directory, "keys"));
        var warmUp = Enumerable.Range(0, 4).Select(_ => Make(fleet)).ToArray();
        var trucks = Enumerable.Range(0, Trucks).Select(_ => Make(fleet)).ToArray();
        var (data, keys) = (Path.Combine(directory, "data"), Path.Combine(directory, "keys"));
        double ours;
        await using (var core = LedgerCore.Open(data, keys, TimeProvider.System, NullLoggerFactory.Instance))
        {
            await Upload(core, warmUp);
            ours = await Upload(core, trucks);
        }

        var (body, openedMs, manifest) = trucks[0].Sample;
        var tree = Machine.Time(51,
            () => BatchTree.Root(BatchLeaves.Hashes(BatchLeaves.Build(body, openedMs, manifest.Channels)).AsSpan()));
        var one = Raw(directory, perFlush: 1);
        var pooled = Raw(directory, perFlush: 256);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"intake: {Batches} batches of {Rounds * Channels} readings from {Trucks} trucks at once: {ours:0} batches/s, "
            + $"each durable (SQLite WAL FULL, log files and directories fsynced, many batches a round, "
            + $"{new DriveInfo(directory).DriveFormat}) before its receipt"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"intake: raw, on {Environment.ProcessorCount} cores: one ES256 verification and one fsync a batch: {one:0}/s, "
            + $"ratio {ours / one:0.00}; one fsync for 256 verifications: {pooled:0}/s, ratio {ours / pooled:0.00}"));
        Console.WriteLine($"intake: of it, what the raw rate leaves out, rebuilding one batch's {body.LeafCount} leaves and root: "
            + $"{Machine.Ms(tree)} of one core");
        return 0;
    }

    private static BenchTruck Make(BenchFleet fleet) => BenchTruck.Make(fleet, Channels, 10_000, BatchesEach, Rounds);

    private static async Task<double> Upload(LedgerCore core, BenchTruck[] trucks)
    {
        foreach (var truck in trucks)
        {
            Logged(await core.Intake.Accept(truck.Id, truck.Manifest.Encode(), CancellationToken.None));
        }

        var messages = trucks.Select(truck => truck.Batches.Select(batch => batch.Encode()).ToArray()).ToArray();
        var start = Stopwatch.GetTimestamp();
        var answers = await Task.WhenAll(Enumerable.Range(0, trucks.Length * BatchesEach).Select(i =>
            core.Intake.Accept(trucks[i % trucks.Length].Id, messages[i % trucks.Length][i / trucks.Length], CancellationToken.None)));
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        Array.ForEach(answers, Logged);
        return answers.Length / seconds;
    }

    private static void Logged(Downlink answer)
    {
        if (answer.Receipt is null)
        {
            throw new InvalidOperationException($"The ledger refuses a statement: {answer.Words}");
        }
    }

    /// <summary>The peer: every core verifies a signature a batch and syncs 4 KiB written over zeroes, over and over.</summary>
    private static double Raw(string directory, int perFlush)
    {
        const int batches = 2_048;
        var cores = Environment.ProcessorCount;
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var message = RandomNumberGenerator.GetBytes(300);
        var signature = key.SignData(message, HashAlgorithmName.SHA256);
        var parameters = key.ExportParameters(false);
        var page = RandomNumberGenerator.GetBytes(4_096);
        var files = Enumerable.Range(0, cores).Select(core =>
        {
            var file = File.OpenHandle(Path.Combine(directory, $"raw-{core}-{perFlush}"), FileMode.CreateNew, FileAccess.Write);
            RandomAccess.Write(file, new byte[4_096 * (batches / cores)], 0);
            RandomAccess.FlushToDisk(file);
            return file;
        }).ToArray();
        var start = Stopwatch.GetTimestamp();
        Parallel.For(0, cores, new ParallelOptions { MaxDegreeOfParallelism = cores }, core =>
        {
            using var verifier = ECDsa.Create(parameters);
            for (var i = 0; i < batches / cores; i++)
            {
                if (!verifier.VerifyData(message, signature, HashAlgorithmName.SHA256))
                {
                    throw new InvalidOperationException("A good signature does not verify.");
                }

                RandomAccess.Write(files[core], page, i * 4_096L);
                if (i % perFlush == perFlush - 1)
                {
                    RandomAccess.FlushToDisk(files[core]);
                }
            }
        });
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        foreach (var file in files)
        {
            file.Dispose();
        }

        return batches / seconds;
    }
}
