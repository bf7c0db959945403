using System.Globalization;
using System.Security.Cryptography;
using Evidence;
using Ledger.Pages;
using Ledger.Report.Pdf;

namespace Ledger.Report;

/// <summary>The sheets after the first: checks as sentences, every excursion and gap, and each channel with its days.</summary>
internal sealed class DetailPages(Paper paper, WindowEvidence evidence, List<ChannelFigures> channels, EvidenceFiles files)
{
    /// <summary>Most excursions and gaps that are printed; the file inside has them all.</summary>
    public const int EventsMax = 200;

    private const double ChartHeight = 62 * Paper.Millimetre;
    private readonly PageRequest request = paper.Request;
    private readonly Texts texts = paper.Texts;
    private readonly Verdict verdict = evidence.Verdict;
    private readonly PdfElement root = paper.Document.Root;

    public void Write()
    {
        paper.NewSheet();
        WriteChecks();
        WriteNotProven();
        WriteEvents();
        foreach (var channel in channels)
        {
            WriteChannel(channel);
        }

        new ReadingPages(paper, channels).Write();
        WriteFiles();
    }

    /// <summary>What a chart shows, in words.</summary>
    public static string Describe(Paper paper, ChannelFigures channel, TimeWindow window) => paper.Texts.Format("report.chart.words",
        channel.Probe.Place, paper.Request.Time(window.FromMs), paper.Request.Time(window.ToMs),
        channel.Lowest?.Temperature is { } low ? paper.Texts.Temperature(low) : "–",
        channel.Highest?.Temperature is { } high ? paper.Texts.Temperature(high) : "–", channel.Events.Length);

    private void WriteChecks()
    {
        paper.Head(root, texts["checked"]);
        foreach (var check in verdict.Checks)
        {
            paper.Need(3 * Paper.Leading(Paper.Body));
            paper.Page.Begin(null);
            Shapes.Draw(paper.Page, Shapes.Of(check.State), Paper.Margin, paper.Y + 1, 11);
            paper.Page.End();
            paper.Say(root, "P", $"{texts.Or("check." + check.Name, check.Name)} – {texts["state." + check.State]}", paper.Bold, indent: 18);
            if (Detail(check) is { Length: > 0 } detail)
            {
                paper.Say(root, "P", detail, indent: 18, gray: check.State == CheckState.Failed ? 0 : Paper.Quiet);
            }

            paper.Y += 2;
        }

        paper.Y += 4;
        paper.Say(root, "P", texts["keys.policy"]);
        if (verdict.Notes.Length > FrontPage.NotesMax)
        {
            paper.Head(root, texts["notes"]);
            foreach (var note in verdict.Notes)
            {
                paper.Say(root, "P", "• " + Reasons.Say(texts.Language, note.Key, note.Values));
            }
        }
    }

    /// <summary>What a check was about; where it does not hold, the verifier's own sentence, which names the exact batch or reading.</summary>
    private string Detail(Check check) => (check.Name, check.State) switch
    {
        (_, CheckState.Failed) => $"{check.Finding?.Say(texts.Language)} {check.Finding?.Detail}".Trim(),
        (_, CheckState.NotChecked) => "",
        ("gateway", _) => string.Join(", ", verdict.KeyIds.Select(key => texts.Format("keys.gateway", evidence.Gateway, key))),
        ("readings" or "chain", _) => texts.Format("batches", texts.Number(verdict.FirstNumber), texts.Number(verdict.LastNumber)),
        ("authority", _) => texts.Format("keys.authority", verdict.Authority ?? "?"),
        ("logged", _) when verdict.LogSize is { } size => texts.Format("logsize", texts.Number(size), verdict.Witnesses),
        ("time", _) => FrontPage.Sealed(request, verdict),
        _ => "",
    };

    private void WriteEvents()
    {
        paper.Head(root, texts["table"], 60);
        var events = channels.SelectMany(channel => channel.Events.Select(found => (Channel: channel, Event: found)))
            .OrderBy(row => row.Event.FromMs).ThenBy(row => row.Channel.Verdict.Channel.Value).ToList();
        if (events.Count == 0)
        {
            paper.Say(root, "P", texts[Nothing()]);
            return;
        }

        var local = request.Offset is { } minutes ? PageRequest.OffsetName(minutes) : null;
        List<Column> columns = [new(texts["report.number"], 26, true), new(texts["report.what"], 54), new(texts["report.start"] + " (UTC)", 82),
            new(texts["report.end"] + " (UTC)", 82)];
        if (local is not null)
        {
            columns.Add(new($"{texts["report.start"]} ({local})", 70));
        }

        columns.Add(new(texts["col.long"], 52));
        var isOne = channels.Count == 1;
        var rest = Paper.Room - columns.Sum(column => column.Width);
        columns.AddRange(isOne ? [new(texts["report.why"], rest)]
            : [new(texts["report.why"], 0.5 * rest), new(texts["report.probe"], 0.5 * rest, LinesMax: 2)]);
        var table = new ReportTable(paper, root, columns, Paper.Small);
        foreach (var (i, (channel, found)) in events.Take(EventsMax).Index())
        {
            List<Cell> row = [texts.Number(i + 1), new(texts["report.side." + found.Side], found.Side != Side.NoData), Utc(found.FromMs),
                Utc(found.ToMs)];
            if (request.Offset is { } east)
            {
                row.Add(Utc(found.FromMs + (east * 60_000L))[..16]);
            }

            row.AddRange([texts.Duration(found.LengthMs), Why(found)]);
            table.Row(isOne ? row : [.. row, $"{channel.Verdict.Channel.Value} {channel.Probe.Place}"]);
        }

        paper.Y += 3;
        if (events.Count > EventsMax)
        {
            paper.Say(root, "P", texts.Format("report.events.more", texts.Number(EventsMax), texts.Number(events.Count)), paper.Bold);
        }
    }

    /// <summary>Why no excursion and no gap is listed: only a record that was shown and read through may say that there is none.</summary>
    private string Nothing() => channels.Count == 0 ? "report.nochannel"
        : verdict.Level == DisclosureLevel.Headers ? "claims.headers"
        : channels.Exists(channel => channel.Verdict.Intervals.IsEmpty) ? "report.nochannel" : "table.none";

    private string Why(Event found) => found.Extreme is { } extreme ? texts.Temperature(extreme)
        : found.Cause is { } cause ? texts.Or("causes." + cause, texts.Or("report.cause." + cause, cause)) : "–";

    private void WriteChannel(ChannelFigures channel)
    {
        var probe = channel.Probe;
        paper.Head(root, $"{channel.Verdict.Channel.Value} {probe.Place}", ChartHeight + 90);
        paper.Say(root, "P", texts.Format(probe.CertificateExpiryMs is null ? "report.channel.uncertified" : "report.channel", probe.Serial,
            texts.Temperature(probe.Low), texts.Temperature(probe.High), texts.Duration(probe.IntervalMs), Day(probe.CertificateExpiryMs ?? 0)));
        paper.Say(root, "P", Claims.Headline(texts, verdict.Level, channel.Verdict.Answer, channel.Verdict), paper.Bold);
        if (verdict.Level < DisclosureLevel.Readings)
        {
            paper.Say(root, "P", Claims.Say(texts, verdict.Level, channel.Verdict));
            return;
        }

        if (!channel.Verdict.Readings.IsEmpty)
        {
            paper.Y += 3;
            new ReportChart(paper, channel, evidence.Window).Draw(root, Describe(paper, channel, evidence.Window), ChartHeight);
            ReportChart.Legend(paper, root);
        }

        WriteDays(channel);
    }

    private void WriteDays(ChannelFigures channel)
    {
        var table = new ReportTable(paper, root,
        [
            new(texts["report.day"], 74), new(texts["report.readings"], 62, true), new(texts["report.lowest"], 68, true),
            new(texts["report.mean"], 68, true), new(texts["report.highest"], 68, true), new(texts["report.out"], 76, true),
            new(texts["report.nodata"], 77.5, true),
        ], Paper.Small);
        foreach (var day in channel.Days(evidence.Window.FromMs, evidence.Window.ToMs))
        {
            table.Row(Day(day.FromMs), texts.Number(day.Readings), Exact(day.Min), day.MeanMilliCelsius is { } mean ? texts.Computed(mean) : "–", Exact(day.Max),
                day.OutMs == 0 ? "–" : new Cell(texts.Duration(day.OutMs), true), day.NoDataMs == 0 ? "–" : texts.Duration(day.NoDataMs));
        }

        paper.Y += 4;
    }

    /// <summary>As it was measured: an extreme beyond a limit is never rounded into range.</summary>
    private string Exact(MilliCelsius? measured) => measured is { } value ? texts.Temperature(value) : "–";

    private void WriteNotProven()
    {
        paper.Head(root, texts["not.proven"], 80);
        for (var i = 1; i <= 5; i++)
        {
            paper.Say(root, "P", "• " + texts[string.Create(CultureInfo.InvariantCulture, $"not.proven.{i}")]);
        }
    }

    private void WriteFiles()
    {
        paper.Head(root, texts["report.files"], 80);
        paper.Say(root, "P", texts["report.files.how"]);
        paper.Y += 3;
        var table = new ReportTable(paper, root, [new(texts["report.file"], 152), new("SHA-256", 271.5, IsMono: true),
            new(texts["report.bytes"], 70, true)], 6.6);
        foreach (var file in files.All)
        {
            table.Row(file.Name, Convert.ToHexStringLower(SHA256.HashData(file.Content)), texts.Number(file.Content.Length));
        }
    }

    private static string Utc(long ms) =>
        DateTimeOffset.FromUnixTimeMilliseconds(ms).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    private static string Day(long ms) => DateTimeOffset.FromUnixTimeMilliseconds(ms).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
