using System.Collections.Immutable;
using System.Globalization;
using Evidence;

namespace Sensors.Emulation;

/// <summary>A file is not the logger export it is taken for. The message names the line, what stands there, and what should.</summary>
public sealed class LoggerFileException : Exception
{
    public LoggerFileException() { }

    public LoggerFileException(string message) : base(message) { }

    public LoggerFileException(string message, Exception inner) : base(message, inner) { }
}

/// <summary>One row of a logger's table.</summary>
/// <param name="WallMs">Milliseconds since 1970 UTC; the logger writes whole minutes.</param>
/// <param name="Temperature">Null where the logger wrote "--.-": its sensor was disconnected.</param>
public readonly record struct LoggerRow(long WallMs, MilliCelsius? Temperature);

/// <summary>The text export of a Berlinger Fridge-tag 2 L or Ultra Low: a header, and a table of one temperature every few
/// minutes.</summary>
/// <remarks>A plain Fridge-tag 2 writes daily summaries only, and is refused.</remarks>
public sealed class LoggerFile
{
    /// <summary>The longest export that is read: 8 MiB, thirty times a five-week trip.</summary>
    public const int LengthMax = 8 * 1024 * 1024;

    private const string Device = "Device: ", Data = "Data:", Cert = "Cert:", Disconnected = "--.-";

    private const NumberStyles PlainNumber = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint;

    private LoggerFile(string device, string serial, long intervalMs, ImmutableArray<LoggerRow> rows)
    {
        DeviceName = device;
        Serial = serial;
        IntervalMs = intervalMs;
        Rows = rows;
    }

    /// <summary>The logger as it names itself: "Q-tag Fridge-tag 2 L".</summary>
    public string DeviceName { get; }

    /// <summary>The logger's serial number.</summary>
    public string Serial { get; }

    /// <summary>The configured logging interval, in milliseconds.</summary>
    public long IntervalMs { get; }

    /// <summary>The table, times strictly rising, at least one row.</summary>
    public ImmutableArray<LoggerRow> Rows { get; }

    /// <summary>Reads an export.</summary>
    /// <exception cref="LoggerFileException">It is not one, or a row cannot be read.</exception>
    public static LoggerFile Parse(string text)
    {
        if (text.Length > LengthMax)
        {
            throw new LoggerFileException($"The file has {text.Length} characters; a logger export has {LengthMax} at most.");
        }

        var lines = text.ReplaceLineEndings("\n").Split('\n');
        if (!lines[0].StartsWith(Device, StringComparison.Ordinal) || !lines[0].Contains("Fridge-tag", StringComparison.Ordinal))
        {
            throw new LoggerFileException(
                $"Line 1 is \"{Excerpt(lines[0])}\"; the text export of a Fridge-tag begins with \"{Device}Q-tag Fridge-tag\".");
        }

        var table = Array.IndexOf(lines, Data);
        if (table < 0)
        {
            throw new LoggerFileException(
                $"{lines[0][Device.Length..]}: there is no line \"{Data}\"; only models that log every few minutes have a table.");
        }

        var header = lines.AsSpan(0, table);
        var unit = Field(header, "Temp unit");
        if (unit != "C")
        {
            throw new LoggerFileException($"Temp unit is {unit}; export the file in degrees Celsius.");
        }

        var zone = ZoneOf(Field(header, "Zone"));
        var interval = Field(header, "Logging Interval");
        if (!int.TryParse(interval, NumberStyles.None, CultureInfo.InvariantCulture, out var minutes) || minutes is < 1 or > 24 * 60)
        {
            throw new LoggerFileException($"Logging Interval is {interval}; a whole number of minutes from 1 to 1440 should stand there.");
        }

        return new(lines[0][Device.Length..], Field(header, "Serial"), minutes * 60_000L, RowsOf(lines, table, zone));
    }

    private static ImmutableArray<LoggerRow> RowsOf(string[] lines, int table, TimeSpan zone)
    {
        var rows = ImmutableArray.CreateBuilder<LoggerRow>();
        for (var index = table + 2; index < lines.Length && lines[index] != Cert; index++) // One line of column names stands in between.
        {
            if (lines[index].Length == 0)
            {
                continue;
            }

            var row = RowOf(lines[index], index + 1, zone);
            if (rows.Count > 0 && row.WallMs <= rows[^1].WallMs)
            {
                throw new LoggerFileException($"Line {index + 1}: \"{Excerpt(lines[index])}\" is not later than the line before it.");
            }

            rows.Add(row);
        }

        return rows.Count > 0
            ? rows.ToImmutable()
            : throw new LoggerFileException($"There is no reading after line {table + 1}, \"{Data}\".");
    }

    private static LoggerRow RowOf(string line, int number, TimeSpan zone)
    {
        var cells = line.TrimStart('\t').Split('\t');
        if (cells.Length < 2
            || !DateTime.TryParseExact(cells[0], "yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out var local))
        {
            throw new LoggerFileException(
                $"Line {number}: \"{Excerpt(line)}\" does not begin with a time like 2022-05-02 04:44 and a temperature.");
        }

        var wallMs = new DateTimeOffset(local, zone).ToUnixTimeMilliseconds();
        if (cells[1] == Disconnected)
        {
            return new(wallMs, null);
        }

        return decimal.TryParse(cells[1], PlainNumber, CultureInfo.InvariantCulture, out var celsius)
            && celsius is >= -273m and <= 1_000m
            ? new(wallMs, new MilliCelsius((int)(celsius * 1_000m)))
            : throw new LoggerFileException($"Line {number}: \"{Excerpt(cells[1])}\" is not a temperature in °C nor {Disconnected}.");
    }

    private static string Field(ReadOnlySpan<string> header, string name)
    {
        foreach (var line in header)
        {
            var trimmed = line.AsSpan().TrimStart();
            if (trimmed.StartsWith(name, StringComparison.Ordinal) && trimmed[name.Length..].StartsWith(": ", StringComparison.Ordinal))
            {
                return trimmed[(name.Length + 2)..].ToString();
            }
        }

        throw new LoggerFileException($"There is no \"{name}: \" above the table.");
    }

    // What follows the point for half-hour zones has not been seen in any file, so it is not guessed.
    private static TimeSpan ZoneOf(string zone) =>
        decimal.TryParse(zone, PlainNumber, CultureInfo.InvariantCulture, out var hours)
        && hours is >= -12m and <= 14m && hours == decimal.Truncate(hours)
            ? TimeSpan.FromHours((int)hours)
            : throw new LoggerFileException($"Zone is {zone}; only whole hours from -12.00 to 14.00 are understood.");

    private static string Excerpt(string text) => text.Length <= 60 ? text : $"{text[..60]}…";
}
