using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Evidence;
using Evidence.Gs1;
using Gateway.Tests.Evidence;
using global::Ledger.Hosting;
using global::Ledger.Links;
using global::Ledger.Pages;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.Ledger.Links;

/// <summary>Goal: a link shows what it was made for, to whom it may, until it may, and never in silence. Method: a real Kestrel, real HTTP, a
/// clock in a file; bundles are verified as a stranger would, and the public log's bytes are searched.</summary>
public sealed class LinkPagesTests
{
    [Fact]
    public async Task A_link_shows_its_channels_at_its_level_and_nothing_else()
    {
        await using var bench = await LinkBench.Start();
        foreach (var level in Enum.GetValues<DisclosureLevel>())
        {
            await Shows(bench, level);
        }
    }

    private static async Task Shows(LinkBench bench, DisclosureLevel level)
    {
        var (_, path) = await bench.Make(bench.Terms(level));
        var verdict = Verifier.Verify(Encoding.UTF8.GetBytes((await bench.Get(path + "/page/bundle")).Text), bench.Ledger.Policy);
        Assert.Equal((VerdictWord.Verified, level), (verdict.Word, verdict.Level));
        Assert.Equal([new ChannelId(0)], verdict.Channels.Select(channel => channel.Channel));
        var (status, page) = await bench.Get(path + "/page");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Contains("<h1>VERIFIED</h1>", page, StringComparison.Ordinal);
        Assert.Equal(level is DisclosureLevel.Verdicts or DisclosureLevel.Summaries,
            page.Contains("whose falsehood is provable by anyone who later sees the readings", StringComparison.Ordinal));
        Assert.Equal(level == DisclosureLevel.Headers, page.Contains("nothing is said about the temperature", StringComparison.Ordinal));
        foreach (var (language, undisclosed) in new[] { ("en", "NOT DISCLOSED"), ("fr", "NON DIVULGUÉ"), ("zh", "未披露") })
        {
            var told = WebUtility.HtmlDecode((await bench.Get($"{path}/page?lang={language}")).Text);
            Assert.Equal(level == DisclosureLevel.Headers, told.Contains(undisclosed, StringComparison.Ordinal));
            Assert.False(level == DisclosureLevel.Headers && told.Contains(Texts.For(language, null)["answer.NoData"], StringComparison.Ordinal));
        }

        Assert.Equal(level > DisclosureLevel.Headers, page.Contains("IN RANGE", StringComparison.Ordinal));
        Assert.Equal(level >= DisclosureLevel.Summaries, page.Contains("4.06", StringComparison.Ordinal)); // The channel's highest, in milli-degrees 4,060.
        Assert.DoesNotContain("4.16", page, StringComparison.Ordinal); // The other channel's.
        var rest = level == DisclosureLevel.Readings ? HttpStatusCode.OK : HttpStatusCode.NotFound;
        Assert.Equal((rest, rest), ((await bench.Get(path + "/page/readings.csv")).Status, (await bench.Get(path + "/page/evidence.pdf")).Status));
        Assert.Equal(rest == HttpStatusCode.OK, page.Contains("/page/evidence.pdf", StringComparison.Ordinal));
    }

    /// <remarks>Behind a proxy the ledger sees plain http and the proxy's idea of its name: codes on pages and reports led there.</remarks>
    [Fact]
    public async Task Codes_and_links_of_a_link_lead_to_the_address_that_is_configured()
    {
        await using var bench = await LinkBench.Start();
        var (_, path) = await bench.Make(bench.Terms());
        await bench.App.DisposeAsync();
        bench.Http.Dispose();
        await bench.Run(address: "https://ledger.example/");
        var code = $"https://ledger.example{path}#r={bench.Ledger.Truck.Batches[^1].Header.Root.ToString()[..16]}";
        Assert.Contains($"<a href=\"{code}\">{code}</a>", (await bench.Get(path + "/page")).Text, StringComparison.Ordinal);
        var report = await bench.Http.GetByteArrayAsync(path + "/page/evidence.pdf", TestContext.Current.CancellationToken);
        Assert.Contains(Convert.ToHexString(Encoding.UTF8.GetBytes(code)), Encoding.Latin1.GetString(report), StringComparison.Ordinal);
        var context = JsonDocument.Parse(Regex.Match((await bench.Get(path)).Text, "id=\"coldproof-context\">(.*?)</script>").Groups[1].Value).RootElement;
        Assert.Equal(("https://ledger.example", "https://ledger.example" + path + "/page"), (context.GetProperty("origin").GetString(), context.GetProperty("link").GetString()));
        var window = $"/g/{bench.Ledger.Truck.Id}/{new TimeWindow(TestTruck.StartMs, bench.Ledger.Truck.NowMs - 1)}";
        Assert.Contains($"<a href=\"{bench.Http.BaseAddress!.OriginalString.TrimEnd('/')}{window}/evidence.html#r=", (await bench.Get(window)).Text, StringComparison.Ordinal); // Seen on this machine only.
    }

    [Fact]
    public async Task A_lot_of_any_character_keeps_its_address_in_every_language()
    {
        await using var bench = await LinkBench.Start();
        var key = Gs1Key.Product(Gtin.Parse("09521234543213"), "A%25B/C+D&E?F=1:;.", "\"x<y>'()*!,_-");
        await bench.Make(bench.Terms(DisclosureLevel.Summaries, LinkAccess.Open) with { Key = key });
        await bench.Make(bench.Terms(DisclosureLevel.Verdicts, LinkAccess.Open) with { Key = key });
        var (status, page) = await bench.Get(DigitalLink.Write(key));
        Assert.Equal(HttpStatusCode.OK, status);
        foreach (Match way in Regex.Matches(page, "<a href=\"([^\"]+)\" lang="))
        {
            var (other, translated) = await bench.Get(WebUtility.HtmlDecode(way.Groups[1].Value));
            Assert.True(other == HttpStatusCode.OK && WebUtility.HtmlDecode(translated).Contains(key.ToString(), StringComparison.Ordinal), way.Value);
        }

        Assert.Equal(3, Regex.Count(page, "<a href=\"([^\"]+)\" lang="));
    }

    [Fact]
    public async Task A_label_leads_to_its_open_link_and_says_which_links_there_are()
    {
        await using var bench = await LinkBench.Start();
        await bench.Make(bench.Terms(access: LinkAccess.Open));
        var first = await Way(bench, "/00/" + LinkBench.Pallet + "?lang=fr");
        Assert.Matches("^/l/[0-9a-f]{32}\\?lang=fr$", first);
        var (status, evidence) = await bench.Get(first);
        Assert.Equal(HttpStatusCode.OK, status);
        var context = JsonDocument.Parse(Regex.Match(evidence, "id=\"coldproof-context\">(.*?)</script>").Groups[1].Value).RootElement;
        Assert.Equal("(00)" + LinkBench.Pallet, context.GetProperty("shipment").GetString());
        var entries = DisclosureFile.Verify(Encoding.UTF8.GetBytes(context.GetProperty("disclosures").GetRawText()), bench.Ledger.Policy.Log);
        Assert.True(entries is { Holds: true, IsWhole: true } && Assert.Single(entries.Entries).Content is LinkCreated, entries.Reason);
        Assert.EndsWith("/page", context.GetProperty("link").GetString(), StringComparison.Ordinal);
        Assert.EndsWith("/page?lang=en", await Way(bench, "/00/" + LinkBench.Pallet + "?linkType=gs1:traceability"), StringComparison.Ordinal);
        Assert.EndsWith("/page?lang=en", await Way(bench, "/00/" + LinkBench.Pallet + "?linkType=https://gs1.org/voc/traceability"), StringComparison.Ordinal);
        Assert.EndsWith("?lang=en", await Way(bench, "/00/" + LinkBench.Pallet + "?linkType=gs1:certificationInfo"), StringComparison.Ordinal);
        var set = JsonDocument.Parse((await bench.Get("/00/" + LinkBench.Pallet + "?linkType=all")).Text).RootElement.GetProperty("linkset")[0];
        Assert.EndsWith("/00/" + LinkBench.Pallet, set.GetProperty("anchor").GetString(), StringComparison.Ordinal);
        Assert.EndsWith(first.Split('?')[0], set.GetProperty("https://gs1.org/voc/certificationInfo")[0].GetProperty("href").GetString(), StringComparison.Ordinal);

        await bench.Make(bench.Terms(DisclosureLevel.Verdicts, LinkAccess.Open));
        var (several, list) = await bench.Get("/00/" + LinkBench.Pallet);
        Assert.Equal((HttpStatusCode.OK, 2), (several, Regex.Count(list, "href=\"/l/[0-9a-f]{32}")));
    }

    [Fact]
    public async Task A_serial_number_leads_to_the_link_of_its_lot_and_a_slash_in_a_lot_stays_in_it()
    {
        await using var bench = await LinkBench.Start();
        var gtin = Gtin.Parse("09521234543213");
        await bench.Make(bench.Terms(access: LinkAccess.Open) with { Key = Gs1Key.Product(gtin, "A/B") });
        await Way(bench, "/01/09521234543213/10/A%2FB");
        await Way(bench, "/01/09521234543213/10/A%2fB/21/77?17=261231");
        Assert.Equal(HttpStatusCode.NotFound, (await bench.Get("/01/09521234543213/10/A")).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await bench.Get("/01/09521234543213/10/A/B")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await bench.Get("/01/09521234543213")).Status);
    }

    [Fact]
    public async Task A_number_with_secret_links_is_answered_as_one_that_nobody_knows()
    {
        await using var bench = await LinkBench.Start();
        await bench.Make(bench.Terms());
        var (secret, unknown) = (await bench.Get("/00/" + LinkBench.Pallet), await bench.Get("/00/340123450000000000"));
        Assert.Equal(HttpStatusCode.NotFound, secret.Status);
        Assert.Equal(secret.Text.Replace(LinkBench.Pallet, "", StringComparison.Ordinal), unknown.Text.Replace("340123450000000000", "", StringComparison.Ordinal));
        Assert.Contains("ask who shipped it", secret.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_address_is_answered_with_what_is_wrong_and_what_to_do()
    {
        await using var bench = await LinkBench.Start();
        foreach (var (path, status, words) in new[]
        {
            ("/00/106141411234567896", HttpStatusCode.BadRequest, "its check digit is 7"),
            ("/00/%3Cscript%3E", HttpStatusCode.BadRequest, "18 digits"),
            ("/00/", HttpStatusCode.BadRequest, "18 digits"),
            ("/01/9506000134352", HttpStatusCode.BadRequest, "filled with zeroes"),
            ("/l/", HttpStatusCode.NotFound, "no such page"),
            ("/l/00000000000000000000000000000000", HttpStatusCode.NotFound, "ask its sender for a new one"),
            ("/l/0000000000000000000000000000000A", HttpStatusCode.NotFound, "ask its sender for a new one"),
            ("/l/%00/page", HttpStatusCode.BadRequest, ""),
            ("/l/<script>alert(1)</script>/page/bundle", HttpStatusCode.NotFound, ""),
        })
        {
            var answer = await bench.Get(path);
            Assert.Equal((path, status), (path, answer.Status));
            Assert.Contains(words, answer.Text, StringComparison.Ordinal);
            Assert.DoesNotContain("<script", answer.Text, StringComparison.OrdinalIgnoreCase);
        }
    }

    [Fact]
    public async Task A_link_ends_at_its_second_or_when_it_is_taken_back_and_what_was_saved_still_verifies()
    {
        await using var bench = await LinkBench.Start();
        var terms = bench.Terms(access: LinkAccess.Open);
        var (link, path) = await bench.Make(terms);
        var saved = (await bench.Get(path + "/page/bundle")).Text;
        bench.SetClock(terms.ExpiresMs - 1);
        Assert.Equal(HttpStatusCode.OK, (await bench.Get(path)).Status);
        bench.SetClock(terms.ExpiresMs);
        foreach (var end in new[] { path, path + "/page", path + "/page/bundle", path + "/page/readings.csv", path + "/page/disclosures.json", "/00/" + LinkBench.Pallet })
        {
            var (status, text) = await bench.Get(end);
            Assert.Equal(HttpStatusCode.Gone, status);
            Assert.Contains("what you saved before still verifies", text, StringComparison.Ordinal);
        }

        bench.SetClock(terms.ExpiresMs - 1);
        await bench.Core.Links.Revoke(link.Id, "wrong <b>window</b>", TestContext.Current.CancellationToken);
        var gone = await bench.Get(path);
        Assert.Equal(HttpStatusCode.Gone, gone.Status);
        Assert.Contains("wrong &lt;b&gt;window&lt;/b&gt;", gone.Text, StringComparison.Ordinal);
        await Assert.ThrowsAsync<LinkRefusedException>(() => bench.Core.Links.Revoke(link.Id, "again", TestContext.Current.CancellationToken));
        Assert.Equal(VerdictWord.Verified, Verifier.Verify(Encoding.UTF8.GetBytes(saved), bench.Ledger.Policy).Word);
    }

    [Fact]
    public async Task Nothing_is_kept_on_the_way_and_nothing_of_a_link_reaches_another_site()
    {
        await using var bench = await LinkBench.Start();
        var (_, path) = await bench.Make(bench.Terms());
        foreach (var end in new[] { "", "/page", "/page/bundle", "/page/readings.csv", "/page/disclosures.json" })
        {
            using var response = await bench.Http.GetAsync(path + end, TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.Equal("no-store", response.Headers.CacheControl!.ToString());
            Assert.Equal("no-referrer", Assert.Single(response.Headers.GetValues("Referrer-Policy")));
            Assert.Equal("noindex, nofollow", Assert.Single(response.Headers.GetValues("X-Robots-Tag")));
        }
    }

    [Fact]
    public async Task What_cannot_be_written_down_is_not_shown()
    {
        // F-71: the log takes nothing any more.
        await using var bench = await LinkBench.Start();
        var (_, path) = await bench.Make(bench.Terms());
        await bench.Core.Sequencer.DisposeAsync();
        var (status, text) = await bench.Get(path);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.Contains("could not write down that it shows it", text, StringComparison.Ordinal);
        Assert.DoesNotContain("coldproof/1", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://127.0.0.1/", "", "127.0.0.1", GatewayReaders.Local, true)]
    [InlineData("http://localhost/", "", "::1", GatewayReaders.Local, true)]
    [InlineData("http://127.0.0.1/", "", "192.0.2.7", GatewayReaders.Local, false)]
    [InlineData("http://127.0.0.1/", "X-Forwarded-For", "127.0.0.1", GatewayReaders.Local, false)]
    [InlineData("http://127.0.0.1/", "Forwarded", "127.0.0.1", GatewayReaders.Local, false)]
    [InlineData("http://rebound.example/", "", "127.0.0.1", GatewayReaders.Local, false)] // A name that was turned to 127.0.0.1 by its owner.
    [InlineData("http://127.0.0.1/", "", "127.0.0.1", GatewayReaders.Nobody, false)]
    [InlineData("http://ledger.example/", "", "192.0.2.7", GatewayReaders.Everyone, true)]
    public void Gateways_are_shown_to_their_own_machine_only(string address, string header, string reader, GatewayReaders gateways, bool isAllowed)
    {
        // F-72: a proxy on the same machine makes everybody look local.
        using var services = new ServiceCollection().AddSingleton(new RunOptions { Gateways = gateways }).BuildServiceProvider();
        var http = new DefaultHttpContext { RequestServices = services };
        (http.Connection.RemoteIpAddress, http.Request.Host) = (IPAddress.Parse(reader), new(new Uri(address).Host));
        if (header.Length > 0)
        {
            http.Request.Headers[header] = "for=192.0.2.7";
        }

        Assert.Equal(isAllowed, GatewayAccess.Allows(http));
    }

    [Fact]
    public async Task Whoever_may_not_see_the_gateways_gets_a_sentence_and_no_way_there_and_the_log_stays_public()
    {
        await using var bench = await LinkBench.Start(GatewayReaders.Nobody);
        var (_, path) = await bench.Make(bench.Terms());
        foreach (var inner in new[] { "/g", "/G", $"/g/{bench.Ledger.Truck.Id}", $"/g/{bench.Ledger.Truck.Id}/all", $"/g/{bench.Ledger.Truck.Id}/20260101..20260102/bundle" })
        {
            var (status, text) = await bench.Get(inner);
            Assert.Equal(HttpStatusCode.Forbidden, status);
            Assert.Contains("on its own machine only", text, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("href=\"/g", (await bench.Get(path + "/page")).Text, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await bench.Get("/log/checkpoint")).Status);
        Assert.Equal(HttpStatusCode.OK, (await bench.Get("/policy.json")).Status);
    }

    private static async Task<string> Way(LinkBench bench, string path)
    {
        using var response = await bench.Http.GetAsync(path, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.TemporaryRedirect, response.StatusCode);
        return response.Headers.Location!.OriginalString;
    }
}
