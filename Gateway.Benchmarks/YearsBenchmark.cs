using System.Collections.Concurrent;
using System.Globalization;
using Gateway.Tests.Simulation;

namespace Gateway.Benchmarks;

/// <summary>Simulated years, each from one seed, over all cores: `years [N] [--from SEED]`. Without a number, one.</summary>
internal static class YearsBenchmark
{
    public static int Run(string[] args)
    {
        var count = args.Length > 0 && int.TryParse(args[0], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 1;
        var from = Array.IndexOf(args, "--from") is >= 0 and var at && at + 1 < args.Length
            ? ulong.Parse(args[at + 1].Replace("0x", "", StringComparison.Ordinal), NumberStyles.HexNumber, CultureInfo.InvariantCulture) : 1;
        var tallies = new ConcurrentBag<YearTally>();
        var failed = new ConcurrentBag<string>();
        var running = new ConcurrentDictionary<ulong, double>();
        using var bar = new Timer(_ => Draw(tallies.Count, count, running), null, 1_000, 1_000);
        Parallel.For(0, count, new() { MaxDegreeOfParallelism = Environment.ProcessorCount }, i =>
        {
            var seed = unchecked(from + (ulong)i);
            using var world = new TruckWorld(seed);
            world.Drive(TimeSpan.FromDays(365), done => running[seed] = done);
            if (world.Violations.Count == 0)
            {
                world.RepairAndFinish();
            }

            running.TryRemove(seed, out var _);
            tallies.Add(world.Tally);
            if (world.Violations.Count > 0)
            {
                Console.Error.WriteLine($"\nFAILED  {world.Rerun}\n    {world.Violations[0]}"); // At once: a long run may be ended early.
                failed.Add(world.Rerun + "\n    " + string.Join("\n    ", world.Violations.Take(3)));
            }
        });
        Console.Error.WriteLine();
        Print(tallies, failed);
        return failed.IsEmpty ? 0 : 1;
    }

    private static void Draw(int done, int count, ConcurrentDictionary<ulong, double> running)
    {
        var share = Math.Min(1, (done + running.Values.Sum()) / count);
        var full = (int)(share * 30);
        Console.Error.Write($"\r[{new string('#', full)}{new string('.', 30 - full)}] {done} of {count} years");
    }

    private static void Print(ConcurrentBag<YearTally> tallies, ConcurrentBag<string> failed)
    {
        foreach (var line in failed)
        {
            Console.WriteLine("FAILED  " + line);
        }

        Console.WriteLine($"years                {tallies.Count}, {failed.Count} of them with a violation");
        Console.WriteLine($"readings recorded    {tallies.Sum(tally => tally.Readings):N0}, {tallies.Sum(tally => tally.Temperatures):N0} with a temperature");
        Console.WriteLine($"batches, checkpoints {tallies.Sum(tally => tally.Batches):N0}, {tallies.Sum(tally => tally.Checkpoints):N0}");
        Console.WriteLine($"readings lost        {tallies.Sum(tally => tally.Lost):N0}");
        Console.WriteLine($"readings invented    {tallies.Sum(tally => tally.Invented):N0}");
        Console.WriteLine($"unexplained minutes  {tallies.Sum(tally => tally.UnexplainedMinutes):N0}");
        foreach (var kind in Enum.GetValues<FaultKind>())
        {
            Console.WriteLine($"  {kind,-18} {tallies.Sum(tally => tally.Faults.GetValueOrDefault(kind)):N0}");
        }
    }
}
