using System.Globalization;
using Evidence;
using Ledger.Pages;
using Ledger.Report.Pdf;

namespace Ledger.Report;

/// <summary>Readings as they were taken, several to a line. All of them when they are few; otherwise those out of range, those without a
/// temperature, and their neighbours.</summary>
internal sealed class ReadingPages(Paper paper, List<ChannelFigures> channels)
{
    /// <summary>Most readings that are printed; readings.csv inside the document has them all.</summary>
    public const int ReadingsMax = 1_000;

    private const int Across = 4;
    private const double Size = 6.6;
    private const double ValueEnd = 106;
    private readonly Texts texts = paper.Texts;
    private int left = ReadingsMax;

    public void Write()
    {
        var all = channels.Sum(channel => channel.Verdict.Readings.Length);
        if (all == 0)
        {
            return;
        }

        var isWhole = all <= ReadingsMax;
        var chosen = channels.ConvertAll(channel => (Channel: channel, Rows: Chosen(channel, isWhole)));
        var count = chosen.Sum(one => one.Rows.Count);
        paper.Head(paper.Document.Root, texts["report.readings.head"], 70);
        paper.Say(paper.Document.Root, "P", isWhole ? texts.Format("report.readings.all", texts.Number(all))
            : texts.Format(count > ReadingsMax ? "report.readings.cut" : "report.readings.some", texts.Number(all), texts.Number(count),
                texts.Number(ReadingsMax)));
        foreach (var (channel, rows) in chosen.Where(one => one.Rows.Count > 0))
        {
            WriteChannel(channel, rows);
        }
    }

    private static List<ShownReading> Chosen(ChannelFigures channel, bool isWhole)
    {
        var readings = channel.Verdict.Readings;
        return isWhole ? [.. readings]
            : [.. readings.Where((_, i) => IsNotable(channel, readings[i]) || (i > 0 && IsNotable(channel, readings[i - 1]))
                || (i + 1 < readings.Length && IsNotable(channel, readings[i + 1])))];
    }

    private static bool IsNotable(ChannelFigures channel, ShownReading reading) =>
        reading.Temperature is not { } value || value < channel.Probe.Low || value > channel.Probe.High;

    private void WriteChannel(ChannelFigures channel, List<ShownReading> rows)
    {
        if (left == 0)
        {
            return;
        }

        paper.Y += 4;
        paper.Need(60);
        paper.Say(paper.Document.Root, "H3", $"{channel.Verdict.Channel.Value} {channel.Probe.Place}", paper.Bold, linesMax: 1);
        var list = paper.Document.Root.Add("P");
        var leading = Paper.Leading(Size);
        var shown = rows.Take(left).ToList();
        left -= shown.Count;
        for (var from = 0; from < shown.Count;)
        {
            // Columns are read downwards: as many lines as the sheet has room for, or as the rest needs.
            var lines = Math.Min((int)((Paper.Bottom - paper.Y) / leading), (shown.Count - from + Across - 1) / Across);
            if (lines < 1)
            {
                paper.NewSheet();
                continue;
            }

            var block = shown.GetRange(from, Math.Min(lines * Across, shown.Count - from));
            for (var i = 0; i < block.Count; i++)
            {
                Set(list, channel, block[i], Paper.Margin + (i / lines * (Paper.Room / Across)), paper.Y + (i % lines * leading));
            }

            paper.Y += lines * leading;
            from += block.Count;
        }
    }

    private void Set(PdfElement list, ChannelFigures channel, ShownReading reading, double x, double y)
    {
        var isOut = IsNotable(channel, reading);
        var face = isOut ? paper.Bold : paper.Plain;
        var value = reading.Temperature is { } temperature ? texts.Temperature(temperature)
            : texts.Or("causes." + reading.Outcome, reading.Outcome.ToString());
        var time = DateTimeOffset.FromUnixTimeMilliseconds(reading.TimeMs).ToString("MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
        var page = paper.Page;
        page.Begin(list);
        page.Text(paper.Plain, Size, x, y + Paper.Ascent(Size), time, Paper.Quiet);
        var text = LineBreaker.Break(face, Size, value, (Paper.Room / Across) - 62, 1)[0];
        page.Text(face, Size, x + ValueEnd - face.Width(text, Size), y + Paper.Ascent(Size), text);
        if (isOut && reading.Temperature is { } outside)
        {
            var (tip, foot) = outside > channel.Probe.High ? (2.2, 6.4) : (6.4, 2.2); // An arrow head, up or down.
            page.Path([(x + ValueEnd + 3, y + foot), (x + ValueEnd + 5, y + tip), (x + ValueEnd + 7, y + foot)], new(0.9));
        }

        page.End();
    }
}
