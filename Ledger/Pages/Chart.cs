using Evidence;

namespace Ledger.Pages;

/// <summary>One channel's temperature as SVG: lowest and highest value per pixel column (an average would hide spikes), limits dashed,
/// gaps blank and hatched.</summary>
internal static class Chart
{
    private const int Width = 720;
    private const int Height = 260;
    private const int Left = 80; // On a phone the marks are larger: "-10.3°" has room.
    private const int Right = 8;
    private const int Top = 22;
    private const int Bottom = 28;
    private const int MarkRoom = 26;
    private const int MarginMilliCelsius = 1_000;

    public static Markup Draw(ChannelVerdict channel, TimeWindow window, string label, Texts texts)
    {
        var scale = Scale.Of(channel, window);
        var html = new Html();
        var hatch = $"hatch{channel.Channel.Value}";
        html.Add($"<svg class=\"chart\" role=\"img\" aria-label=\"{label}\" viewBox=\"0 0 {Width} {Height}\">");
        html.Add($"<defs><pattern id=\"{hatch}\" width=\"8\" height=\"8\" patternUnits=\"userSpaceOnUse\" " +
            $"patternTransform=\"rotate(45)\">");
        html.Add($"<line class=\"hatch\" x1=\"0\" y1=\"0\" x2=\"0\" y2=\"8\"/></pattern></defs>");
        var (low, high) = (scale.Y(channel.Probe.Low.Value), scale.Y(channel.Probe.High.Value));
        html.Add($"<rect class=\"band\" x=\"{Left}\" y=\"{high}\" width=\"{Width - Left - Right}\" height=\"{low - high}\"/>");
        foreach (var interval in channel.Intervals.Where(interval => interval.Answer != Answer.InRange))
        {
            var (from, to) = (scale.X(interval.FromMs), scale.X(interval.ToMs));
            var width = Math.Max(1, to - from);
            if (interval.Answer == Answer.NoData)
            {
                html.Add($"<rect fill=\"url(#{hatch})\" x=\"{from}\" y=\"{Top}\" width=\"{width}\" height=\"{Height - Top - Bottom}\"/>");
            }
            else
            {
                html.Add($"<rect class=\"out\" x=\"{from}\" y=\"{Top}\" width=\"{width}\" height=\"{Height - Top - Bottom}\"/>");
            }
        }

        html.Add($"<line class=\"limit\" x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{low}\" y2=\"{low}\"/>");
        html.Add($"<line class=\"limit\" x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{high}\" y2=\"{high}\"/>");
        DrawScales(html, scale, channel.Probe, texts);
        foreach (var line in Lines(channel, scale))
        {
            html.Add($"<polyline class=\"line\" points=\"{line}\"/>");
        }

        return html.Add($"</svg>").ToMarkup();
    }

    private static void DrawScales(Html html, Scale scale, ManifestChannel probe, Texts texts)
    {
        // The limits are always named; an end of the scale only where its name has room.
        int[] marks = [probe.Low.Value, .. probe.High == probe.Low ? Array.Empty<int>() : [probe.High.Value],
            .. new[] { scale.Lowest, scale.Highest }.Where(end => Math.Abs(scale.Y(end) - scale.Y(probe.Low.Value)) > MarkRoom
                && Math.Abs(scale.Y(end) - scale.Y(probe.High.Value)) > MarkRoom)];
        foreach (var mark in marks)
        {
            html.Add($"<text class=\"mark\" x=\"{Left - 4}\" y=\"{scale.Y(mark) + 4}\" " +
                $"text-anchor=\"end\">{texts.Temperature(new(mark / 100 * 100)).Replace("\u00A0°C", "°")}</text>");
        }

        const int Marks = 4;
        for (var i = 0; i <= Marks; i++)
        {
            var time = scale.Window.FromMs + ((scale.Window.ToMs - scale.Window.FromMs) * i / Marks);
            var (x, anchor) = (scale.X(time), i == 0 ? "start" : i == Marks ? "end" : "middle");
            html.Add($"<line class=\"tick\" x1=\"{x}\" x2=\"{x}\" y1=\"{Height - Bottom}\" y2=\"{Height - Bottom + 4}\"/>");
            html.Add($"<text class=\"mark{(i % 2 == 1 ? " minor" : "")}\" x=\"{x}\" y=\"{Height - 8}\" " +
                $"text-anchor=\"{anchor}\">{scale.Label(time)}</text>");
        }
    }

    /// <summary>One polyline for each stretch without a hole.</summary>
    private static IEnumerable<string> Lines(ChannelVerdict channel, Scale scale)
    {
        var holes = channel.Intervals.Where(interval => interval.Answer == Answer.NoData).ToList();
        var line = new List<ShownReading>();
        var hole = 0;
        foreach (var reading in channel.Readings)
        {
            var crossed = false;
            while (hole < holes.Count && holes[hole].ToMs <= reading.TimeMs)
            {
                hole++;
                crossed = true;
            }

            if ((crossed || reading.Temperature is null) && line.Count > 0)
            {
                yield return Points(line, scale);
                line.Clear();
            }

            if (reading.Temperature is not null)
            {
                line.Add(reading);
            }
        }

        if (line.Count > 0)
        {
            yield return Points(line, scale);
        }
    }

    private static string Points(List<ShownReading> line, Scale scale)
    {
        var points = new List<string>();
        foreach (var column in line.GroupBy(reading => (int)scale.X(reading.TimeMs)))
        {
            // First, lowest, highest, last, in the order in which they came: the column's extremes are on the picture, whatever the zoom.
            var (first, last) = (column.First(), column.Last());
            ShownReading[] shown = [first, column.MinBy(reading => reading.Temperature!.Value.Value),
                column.MaxBy(reading => reading.Temperature!.Value.Value), last];
            points.AddRange(shown.DistinctBy(reading => reading.Sequence).OrderBy(reading => reading.Sequence)
                .Select(reading => string.Create(System.Globalization.CultureInfo.InvariantCulture,
                    $"{scale.X(reading.TimeMs):0.#},{scale.Y(reading.Temperature!.Value.Value):0.#}")));
        }

        // A single point would be invisible: draw it as a line of one pixel.
        return points.Count == 1 ? $"{points[0]} {scale.X(line[0].TimeMs) + 1:0.#},{points[0].Split(',')[1]}" : string.Join(' ', points);
    }

    private readonly record struct Scale(TimeWindow Window, int Lowest, int Highest)
    {
        public static Scale Of(ChannelVerdict channel, TimeWindow window)
        {
            var values = channel.Readings.Where(reading => reading.Temperature is not null)
                .Select(reading => reading.Temperature!.Value.Value)
                .Append(channel.Probe.Low.Value).Append(channel.Probe.High.Value).ToList();
            return new(window, (int)Math.Max(int.MinValue, (long)values.Min() - MarginMilliCelsius),
                (int)Math.Min(int.MaxValue, (long)values.Max() + MarginMilliCelsius));
        }

        public double X(long timeMs) => Left + ((Width - Left - Right) *
            Math.Clamp((timeMs - Window.FromMs) / (double)Math.Max(1, Window.ToMs - Window.FromMs), 0, 1));

        public double Y(int value) => Top + ((Height - Top - Bottom) * (((double)Highest - value) / ((double)Highest - Lowest)));

        public string Label(long timeMs) => DateTimeOffset.FromUnixTimeMilliseconds(timeMs)
            .ToString(Window.ToMs - Window.FromMs > 3 * 86_400_000L
                ? "yyyy-MM-dd" : "MM-dd HH:mm", System.Globalization.CultureInfo.InvariantCulture);
    }
}
