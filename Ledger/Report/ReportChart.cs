using System.Globalization;
using Evidence;
using Ledger.Pages;
using Ledger.Report.Pdf;

namespace Ledger.Report;

/// <summary>A channel's temperature, drawn with lines: lowest and highest value per column (an average would hide spikes), limits dashed, gaps
/// as gaps and hatched, excursions gray under a black bar. Nothing in it needs colour.</summary>
internal sealed class ReportChart(Paper paper, ChannelFigures figures, TimeWindow window)
{
    /// <summary>Width of what is drawn, without its scale: 16 cm.</summary>
    public const double PlotWidth = 160 * Paper.Millimetre;

    /// <summary>Room under the plot for the times.</summary>
    public const double ScaleHeight = 13;

    private const double Column = 0.5; // Width of a column in points: 907 of them.
    private const double Bar = 2.6;
    private const double LabelRoom = 9.5;
    private static readonly long[] TimeSteps = [.. new[] { 1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 4320, 10080, 20160, 40320 }
        .Select(minutes => minutes * 60_000L)];

    private double left;
    private double top;
    private double height;
    private int lowest;
    private int highest;

    /// <summary>Draws at the paper's place and goes on below it.</summary>
    /// <param name="plotHeight">Height of what is drawn, without its scale, in points.</param>
    public void Draw(PdfElement parent, string description, double plotHeight)
    {
        (left, top, height) = (Paper.Margin + Paper.Room - PlotWidth, paper.Y, plotHeight);
        SetScale();
        var page = paper.Page;
        page.Begin(parent.Add("Figure", description));
        DrawBackground(page);
        DrawTemperatures(page);
        DrawTimes(page);
        DrawLine(page);
        page.Box(left, top, PlotWidth, height, new(0.5));
        page.End();
        paper.Y += plotHeight + ScaleHeight;
    }

    /// <summary>What dashes, gray and hatching mean, with a sample of each.</summary>
    public static void Legend(Paper paper, PdfElement parent)
    {
        var (page, x, y) = (paper.Page, Paper.Margin + Paper.Room - PlotWidth, paper.Y + 3);
        page.Begin(parent.Add("P"));
        foreach (var (key, sample) in new (string, Action<double>)[]
        {
            ("report.chart.limit", at => page.Line(at, y + 4, at + 18, y + 4, new(0.9, 0, "4 2.5"))),
            ("report.chart.out", at =>
            {
                page.Fill(at, y, 18, 8, 0.84);
                page.Fill(at, y, 18, Bar, 0);
            }),
            ("report.chart.gap", at => Hatch(page, at, y, 18, 8)),
        })
        {
            sample(x);
            x += 22;
            x += page.Text(paper.Plain, Paper.Small, x, y + 7, paper.Texts[key], Paper.Quiet) + 16;
        }

        page.End();
        paper.Y += 16;
    }

    private void SetScale()
    {
        var probe = figures.Probe;
        var values = new[] { figures.Lowest?.Temperature?.Value, figures.Highest?.Temperature?.Value, probe.Low.Value, probe.High.Value }
            .OfType<int>().ToList();
        var margin = Math.Max(500, ((long)values.Max() - values.Min()) / 14);
        lowest = (int)Math.Max(int.MinValue, values.Min() - margin);
        highest = (int)Math.Min(int.MaxValue, values.Max() + margin);
    }

    private void DrawBackground(PdfPage page)
    {
        foreach (var interval in figures.Verdict.Intervals.Where(interval => interval.Answer != Answer.InRange))
        {
            var (from, to) = (X(interval.FromMs), X(interval.ToMs));
            var width = Math.Max(0.6, to - from);
            if (interval.Answer == Answer.NoData)
            {
                Hatch(page, from, top, width, height);
                continue;
            }

            page.Fill(from, top, width, height, 0.84);
            page.Fill(from, top, width, Bar, 0);
        }
    }

    private static void Hatch(PdfPage page, double x, double y, double width, double height)
    {
        page.Clip(x, y, width, height);
        page.Fill(x, y, width, height, 1);
        for (var at = x - height; at < x + width; at += 4)
        {
            page.Line(at, y + height, at + height, y, new(0.4, 0.45));
        }

        page.Unclip();
        page.Line(x, y, x, y + height, new(0.3, 0.45));
        page.Line(x + width, y, x + width, y + height, new(0.3, 0.45));
    }

    private void DrawTemperatures(PdfPage page)
    {
        var probe = figures.Probe;
        var step = Step((long)highest - lowest);
        for (var mark = (lowest / step * step) - step; mark <= highest; mark += step)
        {
            if (mark < lowest)
            {
                continue;
            }

            page.Line(left, Y(mark), left + PlotWidth, Y(mark), new(0.25, 0.8));
            if (Math.Abs(Y(mark) - Y(probe.Low.Value)) > LabelRoom && Math.Abs(Y(mark) - Y(probe.High.Value)) > LabelRoom)
            {
                Label(page, paper.Plain, mark, Paper.Quiet);
            }
        }

        foreach (var limit in new[] { probe.Low.Value, probe.High.Value }.Distinct())
        {
            page.Line(left, Y(limit), left + PlotWidth, Y(limit), new(0.9, 0, "4 2.5"));
            var isCrowded = limit == probe.Low.Value && Math.Abs(Y(limit) - Y(probe.High.Value)) < LabelRoom && limit != probe.High.Value;
            Label(page, paper.Bold, limit, 0, isCrowded ? LabelRoom - 2 : 0);
        }
    }

    private void Label(PdfPage page, Typeface face, long milliCelsius, double gray, double down = 0)
    {
        var text = paper.Texts.Temperature(new((int)milliCelsius)).Replace("\u00A0°C", "°", StringComparison.Ordinal);
        page.Text(face, Paper.Small, left - 4 - face.Width(text, Paper.Small), Y(milliCelsius) + 2.5 + down, text, gray);
    }

    /// <summary>1, 2 or 5 times a power of ten, so that at most eight lines are drawn.</summary>
    private static long Step(long span)
    {
        const int LinesMax = 8;
        for (var power = 100L; ; power *= 10)
        {
            foreach (var factor in (int[])[1, 2, 5])
            {
                if (span / (power * factor) < LinesMax)
                {
                    return power * factor;
                }
            }
        }
    }

    private void DrawTimes(PdfPage page)
    {
        const int LabelsMax = 9;
        var span = Math.Max(1, window.ToMs - window.FromMs);
        var step = TimeSteps.FirstOrDefault(candidate => span / candidate < LabelsMax, span / LabelsMax / TimeSteps[^1] * TimeSteps[^1]);
        step = Math.Max(step, TimeSteps[0]);
        for (var time = (window.FromMs + step - 1) / step * step; time <= window.ToMs; time += step)
        {
            var text = DateTimeOffset.FromUnixTimeMilliseconds(time)
                .ToString(time % ChannelFigures.DayMs == 0 ? "MM-dd" : "HH:mm", CultureInfo.InvariantCulture);
            var width = paper.Plain.Width(text, Paper.Small);
            page.Line(X(time), top + height, X(time), top + height + 2.5, new(0.4));
            page.Text(time % ChannelFigures.DayMs == 0 ? paper.Bold : paper.Plain, Paper.Small,
                Math.Clamp(X(time) - (width / 2), left, left + PlotWidth - width), top + height + 10, text);
        }
    }

    private void DrawLine(PdfPage page)
    {
        var holes = figures.Verdict.Intervals.Where(interval => interval.Answer == Answer.NoData).ToList();
        var points = new List<(double X, double Y)>();
        var column = new List<ShownReading>();
        var hole = 0;
        foreach (var reading in figures.Verdict.Readings)
        {
            var crossed = false;
            for (; hole < holes.Count && holes[hole].ToMs <= reading.TimeMs; hole++)
            {
                crossed = true;
            }

            if (column.Count > 0 && (crossed || reading.Temperature is null || ColumnOf(reading) != ColumnOf(column[0])))
            {
                Flush(column, points);
            }

            if (crossed || reading.Temperature is null)
            {
                Stroke(page, points);
            }

            if (reading.Temperature is not null)
            {
                column.Add(reading);
            }
        }

        Flush(column, points);
        Stroke(page, points);
    }

    /// <summary>First, lowest, highest and last of a column, in the order in which they came.</summary>
    private void Flush(List<ShownReading> column, List<(double X, double Y)> points)
    {
        if (column.Count == 0)
        {
            return;
        }

        ShownReading[] shown = [column[0], column.MinBy(reading => reading.Temperature!.Value.Value),
            column.MaxBy(reading => reading.Temperature!.Value.Value), column[^1]];
        points.AddRange(shown.DistinctBy(reading => reading.Sequence).OrderBy(reading => reading.Sequence)
            .Select(reading => (X(reading.TimeMs), Y(reading.Temperature!.Value.Value))));
        column.Clear();
    }

    private static void Stroke(PdfPage page, List<(double X, double Y)> points)
    {
        if (points.Count == 1)
        {
            points.Add((points[0].X + 0.8, points[0].Y)); // A single point would be invisible.
        }

        if (points.Count > 0)
        {
            page.Path(points, new(0.75));
            points.Clear();
        }
    }

    private int ColumnOf(ShownReading reading) => (int)(X(reading.TimeMs) / Column);

    private double X(long ms) => left + (PlotWidth * Math.Clamp((ms - window.FromMs) / (double)Math.Max(1, window.ToMs - window.FromMs), 0, 1));

    private double Y(long milliCelsius) => top + (height * ((highest - milliCelsius) / ((double)highest - lowest)));
}
