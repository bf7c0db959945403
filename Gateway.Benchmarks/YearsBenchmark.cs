using System.Collections.Concurrent;
using System.Globalization;
using Gateway.Tests.Simulation;

namespace Gateway.Benchmarks;

/// <summary>Simulated years, or weeks of many faults, each from one seed: `years|weeks [N] [--from SEED] [--step N] [--with KIND] [--interval-ms MS]
/// [--cores N] [--for MINUTES] [--diary]`.</summary>
/// <remarks>Without a number, one; without --for, as long as they take: with it, no journey begins after that time. With --step 2 every second seed:
/// in worlds of odd ones signing waits for the ledger's word. With --with only those worlds in which this kind of fault exists. A seed that fails prints the line that runs it again and is written into the tests'
/// list of seeds.</remarks>
internal static class YearsBenchmark
{
    public static int Run(string[] args) => Run(args, isWeek: false);

    public static int RunWeeks(string[] args) => Run(args, isWeek: true);

    private static int Run(string[] args, bool isWeek)
    {
        var count = args.Length > 0 && int.TryParse(args[0], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 1;
        var from = WorldSeed.Parse(Option(args, "--from") ?? "0x1").Seed;
        var intervalMs = Number(args, "--interval-ms", TruckWorld.UsualIntervalMs);
        var step = (ulong)Number(args, "--step", 1);
        FaultKind? with = Option(args, "--with") is { } name ? Enum.Parse<FaultKind>(name) : null;
        var cores = Number(args, "--cores", Environment.ProcessorCount);
        var seeds = SeedList.Near(Directory.GetCurrentDirectory());
        using var patience = Option(args, "--for") is null ? new() : new CancellationTokenSource(TimeSpan.FromMinutes(Number(args, "--for", 0)));
        var tallies = new ConcurrentBag<YearTally>();
        var failed = new ConcurrentBag<string>();
        var running = new ConcurrentDictionary<ulong, double>();
        using var bar = new Timer(_ => Draw(isWeek ? "weeks" : "years", tallies.Count, count, failed.Count, running), null, 1_000, 1_000);
        var next = -1;
        void Drive(ulong seed)
        {
            using var world = new TruckWorld(new(seed, intervalMs, isWeek)) { Diary = args.Contains("--diary") ? Console.WriteLine : null };
            if (with is { } kind && !world.Kinds.Contains(kind))
            {
                return;
            }

            world.Drive(world.Length, done => running[seed] = done);
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
                seeds?.Keep(new(seed, intervalMs, isWeek), world.Violations[0]);
            }
        }

        // One after the other from the first seed on: what was run is a range, whenever it ends.
        Parallel.For(0, cores, new() { MaxDegreeOfParallelism = cores }, _ =>
        {
            while (!patience.IsCancellationRequested && Interlocked.Increment(ref next) is var i && i < count)
            {
                Drive(unchecked(from + ((ulong)i * step)));
            }
        });
        Console.Error.WriteLine();
        Print($"{(isWeek ? "weeks" : "years"),-20} {tallies.Count} from seed 0x{from:x}, every {step}., a round every {intervalMs / 1_000} s, {failed.Count} of them "
            + "with a violation", tallies, failed);
        return failed.IsEmpty ? 0 : 1;
    }

    private static string? Option(string[] args, string name) =>
        Array.IndexOf(args, name) is >= 0 and var at && at + 1 < args.Length ? args[at + 1] : null;

    private static int Number(string[] args, string name, int otherwise) =>
        Option(args, name) is { } text ? int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture) : otherwise;

    private static void Draw(string journeys, int done, int count, int failed, ConcurrentDictionary<ulong, double> running)
    {
        var share = Math.Min(1, (done + running.Values.Sum()) / count);
        var full = (int)(share * 30);
        Console.Error.Write($"\r[{new string('#', full)}{new string('.', 30 - full)}] {done} of {count} {journeys}, {failed} failed");
    }

    private static void Print(string what, ConcurrentBag<YearTally> tallies, ConcurrentBag<string> failed)
    {
        foreach (var line in failed)
        {
            Console.WriteLine("FAILED  " + line);
        }

        Console.WriteLine(what);
        Console.WriteLine($"readings recorded    {tallies.Sum(tally => tally.Readings):N0}, {tallies.Sum(tally => tally.Temperatures):N0} with a temperature");
        Console.WriteLine($"batches, checkpoints {tallies.Sum(tally => tally.Batches):N0}, {tallies.Sum(tally => tally.Checkpoints):N0}");
        Console.WriteLine($"readings lost        {tallies.Sum(tally => tally.Lost):N0}");
        Console.WriteLine($"readings invented    {tallies.Sum(tally => tally.Invented):N0}");
        Console.WriteLine($"unexplained minutes  {tallies.Sum(tally => tally.UnexplainedMinutes):N0}");
        Console.WriteLine($"excursions           {tallies.Sum(tally => tally.ExcursionsTrue):N0} true ones longer than 1.5 intervals: "
            + $"{tallies.Sum(tally => tally.ExcursionsFound):N0} found, {tallies.Sum(tally => tally.ExcursionsUnseen):N0} inside a declared outage; "
            + $"{tallies.Sum(tally => tally.Alarms):N0} alarms");
        Console.WriteLine($"swaps, settings      {tallies.Sum(tally => tally.Swaps):N0} probes swapped for another of their kind, "
            + $"{tallies.Sum(tally => tally.SettingChanges):N0} changes of settings, each told");
        Console.WriteLine($"cards put back       {tallies.Sum(tally => tally.Breaks):N0} breaks told, {tallies.Sum(tally => tally.BreaksShown):N0} windows over them checked; "
            + $"{tallies.Sum(tally => tally.Enrolments):N0} enrolments; {tallies.Sum(tally => tally.GoneWithCard):N0} rounds went with a card before the ledger had them");
        Console.WriteLine($"windows checked      {tallies.Sum(tally => tally.Windows):N0}, {tallies.Sum(tally => tally.WindowsVerified):N0} VERIFIED");
        foreach (var kind in Enum.GetValues<FaultKind>())
        {
            Console.WriteLine($"  {kind,-18} {tallies.Sum(tally => tally.Faults.GetValueOrDefault(kind)):N0}");
        }
    }
}
