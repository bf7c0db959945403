using System.Globalization;
using Evidence;

namespace Ledger.Pages;

/// <summary>A window of a page's link: two UTC instants, both inclusive.</summary>
/// <remarks>Written 20220502T121000Z..20220608T101400Z; milliseconds appear only where they are not zero (…121000.250Z). Plain
/// milliseconds since 1970 are read as well. A day alone is its beginning where the window begins, and its end where the window ends.</remarks>
public readonly record struct TimeWindow(long FromMs, long ToMs)
{
    private const long DayMs = 86_400_000;

    private static readonly string[] Forms = ["yyyyMMdd'T'HHmmss'Z'", "yyyyMMdd'T'HHmmss.fff'Z'", "yyyyMMdd'T'HHmm'Z'", "yyyyMMdd",
        "yyyy-MM-dd'T'HH:mm:ss'Z'", "yyyy-MM-dd'T'HH:mm:ss.fff'Z'", "yyyy-MM-dd"];

    /// <summary>Reads a link's window; null when it is none. It may still end before it begins.</summary>
    public static TimeWindow? Parse(string text) =>
        text.Split("..") is [var from, var to] && ReadInstant(from) is { } first && ReadInstant(to, isEnd: true) is { } last ? new(first, last) : null;

    /// <summary>Reads one instant; null when it is none, or beyond what evidence may carry.</summary>
    /// <param name="isEnd">Whether a day alone means its last millisecond.</param>
    public static long? ReadInstant(string text, bool isEnd = false)
    {
        var isDay = text.Length == (text.Contains('-', StringComparison.Ordinal) ? 10 : 8);
        var ms = long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && text.Length > 8
            ? number
            : DateTimeOffset.TryParseExact(text, Forms, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
                ? time.ToUnixTimeMilliseconds() + (isDay && isEnd ? DayMs - 1 : 0)
                : -1;
        return ms is >= 0 and <= Moment.WallCeilingMs ? ms : null;
    }

    public override string ToString() => $"{Write(FromMs)}..{Write(ToMs)}";

    private static string Write(long ms) => DateTimeOffset.FromUnixTimeMilliseconds(ms)
        .ToString(ms % 1000 == 0 ? Forms[0] : Forms[1], CultureInfo.InvariantCulture);
}
