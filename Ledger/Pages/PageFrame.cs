using System.Globalization;
using System.Text.RegularExpressions;
using Evidence;
using Ledger.Hosting;
using Microsoft.AspNetCore.Http.Features;

namespace Ledger.Pages;

/// <summary>What every page needs of its request: language, offset, own address.</summary>
/// <param name="Path">The page's path, without query.</param>
/// <param name="Offset">Minutes east of UTC in which times are shown as well; null for UTC only.</param>
/// <param name="Address">Scheme and host for codes and links that leave this page.</param>
public sealed partial record PageRequest(Texts Texts, string Path, int? Offset, string Address)
{
    private const int OffsetMinutesMax = 14 * 60;

    /// <summary>Whether the reader may go to the list of gateways.</summary>
    public bool SeesGateways { get; init; } = true;

    /// <summary>What was asked for as an offset and is none, shortened; null otherwise.</summary>
    public string? NoOffset { get; init; }

    public static PageRequest Of(HttpRequest request)
    {
        var (asked, offset) = (((string?)request.Query["tz"] ?? "").Trim(), ReadOffset(request.Query["tz"]));
        return new(Texts.For(request.Query["lang"], request.Headers.AcceptLanguage), OwnPath(request), offset, AddressOf(request))
        {
            SeesGateways = GatewayAccess.Allows(request.HttpContext),
            NoOffset = asked.Length == 0 || offset is not null ? null : asked.Length <= 20 ? asked : asked[..20] + "…",
        };
    }

    /// <summary>The query that keeps language and offset on the way to another page, and changes one of them.</summary>
    public string Query(string? language = null)
    {
        var offset = Offset is { } minutes ? "&tz=" + Uri.EscapeDataString(OffsetName(minutes)) : "";
        return $"?lang={language ?? Texts.Language}{offset}";
    }

    /// <summary>"2 instants in one": UTC, and local time where an offset is asked for.</summary>
    public string Time(long ms)
    {
        var utc = DateTimeOffset.FromUnixTimeMilliseconds(ms);
        var text = utc.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) + "\u00A0UTC";
        return Offset is { } minutes
            ? $"{text} ({utc.AddMinutes(minutes).ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)} {OffsetName(minutes)})"
            : text;
    }

    public static string OffsetName(int minutes) => string.Create(CultureInfo.InvariantCulture,
        $"{(minutes < 0 ? '-' : '+')}{Math.Abs(minutes) / 60:00}:{Math.Abs(minutes) % 60:00}");

    /// <summary>The configured address: behind a proxy the reader's own address ends at the proxy, and a code without "https" would lead nowhere. As the
    /// reader wrote it where none is configured, and on gateways' pages that only this machine is shown.</summary>
    private static string AddressOf(HttpRequest request)
    {
        var options = request.HttpContext.RequestServices.GetRequiredService<RunOptions>();
        var isForAll = options.Gateways == GatewayReaders.Everyone || !request.Path.StartsWithSegments("/g", StringComparison.OrdinalIgnoreCase);
        return isForAll && options.Address is { } configured ? configured.TrimEnd('/') : $"{request.Scheme}://{request.Host.Value}";
    }

    /// <summary>The path as it came, for the page's own links: a decoded one no longer says which "%", "/" or "?" belonged to a lot. One slash in
    /// front, because "//elsewhere" would be another host's address, and none at the end.</summary>
    private static string OwnPath(HttpRequest request)
    {
        var target = request.HttpContext.Features.Get<IHttpRequestFeature>()?.RawTarget ?? "";
        var path = target.StartsWith('/') ? target.Split('?')[0] : request.Path.ToUriComponent();
        return "/" + path.Trim('/', '\\');
    }

    /// <summary>"+02:00", "-0530", "2", "UTC+2": minutes east of UTC.</summary>
    private static int? ReadOffset(string? text)
    {
        if (Offsets().Match(text ?? "") is not { Success: true } found) // A "+" that was not escaped arrives as a space.
        {
            return null;
        }

        var hours = int.Parse(found.Groups["h"].ValueSpan, CultureInfo.InvariantCulture);
        var minutes = found.Groups["m"].Success ? int.Parse(found.Groups["m"].ValueSpan, CultureInfo.InvariantCulture) : 0;
        var all = (60 * hours) + minutes;
        return minutes < 60 && all <= OffsetMinutesMax ? found.Groups["sign"].ValueSpan is "-" or "−" ? -all : all : null;
    }

    [GeneratedRegex(@"^\s*(UTC|GMT)?\s*(?<sign>[-+−]?)(?<h>[0-9]{1,2})(:?(?<m>[0-9]{2}))?\s*$", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture)]
    private static partial Regex Offsets();
}

/// <summary>The frame around every page, its headers, and the shapes that stand beside every colour.</summary>
internal static class PageFrame
{
    /// <summary>Nothing but this server's own style sheet may be loaded; no script at all, from nowhere.</summary>
    public const string ContentSecurityPolicy =
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

    public static readonly Markup Tick = new("<svg class=\"icon\" viewBox=\"0 0 24 24\" aria-hidden=\"true\">" +
        "<circle cx=\"12\" cy=\"12\" r=\"10\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"2\"/>" +
        "<path d=\"M7 12.5l3.5 3.5L17 8.5\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"2.5\"/></svg>");

    public static readonly Markup Cross = new("<svg class=\"icon\" viewBox=\"0 0 24 24\" aria-hidden=\"true\">" +
        "<rect x=\"2\" y=\"2\" width=\"20\" height=\"20\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"3\"/>" +
        "<path d=\"M7 7l10 10M17 7L7 17\" stroke=\"currentColor\" stroke-width=\"3\"/></svg>");

    public static readonly Markup Triangle = new("<svg class=\"icon\" viewBox=\"0 0 24 24\" aria-hidden=\"true\">" +
        "<path d=\"M12 3L22 21H2Z\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"2\"/>" +
        "<path d=\"M12 9v6M12 17v2\" stroke=\"currentColor\" stroke-width=\"2\"/></svg>");

    public static readonly Markup Ring = new("<svg class=\"icon\" viewBox=\"0 0 24 24\" aria-hidden=\"true\">" +
        "<circle cx=\"12\" cy=\"12\" r=\"10\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"2\" stroke-dasharray=\"4 3\"/>" +
        "<text x=\"12\" y=\"17\" text-anchor=\"middle\" font-size=\"14\" fill=\"currentColor\">?</text></svg>");

    /// <summary>Begins a page; the caller adds its content and calls <see cref="End"/>.</summary>
    public static Html Begin(PageRequest request, string title)
    {
        var html = new Html();
        var texts = request.Texts;
        html.Add($"<!doctype html>\n<html lang=\"{texts.Tag}\"><head><meta charset=\"utf-8\">" +
            $"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
        html.Add($"<title>{title} – {texts["title"]}</title><link rel=\"stylesheet\" href=\"/style.css\"></head><body>" +
            $"<div class=\"page\">");
        html.Add($"<header><a class=\"brand\" href=\"{(request.SeesGateways ? "/g" : "/verify")}{request.Query()}\">{texts["title"]}</a><nav aria-label=\"EN FR 中文\">");
        foreach (var language in Texts.Languages)
        {
            var name = Texts.For(language, null);
            html.Add($"<a href=\"{request.Path}{request.Query(language)}\" lang=\"{name.Tag}\" hreflang=\"{name.Tag}\"");
            html.Add($"{(language == texts.Language ? new Markup(" aria-current=\"true\"") : default)}>{name["name"]}</a>");
        }

        return html.Add($"</nav></header><main>");
    }

    /// <summary>The form for a local offset, then the end of the page.</summary>
    public static string End(Html html, PageRequest request)
    {
        var texts = request.Texts;
        if (request.NoOffset is { } wrong)
        {
            html.Add($"<p role=\"status\">{texts.Format("zone.wrong", wrong)}</p>");
        }

        html.Add($"<form method=\"get\" action=\"{request.Path}\"><input type=\"hidden\" name=\"lang\" value=\"{texts.Language}\">");
        html.Add($"<label for=\"tz\">{texts["zone"]}</label>" +
            $"<input id=\"tz\" name=\"tz\" placeholder=\"+02:00\" " +
            $"value=\"{(request.Offset is { } minutes ? PageRequest.OffsetName(minutes) : "")}\">");
        html.Add($"<button class=\"button\">{texts["zone.set"]}</button></form></main><footer class=\"noprint\"><nav aria-label=\"{texts["everywhere"]}\">");
        html.Add($"<a href=\"/verify\">{texts["foot.verify"]}</a><a href=\"/releases{request.Query()}\">{texts["releases"]}</a></nav></footer></div></body></html>\n");
        return html.ToString();
    }

    public static IResult Page(HttpResponse response, string page, int status = StatusCodes.Status200OK)
    {
        Harden(response);
        response.Headers.CacheControl = "no-cache";
        return Results.Text(page, "text/html; charset=utf-8", statusCode: status);
    }

    public static void Harden(HttpResponse response)
    {
        response.Headers.ContentSecurityPolicy = ContentSecurityPolicy;
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers["Referrer-Policy"] = "no-referrer";
    }

    /// <summary>A sentence that says what is wrong and what to do next.</summary>
    public static IResult Problem(HttpContext http, WindowProblem problem)
    {
        var request = PageRequest.Of(http.Request);
        var html = Begin(request, request.Texts["error.title"]);
        html.Add($"<h1>{request.Texts["error.title"]}</h1><p role=\"status\">{request.Texts.Format(problem.Key, problem.Values)}</p>");
        if (request.SeesGateways)
        {
            html.Add($"<p><a class=\"button\" href=\"/g{request.Query()}\">{request.Texts["gateways"]}</a></p>");
        }

        return Page(http.Response, End(html, request), problem.Key switch
        {
            "error.window" or "error.order" or "error.id" or "error.long" or "error.readings" or "error.report" or "error.link.key"
                => StatusCodes.Status400BadRequest,
            "error.local" => StatusCodes.Status403Forbidden,
            "error.link.expired" or "error.link.revoked" => StatusCodes.Status410Gone,
            "error.link.unlogged" => StatusCodes.Status503ServiceUnavailable,
            _ => StatusCodes.Status404NotFound,
        });
    }
}
