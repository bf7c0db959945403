using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Evidence;
using Evidence.Gs1;
using Ledger.Hosting;
using Ledger.Log;
using Ledger.Pages;

namespace Ledger.Links;

/// <summary>What the pages of a link show beside the evidence: for whom it is, and every entry of the log about it.</summary>
internal static class LinkPages
{
    /// <summary>Most entries of a page; the file has all.</summary>
    public const int RowsMax = 100;

    private static readonly ShownForms[] Forms = [ShownForms.Evidence, ShownForms.Bundle, ShownForms.Page, ShownForms.Table, ShownForms.Report];

    /// <summary>Which shipment this is, for whom, why, until when, and how much is shown.</summary>
    public static Markup Head(PageRequest request, KnownLink link)
    {
        var (texts, terms) = (request.Texts, link.Terms);
        var html = new Html();
        html.Add($"<p><strong>{texts.Format("link.shipment", terms.Key)}</strong></p>");
        html.Add($"<p><bdi>{texts.Format("link.for", terms.Recipient, terms.Reason)}</bdi></p>");
        html.Add($"<p class=\"quiet\">{texts.Format("link.until", request.Time(terms.ExpiresMs))} {texts["link.level." + terms.Level]}</p>");
        return html.ToMarkup();
    }

    /// <summary>What the printed report is of: the shipment, and for whom and why it is shown.</summary>
    public static string[] Subject(Texts texts, KnownLink link) =>
        [texts.Format("link.shipment", link.Terms.Key), texts.Format("link.for", link.Terms.Recipient, link.Terms.Reason)];

    /// <summary>The entries as a table, creation and revocation first of all, then the newest uses.</summary>
    /// <param name="entries">What is shown.</param>
    /// <param name="count">How many there are.</param>
    public static Markup Entries(PageRequest request, KnownLink link, List<KnownDisclosure> entries, int count)
    {
        var texts = request.Texts;
        var html = new Html();
        html.Add($"<h2>{texts["disclosures"]}</h2><p>{texts[link.Terms.Access == LinkAccess.Open ? "disclosures.own" : "disclosures.all"]}</p>");
        var table = new StackTable(texts["disclosures.when"], texts["disclosures.what"], texts["disclosures.index"]);
        var recipients = entries.Select(entry => entry.Content).OfType<LinkCreated>().ToDictionary(made => made.Link, made => made.Terms.Recipient);
        foreach (var entry in entries)
        {
            table.Row(StackTable.Text(request.Time(entry.Content.AtMs)),
                StackTable.Quoted(Words(request, entry.Content, recipients.GetValueOrDefault(entry.Content.Link, "?"))),
                StackTable.Text(entry.LogIndex.ToString(CultureInfo.InvariantCulture)));
        }

        html.Add($"{table.Write(texts)}");
        if (count > entries.Count)
        {
            html.Add($"<p>{texts.Format("disclosures.more", texts.Number(count - entries.Count))}</p>");
        }

        html.Add($"<p>{texts["disclosures.text"]}</p><p class=\"noprint\"><a class=\"button\" href=\"{request.Path}/disclosures.json\" download>");
        return html.Add($"{texts["disclosures.save"]}</a></p>").ToMarkup();
    }

    /// <summary>The choice between several open links of one key.</summary>
    public static string Several(PageRequest request, Gs1Key key, List<KnownLink> links, string? linkType)
    {
        var texts = request.Texts;
        var html = PageFrame.Begin(request, texts.Format("link.shipment", key));
        html.Add($"<h1>{texts.Format("link.shipment", key)}</h1><p>{texts["link.several"]}</p><ul class=\"plain days\">");
        foreach (var link in links)
        {
            html.Add($"<li><a href=\"{LinkRoutes.Way(link, linkType, request)}\">{request.Time(link.Terms.FromMs)} → {request.Time(link.Terms.ToMs)}</a> ");
            html.Add($"<span class=\"quiet\">{texts["link.level." + link.Terms.Level]}</span></li>");
        }

        html.Add($"</ul>");
        return PageFrame.End(html, request);
    }

    /// <summary>RFC 9264, as GS1 resolvers answer machines.</summary>
    public static byte[] LinkSet(string address, Gs1Key key, List<KnownLink> links)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(bytes);
        json.WriteStartObject();
        json.WriteStartArray("linkset");
        json.WriteStartObject();
        json.WriteString("anchor", address + DigitalLink.Write(key));
        foreach (var (relation, page) in (ReadOnlySpan<(string, string)>)[("https://gs1.org/voc/certificationInfo", ""), ("https://gs1.org/voc/traceability", "/page")])
        {
            json.WriteStartArray(relation);
            foreach (var link in links)
            {
                json.WriteStartObject();
                json.WriteString("href", $"{address}/l/{link.OpenToken}{page}");
                json.WriteString("title", $"Temperature record, {new TimeWindow(link.Terms.FromMs, link.Terms.ToMs)}");
                json.WriteString("type", "text/html");
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        return bytes.WrittenSpan.ToArray();
    }

    /// <summary>The file with which anyone checks that the entries stand in the log (docs/formats.md, "Disclosure").</summary>
    public static byte[] EntriesFile(LedgerCore core, List<KnownDisclosure> entries, bool hasMore)
    {
        var receipts = new EntryReceipts(core);
        var bytes = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(bytes);
        json.WriteStartObject();
        json.WriteString("format", "coldproof-disclosures/1");
        json.WriteStartArray("entries");
        foreach (var entry in entries)
        {
            json.WriteStartObject();
            json.WriteBase64String("statement", entry.Statement.Bytes.AsSpan());
            json.WriteBase64String("salt", entry.Row.Salt);
            json.WriteBase64String("content", entry.Row.Content);
            json.WriteBase64String("receipt", Encoding.UTF8.GetBytes(receipts.Of(entry.LogIndex, entry.Statement.Bytes.AsMemory())));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        if (hasMore)
        {
            json.WriteString("next", $"?after={entries[^1].LogIndex}");
        }

        json.WriteEndObject();
        json.Flush();
        return bytes.WrittenSpan.ToArray();
    }

    private static string Words(PageRequest request, Disclosure content, string recipient)
    {
        var texts = request.Texts;
        return content switch
        {
            LinkCreated { Terms: var terms } => texts.Format("disclosures.created", terms.Recipient, terms.Reason, texts["link.level." + terms.Level],
                request.Time(terms.FromMs), request.Time(terms.ToMs), request.Time(terms.ExpiresMs)),
            LinkUsed used => texts.Format("disclosures.used", texts.Number(used.Count),
                string.Join(", ", Forms.Where(form => used.Shown.HasFlag(form)).Select(form => texts["link.form." + form])), recipient),
            LinkRevoked revoked => texts.Format("disclosures.revoked", revoked.Reason, recipient),
            _ => throw new InvalidOperationException($"A disclosure of type {content.GetType().Name} has no words."),
        };
    }
}
