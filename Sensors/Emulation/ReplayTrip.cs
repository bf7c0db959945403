using System.Collections.Immutable;
using System.Text;
using Evidence;

namespace Sensors.Emulation;

/// <summary>A stretch of a trip without a hole.</summary>
/// <param name="FirstWallMs">The first row's time, in milliseconds since 1970 UTC.</param>
/// <param name="LastWallMs">The last row's time.</param>
/// <param name="Rows">How many rows lie in it, both ends included.</param>
public readonly record struct TripSegment(long FirstWallMs, long LastWallMs, int Rows);

/// <summary>Time between two segments in which the logger wrote nothing: its supply was off.</summary>
/// <param name="LastBeforeWallMs">The last row before the gap.</param>
/// <param name="FirstAfterWallMs">The first row after it.</param>
public readonly record struct TripGap(long LastBeforeWallMs, long FirstAfterWallMs)
{
    public long DurationMs => FirstAfterWallMs - LastBeforeWallMs;
}

/// <summary>A real logger's trip, played back through emulated chips: what was measured then is measured again, byte by byte.</summary>
public sealed class ReplayTrip(LoggerFile log)
{
    private const string Bundled = "Sensors.Emulation.Trips.fridgetag2L_130500109088_202206081014.txt";

    /// <summary>The logger's own rows, times strictly rising.</summary>
    public ImmutableArray<LoggerRow> Rows => log.Rows;

    /// <summary>The configured logging interval, in milliseconds.</summary>
    public long IntervalMs => log.IntervalMs;

    /// <summary>The logger's serial number.</summary>
    public string Serial => log.Serial;

    /// <summary>The trip, cut wherever two rows lie more than two intervals apart.</summary>
    public ImmutableArray<TripSegment> Segments { get; } = SegmentsOf(log);

    /// <summary>What lies between the segments.</summary>
    public ImmutableArray<TripGap> Gaps =>
        [.. Segments.Zip(Segments.Skip(1), (before, after) => new TripGap(before.LastWallMs, after.FirstWallMs))];

    /// <summary>The trip that comes with the program: five weeks of a Fridge-tag 2 L (see Emulation/Trips/README.md).</summary>
    public static ReplayTrip BundledFridgeTag()
    {
        using var stream = typeof(ReplayTrip).Assembly.GetManifestResourceStream(Bundled)
            ?? throw new InvalidOperationException($"The resource {Bundled} is not in the assembly; it was built without Emulation/Trips.");
        using var reader = new StreamReader(stream, Encoding.ASCII);
        return new(LoggerFile.Parse(reader.ReadToEnd()));
    }

    /// <summary>The row in force at a time: the newest at or before it, for one interval at most; null outside, and in a gap.</summary>
    public LoggerRow? RowAt(long wallMs)
    {
        var (low, high) = (0, Rows.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = Rows[middle].WallMs <= wallMs ? (middle + 1, high) : (low, middle);
        }

        if (low == 0)
        {
            return null;
        }

        // Two rows of one segment may lie up to two intervals apart; the earlier one holds until the later one comes.
        var row = Rows[low - 1];
        var isFollowed = low < Rows.Length && Rows[low].WallMs - row.WallMs <= 2 * IntervalMs;
        return isFollowed || wallMs < row.WallMs + IntervalMs ? row : null;
    }

    /// <summary>The temperature the logger showed at a time; null outside the trip, in a gap, and where its sensor was
    /// disconnected.</summary>
    public MilliCelsius? TemperatureAt(long wallMs) => RowAt(wallMs)?.Temperature;

    private static ImmutableArray<TripSegment> SegmentsOf(LoggerFile log)
    {
        var segments = ImmutableArray.CreateBuilder<TripSegment>();
        var first = 0;
        for (var index = 1; index <= log.Rows.Length; index++)
        {
            if (index == log.Rows.Length || log.Rows[index].WallMs - log.Rows[index - 1].WallMs > 2 * log.IntervalMs)
            {
                segments.Add(new(log.Rows[first].WallMs, log.Rows[index - 1].WallMs, index - first));
                first = index;
            }
        }

        return segments.ToImmutable();
    }
}
