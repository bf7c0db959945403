using Evidence;
using Gateway.Terminal;

namespace Gateway.Verbs;

/// <summary>A verdict as a page of text for people: integrity first, temperature apart from it.</summary>
public static class VerdictText
{
    private const int IntervalsShownMax = 40;

    /// <summary>Writes the word, the checks, the temperature and the notes.</summary>
    public static void Write(Screen screen, Verdict verdict)
    {
        var headline = $"{Mark(verdict.Word)} {verdict.Headline}";
        screen.Line(verdict.Word == VerdictWord.Verified ? screen.Ok(headline) : screen.Failure(headline));
        if (verdict.Reason.Length > 0)
        {
            screen.Line("  " + Screen.Safe(verdict.Reason));
        }

        if (verdict.Gateway is { } gateway)
        {
            screen.Line($"  Gateway {gateway}, enrolled by {Screen.Safe(verdict.Authority ?? "nobody your policy knows")}");
            screen.Line($"  {Figures.Time(verdict.FromMs)} → {Figures.Time(verdict.ToMs)}, batches {verdict.FirstNumber} to "
                + $"{verdict.LastNumber}");
        }

        screen.Line();
        screen.Line(screen.Strong("What was checked"));
        foreach (var check in verdict.Checks)
        {
            var line = $"  {MarkOf(check.State)} {check.Name,-9} {Screen.Safe(check.Sentence)}";
            screen.Line(check.State switch
            {
                CheckState.Failed => screen.Failure(line),
                CheckState.NotChecked => screen.Quiet(line),
                _ =>
                line
            });
        }

        WriteTemperature(screen, verdict);
        if (!verdict.Notes.IsEmpty)
        {
            screen.Line();
            screen.Line(screen.Strong("To be read with it"));
            foreach (var note in verdict.Notes)
            {
                screen.Line("  • " + Screen.Safe(note.Sentence));
            }
        }
    }

    private static void WriteTemperature(Screen screen, Verdict verdict)
    {
        foreach (var channel in verdict.Channels)
        {
            screen.Line();
            screen.Line(screen.Strong($"Temperature of channel {channel.Channel}, {Screen.Safe(channel.Probe.Place)}, {channel.Probe.Low} to "
                + $"{channel.Probe.High} °C")
                + " (a separate question)");
            if (verdict.Level == DisclosureLevel.Headers)
            {
                screen.Line(screen.Warning("  ? NOT DISCLOSED") + "  The file says when batches were sealed, and nothing about the temperature.");
                continue;
            }

            var outside = channel.Intervals.Count(interval => interval.Answer == Answer.OutOfRange);
            var isPart = channel.Answer == Answer.NoData && channel.Intervals.Any(interval => interval.Answer == Answer.InRange);
            var word = $"  {MarkOf(channel.Answer)} {WordOf(channel.Answer)}{(isPart ? " FOR PART OF THE TIME" : "")}";
            screen.Line((channel.Answer == Answer.InRange ? screen.Ok(word) : screen.Warning(word))
                + $"  Readings: {Figures.Count(channel.Intervals.Sum(interval => (long)interval.Readings))}, intervals out of range: {outside}, "
                + $"without data: {channel.Intervals.Count(interval => interval.Answer == Answer.NoData)}"
                + (verdict.Level == DisclosureLevel.Readings ? "" : "; the gateway's signed claims about whole batches"));
            var notable = channel.Intervals.Where(interval => interval.Answer != Answer.InRange).ToList();
            foreach (var interval in notable.Take(IntervalsShownMax))
            {
                screen.Line($"    {Figures.Time(interval.FromMs)} → {Figures.Time(interval.ToMs)}  "
                    + $"{Figures.Span(interval.ToMs - interval.FromMs),12}  "
                    + $"{WordOf(interval.Answer),-12} " + (interval.Answer == Answer.NoData ? Spaced(interval.Cause)
                        : interval is { Min: { } min, Max: { } max } ? $"{min} to {max} °C" : ""));
            }

            if (notable.Count > IntervalsShownMax)
            {
                screen.Line($"    … and {notable.Count - IntervalsShownMax} more; --json prints all.");
            }
        }
    }

    /// <summary>A cause's name as words: "PowerLoss" is "power loss".</summary>
    private static string Spaced(string? cause) => string.Concat((cause ?? "").Select((c, i) => char.IsAsciiLetterUpper(c) ? (i > 0 ? " " : "") + char.ToLowerInvariant(c) : $"{c}"));

    private static char Mark(VerdictWord word) => word switch
    {
        VerdictWord.Verified => '✓',
        VerdictWord.CannotCheck or VerdictWord.NotYetAnchored => '?',
        _ => '✗',
    };

    private static char MarkOf(CheckState state) => state switch { CheckState.Ok => '✓', CheckState.Failed => '✗', _ => '?' };

    private static char MarkOf(Answer answer) => answer switch { Answer.InRange => '✓', Answer.OutOfRange => '▲', _ => '?' };

    private static string WordOf(Answer answer) => answer switch
    {
        Answer.InRange => "IN RANGE",
        Answer.OutOfRange => "OUT OF RANGE",
        _ => "NO DATA",
    };
}
