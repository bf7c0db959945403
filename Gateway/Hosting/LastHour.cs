using System.Collections.Immutable;

namespace Gateway.Hosting;

/// <summary>One channel's temperatures of the last hour: the newest of each minute, so that an hour takes as much room at a round a second
/// as at a round a minute (docs/decisions/0095).</summary>
/// <param name="intervalMs">Time from one round to the next, milliseconds.</param>
public sealed class LastHour(int intervalMs)
{
    private const long MinuteMs = 60_000, HourMs = 3_600_000;
    private readonly int countMax = (int)Math.Max(1, HourMs / Math.Max(intervalMs, MinuteMs));
    private long? minute;

    /// <summary>Milli-degrees Celsius, oldest first, null where a reading failed; at most 60.</summary>
    public ImmutableArray<int?> Values { get; private set; } = [];

    /// <summary>Takes a reading.</summary>
    /// <param name="uptimeMs">When it was taken: the monotonic clock, so that a stepped wall clock draws nothing twice.</param>
    /// <param name="milliCelsius">Null when it failed.</param>
    public void Saw(long uptimeMs, int? milliCelsius)
    {
        var isSameMinute = minute == uptimeMs / MinuteMs;
        minute = uptimeMs / MinuteMs;
        var (from, to) = isSameMinute ? (0, Values.Length - 1) : (Math.Max(0, Values.Length + 1 - countMax), Values.Length);
        Values = [.. Values.AsSpan()[from..to], milliCelsius];
    }
}
