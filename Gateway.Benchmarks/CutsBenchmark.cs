using System.Globalization;
using Gateway.Tests.Anchoring;

namespace Gateway.Benchmarks;

/// <summary>Power cuts for the real journal, batch store, start and repair on a disk in memory: `cuts [--batches N] [--seeds N] [--stride N]
/// [--only fold|wait|resume]`.</summary>
/// <remarks>Default: 70 batches, 4 choices of sectors and of writes, every operation. The start after a cut is cut again at each of its own
/// operations, after every eleventh operation of the run. Then batches that are closed and wait for their signature, and cards that were rolled back
/// and resume (decision 0077).</remarks>
internal static class CutsBenchmark
{
    private const int RecoveryStride = 11, Closed = 20;

    public static int Run(string[] args)
    {
        var batches = Number(args, "--batches", 70);
        var losses = Loss.All(Number(args, "--seeds", 4));
        var stride = Number(args, "--stride", 1);
        var only = Array.IndexOf(args, "--only") is >= 0 and var at && at + 1 < args.Length ? args[at + 1] : "";
        List<string> violations = [];
        if (only is "" or "fold")
        {
            using var sweep = new CutSweep(batches);
            Tell($"{batches} batches, {(sweep.HasFolded ? "with folds" : "nothing was folded")}", sweep, losses);
            Count("recording and folding", sweep, () => sweep.Recording(losses, stride, Draw));
            Count("start after a cut", sweep, () => sweep.Recovering(losses, stride * RecoveryStride, Draw));
            if (sweep.HasFolded)
            {
                Count("fsck --repair", sweep, () => sweep.Repairing(losses, stride, Draw));
            }

            violations.AddRange(sweep.Violations);
        }

        if (only is "" or "wait")
        {
            using var sweep = CutSweep.Waiting(Closed);
            Tell($"batches closed without a signature, {sweep.Waited} of them waiting at once", sweep, losses);
            Count("closing and signing", sweep, () => sweep.Recording(losses, stride, Draw));
            Count("start after a cut", sweep, () => sweep.Recovering(losses, stride * RecoveryStride, Draw));
            violations.AddRange(sweep.Violations);
        }

        foreach (var wasFar in only is "" or "resume" ? (bool[])[false, true] : [])
        {
            using var sweep = new RollbackSweep(wasFar);
            Tell($"a card rolled back, enrolled again and resumed{(wasFar ? "; far from coverage it had signed what it takes back" : "")}", sweep, losses);
            Count("waiting and resuming", sweep, () => sweep.Recording(losses, stride, Draw));
            Count("start after a cut", sweep, () => sweep.Recovering(losses, stride * RecoveryStride, Draw));
            violations.AddRange(sweep.Violations);
        }

        foreach (var violation in violations)
        {
            Console.WriteLine("FAILED  " + violation);
        }

        return violations.Count == 0 ? 0 : 1;
    }

    private static void Tell(string run, DiskSweep sweep, IReadOnlyList<Loss> losses) =>
        Console.WriteLine($"{"run",-20} {run}: {sweep.Operations} operations on the disk; {losses.Count} ways of losing");

    private static void Count(string what, DiskSweep sweep, Action work)
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
