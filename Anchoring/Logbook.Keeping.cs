using System.Collections.Immutable;
using System.Globalization;

namespace Anchoring;

/// <summary>How long batches stay: until they are anchored, and then as long as the disk budget allows, oldest whole months first.</summary>
public sealed partial class Logbook
{
    private const long RateSpanMsMin = 3_600_000;
    private long storedBytes;
    private long? oldestStored;
    private string keepingFault = "";

    /// <summary>Removes the oldest months of the batch store while both stores together take more than the budget. The newest month stays, and
    /// the journal is never touched: what is not anchored is not removed by anyone.</summary>
    private void KeepInsideBudget(long nowMs)
    {
        try
        {
            keepingFault = "";
            MeasureStore();
            while (journal.Length + storedBytes > options.DiskBudgetBytes && store.Files is [var oldest, var next, ..])
            {
                Remove(oldest, next, nowMs);
                MeasureStore();
            }
        }
        catch (IOException fault)
        {
            keepingFault = fault.Message; // Nothing is lost by it: the next fold tries again.
        }
    }

    private void MeasureStore()
    {
        storedBytes = store.Length;
        oldestStored = store.Files is [var oldest, ..] ? store.SpanOf(oldest)?.First : null;
    }

    private void Remove(string oldest, string next, long nowMs)
    {
        if (store.SpanOf(oldest) is { } span)
        {
            CarryBeacon(next);
            var (first, last) = (store.Read(span.First, span.First), store.Read(span.Last, span.Last));
            // Written down before it is done: nobody shall take the removal for a loss.
            absences.Add(new(span.First, span.Last, AbsenceCause.Retention, nowMs, string.Create(CultureInfo.InvariantCulture,
                $"the stores took more than their {options.DiskBudgetBytes} bytes, and these are anchored"))
            {
                FromMs = first.Count > 0 ? first[0].Header.OpenedMs : 0,
                ToMs = last.Count > 0 ? last[^1].Header.ClosedMs : 0,
            });
        }

        store.Drop(oldest);
    }

    /// <summary>A beacon's text is kept with the first batch that names it; when that one goes, the next month's first takes it over.</summary>
    private void CarryBeacon(string next)
    {
        if (store.SpanOf(next) is not { } span || store.Read(span.First, span.First) is not [var batch, ..]
            || batch.BeaconNote.Length > 0 || batch.Header.Beacon.IsZero || NoteOf(batch.Header.Beacon, span.First) is not { } note)
        {
            return;
        }

        if (store.Put([batch with { BeaconNote = note }]) is { } fault)
        {
            throw new IOException(fault);
        }
    }

    /// <summary>Bytes that recording takes in a day, by what the journal took so far; null while less than an hour is known.</summary>
    private long? BytesPerDay()
    {
        var since = chain.Sealed.Count > 0 ? chain.Sealed.First().Value.OpenedMs : chain.Open.First?.WallMs;
        return chain.Last?.WallMs - since is { } spanMs and >= RateSpanMsMin
            ? (long)(((journal.Segment - journal.OldestSegment) * (double)options.SegmentLength + journal.Offset) * 86_400_000 / spanMs)
            : null;
    }

    /// <summary>What retention removed of a window.</summary>
    private ImmutableArray<Absence> RemovedFrom(long fromMs, long toMs) => [.. absences.Read()
        .Where(absence => absence.Cause == AbsenceCause.Retention && absence.FromMs <= toMs && absence.ToMs >= fromMs)];
}
