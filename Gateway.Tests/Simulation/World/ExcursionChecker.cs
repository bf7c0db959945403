using System.Collections.Immutable;
using Anchoring;
using Evidence;

namespace Gateway.Tests.Simulation;

/// <summary>Holds the record's excursions against those that were true: every one that lasts longer than the rule and the sampling can miss is
/// found, none is invented, and each is told by an alarm at its first reading and at its end.</summary>
/// <param name="limits">Each channel's limits and how far its code may be from the truth.</param>
/// <param name="slackMs">The longest true excursion that may fall between two readings: one and a half sampling intervals.</param>
/// <param name="violate">Takes what does not hold.</param>
/// <param name="tally">Counts.</param>
public sealed class ExcursionChecker(ImmutableArray<ChannelLimits> limits, long slackMs, Action<string> violate, YearTally tally)
{
    private readonly long?[] beyondSince = new long?[limits.Length];
    private readonly List<(int Channel, long FromMs, long ToMs)> excursions = [];
    private readonly List<(long TrueMs, ImmutableArray<MilliCelsius?> Temperatures)> recorded = [];
    private readonly bool[] told = new bool[limits.Length];
    private readonly Dictionary<int, long> untold = [];

    /// <summary>What is true at every probe at one instant; called in order of time, some seconds apart.</summary>
    public void Truth(long trueMs, Func<int, int> milliCelsius)
    {
        for (var channel = 0; channel < limits.Length; channel++)
        {
            var isBeyond = limits[channel].IsSurelyBeyond(milliCelsius(channel));
            if (isBeyond)
            {
                beyondSince[channel] ??= trueMs;
            }
            else if (beyondSince[channel] is { } from)
            {
                beyondSince[channel] = null;
                Add(channel, from, trueMs);
            }
        }
    }

    /// <summary>A batch that a stranger has seen, with the true round behind each of its rounds; null where there was none.</summary>
    public void Batch(long number, BatchBody body, IReadOnlyList<TrueRound?> truths)
    {
        var alarms = body.Events.Where(happened => happened.Kind == EventKind.Alarm).ToList();
        if (body.Events.Any(happened => happened.Kind == EventKind.Boot))
        {
            Array.Clear(told); // A new session counts every channel as in range until a reading says otherwise.
            Settle(number, alarms);
        }

        untold.Clear();
        for (var i = 0; i < body.Rounds.Length; i++)
        {
            var temperatures = body.Channels.Select(channel => channel.Samples[i].Temperature).ToImmutableArray();
            if (truths[i] is { } truth)
            {
                recorded.Add((truth.TrueMs, temperatures));
                Invented(number, truth, temperatures);
            }

            Tell(number, body.Rounds[i], temperatures, alarms, isLast: i == body.Rounds.Length - 1);
        }

        foreach (var alarm in alarms)
        {
            violate($"Batch {number}: channel {alarm.Channel} has an alarm that no reading explains.");
        }
    }

    /// <summary>The next batch is of a card that does not know the last ones: what those could not tell any more, it cannot tell either.</summary>
    public void Forgotten() => untold.Clear();

    /// <summary>The year is over: what was true must have been found.</summary>
    public void Finish()
    {
        recorded.Sort((one, other) => one.TrueMs.CompareTo(other.TrueMs)); // A card that was put back may tell earlier rounds later.
        foreach (var (channel, from, to) in excursions)
        {
            var first = recorded.BinarySearch((from, []), Comparer<(long TrueMs, ImmutableArray<MilliCelsius?>)>.Create((one, other) =>
                one.TrueMs.CompareTo(other.TrueMs)));
            first = first < 0 ? ~first : first;
            var inside = recorded.Skip(first).TakeWhile(round => round.TrueMs < to).Select(round => round.Temperatures[channel]).ToList();
            if (inside.Any(temperature => temperature is { } value && limits[channel].IsBeyond(value)))
            {
                tally.ExcursionsFound++;
            }
            else if (inside.Any(temperature => temperature is not null))
            {
                violate($"Channel {channel} was outside its limits from {from} to {to}, and its readings say it was not.");
            }
            else
            {
                // The probe could not be read, or no round stands there: the record's outcomes and gaps are the other checker's to judge.
                tally.ExcursionsUnseen++;
            }
        }

        foreach (var (channel, number) in untold)
        {
            violate($"Batch {number}: channel {channel} passed its limit and no alarm says so.");
        }
    }

    private void Add(int channel, long from, long to)
    {
        if (to - from > slackMs)
        {
            tally.ExcursionsTrue++;
            excursions.Add((channel, from, to));
        }
    }

    private void Invented(long number, TrueRound truth, ImmutableArray<MilliCelsius?> temperatures)
    {
        for (var channel = 0; channel < temperatures.Length; channel++)
        {
            if (temperatures[channel] is { } temperature && limits[channel].IsBeyond(temperature)
                && limits[channel].IsSurelyInside(truth.Channels[channel].MilliCelsius))
            {
                violate($"Batch {number}: channel {channel} reads {temperature} °C, an excursion that never was.");
            }
        }
    }

    /// <summary>Every reading that crosses a limit has its alarm, at its own time.</summary>
    private void Tell(long number, long wallMs, ImmutableArray<MilliCelsius?> temperatures, List<BatchEvent> alarms, bool isLast)
    {
        for (var channel = 0; channel < temperatures.Length; channel++)
        {
            if (temperatures[channel] is not { } temperature || limits[channel].IsBeyond(temperature) is var beyond && beyond == told[channel])
            {
                continue;
            }

            told[channel] = !told[channel];
            if (Take(alarms, channel, beyond, wallMs))
            {
                tally.Alarms++;
            }
            else if (isLast && beyond)
            {
                untold[channel] = number; // Power may have gone between the two: then the next session says it.
            }
            else if (!isLast)
            {
                violate($"Batch {number}: channel {channel} crossed a limit at {wallMs} and no alarm says so.");
            }
        }
    }

    /// <summary>The first batch of a session tells what the one before could not tell any more.</summary>
    private void Settle(long number, List<BatchEvent> alarms)
    {
        foreach (var (channel, _) in untold)
        {
            if (alarms.Find(alarm => alarm.Channel?.Value == channel && CodeOf(alarm) == Logbook.LimitPassed) is { } late)
            {
                alarms.Remove(late);
                tally.Alarms++;
            }
            else
            {
                violate($"Batch {number} begins a session, and does not tell that channel {channel} had passed its limit before it.");
            }
        }

        // A limit that was passed in several batches before may be told once more; that is no invention.
        alarms.RemoveAll(alarm => EventDetail.ReadNote(alarm.Detail) is { } words && words.Text.Contains("before the start", StringComparison.Ordinal));
    }

    private static bool Take(List<BatchEvent> alarms, int channel, bool beyond, long wallMs)
    {
        var code = beyond ? Logbook.LimitPassed : Logbook.LimitKept;
        return alarms.Find(alarm => alarm.Channel?.Value == channel && alarm.TimeMs == wallMs && CodeOf(alarm) == code) is { } found
            && alarms.Remove(found);
    }

    private static string? CodeOf(BatchEvent happened) => EventDetail.ReadNote(happened.Detail)?.Code;
}

/// <summary>A channel's limits, inclusive, and how far its nearest code may be from the truth, all in m°C.</summary>
public readonly record struct ChannelLimits(int Low, int High, int Tolerance)
{
    public bool IsBeyond(MilliCelsius reading) => reading.Value < Low || reading.Value > High;

    /// <summary>Whether every reading of this truth is beyond.</summary>
    public bool IsSurelyBeyond(int truth) => truth < Low - Tolerance || truth > High + Tolerance;

    /// <summary>Whether no reading of this truth is beyond.</summary>
    public bool IsSurelyInside(int truth) => truth >= Low + Tolerance && truth <= High - Tolerance;
}
