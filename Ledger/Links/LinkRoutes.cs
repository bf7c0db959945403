using System.Globalization;
using System.Text.Json;
using Evidence;
using Evidence.Gs1;
using Ledger.Authority;
using Ledger.Hosting;
using Ledger.Pages;
using Ledger.Report;
using Microsoft.AspNetCore.Http.Features;

namespace Ledger.Links;

/// <summary>The addresses of links, for everybody.</summary>
/// <remarks>
/// <code>
/// /00/SSCC  /01/GTIN/10/LOT/21/SERIAL      GS1 Digital Links: lead to the one open link of this key, or list several
///                                          ?linkType=gs1:traceability leads to the ledger's page; all, linkset or an Accept header to a list for machines
/// /l/TOKEN                                 the regulator's page with the evidence inside; "#r=" of the code is checked there
/// /l/TOKEN/page                            the ledger's own page, with all entries about this shipment's links
/// /l/TOKEN/page/bundle  evidence.html  evidence.pdf  readings.csv  disclosures.json
/// /l/TOKEN/page/label.pdf  label.svg  label.zpl    the label whose code leads here
/// </code>
/// Nothing is shown before the log has the entry that says so.
/// </remarks>
public static class LinkRoutes
{
    public static void MapLinks(this WebApplication app)
    {
        app.MapGet("/00/{**rest}", Resolve);
        app.MapGet("/01/{**rest}", Resolve);
        app.MapGet("/l/{token}", (string token, LinkVisit visit) => visit.Show(token, ShownForms.Evidence, visit.Verifier));
        app.MapGet("/l/{token}/page", (string token, LinkVisit visit) => visit.Show(token, ShownForms.Page, visit.Page));
        app.MapGet("/l/{token}/page/bundle", (string token, LinkVisit visit) => visit.Show(token, ShownForms.Bundle, visit.Bundle));
        app.MapGet("/l/{token}/page/evidence.html", (string token, LinkVisit visit) => visit.Show(token, ShownForms.Evidence, visit.Verifier));
        app.MapGet("/l/{token}/page/readings.csv", (string token, LinkVisit visit) => visit.Show(token, ShownForms.Table, visit.Table));
        app.MapGet("/l/{token}/page/evidence.pdf", (string token, LinkVisit visit) => visit.Show(token, ShownForms.Report, visit.Report));
        app.MapGet("/l/{token}/page/disclosures.json", (string token, long? after, LinkVisit visit) => visit.Entries(token, after ?? -1));
        foreach (var kind in LinkLabels.Kinds)
        {
            app.MapGet("/l/{token}/page/label." + kind, (string token, LinkVisit visit) => visit.Label(token, kind));
        }
    }

    private static IResult Resolve(HttpContext http, LedgerCore core)
    {
        DigitalLinkTarget target;
        try
        {
            // The request line as it came: a decoded path no longer says which "/" belonged to a lot.
            target = DigitalLink.Parse(http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget);
        }
        catch (MalformedEvidenceException fault)
        {
            return PageFrame.Problem(http, new("error.link.key", fault.Message));
        }

        LinkVisit.Conceal(http.Response);
        var nowMs = core.Clock.GetUtcNow().ToUnixTimeMilliseconds();
        var all = core.Links.Book.OpenFor(target.Key);
        var live = all.Where(link => link.IsLive(nowMs)).ToList();
        var request = PageRequest.Of(http.Request);
        if (live.Count == 0)
        {
            // A key that was never open, one with secret links only and a false one get the same answer: it tells nothing about whose pallet it is.
            return PageFrame.Problem(http, all.Count == 0 ? new("error.link.none", target.Key.ToString()) : Ended(all[^1]));
        }

        if (target.LinkType is "all" or "linkset" || http.Request.Headers.Accept.ToString().Contains("linkset+json", StringComparison.OrdinalIgnoreCase))
        {
            return Results.Bytes(LinkPages.LinkSet(request.Address, target.Key, live), "application/linkset+json");
        }

        return live.Count == 1
            ? Results.Redirect(Way(live[0], target.LinkType, request), permanent: false, preserveMethod: true) // The fragment goes along: the reader's browser keeps it.
            : PageFrame.Page(http.Response, LinkPages.Several(request, target.Key, live, target.LinkType));
    }

    /// <summary>Traceability is a story for people; everything else, gs1:certificationInfo and the default above all, is the evidence.</summary>
    internal static string Way(KnownLink link, string? linkType, PageRequest request) =>
        $"/l/{link.OpenToken}{(linkType is "gs1:traceability" or "https://gs1.org/voc/traceability" ? "/page" : "")}{request.Query()}";

    internal static WindowProblem Ended(KnownLink link) => link.Revoked is { } end
        ? new("error.link.revoked", Wording.Utc(end.AtMs), end.Reason)
        : new("error.link.expired", Wording.Utc(link.Terms.ExpiresMs));
}

/// <summary>One request by a link: finds it, has the use logged, builds what its level shows, and only then shows it.</summary>
public sealed class LinkVisit(IHttpContextAccessor accessor, LedgerCore core, LinkUses uses, EvidenceDesk desk)
{
    /// <summary>Most entries of one answer of disclosures.json; "next" says how to go on.</summary>
    public const int EntriesMax = 500;

    private readonly HttpContext http = accessor.HttpContext!;
    private KnownLink link = null!;

    /// <summary>Not kept by anybody on the way: a link that is revoked must not go on in a cache.</summary>
    public static void Conceal(HttpResponse response)
    {
        response.Headers.CacheControl = "no-store";
        response.Headers["X-Robots-Tag"] = "noindex, nofollow";
    }

    public async Task<IResult> Show(string token, ShownForms form, Func<WindowEvidence, IResult> answer)
    {
        if (Find(token) is { } problem)
        {
            return Refused(problem);
        }

        if (form is ShownForms.Table or ShownForms.Report && link.Terms.Level < DisclosureLevel.Readings)
        {
            return Refused(new("error.link.level"));
        }

        try
        {
            await uses.Note(link.Id, form);
        }
        catch (LinkRefusedException fault)
        {
            return Refused(new("error.link.unlogged", fault.Message)); // F-71: what cannot be written down is not shown.
        }

        var (evidence, trouble) = await desk.Show(new(link.Terms.Gateway, new(link.Terms.FromMs, link.Terms.ToMs), link.Terms.Channels, link.Terms.Level),
            http.RequestAborted);
        var result = evidence is null ? PageFrame.Problem(http, trouble!) : answer(evidence);
        Conceal(http.Response);
        return result;
    }

    public IResult Verifier(WindowEvidence evidence) => PageRoutes.ShowVerifier(http, core, evidence,
        new(Address() + "/page", link.Terms.Key.ToString(), LinkPages.EntriesFile(core, [core.Links.Book.Creation(link)], hasMore: false)));

    public IResult Page(WindowEvidence evidence)
    {
        var request = PageRequest.Of(http.Request);
        var (entries, count) = core.Links.Book.NewestFor(link, LinkPages.RowsMax);
        return PageFrame.Page(http.Response, new ProofPage(request, evidence, LinkPages.Head(request, link), new Html()
            .Add($"{LinkLabels.Offer(request, link)}{LinkPages.Entries(request, link, entries, count)}").ToMarkup(), CodePath()).Write());
    }

    public IResult Bundle(WindowEvidence evidence) => PageRoutes.Download(http, evidence);

    public IResult Report(WindowEvidence evidence) => EvidenceReport.Refuse(evidence.Window) is { } problem
        ? PageFrame.Problem(http, problem) : PageRoutes.ShowReport(http, evidence,
            new(CodePath(), LinkPages.Subject(PageRequest.Of(http.Request).Texts, link)));

    public IResult Table(WindowEvidence evidence) => PageRoutes.Readings(http, evidence);

    /// <summary>The entries with what opens them and their receipts. Looking at them is no use of the record.</summary>
    public IResult Entries(string token, long after)
    {
        if (Find(token) is { } problem)
        {
            return Refused(problem);
        }

        var entries = core.Links.Book.EntriesFor(link, after, EntriesMax + 1);
        PageFrame.Harden(http.Response);
        Conceal(http.Response);
        return Results.File(LinkPages.EntriesFile(core, entries.Take(EntriesMax).ToList(), entries.Count > EntriesMax), "application/json",
            $"{link.Id.ToString()[..8]}.disclosures.json");
    }

    /// <summary>The label whose code leads to this link, for everybody who holds the link: it shows nothing of the record, only the way to
    /// it, so that making one is no use. The configured address goes onto it before the one that this reader came by.</summary>
    public IResult Label(string token, string kind)
    {
        if (Find(token) is { } problem)
        {
            return Refused(problem);
        }

        byte[] label;
        try
        {
            label = LinkLabels.Write(core, link, token, PageRequest.Of(http.Request).Address, kind);
        }
        catch (AuthorityRefusedException fault)
        {
            return Refused(new("error.label", fault.Message));
        }

        PageFrame.Harden(http.Response);
        Conceal(http.Response);
        return Results.File(label, kind switch { "pdf" => "application/pdf", "svg" => "image/svg+xml", _ => "text/plain; charset=utf-8" },
            $"{link.Id.ToString()[..8]}.label.{kind}");
    }

    private WindowProblem? Find(string text)
    {
        if (LinkToken.Read(text) is not { } token || core.Links.Book.Find(token) is not { } found)
        {
            return new("error.link.unknown");
        }

        link = found;
        return found.IsLive(core.Clock.GetUtcNow().ToUnixTimeMilliseconds()) ? null : LinkRoutes.Ended(found);
    }

    private IResult Refused(WindowProblem problem)
    {
        var result = PageFrame.Problem(http, problem);
        Conceal(http.Response);
        return result;
    }

    private string Address() => PageRequest.Of(http.Request).Address + CodePath();

    private string CodePath() => $"/l/{http.Request.RouteValues["token"]}";
}
