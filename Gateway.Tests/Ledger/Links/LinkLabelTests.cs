using System.Net;
using System.Net.Http.Headers;
using System.Text.RegularExpressions;
using Evidence;
using Gateway.Tests.House;
using global::Ledger.Links;

namespace Gateway.Tests.Ledger.Links;

/// <summary>Goal: whoever holds a link can print the label that leads to it, and nobody else. Method: buttons of the page followed over real HTTP,
/// the files read by zbarimg, and what it read asked again over HTTP.</summary>
public sealed class LinkLabelTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("coldproof-link-label-").FullName;

    [Theory]
    [InlineData(LinkAccess.Token, "en", "Label (PDF)", "holds the secret of this link")]
    [InlineData(LinkAccess.Open, "fr", "Étiquette (PDF)", "ouverts à tous")]
    [InlineData(LinkAccess.Open, "zh", "标签 (PDF)", "对所有人开放")]
    public async Task The_page_of_a_link_offers_labels_whose_code_leads_back_to_the_record(LinkAccess access, string language, string button, string words)
    {
        await using var bench = await LinkBench.Start();
        var (link, path) = await bench.Make(bench.Terms(DisclosureLevel.Verdicts, access));
        var page = WebUtility.HtmlDecode((await bench.Get($"{path}/page?lang={language}")).Text);
        Assert.Contains(button, page, StringComparison.Ordinal);
        Assert.Contains(words, page, StringComparison.Ordinal);
        Assert.Contains("ledger certificate issue", page, StringComparison.Ordinal);
        var offered = Regex.Matches(page, "href=\"(?<href>/l/[0-9a-f]{32}/page/label\\.(?<kind>pdf|svg|zpl)[^\"]*)\"").ToDictionary(way => way.Groups["kind"].Value,
            way => way.Groups["href"].Value);
        var root = bench.Ledger.Truck.Batches[^1].Header.Root.ToString()[..16];
        var code = bench.Http.BaseAddress!.OriginalString.TrimEnd('/') + (access == LinkAccess.Open ? "/00/" + LinkBench.Pallet : path) + "#r=" + root;
        string[] expected = ["CODE-128:00" + LinkBench.Pallet, "QR-Code:" + code];
        var before = bench.Core.Links.Book.EntriesFor(link).Count;

        await File.WriteAllBytesAsync(At("label.svg"), await Download(bench, offered["svg"], "image/svg+xml"), TestContext.Current.CancellationToken);
        await Ran("librsvg2-bin", "rsvg-convert", "-d", "300", "-p", "300", "-o", At("svg.png"), At("label.svg"));
        Assert.Equal(expected, await Scan("svg.png"));
        await File.WriteAllBytesAsync(At("label.pdf"), await Download(bench, offered["pdf"], "application/pdf"), TestContext.Current.CancellationToken);
        await Ran("poppler-utils", "pdftoppm", "-r", "300", "-png", "-singlefile", At("label.pdf"), At("pdf"));
        Assert.Equal(expected, await Scan("pdf.png"));
        var zpl = System.Text.Encoding.UTF8.GetString(await Download(bench, offered["zpl"], "text/plain"));
        Assert.Contains("^FDMA," + code.Replace("_", "_5F", StringComparison.Ordinal) + "^FS", zpl, StringComparison.Ordinal);

        Assert.Equal(before, bench.Core.Links.Book.EntriesFor(link).Count); // A label shows nothing of the record: it is no use of it.
        var found = await bench.Get(code[(bench.Http.BaseAddress.OriginalString.TrimEnd('/').Length)..].Split('#')[0]);
        Assert.Equal(access == LinkAccess.Open ? HttpStatusCode.TemporaryRedirect : HttpStatusCode.OK, found.Status);
    }

    [Fact]
    public async Task No_label_is_given_without_the_token_after_the_end_or_for_an_address_that_nobody_should_scan()
    {
        await using var bench = await LinkBench.Start();
        var terms = bench.Terms();
        var (link, path) = await bench.Make(terms);
        foreach (var kind in new[] { "pdf", "svg", "zpl" })
        {
            Assert.Equal(HttpStatusCode.NotFound, (await bench.Get($"/l/{new string('0', 32)}/page/label.{kind}")).Status);
            Assert.Equal(HttpStatusCode.NotFound, (await bench.Get($"/l/{link.Id}/page/label.{kind}")).Status);
        }

        Assert.Equal(HttpStatusCode.NotFound, (await bench.Get($"/00/{LinkBench.Pallet}")).Status); // Its label gave no way but the token's.
        using (var plain = new HttpRequestMessage(HttpMethod.Get, path + "/page/label.svg"))
        {
            plain.Headers.Host = "ledger.example";
            using var refused = await bench.Http.SendAsync(plain, TestContext.Current.CancellationToken);
            var text = await refused.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.NotFound, refused.StatusCode);
            Assert.Contains("it has to be an https address", text, StringComparison.Ordinal);
            Assert.Contains("ledger.json", text, StringComparison.Ordinal);
        }

        bench.SetClock(terms.ExpiresMs);
        Assert.Equal(HttpStatusCode.Gone, (await bench.Get(path + "/page/label.pdf")).Status);
        bench.SetClock(terms.ExpiresMs - 1);
        await bench.Core.Links.Revoke(link.Id, "wrong window", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Gone, (await bench.Get(path + "/page/label.zpl")).Status);
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static async Task<byte[]> Download(LinkBench bench, string path, string type)
    {
        using var response = await bench.Http.GetAsync(path, TestContext.Current.CancellationToken);
        Assert.Equal((HttpStatusCode.OK, type), (response.StatusCode, response.Content.Headers.ContentType!.MediaType));
        Assert.Equal(new CacheControlHeaderValue { NoStore = true }, response.Headers.CacheControl);
        Assert.Equal("attachment", response.Content.Headers.ContentDisposition!.DispositionType);
        return await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
    }

    private string At(string name) => Path.Combine(folder, name);

    private static async Task Ran(string package, string program, params string[] arguments)
    {
        var run = await Tool.Run(package, program, arguments);
        Assert.True(run.ExitCode == 0, run.ToString());
    }

    private async Task<string[]> Scan(string picture)
    {
        var run = await Tool.Run("zbar-tools", "zbarimg", ["-q", At(picture)]);
        return [.. run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal)];
    }
}
