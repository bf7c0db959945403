using System.Collections.Immutable;

namespace Evidence;

/// <summary>One channel through all batches: no reading left out, none twice, every hole declared; and what the temperature did.</summary>
internal sealed class ChannelRules(ChannelId channel, Bundle bundle, ImmutableArray<ProvenBatch> batches)
{
    private readonly List<Segment> segments = [];
    private readonly List<ShownReading> readings = [];
    private long? nextSequence;
    private (ProvenBatch Batch, long TimeMs, int IntervalMs)? last;

    /// <summary>A piece of the record with one answer, before neighbours are joined.</summary>
    private readonly record struct Segment(
        long FromMs, long ToMs, long HoldMs, Answer Answer, MilliCelsius? Min, MilliCelsius? Max, int Readings, string? Cause);

    /// <summary>Walks the batches. After a finding the answers stand as far as the walk came.</summary>
    public Finding Check()
    {
        var enrolled = batches.Any(batch => channel.Value < batch.Manifest.ChannelCount);
        if (!enrolled)
        {
            return Finding.Of(Fault.ChannelNotShown, "", channel);
        }

        if (bundle.Level == DisclosureLevel.Headers)
        {
            return Finding.None;
        }

        for (var i = 0; i < batches.Length; i++)
        {
            if (channel.Value >= batches[i].Manifest.ChannelCount)
            {
                nextSequence = null;
                last = null;
                continue; // Not enrolled then: the intervals say "no data".
            }

            var finding = Batch(batches[i], edge: i == 0 || i == batches.Length - 1);
            if (!finding.IsNone)
            {
                return finding;
            }
        }

        return Finding.None;
    }

    public ChannelVerdict Answers()
    {
        var probe = batches.Last(batch => channel.Value < batch.Manifest.ChannelCount).Probe(channel);
        var intervals = Join();
        var answer = intervals.Any(i => i.Answer == Answer.OutOfRange) ? Answer.OutOfRange
            : intervals.IsEmpty || intervals.Any(i => i.Answer == Answer.NoData) ? Answer.NoData
            : Answer.InRange;
        return new(channel, probe, answer, intervals, [.. readings.Where(r => r.TimeMs >= bundle.FromMs && r.TimeMs <= bundle.ToMs)]);
    }

    private Finding Batch(ProvenBatch batch, bool edge)
    {
        var (column, summary, verdict) = (batch.Column(channel), batch.Summary(channel), batch.Verdict(channel));
        var shown = Shown(batch, column, summary, verdict, edge);
        if (!shown.IsNone)
        {
            return shown;
        }

        var (first, count) = column is not null ? (column.FirstSequence, column.Samples.Length)
            : summary is not null ? (summary.FirstSequence, summary.Count)
            : (verdict!.FirstSequence, verdict.Count);
        if (nextSequence is { } expected && first != expected)
        {
            return first == expected + 1 ? Finding.Of(Fault.SequenceHole, "one", channel, expected, batch.Header.Number)
                : first > expected ? Finding.Of(Fault.SequenceHole, "before", channel, expected, first - 1, batch.Header.Number)
                : Finding.Of(Fault.SequenceRepeated, "", channel, batch.Header.Number, first, expected);
        }

        nextSequence = first + count;
        var claims = Claims(batch, column, summary, verdict);
        if (!claims.IsNone)
        {
            return claims;
        }

        if (count == 0)
        {
            return Finding.None;
        }

        return column is not null ? Column(batch, column) : Claimed(batch, summary, verdict);
    }

    /// <summary>Whether what must be shown at this level is shown.</summary>
    private Finding Shown(ProvenBatch batch, DisclosedColumn? column, SummaryLeaf? summary, VerdictLeaf? verdict, bool edge)
    {
        if (bundle.Level < DisclosureLevel.Readings)
        {
            return verdict is null || (bundle.Level == DisclosureLevel.Summaries && summary is null)
                ? Finding.Of(Fault.SummaryMissing, "level", batch.Header.Number, channel)
                : Finding.None;
        }

        if (column is null && (summary is null || summary.Count > 0))
        {
            return Finding.Of(Fault.SequenceHole, "batch", batch.Header.Number, channel);
        }

        return edge && summary is null
            ? Finding.Of(Fault.SummaryMissing, "edge", batch.Header.Number, channel)
            : Finding.None;
    }

    /// <summary>The gateway's signed claims against the readings that are shown.</summary>
    private Finding Claims(ProvenBatch batch, DisclosedColumn? column, SummaryLeaf? summary, VerdictLeaf? verdict)
    {
        var limits = batch.Probe(channel);
        if (verdict is not null && (verdict.Low != limits.Low || verdict.High != limits.High))
        {
            return Finding.Of(Fault.LimitsContradicted, "", batch.Header.Number, channel, verdict.Low, verdict.High, limits.Low, limits.High);
        }

        if (summary is not null && verdict is not null && (summary.Count != verdict.Count
            || summary.FirstSequence != verdict.FirstSequence))
        {
            return Finding.Of(Fault.SummaryContradicted, "verdict", batch.Header.Number, channel);
        }

        if (column is null)
        {
            return Finding.None;
        }

        var measured = column.Samples.Where(sample => sample.Temperature is not null)
            .Select(sample => sample.Temperature!.Value.Value).ToList();
        MilliCelsius? min = measured.Count == 0 ? null : new(measured.Min());
        MilliCelsius? max = measured.Count == 0 ? null : new(measured.Max());
        if (summary is not null && (summary.First != column.First || summary.Count != column.Samples.Length
            || summary.FirstSequence != column.FirstSequence || summary.FirstTimeMs != column.Times[0]
            || summary.LastTimeMs != column.Times[^1] || summary.Min != min || summary.Max != max))
        {
            return summary.Count == column.Samples.Length && summary.FirstSequence == column.FirstSequence
                ? Finding.Of(Fault.SummaryContradicted, "values", batch.Header.Number, channel)
                : Finding.Of(Fault.SummaryContradicted, "readings", batch.Header.Number, channel, summary.Count, summary.FirstSequence,
                column.Samples.Length, column.FirstSequence);
        }

        var outside = measured.Count(value => value < limits.Low.Value || value > limits.High.Value);
        return verdict is not null && (verdict.Count != column.Samples.Length || verdict.OutCount != outside
            || verdict.BadCount != column.Samples.Length - measured.Count)
            ? Finding.Of(Fault.VerdictContradicted, "", batch.Header.Number, verdict.OutCount, channel, outside)
            : Finding.None;
    }

    private Finding Column(ProvenBatch batch, DisclosedColumn column)
    {
        var limits = batch.Probe(channel);
        for (var i = 0; i < column.Samples.Length; i++)
        {
            var (time, sample) = (column.Times[i], column.Samples[i]);
            if (time < batch.Header.OpenedMs || time > batch.Header.ClosedMs)
            {
                return Finding.Of(Fault.TimeDisorder, "reading", column.FirstSequence + i, channel, Times.Utc(time), batch.Header.Number);
            }

            var gap = Follow(batch, time, limits.IntervalMs, column.FirstSequence + i);
            if (!gap.IsNone)
            {
                return gap;
            }

            readings.Add(new(column.FirstSequence + i, time, sample.Outcome, sample.Temperature));
            var answer = sample.Temperature is not { } t ? Answer.NoData : t < limits.Low || t > limits.High ? Answer.OutOfRange
                : Answer.InRange;
            segments.Add(new(time, time + limits.IntervalMs, limits.IntervalMs, answer, sample.Temperature, sample.Temperature, 1,
                answer == Answer.NoData ? sample.Outcome.ToString() : null));
        }

        return Finding.None;
    }

    /// <summary>Below the level of readings there is one answer a batch, and it is the gateway's own claim.</summary>
    private Finding Claimed(ProvenBatch batch, SummaryLeaf? summary, VerdictLeaf? verdict)
    {
        var limits = batch.Probe(channel);
        var (from, to) = (verdict!.FirstTimeMs, verdict.LastTimeMs);
        if (from < batch.Header.OpenedMs || to > batch.Header.ClosedMs || to < from)
        {
            return Finding.Of(Fault.TimeDisorder, "batch", channel, batch.Header.Number);
        }

        var gap = Follow(batch, from, limits.IntervalMs, verdict.FirstSequence);
        if (!gap.IsNone)
        {
            return gap;
        }

        last = (batch, to, limits.IntervalMs);
        var answer = verdict.OutCount > 0 ? Answer.OutOfRange : verdict.BadCount > 0 ? Answer.NoData : Answer.InRange;
        segments.Add(new(from, to + limits.IntervalMs, limits.IntervalMs, answer, summary?.Min, summary?.Max, verdict.Count,
            answer == Answer.NoData ? "WithoutValue" : null));
        return Finding.None;
    }

    /// <summary>
    /// From the last reading to this one: at most two intervals by the gateway's monotonic clock, or the hole is declared by an event.
    /// A hole that is declared becomes a segment without data; one that is not, a finding.
    /// </summary>
    private Finding Follow(ProvenBatch batch, long time, int intervalMs, long sequence)
    {
        var before = last;
        last = (batch, time, intervalMs);
        if (before is not var (earlier, earlierTime, earlierInterval))
        {
            return Finding.None;
        }

        var sameBoot = earlier.Header.Clock.Boot == batch.Header.Clock.Boot;
        var spacing = sameBoot ? batch.Uptime(time) - earlier.Uptime(earlierTime) : time - earlierTime;
        if (spacing <= 2L * intervalMs)
        {
            return Finding.None;
        }

        var (latest, soonest) = (earlierTime + (2L * earlierInterval), time - (2L * intervalMs));
        var hole = Covering(batch) ?? (ReferenceEquals(earlier, batch) ? null : Covering(earlier));
        if (hole is null)
        {
            return Finding.Of(Fault.GapUndeclared, "readings", channel, Times.Utc(earlierTime), sequence, Times.Utc(time));
        }

        segments.Add(new(earlierTime + earlierInterval, time, 0, Answer.NoData, null, null, 0, hole.Value.Cause.ToString()));
        return Finding.None;

        EventDetail.GapSpan? Covering(ProvenBatch declaring)
        {
            foreach (var gap in declaring.Gaps)
            {
                if (gap.FromMs <= latest && gap.ToMs >= soonest)
                {
                    return gap;
                }
            }

            return null;
        }
    }

    private ImmutableArray<Interval> Join()
    {
        var joined = new List<Interval>();
        for (var i = 0; i < segments.Count; i++)
        {
            // A reading holds until the next one, at most for two intervals: beyond that the wall clock was stepped, and nothing is known.
            var segment = segments[i];
            var next = i + 1 < segments.Count ? segments[i + 1].FromMs : segment.ToMs;
            var end = Math.Max(segment.FromMs, Math.Min(next, segment.ToMs + segment.HoldMs));
            Clip(joined, segment with { ToMs = end });
            if (end < next)
            {
                Clip(joined, new(end, next, 0, Answer.NoData, null, null, 0, nameof(EventKind.ClockStep)));
            }
        }

        if (joined.Count == 0 && bundle.Level > DisclosureLevel.Headers)
        {
            joined.Add(new(bundle.FromMs, bundle.ToMs, Answer.NoData, null, null, 0, "NoReading")); // Said, so that it is not taken for "not disclosed".
        }
        else if (joined.Count > 0 && joined[^1].ToMs < bundle.ToMs)
        {
            joined.Add(new(joined[^1].ToMs, bundle.ToMs, Answer.NoData, null, null, 0, "AfterLast"));
        }

        return [.. joined];
    }

    private void Clip(List<Interval> joined, Segment segment)
    {
        var (from, to) = (Math.Max(segment.FromMs, bundle.FromMs), Math.Min(segment.ToMs, bundle.ToMs));
        if (to < from || (to == from && segment.FromMs != from))
        {
            return;
        }

        if (joined.Count == 0 && from > bundle.FromMs)
        {
            joined.Add(new(bundle.FromMs, from, Answer.NoData, null, null, 0, "BeforeFirst"));
        }

        Append(joined, new(from, to, segment.Answer, segment.Min, segment.Max, segment.Readings, segment.Cause));
    }

    private static void Append(List<Interval> joined, Interval next)
    {
        if (joined.Count == 0 || joined[^1].Answer != next.Answer || joined[^1].Cause != next.Cause)
        {
            joined.Add(next);
            return;
        }

        var before = joined[^1];
        joined[^1] = before with
        {
            ToMs = next.ToMs,
            Min = Lower(before.Min, next.Min),
            Max = Higher(before.Max, next.Max),
            Readings = before.Readings + next.Readings,
        };
    }

    private static MilliCelsius? Lower(MilliCelsius? a, MilliCelsius? b) => a is { } x && b is { } y ? (x < y ? x : y) : a ?? b;

    private static MilliCelsius? Higher(MilliCelsius? a, MilliCelsius? b) => a is { } x && b is { } y ? (x > y ? x : y) : a ?? b;
}
