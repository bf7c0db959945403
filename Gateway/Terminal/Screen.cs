using System.Globalization;

namespace Gateway.Terminal;

/// <summary>Where a verb writes: plain lines, with colour only where a person looks at it and has not asked for none (NO_COLOR).</summary>
/// <param name="output">Standard output.</param>
/// <param name="error">Standard error: problems and progress.</param>
/// <param name="isColoured">Whether ANSI colours may be used. Colour is never alone: a mark and a word go with it.</param>
/// <param name="isInteractive">Whether standard error is a terminal on which a line may be redrawn.</param>
public sealed class Screen(TextWriter output, TextWriter error, bool isColoured, bool isInteractive)
{
    public bool IsInteractive => isInteractive;

    public TextWriter Output => output;

    public TextWriter Error => error;

    public static Screen OfConsole() => new(Console.Out, Console.Error,
        !Console.IsOutputRedirected && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")),
        !Console.IsErrorRedirected);

    public void Line(string text = "") => output.WriteLine(text);

    /// <summary>A problem: one sentence with the fact, one with the next step.</summary>
    public void Problem(string text) => error.WriteLine(Paint("31", "✗ ") + Safe(text));

    /// <summary>Text from a stranger's file must not steer the terminal, begin a line of its own, or turn the direction of what stands beside it:
    /// such characters become "?".</summary>
    public static string Safe(string text) => string.Concat(text.Select(c => char.IsControl(c) || c is >= '\u2028' and <= '\u202E' or >= '\u2066' and <= '\u2069'
        or '\u200E' or '\u200F' or '\u061C' ? '?' : c));

    public string Ok(string text) => Paint("34", text);

    public string Warning(string text) => Paint("33", text);

    public string Failure(string text) => Paint("7", text);

    public string Quiet(string text) => Paint("2", text);

    public string Strong(string text) => Paint("1", text);

    private string Paint(string code, string text) => isColoured ? $"\u001b[{code}m{text}\u001b[0m" : text;
}

/// <summary>Figures as people read them.</summary>
public static class Figures
{
    /// <summary>"2022-05-02 10:36:00 UTC".</summary>
    public static string Time(long wallMs) =>
        DateTimeOffset.FromUnixTimeMilliseconds(wallMs).ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);

    /// <summary>"5 h 52 min", "3 d 4 h", "12 s", "250 ms".</summary>
    public static string Span(long ms) => Math.Abs(ms) switch
    {
        < 1_000 => string.Create(CultureInfo.InvariantCulture, $"{ms} ms"),
        < 60_000 => string.Create(CultureInfo.InvariantCulture, $"{ms / 1_000} s"),
        < 3_600_000 => string.Create(CultureInfo.InvariantCulture, $"{ms / 60_000} min"),
        < 86_400_000 => string.Create(CultureInfo.InvariantCulture, $"{ms / 3_600_000} h {ms / 60_000 % 60} min"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{ms / 86_400_000} d {ms / 3_600_000 % 24} h"),
    };

    /// <summary>How long a gap is, as <see cref="Span"/>; in words where the clock ran back over it, as when nobody has set it at boot.</summary>
    public static string Gap(long fromMs, long toMs) => toMs > fromMs ? Span(toMs - fromMs) : "a time that the clock does not tell";

    /// <summary>"10,653".</summary>
    public static string Count(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>"1.4 GB" in powers of ten.</summary>
    public static string Bytes(long number) => number switch
    {
        < 1_000 => string.Create(CultureInfo.InvariantCulture, $"{number} B"),
        < 1_000_000 => string.Create(CultureInfo.InvariantCulture, $"{number / 1e3:0.0} kB"),
        < 1_000_000_000 => string.Create(CultureInfo.InvariantCulture, $"{number / 1e6:0.0} MB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{number / 1e9:0.0} GB"),
    };
}

/// <summary>A line of temperatures in eight heights; a missing value is a gap, never a height.</summary>
public static class Sparkline
{
    private const string Heights = "▁▂▃▄▅▆▇█";

    /// <summary>The last values, one character each; a space where there is none.</summary>
    public static string Draw(IReadOnlyList<int?> milliCelsius, int widthMax)
    {
        var shown = milliCelsius.Skip(Math.Max(0, milliCelsius.Count - widthMax)).ToArray();
        var measured = shown.OfType<int>().ToArray();
        if (measured.Length == 0)
        {
            return new(' ', shown.Length);
        }

        long min = measured.Min(), span = Math.Max(1, measured.Max() - min);
        return string.Concat(shown.Select(value => value is { } mC ? Heights[(int)((mC - min) * (Heights.Length - 1) / span)] : ' '));
    }
}
