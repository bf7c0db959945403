using Evidence;
using Ledger.Labels;
using Ledger.Pages;
using Ledger.Report.Pdf;

namespace Ledger.Report;

/// <summary>The first sheet, the one that is signed: the word, the limits, the temperature, the proof, and room for a name.</summary>
internal sealed class FrontPage(Paper paper, WindowEvidence evidence, List<ChannelFigures> channels, EvidenceFiles files,
    ReportSubject subject)
{
    /// <summary>Channels in the tables here; all of them have their own sheets.</summary>
    public const int ChannelsMax = 4;

    /// <summary>Most notes beside the word; with more, all stand on the next sheet.</summary>
    public const int NotesMax = 5;

    /// <summary>Charts here; with more channels, or too little room, only the one furthest out of its limits.</summary>
    private const int ChartsMax = 2;
    private const double ChartHeightMin = 70;
    private const double ChartHeightMax = 190;
    private const double ModuleMin = 0.5 * Paper.Millimetre;
    private const double CodeWidth = 32 * Paper.Millimetre; // Unless more modules need more.
    private readonly PageRequest request = paper.Request;
    private readonly Texts texts = paper.Texts;
    private readonly Verdict verdict = evidence.Verdict;
    private readonly PdfElement root = paper.Document.Root;
    private List<ChannelFigures> shown = [];

    /// <summary>When the batches were sealed, by others' clocks.</summary>
    public static string Sealed(PageRequest request, Verdict verdict) => verdict.Brackets.Min(bracket => bracket.NotBeforeMs) is { } from
        && verdict.Brackets.Max(bracket => bracket.NotAfterMs) is { } to
            ? request.Texts.Format("report.sealed.between", request.Time(from), request.Time(to),
                verdict.Brackets.Max(bracket => bracket.WidthMs) is { } widest ? request.Texts.Duration(widest) : "?")
            : request.Texts["report.sealed.open"];

    public void Write()
    {
        WriteHeading();
        WriteTemperature();
        if (channels.Count > 0 && verdict.Level == DisclosureLevel.Readings)
        {
            shown = Shown();
            WriteRules();
            WriteFigures();
            WriteCharts();
        }

        if (paper.Y > Paper.Bottom - FootHeight())
        {
            paper.NewSheet(); // A reason and names so long that they leave no room: the proof and the signature stay together.
        }

        paper.Y = Math.Max(paper.Y, Paper.Bottom - FootHeight());
        WriteProof();
        WriteSignature();
    }

    private void WriteHeading()
    {
        var (page, start) = (paper.Page, paper.Y);
        var code = WriteCode();
        var width = Paper.Room - code - 14;
        paper.Say(root, "P", texts["report.kind"], size: Paper.Body, gray: Paper.Quiet, width: width);
        paper.Y += 5;
        var (word, size) = (texts["word." + verdict.Word], 23.0);
        while (paper.Bold.Width(word, size) > width - 34 && size > 16)
        {
            size -= 0.5;
        }

        var top = paper.Y;
        page.Begin(null);
        Shapes.Draw(page, Shapes.Of(verdict.Word), Paper.Margin, top + ((Paper.Leading(size) - 27) / 2) + 1, 27);
        page.End();
        paper.Say(root, "H1", word, paper.Bold, size, indent: 34, width: width);
        paper.Say(root, "P", texts["means." + verdict.Word], size: 9.5, indent: 34, width: width);
        if (verdict.Checks.FirstOrDefault(check => check.State == CheckState.Failed)?.Finding is { } finding)
        {
            paper.Say(root, "P", $"{texts.Colon(texts["reason"])}{finding.Say(texts.Language)} {finding.Detail}".TrimEnd(), paper.Bold, indent: 34,
                width: width, linesMax: 4);
        }

        if (Shapes.Of(verdict.Word) == Shape.Cross)
        {
            page.Begin(null);
            page.Box(Paper.Margin - 6, top - 1, width + 8, paper.Y - top + 6, new(3));
            page.End();
            paper.Y += 6;
        }

        paper.Y += 7;
        foreach (var (i, line) in subject.Lines.Index())
        {
            paper.Say(root, "P", line, i == 0 ? paper.Bold : paper.Plain, i == 0 ? 11 : 9, width: width, linesMax: 2);
        }

        paper.Say(root, "P", texts.Format("gateway", evidence.Gateway), subject.Lines.Count == 0 ? paper.Bold : paper.Plain, 9, width: width);
        paper.Say(root, "P", $"{Span(0)} UTC · {texts.Duration(evidence.Window.ToMs - evidence.Window.FromMs)}", size: 9, width: width);
        if (request.Offset is { } minutes)
        {
            paper.Say(root, "P", $"{Span(minutes)} {PageRequest.OffsetName(minutes)}", size: 9, gray: Paper.Quiet, width: width);
        }

        paper.Y += 2;
        foreach (var note in verdict.Notes.Take(NotesMax))
        {
            paper.Say(root, "P", "• " + Reasons.Say(texts.Language, note.Key, note.Values), size: Paper.Small, gray: Paper.Quiet, width: width,
                linesMax: 2);
        }

        if (verdict.Notes.Length > NotesMax)
        {
            paper.Say(root, "P", "• " + texts.Format("report.notes.more", texts.Number(verdict.Notes.Length - NotesMax)), size: Paper.Small,
                gray: Paper.Quiet, width: width);
        }

        paper.Y = Math.Max(paper.Y, start + code + 24);
    }

    /// <summary>The code at the top right, drawn as boxes, with four modules of quiet around it. Returns its width.</summary>
    private double WriteCode()
    {
        var code = QrSymbol.Of(files.Link);
        var modules = code.Side + (2 * QrSymbol.Quiet);
        var module = Math.Max(ModuleMin, CodeWidth / modules);
        var (side, page) = (module * modules, paper.Page);
        var (left, top) = (Paper.Margin + Paper.Room - side, paper.Y - 6);
        page.Begin(root.Add("Figure", texts.Format("report.code", files.Link)));
        page.Fill(left, top, side, side, 1);
        page.Fill(code.Runs().Select(run => (left + ((run.X + QrSymbol.Quiet) * module), top + ((run.Y + QrSymbol.Quiet) * module), run.Length * module, module)), 0);
        page.End();
        page.Links.Add((left, top, side, side, files.Link));
        var below = top + side + 2;
        foreach (var (face, text, size) in new[] { (paper.Plain, texts["report.scan"], Paper.Small), (paper.Mono, files.ShortRoot, 8.0) })
        {
            page.Begin(root.Add("P"));
            page.Text(face, size, Paper.Centred(face, size, text, left, side), below + Paper.Ascent(size), text);
            page.End();
            below += Paper.Leading(size);
        }

        return side;
    }

    private void WriteTemperature()
    {
        paper.Head(root, texts["temperature"]);
        if (channels.Count == 0)
        {
            paper.Say(root, "P", texts["report.nochannel"]);
            return;
        }

        paper.Page.Begin(null);
        Shapes.Draw(paper.Page, Shapes.Of(verdict.Temperature), Paper.Margin, paper.Y, 15);
        paper.Page.End();
        paper.Say(root, "P", Claims.Headline(texts, verdict.Level, verdict.Temperature, verdict.Channels), paper.Bold, 12, indent: 20);
        if (Shapes.Of(verdict.Word) is Shape.Cross or Shape.Ring)
        {
            paper.Say(root, "P", texts["report.caution"], paper.Bold, indent: 20);
        }

        if (verdict.Level < DisclosureLevel.Readings)
        {
            ClaimLines.Write(paper, root, verdict.Level, channels.Take(ChannelsMax));
        }

        paper.Y += 3;
    }

    private void WriteRules()
    {
        var table = new ReportTable(paper, root,
        [
            new(texts["report.probe"], 104, LinesMax: 2), new(texts["report.rule"], 74), new(texts["report.result"], 46),
            new(texts["report.count"], 34, true),
            new(texts["report.first"], 82), new(texts["report.longest"], 52, true), new(texts["report.total"], 52, true),
            new(texts["report.extreme"], 49.5, true),
        ]);
        foreach (var channel in shown)
        {
            foreach (var side in (Side[])[Side.Above, Side.Below, Side.NoData])
            {
                var found = channel.Of(side).ToList();
                var limit = texts.Temperature(side == Side.Above ? channel.Probe.High : channel.Probe.Low);
                table.Row(side == Side.Above ? new Cell($"{channel.Verdict.Channel.Value} {channel.Probe.Place}", true) : "",
                    texts.Format("report.rule." + side, limit),
                    found.Count == 0 ? (channel.Verdict.Intervals.IsEmpty ? "–" : texts["report.ok"]) : new Cell(texts[side == Side.NoData ? "report.gap" : "report.alarm"], true),
                    found.Count == 0 ? "–" : texts.Number(found.Count),
                    found.Count == 0 ? "–" : Utc(found[0].FromMs),
                    found.Count == 0 ? "–" : texts.Duration(found.Max(one => one.LengthMs)),
                    found.Count == 0 ? "–" : texts.Duration(found.Sum(one => one.LengthMs)),
                    Extreme(side, found));
            }
        }

        WriteMore();
    }

    private string Extreme(Side side, List<Event> found) => side switch
    {
        Side.Above when found.Max(one => one.Extreme) is { } highest => texts.Temperature(highest),
        Side.Below when found.Min(one => one.Extreme) is { } lowest => texts.Temperature(lowest),
        _ => "–",
    };

    private void WriteFigures()
    {
        paper.Y += 7;
        var table = new ReportTable(paper, root,
        [
            new(texts["report.probe"], 92, LinesMax: 2), new(texts["report.lowest"], 108), new(texts["report.highest"], 108),
            new(texts["report.kinetic"], 54, true), new(texts["report.mean"], 48, true), new(texts["report.readings"], 42, true),
            new(texts["report.missing"], 41.5, true),
        ]);
        foreach (var channel in shown)
        {
            table.Row(new Cell($"{channel.Verdict.Channel.Value} {channel.Probe.Place}", true), When(channel.Lowest), When(channel.Highest),
                Hundredths(channel.Kinetic?.KineticMilliCelsius), Hundredths(channel.Kinetic?.MeanMilliCelsius),
                texts.Number(channel.Verdict.Readings.Length), texts.Number(channel.Verdict.Readings.Length - channel.Measured));
        }

        paper.Y += 1;
        paper.Say(root, "P", texts.Format("report.kinetic.note", texts.Figure((decimal)KineticTemperature.DeltaH)), size: Paper.Small,
            gray: Paper.Quiet);
    }

    /// <summary>Those furthest out of their limits, as many as leave room for the proof, in the order of their numbers.</summary>
    private List<ChannelFigures> Shown()
    {
        const int RowsEach = 4; // Three limits and a line of figures.
        const double Around = 90; // Heads of both tables, and what stands under them.
        var line = Paper.Leading(Paper.Small + 0.4);
        var room = Paper.Bottom - FootHeight() - paper.Y - Around;
        return [.. channels.OrderByDescending(channel => channel.Excess).ThenBy(channel => channel.Verdict.Answer).Take(ChannelsMax)
            .TakeWhile((channel, i) => (room -= (RowsEach * (line + 3)) + (2 * line)) >= 0 || i == 0)
            .OrderBy(channel => channel.Verdict.Channel.Value)];
    }

    private void WriteMore()
    {
        var others = channels.Except(shown).ToList();
        if (others.Count > 0)
        {
            paper.Say(root, "P", texts.Format("report.more", texts.Number(others.Count),
                texts.Number(others.Count(channel => channel.Verdict.Answer == Answer.OutOfRange))), paper.Bold, Paper.Small);
        }
    }

    private string When(ShownReading? reading) => reading is { Temperature: { } value } found
        ? $"{texts.Temperature(value)}, {Utc(found.TimeMs)}" : "–";

    private string Hundredths(double? milliCelsius) => milliCelsius is { } value ? texts.Computed(value) : "–";

    /// <summary>As high as the sheet has room for; on the next sheets when it has none.</summary>
    private void WriteCharts()
    {
        var drawn = channels.Where(channel => !channel.Verdict.Readings.IsEmpty).ToList();
        var each = ReportChart.ScaleHeight + (channels.Count > 1 ? Paper.Leading(Paper.Body) : 0) + 2;
        var room = Paper.Bottom - FootHeight() - paper.Y - 26;
        if (drawn.Count > ChartsMax || room < drawn.Count * (ChartHeightMin + each))
        {
            drawn = [.. drawn.OrderByDescending(channel => channel.Excess).Take(1)];
        }

        var height = drawn.Count == 0 ? 0 : Math.Min(ChartHeightMax, (room / drawn.Count) - each);
        if (height < ChartHeightMin)
        {
            return;
        }

        paper.Y += 8;
        foreach (var channel in drawn)
        {
            if (channels.Count > 1)
            {
                paper.Say(root, "P", $"{channel.Verdict.Channel.Value} {channel.Probe.Place}", paper.Bold, linesMax: 1);
            }

            paper.Y += 2;
            new ReportChart(paper, channel, evidence.Window).Draw(root, DetailPages.Describe(paper, channel, evidence.Window), height);
        }

        ReportChart.Legend(paper, root);
    }

    private double FootHeight() => ProofHeight() + 66;

    private double ProofHeight() => (ProofRows().Sum(row => Lines(row).Count) * Paper.Leading(Paper.Small)) + (2.2 * ProofRows().Count()) + 30;

    private List<string> Lines((string Name, string Value, bool IsMono) row) =>
        LineBreaker.Break(row.IsMono ? paper.Mono : paper.Plain, Paper.Small, row.Value, Paper.Room - 130);

    private IEnumerable<(string Name, string Value, bool IsMono)> ProofRows()
    {
        var held = verdict.Checks.Count(check => check.State == CheckState.Ok);
        var changed = verdict.Word switch
        {
            VerdictWord.Verified => "report.changed.no",
            VerdictWord.Changed => "report.changed.yes",
            _ => "report.changed.unknown",
        };
        yield return (texts["report.changed"], texts.Format(changed, held, verdict.Checks.Length), false);
        yield return (texts.Format("report.root", texts.Number(verdict.LastNumber)), files.Root, true);
        yield return (texts["report.sealed"], Sealed(request, verdict), false);
        yield return (texts["report.log"], verdict.LogSize is { } size && evidence.LogIndex is { } index
            ? texts.Format("report.log.entry", texts.Number(index), texts.Number(size), verdict.Witnesses) : texts["report.log.none"], false);
        yield return (texts["report.sum"], evidence.Sum, true);
        yield return (texts["report.not"], texts["report.not.what"], false);
        yield return (texts["report.how"], texts.Format("report.how.page", files.Bundle.Name), false);
        yield return ("", texts.Format("report.how.program", files.ReportName), false);
    }

    private void WriteProof()
    {
        var (top, page) = (paper.Y, paper.Page);
        paper.Y += 6;
        paper.Say(root, "H2", texts["report.proof"], paper.Bold, 10, indent: 8);
        paper.Y += 1;
        var table = root.Add("Table");
        foreach (var row in ProofRows())
        {
            var (element, lines) = (table.Add("TR"), Lines(row));
            page.Begin(element.Add("TH"));
            page.Text(paper.Bold, Paper.Small, Paper.Margin + 8, paper.Y + Paper.Ascent(Paper.Small), row.Name);
            page.End();
            page.Begin(element.Add("TD"));
            for (var i = 0; i < lines.Count; i++, paper.Y += Paper.Leading(Paper.Small))
            {
                page.Text(row.IsMono ? paper.Mono : paper.Plain, Paper.Small, Paper.Margin + 122, paper.Y + Paper.Ascent(Paper.Small), lines[i]);
            }

            page.End();
            paper.Y += 2.2;
        }

        paper.Y += 4;
        page.Begin(null);
        page.Box(Paper.Margin, top, Paper.Room, paper.Y - top, new(1));
        page.End();
    }

    private void WriteSignature()
    {
        paper.Y = Paper.Bottom - 52;
        var page = paper.Page;
        paper.Say(root, "P", texts["report.sign"], paper.Bold);
        var line = Paper.Bottom - 14;
        page.Begin(root.Add("P"));
        var x = Paper.Margin;
        foreach (var key in (string[])["report.sign.reviewed", "report.sign.released", "report.sign.rejected"])
        {
            page.Box(x, line - 9, 8, 8, new(0.8));
            x += 12;
            x += page.Text(paper.Plain, Paper.Body, x, line - 1.5, texts[key]) + 14;
        }

        var each = (Paper.Margin + Paper.Room - x - 20) / 2;
        foreach (var key in (string[])["report.sign.name", "report.sign.date"])
        {
            page.Line(x, line, x + each, line, new(0.6));
            page.Text(paper.Plain, Paper.Small, x, line + 9, texts[key], Paper.Quiet);
            x += each + 20;
        }

        page.End();
        paper.Y = Paper.Bottom;
    }

    private string Span(int offsetMinutes) => string.Join(" – ", new[] { evidence.Window.FromMs, evidence.Window.ToMs }
        .Select(ms => DateTimeOffset.FromUnixTimeMilliseconds(ms + (offsetMinutes * 60_000L))
            .ToString("yyyy-MM-dd HH:mm:ss", System.Globalization.CultureInfo.InvariantCulture)));

    private static string Utc(long ms) =>
        DateTimeOffset.FromUnixTimeMilliseconds(ms).ToString("yyyy-MM-dd HH:mm", System.Globalization.CultureInfo.InvariantCulture);
}
