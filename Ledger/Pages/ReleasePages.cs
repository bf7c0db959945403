using Evidence;
using Ledger.Hosting;
using Ledger.Releases;

namespace Ledger.Pages;

/// <summary>/releases: which regulator's page is in the log, where, which is withdrawn, and the files by which anybody finds out without asking it.</summary>
internal static class ReleasePages
{
    private static readonly Digest Served = Digest.FromBytes(Convert.FromHexString(EvidenceHtml.PublishedSum));

    /// <summary>
    /// <code>
    /// /releases                       the page for people
    /// /releases/{index}               the release or withdrawal with its receipt
    /// /releases/{index}/receipt       its tlog-proof
    /// /releases/{index}/statement     its COSE_Sign1, the entry of the log
    /// /verify.html                    the page as it is published, its blocks empty
    /// </code>
    /// </summary>
    public static void MapReleases(this WebApplication app)
    {
        app.MapGet("/releases", (HttpContext http, LedgerCore core) => PageFrame.Page(http.Response, Write(PageRequest.Of(http.Request), core)));
        app.MapGet("/releases/{index:long}", (long index, HttpContext http, LedgerCore core) => Give(http, core, index, logged =>
            (ReleaseFile.Write(logged.Statement.Bytes.AsSpan(), logged.Receipt), "application/json", logged.Withdrawal is null ? "release.json" : "withdrawal.json")));
        app.MapGet("/releases/{index:long}/receipt", (long index, HttpContext http, LedgerCore core) => Give(http, core, index, logged =>
            (System.Text.Encoding.UTF8.GetBytes(logged.Receipt), "text/plain; charset=utf-8", "tlog-proof")));
        app.MapGet("/releases/{index:long}/statement", (long index, HttpContext http, LedgerCore core) => Give(http, core, index, logged =>
            ([.. logged.Statement.Bytes], "application/cose", "cose")));
        app.MapGet("/verify.html", (HttpContext http) =>
        {
            PageFrame.Harden(http.Response);
            return Results.File(EvidenceHtml.Page.ToArray(), "application/octet-stream", SoftwareRelease.PageName);
        });
    }

    /// <summary>What the served page's hash is to the log, checked as a stranger would; the same sentence as on the regulator's page.</summary>
    public static PageAnswer Answer(LedgerCore core) =>
        PageAnswer.Of([.. core.Releases.Shown().Select(logged => ReleaseCheck.Check(new(logged.Statement.Bytes, logged.Receipt), core.Policy))], Served);

    private static string Write(PageRequest request, LedgerCore core)
    {
        var (texts, answer, releases, withdrawals) = (request.Texts, Answer(core), core.Releases.Pages(), core.Releases.Withdrawals());
        var html = PageFrame.Begin(request, texts["releases"]);
        html.Add($"<h1>{texts["releases"]}</h1><p>{texts["releases.text"]}</p><h2>{texts["releases.served"]}</h2>");
        html.Add($"<p><a class=\"button\" href=\"/verify\">{texts["releases.open"]}</a><a class=\"button\" href=\"/verify.html\">{texts["releases.page"]}</a></p>");
        html.Add($"<p>SHA-256 <code>{EvidenceHtml.PublishedSum}</code></p>");
        var icon = answer.Standing == PageStanding.Logged ? PageFrame.Tick
            : answer.Standing is PageStanding.Different or PageStanding.Withdrawn ? PageFrame.Cross : PageFrame.Ring;
        html.Add($"<p class=\"standing\" data-standing=\"{answer.Standing.ToString()}\">{icon}{(answer switch
        {
            { Standing: PageStanding.Logged, Release: { } own } => texts.Format("releases.logged", own.Index, own.TimeMs is { } time ? request.Time(time) : "?",
                own.Authority ?? "?"),
            { Standing: PageStanding.Withdrawn, Release: { Withdrawal: { } back } own } => texts.Format("releases.withdrawn.served", request.Time(back.IssuedMs), back.Reason,
                own.Index),
            { Standing: PageStanding.Different } => texts["releases.older"],
            _ => texts["releases.none"],
        })}</p>");
        html.Add($"<h2>{texts["releases.log"]}</h2>");
        if (releases.IsEmpty && withdrawals.IsEmpty)
        {
            html.Add($"<p>{texts["releases.empty"]}</p>");
        }

        foreach (var logged in releases.Concat(withdrawals.Where(back => releases.All(logged => logged.Sum != back.Sum))))
        {
            html.Add($"<section><h3>{logged.Name} {logged.Version}</h3><p>SHA-256 <code>{logged.Sum.ToString()}</code></p>");
            if (logged.Release is { } release)
            {
                html.Add($"<p>{texts.Format("releases.entry", logged.LogIndex, request.Time(release.IssuedMs), logged.Statement.Issuer)}</p>");
                AddFiles(html, texts, logged);
            }

            if (withdrawals.FirstOrDefault(back => back.Sum == logged.Sum) is { Withdrawal: { } back } taken)
            {
                html.Add($"<p class=\"standing\" data-standing=\"Withdrawn\">{PageFrame.Cross}");
                html.Add($"{texts.Format("releases.withdrawn", request.Time(back.IssuedMs), back.Reason, taken.LogIndex, taken.Statement.Issuer)}</p>");
                AddFiles(html, texts, taken);
            }

            html.Add($"</section>");
        }

        html.Add($"<h2>{texts["releases.how"]}</h2><p>{texts["releases.how.text"]}</p><pre>gateway verify FILE.html --policy policy.json\n");
        html.Add($"gateway verify verify.html.release.json --policy policy.json\nsha256sum verify.html</pre>");
        html.Add($"<p><a class=\"button\" href=\"/policy.json\" download>{texts["download.policy"]}</a></p>");
        return PageFrame.End(html, request);
    }

    private static void AddFiles(Html html, Texts texts, LoggedRelease logged)
    {
        var file = $"/releases/{logged.LogIndex}";
        html.Add($"<p><a class=\"button\" href=\"{file}\">{texts[logged.Withdrawal is null ? "releases.file" : "releases.file.back"]}</a>");
        html.Add($"<a class=\"button\" href=\"{file}/receipt\">{texts["releases.receipt"]}</a>");
        html.Add($"<a class=\"button\" href=\"{file}/statement\">{texts["releases.statement"]}</a></p>");
    }

    private static IResult Give(HttpContext http, LedgerCore core, long index, Func<LoggedRelease, (byte[] Bytes, string Type, string Ending)> file)
    {
        if (core.Releases.Shown().FirstOrDefault(logged => logged.LogIndex == index) is not { } found)
        {
            return PageFrame.Problem(http, new("error.release"));
        }

        PageFrame.Harden(http.Response);
        var (bytes, type, ending) = file(found);
        return Results.File(bytes, type, $"{SoftwareRelease.PageName}.{ending}");
    }
}
