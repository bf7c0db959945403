using System.Globalization;
using Gateway.Tests.Anchoring;

namespace Gateway.Benchmarks;

/// <summary>Power cuts for the real journal, batch store, start and repair on a disk in memory: `cuts [--batches N] [--seeds N] [--stride N]`.</summary>
/// <remarks>Default: 70 batches, 4 choices of sectors and of writes, every operation. The start after a cut is cut again at each of its own
/// operations, after every eleventh operation of the run.</remarks>
internal static class CutsBenchmark
{
    private const int RecoveryStride = 11;

    public static int Run(string[] args)
    {
        var batches = Number(args, "--batches", 70);
        var losses = Loss.All(Number(args, "--seeds", 4));
        var stride = Number(args, "--stride", 1);
        using var sweep = new CutSweep(batches);
        Console.WriteLine($"run                  {batches} batches, {sweep.Operations} operations on the disk; {losses.Count} ways of losing; "
            + $"{(sweep.HasFolded ? "with folds" : "nothing was folded")}");
        Count("recording and folding", sweep, () => sweep.Recording(losses, stride, Draw));
        Count("start after a cut", sweep, () => sweep.Recovering(losses, stride * RecoveryStride, Draw));
        if (sweep.HasFolded)
        {
            Count("fsck --repair", sweep, () => sweep.Repairing(losses, stride, Draw));
        }

        foreach (var violation in sweep.Violations)
        {
            Console.WriteLine("FAILED  " + violation);
        }

        return sweep.Violations.Count == 0 ? 0 : 1;
    }

    private static void Count(string what, CutSweep sweep, Action work)
    {
        var before = (sweep.Cuts, sweep.Violations.Count);
        work();
        Console.Error.WriteLine();
        Console.WriteLine($"{what,-20} {sweep.Cuts - before.Cuts:N0} cuts, {sweep.Violations.Count - before.Count} of them with a violation");
    }

    private static void Draw(double share)
    {
        var full = (int)(Math.Clamp(share, 0, 1) * 30);
        Console.Error.Write($"\r[{new string('#', full)}{new string('.', 30 - full)}]");
    }

    private static int Number(string[] args, string name, int otherwise) => Array.IndexOf(args, name) is >= 0 and var at && at + 1 < args.Length
        ? int.Parse(args[at + 1], NumberStyles.None, CultureInfo.InvariantCulture) : otherwise;
}
