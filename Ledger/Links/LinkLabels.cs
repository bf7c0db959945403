using System.Text;
using Evidence;
using Evidence.Gs1;
using Ledger.Hosting;
using Ledger.Labels;
using Ledger.Pages;

namespace Ledger.Links;

/// <summary>Where the code on a shipment's label leads, and the label itself.</summary>
internal static class LinkLabels
{
    /// <summary>Kinds of file, by the end of their names.</summary>
    public static readonly string[] Kinds = ["pdf", "svg", "zpl"];

    /// <summary>The way that a label's code takes: the number of an open link, the token of any other; then the short root of the newest
    /// batch in the window, by which whoever swaps the record behind the code is noticed, once there is a batch.</summary>
    public static string Path(LedgerCore core, LinkTerms terms, string token, ExpiryDate? expiry = null) =>
        (terms.Access == LinkAccess.Open ? DigitalLink.Write(terms.Key, expiry) : "/l/" + token)
        + RootFragment.Of(Root(core, terms));

    /// <param name="address">The ledger's, as those who scan will reach it: https://….</param>
    /// <exception cref="Authority.AuthorityRefusedException">The address is none that may be printed, or too long.</exception>
    public static byte[] Write(LedgerCore core, KnownLink link, string token, string address, string kind)
    {
        var label = ShipmentLabel.Of(address.TrimEnd('/') + Path(core, link.Terms, token), link.Terms.Key, expiry: null);
        return kind switch
        {
            "pdf" => LabelFiles.Pdf(label, core.Clock.GetUtcNow().ToUnixTimeMilliseconds()),
            "svg" => Encoding.UTF8.GetBytes(LabelFiles.Svg(label)),
            _ => Encoding.UTF8.GetBytes(LabelFiles.Zpl(label)),
        };
    }

    /// <summary>What the page of a link says of its label, with the buttons.</summary>
    public static Markup Offer(PageRequest request, KnownLink link)
    {
        var texts = request.Texts;
        var html = new Html();
        html.Add($"<section class=\"noprint\"><h2>{texts["label"]}</h2><p>{texts["label.text"]}");
        html.Add($" {texts[link.Terms.Access == LinkAccess.Open ? "label.open" : "label.token"]}</p><p>");
        foreach (var kind in Kinds)
        {
            html.Add($"<a class=\"button\" href=\"{request.Path}/label.{kind}{request.Query()}\" download>{texts["label." + kind]}</a>");
        }

        return html.Add($"</p></section>").ToMarkup();
    }

    private static Digest? Root(LedgerCore core, LinkTerms terms)
    {
        using var context = core.Store.Read();
        var index = context.Batches.Where(row => row.Gateway == terms.Gateway.Value && row.OpenedMs <= terms.ToMs).OrderByDescending(row => row.Number)
            .Select(row => (long?)row.LogIndex).FirstOrDefault();
        return index is { } place && core.Store.Entry(place) is { } entry ? BatchHeader.Decode(Statement.Decode(entry).Payload).Root : null;
    }
}
