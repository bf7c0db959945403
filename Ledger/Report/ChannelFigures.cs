using System.Collections.Immutable;
using Evidence;

namespace Ledger.Report;

/// <summary>What an event of a report was.</summary>
internal enum Side
{
    /// <summary>Nothing was measured.</summary>
    NoData = 0,
    Above,
    Below,

    /// <summary>Out of range; at the level of verdicts nothing tells on which side.</summary>
    Out,
}

/// <summary>One excursion or gap: a row of the report's table.</summary>
/// <param name="Extreme">The furthest reading from the limit; null for a gap, and below the level of readings.</param>
/// <param name="ExtremeMs">When the extreme was read first.</param>
internal sealed record Event(Side Side, long FromMs, long ToMs, MilliCelsius? Extreme, long ExtremeMs, string? Cause)
{
    public long LengthMs => ToMs - FromMs;
}

/// <summary>One day of a channel, by UTC.</summary>
internal sealed record Day(long FromMs, int Readings, MilliCelsius? Min, MilliCelsius? Max, double? MeanMilliCelsius, long OutMs, long NoDataMs);

/// <summary>What a report says of one channel, counted from its verdict and from nothing else.</summary>
internal sealed class ChannelFigures
{
    public const long DayMs = 86_400_000;

    public ChannelFigures(ChannelVerdict verdict)
    {
        Verdict = verdict;
        var measured = verdict.Readings.Where(reading => reading.Temperature is not null).ToList();
        Measured = measured.Count;
        Lowest = measured.Count == 0 ? null : measured.MinBy(reading => reading.Temperature!.Value.Value);
        Highest = measured.Count == 0 ? null : measured.MaxBy(reading => reading.Temperature!.Value.Value);
        Kinetic = KineticTemperature.Of(verdict.Readings, verdict.Probe.IntervalMs);
        Events = [.. verdict.Intervals.Where(interval => interval.Answer != Answer.InRange).SelectMany(Split)];
    }

    public ChannelVerdict Verdict { get; }

    public ManifestChannel Probe => Verdict.Probe;

    /// <summary>Readings with a temperature.</summary>
    public int Measured { get; }

    /// <summary>The first of the lowest readings; null when nothing was measured.</summary>
    public ShownReading? Lowest { get; }

    /// <summary>The first of the highest readings; null when nothing was measured.</summary>
    public ShownReading? Highest { get; }

    public KineticTemperature? Kinetic { get; }

    /// <summary>Excursions and gaps, in order.</summary>
    public ImmutableArray<Event> Events { get; }

    public IEnumerable<Event> Of(Side side) => Events.Where(found => found.Side == side);

    /// <summary>How far the channel was out of its limits at worst, in milli-degrees; 0 when it never was.</summary>
    public long Excess => Math.Max(0, Math.Max((Highest?.Temperature?.Value ?? int.MinValue) - (long)Probe.High.Value,
        Probe.Low.Value - (Lowest?.Temperature?.Value ?? (long)int.MaxValue)));

    /// <summary>Days of the window in order, those without a reading too.</summary>
    public List<Day> Days(long fromMs, long toMs)
    {
        var days = new List<Day>();
        var readings = Verdict.Readings;
        for (var (day, next) = (fromMs / DayMs * DayMs, 0); day <= toMs; day += DayMs)
        {
            var from = next;
            while (next < readings.Length && readings[next].TimeMs < day + DayMs)
            {
                next++;
            }

            var part = readings[from..next];
            var values = part.Where(reading => reading.Temperature is not null).Select(reading => reading.Temperature!.Value).ToList();
            days.Add(new(day, part.Length, values.Count == 0 ? null : values.Min(), values.Count == 0 ? null : values.Max(),
                KineticTemperature.Of(part, Probe.IntervalMs)?.MeanMilliCelsius, Overlap(Answer.OutOfRange, day), Overlap(Answer.NoData, day)));
        }

        return days;
    }

    private long Overlap(Answer answer, long day) => Verdict.Intervals.Where(interval => interval.Answer == answer)
        .Sum(interval => Math.Max(0, Math.Min(interval.ToMs, day + DayMs) - Math.Max(interval.FromMs, day)));

    /// <summary>An interval out of range may go from one side to the other: each side is an event of its own.</summary>
    private IEnumerable<Event> Split(Interval interval)
    {
        if (interval.Answer == Answer.NoData)
        {
            yield return new(Side.NoData, interval.FromMs, interval.ToMs, null, 0, interval.Cause);
            yield break;
        }

        var inside = Inside(interval);
        if (inside.Length == 0) // Below the level of readings, only the gateway's own summary tells the side, or both.
        {
            foreach (var claimed in Claimed(interval))
            {
                yield return claimed;
            }

            yield break;
        }

        for (var i = 0; i < inside.Length;)
        {
            var isAbove = IsAbove(inside[i]);
            var end = i;
            while (end < inside.Length && IsAbove(inside[end]) == isAbove)
            {
                end++;
            }

            var run = inside[i..end];
            var extreme = isAbove ? run.MaxBy(reading => reading.Temperature!.Value.Value)
                : run.MinBy(reading => reading.Temperature!.Value.Value);
            yield return new(isAbove ? Side.Above : Side.Below, i == 0 ? interval.FromMs : inside[i].TimeMs,
                end == inside.Length ? interval.ToMs : inside[end].TimeMs, extreme.Temperature, extreme.TimeMs, null);
            i = end;
        }
    }

    private IEnumerable<Event> Claimed(Interval interval)
    {
        var (isAbove, isBelow) = (interval.Max > Probe.High, interval.Min < Probe.Low);
        if (isAbove)
        {
            yield return new(Side.Above, interval.FromMs, interval.ToMs, interval.Max, interval.FromMs, null);
        }

        if (isBelow)
        {
            yield return new(Side.Below, interval.FromMs, interval.ToMs, interval.Min, interval.FromMs, null);
        }

        if (!isAbove && !isBelow)
        {
            yield return new(Side.Out, interval.FromMs, interval.ToMs, null, interval.FromMs, null);
        }
    }

    private bool IsAbove(ShownReading reading) => reading.Temperature > Probe.High;

    private bool IsOut(ShownReading reading) => reading.Temperature is { } value && (value < Probe.Low || value > Probe.High);

    private ImmutableArray<ShownReading> Inside(Interval interval)
    {
        var readings = Verdict.Readings;
        var (low, high) = (0, readings.Length);
        while (low < high) // Times of a verdict rise, but for steps of the clock, at which an interval ends.
        {
            var middle = (low + high) / 2;
            (low, high) = readings[middle].TimeMs < interval.FromMs ? (middle + 1, high) : (low, middle);
        }

        var end = low;
        while (end < readings.Length && readings[end].TimeMs < Math.Max(interval.ToMs, interval.FromMs + 1)
            && IsOut(readings[end]))
        {
            end++;
        }

        return readings[low..end];
    }
}
