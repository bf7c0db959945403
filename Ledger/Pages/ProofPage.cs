using Evidence;
using Ledger.Labels;

namespace Ledger.Pages;

/// <summary>The page of one window: the verdict word for word as the verifier gives it, the temperature apart from it, and the way to
/// check both without us.</summary>
/// <param name="head">Stands under the verdict: for whom a link is; empty without one.</param>
/// <param name="tail">Stands at the end: the entries about a link; empty without one.</param>
/// <param name="codePath">Path of the regulator's page with this evidence, to which the code leads; null for the one below this page.</param>
internal sealed class ProofPage(PageRequest request, WindowEvidence evidence, Markup head = default, Markup tail = default, string? codePath = null)
{
    private const int RowsMax = 200;
    private readonly Texts texts = request.Texts;
    private readonly Verdict verdict = evidence.Verdict;
    private readonly Html html = PageFrame.Begin(request, request.Texts["word." + evidence.Verdict.Word]);

    public string Write()
    {
        WriteVerdict();
        WriteChecks();
        WriteTemperature();
        WriteNotProven();
        WriteKeys();
        WriteHonest();
        html.Add($"{tail}");
        return PageFrame.End(html, request);
    }

    private void WriteVerdict()
    {
        var (style, icon) = verdict.Word switch
        {
            VerdictWord.Verified => ("ok", PageFrame.Tick),
            VerdictWord.NotYetAnchored or VerdictWord.TimeNotProven or VerdictWord.SignerUnknown => ("pending", PageFrame.Triangle),
            VerdictWord.CannotCheck => ("unknown", PageFrame.Ring),
            _ => ("failed", PageFrame.Cross),
        };
        html.Add($"<section class=\"verdict {style}\" role=\"status\" tabindex=\"-1\" id=\"verdict\">{icon}<div>" +
            $"<h1>{texts["word." + verdict.Word]}</h1>");
        html.Add($"<p>{texts["means." + verdict.Word]}</p>");
        if (verdict.Checks.FirstOrDefault(check => check.State == CheckState.Failed)?.Finding is { } finding)
        {
            html.Add($"<p><strong>{texts.Colon(texts["reason"])}</strong>{Reason(finding)}</p>");
        }

        html.Add($"<p>{texts.Format("gateway", evidence.Gateway)}</p>");
        html.Add($"<p>{request.Time(evidence.Window.FromMs)} → {request.Time(evidence.Window.ToMs)}</p>");
        foreach (var channel in verdict.Channels)
        {
            html.Add($"<p class=\"quiet\"><bdi>{channel.Probe.Place}</bdi>: {Summary(channel)}</p>");
        }

        html.Add($"{head}<p class=\"noprint\"><a class=\"button first\" href=\"{request.Path}/evidence.html\">{texts["verify.here"]}</a></p></div></section>");
        if (!verdict.Notes.IsEmpty)
        {
            html.Add($"<h2>{texts["notes"]}</h2><ul class=\"plain\">");
            foreach (var note in verdict.Notes)
            {
                html.Add($"<li>{Reasons.Say(texts.Language, note.Key, note.Values)}</li>");
            }

            html.Add($"</ul>");
        }
    }

    private void WriteChecks()
    {
        html.Add($"<h2>{texts["checked"]}</h2><ul class=\"checks\">");
        foreach (var check in verdict.Checks)
        {
            var icon = check.State switch
            {
                CheckState.Ok => PageFrame.Tick,
                CheckState.Failed => PageFrame.Cross,
                _ => PageFrame.Ring,
            };
            html.Add($"<li class=\"{check.State.ToString()}\">{icon}<div><strong>{texts.Or("check." + check.Name, check.Name)}" +
                $"</strong> – {texts["state." + check.State]}");
            if (check.Finding is { } finding)
            {
                html.Add($"<br>{Reason(finding)}");
            }

            html.Add($"<br><span class=\"quiet\">{Detail(check)}</span></div></li>");
        }

        html.Add($"</ul>");
    }

    private string Detail(Check check) => (check.Name, check.State) switch
    {
        (_, not CheckState.Ok) => "",
        ("readings" or "chain", _) => texts.Format("batches", texts.Number(verdict.FirstNumber), texts.Number(verdict.LastNumber)),
        ("gateway", _) => string.Join(", ", verdict.KeyIds.Select(key => texts.Format("key", $"{key[..8]}…{key[^8..]}"))),
        ("authority", _) => texts.Format("keys.authority", verdict.Authority ?? "?"),
        ("logged", _) when verdict.LogSize is { } size => texts.Format("logsize", texts.Number(size), verdict.Witnesses),
        ("time", _) when verdict.Brackets.Min(bracket => bracket.NotBeforeMs) is { } from
            && verdict.Brackets.Max(bracket => bracket.NotAfterMs) is { } to =>
            texts.Format("sealed", request.Time(from), request.Time(to),
                verdict.Brackets.Max(bracket => bracket.WidthMs) is { } widest ? texts.Duration(widest) : "?"),
        _ => "",
    };

    private void WriteTemperature()
    {
        html.Add($"<h2>{texts["temperature"]}</h2>");
        if (verdict.Level == DisclosureLevel.Headers)
        {
            html.Add($"{AnswerLine(verdict.Temperature, verdict.Channels)}<p>{texts["claims.headers"]}</p>");
            return;
        }

        if (verdict.Level < DisclosureLevel.Readings)
        {
            html.Add($"<p>{texts["claims"]}</p>");
        }

        foreach (var channel in verdict.Channels)
        {
            var probe = channel.Probe;
            var label = texts.Format("probe", channel.Channel.Value, probe.Place, probe.Serial, texts.Temperature(probe.Low),
                texts.Temperature(probe.High));
            html.Add($"<section><h3><bdi>{label}</bdi></h3>{AnswerLine(channel.Answer, channel)}");
            if (!channel.Readings.IsEmpty)
            {
                var description = texts.Format("chart", request.Time(evidence.Window.FromMs), request.Time(evidence.Window.ToMs),
                    Summary(channel));
                html.Add($"{Chart.Draw(channel, evidence.Window, description, texts)}<p class=\"quiet\">{texts["chart.legend"]}</p>");
            }

            WriteTable(channel);
            html.Add($"</section>");
        }
    }

    private Markup AnswerLine(Answer answer, params IEnumerable<ChannelVerdict> channels)
    {
        var icon = answer switch
        {
            Answer.InRange => PageFrame.Tick,
            Answer.OutOfRange => PageFrame.Triangle,
            _ => PageFrame.Ring,
        };
        return new Html().Add($"<p class=\"answer {answer.ToString()}\">{icon}{Claims.Headline(texts, verdict.Level, answer, channels)}</p>").ToMarkup();
    }

    private void WriteTable(ChannelVerdict channel)
    {
        if (channel.Intervals.IsEmpty)
        {
            return; // Nothing is disclosed at this level, which is not "no excursion".
        }

        var shown = channel.Intervals.Where(interval => interval.Answer != Answer.InRange).ToList();
        if (shown.Count == 0)
        {
            html.Add($"<p>{texts["table.none"]}</p>");
            return;
        }

        var table = new StackTable(texts["col.start"], texts["col.end"], texts["col.long"], texts["col.extreme"], texts["col.answer"]);
        foreach (var interval in shown.Take(RowsMax))
        {
            var answer = texts["interval." + interval.Answer];
            table.Row(StackTable.Text(request.Time(interval.FromMs)), StackTable.Text(request.Time(interval.ToMs)),
                StackTable.Text(texts.Duration(interval.ToMs - interval.FromMs)), StackTable.Text(Extreme(channel, interval)),
                StackTable.Text(interval.Cause is { } cause ? texts.Colon(answer) + texts.Or("causes." + cause, cause) : answer));
        }

        html.Add($"{table.Write(texts, texts["table"])}");
        if (shown.Count > RowsMax)
        {
            html.Add($"<p>{texts.Format("table.more", texts.Number(shown.Count - RowsMax))}</p>");
        }
    }

    /// <summary>Of an excursion, on the side where it was; the regulator's page has the same rule.</summary>
    private string Extreme(ChannelVerdict channel, Interval interval)
    {
        MilliCelsius?[] beyond = interval.Answer == Answer.OutOfRange
            ? [interval.Min < channel.Probe.Low ? interval.Min : null, interval.Max > channel.Probe.High ? interval.Max : null] : [];
        return beyond.OfType<MilliCelsius>().Select(texts.Temperature).ToList() is { Count: > 0 } found ? string.Join(" / ", found) : "–";
    }

    private string Summary(ChannelVerdict channel)
    {
        if (verdict.Level < DisclosureLevel.Readings)
        {
            return Claims.Say(texts, verdict.Level, channel);
        }

        var measured = channel.Readings.Where(reading => reading.Temperature is not null).Select(reading => reading.Temperature!.Value)
            .ToList();
        var excursions = channel.Intervals.Where(interval => interval.Answer == Answer.OutOfRange).ToList();
        var gaps = channel.Intervals.Where(interval => interval.Answer == Answer.NoData).ToList();
        return texts.Format("summary", texts.Number(channel.Readings.Length), texts.Number(channel.Readings.Length - measured.Count),
            measured.Count == 0 ? "–" : texts.Temperature(measured.Min()),
            measured.Count == 0 ? "–" : texts.Temperature(measured.Max()),
            texts.Number(excursions.Count), excursions.Count == 0
                ? "–" : texts.Duration(excursions.Max(interval => interval.ToMs - interval.FromMs)),
            texts.Number(gaps.Count), texts.Duration(gaps.Sum(interval => interval.ToMs - interval.FromMs)));
    }

    private void WriteNotProven()
    {
        html.Add($"<h2>{texts["not.proven"]}</h2><ul class=\"plain\">");
        for (var i = 1; i <= 5; i++)
        {
            html.Add($"<li>{texts[$"not.proven.{i}"]}</li>");
        }

        html.Add($"</ul>");
    }

    private void WriteKeys()
    {
        html.Add($"<h2>{texts["keys"]}</h2>");
        foreach (var key in verdict.KeyIds)
        {
            html.Add($"<p>{texts.Format("keys.gateway", evidence.Gateway, key)}</p>");
        }

        html.Add($"<p>{(verdict.Authority is { } authority ? texts.Format("keys.authority", authority) : texts["keys.authority.none"])}" +
            $"</p><p>{texts["keys.policy"]}</p>");
    }

    private void WriteHonest()
    {
        var link = request.Address + (codePath ?? request.Path + "/evidence.html") + RootFragment.Of(evidence.Root);
        var file = FileName(evidence);
        html.Add($"<h2>{texts["honest"]}</h2><p>{texts["honest.text"]}</p><pre>gateway verify {file} --policy policy.json</pre>");
        html.Add($"<p class=\"noprint\"><a class=\"button\" href=\"{request.Path}/bundle\" download=\"{file}\">{texts["download"]}</a>" +
            $"<a class=\"button\" href=\"{request.Path}/evidence.html?save=1\">{texts["save.html"]}</a>" +
            $"<a class=\"button\" href=\"/policy.json\" download>{texts["download.policy"]}</a><a class=\"button\" href=\"/releases{request.Query()}\">" +
            $"{texts["releases"]}</a>");
        if (verdict.Level == DisclosureLevel.Readings)
        {
            // Both are made of readings; below their level there are none to print.
            html.Add($"<a class=\"button\" href=\"{request.Path}/evidence.pdf{request.Query()}\">{texts["save.pdf"]}</a>" +
                $"<a class=\"button\" href=\"{request.Path}/readings.csv\">{texts["save.csv"]}</a>");
        }

        html.Add($"</p>");
        html.Add($"<p class=\"quiet\">{texts.Format("download.sum", evidence.Sum, texts.Number(evidence.Bundle.Length))}</p>");
        html.Add($"<h2>{texts["link"]}</h2><p>{texts["link.text"]}</p><p><a href=\"{link}\">{link}</a></p>{Qr(link, texts["link"])}" +
            $"<p class=\"quiet\">{texts["offline"]}</p>");
    }

    /// <summary>What the download is called: gateway and window, so that ten of them in a folder can be told apart.</summary>
    public static string FileName(WindowEvidence evidence) =>
        $"{evidence.Gateway.ToString()[..8]}-{evidence.Window.ToString().Replace("..", "-", StringComparison.Ordinal)}.coldproof.json";

    /// <summary>The link, level M, four modules of quiet around it, drawn as one path: sharp at any size, no image to load.</summary>
    private static Markup Qr(string link, string label)
    {
        var code = QrSymbol.Of(link);
        var side = code.Side + (2 * QrSymbol.Quiet);
        return new Html().Add($"<svg class=\"qr\" role=\"img\" aria-label=\"QR: {label}\" viewBox=\"0 0 {side} {side}" +
            $"\" shape-rendering=\"crispEdges\"><rect width=\"{side}\" height=\"{side}\" fill=\"#fff\"/>" +
            $"<path d=\"{code.Path()}\" fill=\"#000\"/></svg>").ToMarkup();
    }

    /// <summary>Why a check failed, in the reader's language; the technical rule behind it in small type, in English.</summary>
    private Markup Reason(Finding finding)
    {
        var reason = new Html().Add($"<span>{finding.Say(texts.Language)}</span>");
        return (finding.Detail.Length == 0 ? reason : reason.Add($" <small class=\"quiet\" lang=\"en\">{finding.Detail}</small>")).ToMarkup();
    }
}
