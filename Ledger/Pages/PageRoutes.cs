using Evidence;
using Ledger.Hosting;
using Ledger.Report;

namespace Ledger.Pages;

/// <summary>The addresses for people.</summary>
/// <remarks>
/// <code>
/// /g                                    gateways
/// /g/{id}                               one gateway
/// /g/{id}/all                           leads to the window of the whole record
/// /g/{id}/{fromUtc}..{toUtc}            a window: verdict, chart, table
/// /g/{id}/{fromUtc}..{toUtc}/bundle     its evidence, *.coldproof.json
/// /g/{id}/{fromUtc}..{toUtc}/evidence.html   the regulator's page with the evidence inside; ?save=1 as a download
/// /g/{id}/{fromUtc}..{toUtc}/evidence.pdf    a report to print and sign, with the evidence inside
/// /g/{id}/{fromUtc}..{toUtc}/readings.csv    its readings as a table
/// /verify                               the regulator's page without evidence
/// /releases                             where in the log its hash stands (<see cref="ReleasePages"/>)
/// </code>
/// ?lang=en|fr|zh and ?tz=+02:00 anywhere. /g/{id}?from=MS&amp;to=MS leads to the window. Who may see /g: <see cref="GatewayAccess"/>; links for
/// everybody else: <see cref="Links.LinkRoutes"/>.
/// </remarks>
public static class PageRoutes
{
    public static void MapPages(this WebApplication app)
    {
        app.Use(GatewayAccess.Guard);
        app.MapGet("/", (HttpContext http) => Results.Redirect(GatewayAccess.Allows(http) ? "/g" : "/verify"));
        app.MapGet("/style.css", (HttpResponse response) =>
        {
            PageFrame.Harden(response);
            response.Headers.CacheControl = "public, max-age=3600";
            return Results.Stream(typeof(PageRoutes).Assembly.GetManifestResourceStream("style.css")!, "text/css; charset=utf-8");
        });
        app.MapGet("/g", (HttpContext http, LedgerCore core) =>
            PageFrame.Page(http.Response, GatewayPages.List(PageRequest.Of(http.Request), core)));
        app.MapGet("/g/{id}", (string id, string? from, string? to, HttpContext http, LedgerCore core) =>
            ShowGateway(id, from, to, http, core));
        app.MapGet("/g/{id}/all", (string id, HttpContext http, LedgerCore core) => LeadToWhole(id, http, core));
        app.MapGet("/g/{id}/bundle", (string id, string? from, string? to, HttpContext http, EvidenceDesk desk, CancellationToken stop) =>
            Window(id, $"{from}..{to}", http, desk, Download, stop));
        app.MapGet("/g/{id}/{window}", (string id, string window, HttpContext http, EvidenceDesk desk, CancellationToken stop) =>
            Window(id, window, http, desk, ShowProof, stop));
        app.MapGet("/g/{id}/{window}/bundle", (string id, string window, HttpContext http, EvidenceDesk desk, CancellationToken stop) =>
            Window(id, window, http, desk, Download, stop));
        app.MapGet("/g/{id}/{window}/evidence.html", (string id, string window, HttpContext http, LedgerCore core, EvidenceDesk desk,
            CancellationToken stop) => Window(id, window, http, desk, (found, evidence) => ShowVerifier(found, core, evidence), stop));
        app.MapGet("/g/{id}/{window}/evidence.pdf", (string id, string window, HttpContext http, EvidenceDesk desk,
            CancellationToken stop) => TimeWindow.Parse(window) is { } asked && EvidenceReport.Refuse(asked) is { } problem
                ? Task.FromResult(PageFrame.Problem(http, problem)) : Window(id, window, http, desk,
                    (found, evidence) => ShowReport(found, evidence, new($"/g/{evidence.Gateway}/{evidence.Window}/evidence.html")), stop));
        app.MapGet("/g/{id}/{window}/readings.csv", (string id, string window, HttpContext http, EvidenceDesk desk,
            CancellationToken stop) => Window(id, window, http, desk, Readings, stop));
        app.MapGet("/verify", (HttpContext http, LedgerCore core) =>
            Verifier(http, EvidenceHtml.Empty(core.Policy.ToJson(), PageRequest.Of(http.Request).Address, core.Releases.Shown())));
        app.MapFallback((HttpContext http) => PageFrame.Problem(http, new("error.missing")));
    }

    private static IResult ShowGateway(string id, string? from, string? to, HttpContext http, LedgerCore core)
    {
        if (ReadId(id) is not { } gateway)
        {
            return PageFrame.Problem(http, new("error.id", Shorten(id)));
        }

        var request = PageRequest.Of(http.Request);
        if (from is not null || to is not null)
        {
            return TimeWindow.Parse($"{from}..{to}") is { } window
                ? Results.Redirect($"/g/{gateway}/{window}{request.Query()}")
                : PageFrame.Problem(http, new("error.window", Shorten($"{from}..{to}")));
        }

        return core.Store.Manifests(gateway.Value).Count == 0
            ? PageFrame.Problem(http, new("error.gateway", gateway.ToString()))
            : PageFrame.Page(http.Response, GatewayPages.Gateway(request, core, gateway));
    }

    private static IResult LeadToWhole(string id, HttpContext http, LedgerCore core)
    {
        if (ReadId(id) is not { } gateway)
        {
            return PageFrame.Problem(http, new("error.id", Shorten(id)));
        }

        using var context = core.Store.Read();
        return GatewayPages.Whole(context, gateway) is { } whole
            ? Results.Redirect($"/g/{gateway}/{whole}{PageRequest.Of(http.Request).Query()}")
            : PageFrame.Problem(http, core.Store.Manifests(gateway.Value).Count == 0
                ? new("error.gateway", gateway.ToString()) : new("error.empty"));
    }

    private static async Task<IResult> Window(string id, string text, HttpContext http, EvidenceDesk desk, Func<HttpContext,
        WindowEvidence, IResult> answer,
        CancellationToken stop)
    {
        if (ReadId(id) is not { } gateway)
        {
            return PageFrame.Problem(http, new("error.id", Shorten(id)));
        }

        if (TimeWindow.Parse(text) is not { } window)
        {
            return PageFrame.Problem(http, new("error.window", Shorten(text)));
        }

        var (evidence, problem) = await desk.Show(new(gateway, window), stop);
        return evidence is null ? PageFrame.Problem(http, problem!) : answer(http, evidence);
    }

    private static IResult ShowProof(HttpContext http, WindowEvidence evidence) =>
        PageFrame.Page(http.Response, new ProofPage(PageRequest.Of(http.Request), evidence).Write());

    internal static IResult Download(HttpContext http, WindowEvidence evidence)
    {
        PageFrame.Harden(http.Response);
        return Results.File(evidence.Bundle, "application/json", ProofPage.FileName(evidence));
    }

    /// <param name="link">What a link adds for people: where its page is, and of which shipment; null without one.</param>
    internal static IResult ShowVerifier(HttpContext http, LedgerCore core, WindowEvidence evidence, LinkContext? link = null)
    {
        var request = PageRequest.Of(http.Request);
        if (http.Request.Query["save"] == "1")
        {
            http.Response.Headers.ContentDisposition =
                $"attachment; filename=\"{ProofPage.FileName(evidence).Replace(".json", ".html", StringComparison.Ordinal)}\"";
        }

        return Verifier(http, EvidenceHtml.Write(evidence.Bundle, core.Policy.ToJson(), request.Address, evidence.Window.ToString(), link));
    }

    /// <summary>The only page here that runs a program: its own, held to the hash that it states itself.</summary>
    private static IResult Verifier(HttpContext http, byte[] page)
    {
        PageFrame.Harden(http.Response);
        http.Response.Headers.ContentSecurityPolicy = EvidenceHtml.ContentSecurityPolicy + "; frame-ancestors 'none'";
        http.Response.Headers.CacheControl = "no-cache";
        return Results.File(page, "text/html; charset=utf-8");
    }

    internal static IResult ShowReport(HttpContext http, WindowEvidence evidence, ReportSubject subject)
    {
        var request = PageRequest.Of(http.Request);
        PageFrame.Harden(http.Response);
        http.Response.Headers.CacheControl = "no-cache";
        return Results.File(EvidenceReport.Write(evidence, request, subject), "application/pdf", EvidenceFiles.ReportNameOf(evidence));
    }

    internal static IResult Readings(HttpContext http, WindowEvidence evidence)
    {
        PageFrame.Harden(http.Response);
        return Results.File(ReadingsCsv.Write(evidence.Verdict), "text/csv; charset=utf-8",
            ProofPage.FileName(evidence).Replace(".coldproof.json", ".readings.csv", StringComparison.Ordinal));
    }

    private static GatewayId? ReadId(string text) => Guid.TryParseExact(text, "D", out var id) ? new(id) : null;

    private static string Shorten(string text) => text.Length <= 80 ? text : text[..80] + "…";
}
