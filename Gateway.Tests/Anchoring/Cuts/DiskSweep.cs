using Anchoring;
using Evidence;

namespace Gateway.Tests.Anchoring;

/// <summary>A run of the real logbook on a disk that remembers its operations, which is cut at each of them and started again; what a run is, and what must
/// hold afterwards, each sweep says itself.</summary>
public abstract class DiskSweep : IDisposable
{
    private const int ViolationsMax = 20;

    /// <summary>Writes, flushes, creations, moves and removals of the recorded run.</summary>
    public int Operations => Disk.Count;

    /// <summary>How often power was cut and the gateway started again.</summary>
    public long Cuts { get; protected set; }

    /// <summary>What did not hold, a sentence each; at most 20.</summary>
    public List<string> Violations { get; } = [];

    protected RecordedDisk Disk { get; init; } = new();

    protected abstract Bench Bench { get; }

    /// <summary>Cuts the run at every so many operations, in each of these ways.</summary>
    public void Recording(IReadOnlyList<Loss> losses, int stride, Action<double>? progress = null)
    {
        foreach (var cut in Disk.Cuts().Where(cut => cut.Number % stride == 0))
        {
            foreach (var loss in losses)
            {
                Attempt($"cut {cut.Number}, {loss}", () => Restart(RecordedDisk.Of(cut.Found(loss), out var _), cut.Number, isAudited: true));
            }

            progress?.Invoke((double)cut.Number / Operations);
        }
    }

    /// <summary>Cuts the run, and then the start after it at each of its own operations, and starts a second time.</summary>
    public void Recovering(IReadOnlyList<Loss> losses, int stride, Action<double>? progress = null)
    {
        foreach (var first in Disk.Cuts().Where(cut => cut.Number % stride == 0))
        {
            foreach (var loss in losses)
            {
                var start = RecordedDisk.Of(first.Found(loss), out var _);
                Attempt($"cut {first.Number}, {loss}", () => Restart(start, first.Number, isAudited: false));
                foreach (var second in start.Cuts())
                {
                    var again = losses[second.Number % losses.Count];
                    Attempt($"cut {first.Number}, {loss}, then {second.Number}, {again}", () =>
                        Restart(RecordedDisk.Of(second.Found(again), out var _), first.Number, isAudited: true));
                }
            }

            progress?.Invoke((double)first.Number / Operations);
        }
    }

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Starts on what a cut left; audited, also works on it and compares with what was promised before the cut.</summary>
    protected abstract void Restart(RecordedDisk found, int cut, bool isAudited);

    protected virtual void Dispose(bool disposing) => Bench.Dispose();

    protected void Attempt(string label, Action work)
    {
        if (Violations.Count >= ViolationsMax)
        {
            return;
        }

        try
        {
            work();
        }
        catch (Exception fault) when (fault is CutViolationException or EvidenceBrokenException or IOException or MalformedEvidenceException
            or InvalidOperationException or ArgumentException)
        {
            Violations.Add($"{label}: {fault.Message}");
        }
    }

    protected static void Require(bool holds, string words)
    {
        if (!holds)
        {
            throw new CutViolationException(words);
        }
    }

    protected static void RequireClean(RecordedDisk found)
    {
        var report = Fsck.Run(found.Folder("journal"), found.Folder("batches"), RoadLedger.Policy);
        Require(report.Findings.IsEmpty, $"fsck: {string.Join("; ", report.Findings)}");
    }

    private sealed class CutViolationException(string message) : Exception(message);
}
