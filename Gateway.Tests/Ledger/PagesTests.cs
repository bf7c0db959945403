using System.ComponentModel;
using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Evidence;
using Gateway.Tests.Evidence;
using global::Ledger.Hosting;
using global::Ledger.Pages;
using Microsoft.AspNetCore.Builder;

namespace Gateway.Tests.Ledger;

/// <summary>Goal: the page says what the verifier says, harms nobody, and its link can be scanned. Method: a real Kestrel, real HTTP,
/// zbar reads the QR.</summary>
public sealed class PagesTests : IAsyncLifetime
{
    private const string Hostile = "<script>alert('&\"1\")</script>";
    private readonly TestLedger ledger = new(new TestTruck(channels: 2, place: Hostile));
    private WebApplication app = null!;
    private HttpClient http = null!;

    public async ValueTask InitializeAsync()
    {
        ledger.Truck.Receipts = false;
        await using (var core = ledger.Open())
        {
            var uplinks = new List<byte[]> { TestLedger.UplinkOf(ledger.Truck.SignedManifest) };
            uplinks.AddRange(Enumerable.Range(0, 4).Select(batch => TestLedger.UplinkOf(
                ledger.Truck.Seal(10, (round, channel) => batch == 2 && channel == 0 && round > 3 ? 9_000 : round == 9 ? null : 4_500))));
            ledger.Clock.SetUtcNow(DateTimeOffset.FromUnixTimeMilliseconds(ledger.Truck.NowMs));
            foreach (var uplink in uplinks)
            {
                Assert.Null((await core.Intake.Accept(ledger.Truck.Id, uplink, TestContext.Current.CancellationToken)).Refusal);
            }
        }

        app = await LedgerHost.Build(new() { Data = ledger.Data, Keys = ledger.Keys, Listen = "http://127.0.0.1:0" });
        await app.StartAsync(TestContext.Current.CancellationToken);
        http = new(new HttpClientHandler { AllowAutoRedirect = false }) { BaseAddress = new(app.Urls.Single()) };
    }

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        await app.DisposeAsync();
        await ledger.DisposeAsync();
    }

    private string Window => $"/g/{ledger.Truck.Id}/{new TimeWindow(TestTruck.StartMs, ledger.Truck.NowMs - 1)}";

    [Theory]
    [InlineData("en", "VERIFIED", "OUT OF RANGE", "en")]
    [InlineData("fr", "VÉRIFIÉ", "HORS LIMITES", "fr")]
    [InlineData("zh", "已验证", "超出限值", "zh-Hans")]
    public async Task The_page_gives_the_verifiers_word_and_the_temperature_apart_from_it(string language, string word, string answer,
        string tag)
    {
        var page = await Get(Window + "?lang=" + language + "&tz=%2B02:00");
        Assert.Contains($"<html lang=\"{tag}\">", page);
        Assert.Contains($"<h1>{word}</h1>", page);
        Assert.Contains(answer, page);
        Assert.Contains("+02:00", page);
        Assert.Equal(8, Regex.Count(page, "<li class=\"Ok\">"));
        Assert.Contains("role=\"img\"", page);
        Assert.Contains("class=\"limit\"", page);
        Assert.Contains("url(#hatch0)", page);
    }

    [Fact]
    public async Task The_downloaded_bundle_is_the_one_that_the_page_verified()
    {
        var page = await Get(Window);
        using var response = await http.GetAsync(Window + "/bundle", TestContext.Current.CancellationToken);
        var bundle = await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        Assert.Equal("application/json", response.Content.Headers.ContentType!.MediaType);
        Assert.EndsWith(".coldproof.json", response.Content.Headers.ContentDisposition!.FileName!.Trim('"'));
        Assert.Contains(Convert.ToHexStringLower(SHA256.HashData(bundle)), page);
        var policy = VerifierPolicy.Parse(await http.GetByteArrayAsync("/policy.json", TestContext.Current.CancellationToken));
        var verdict = Verifier.Verify(bundle, policy);
        Assert.Equal(VerdictWord.Verified, verdict.Word);
        Assert.Equal(Answer.OutOfRange, verdict.Channels[0].Answer);
        Assert.Equal(bundle, await http
            .GetByteArrayAsync($"/g/{ledger.Truck.Id}/bundle?from={TestTruck.StartMs}&to={ledger.Truck.NowMs - 1}",
            TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("")]
    [InlineData("?save=1")]
    public async Task The_evidence_page_is_the_published_page_with_the_bundle_inside_and_may_run_only_its_own_program(string query)
    {
        using var response = await http.GetAsync(Window + "/evidence.html" + query, TestContext.Current.CancellationToken);
        var page = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        var bundle = await Get(Window + "/bundle");

        var (inside, offer, context) = (Block(page, "bundle"), Block(page, "policy"), Block(page, "context"));
        Assert.Equal(bundle, inside.Replace("\\u003c", "<", StringComparison.Ordinal));
        Assert.DoesNotContain('<', inside + offer + context);
        Assert.Equal(await Get("/policy.json"), offer);
        Assert.Equal(http.BaseAddress!.GetLeftPart(UriPartial.Authority),
            System.Text.Json.JsonDocument.Parse(context).RootElement.GetProperty("origin").GetString());
        var published = page.Replace(inside, "", StringComparison.Ordinal).Replace(offer, "", StringComparison.Ordinal)
            .Replace(context, "", StringComparison.Ordinal);
        Assert.Equal(File.ReadAllText(House.Repository.At("Verifier", "verify.html")), published);
        Assert.Equal(query.Length > 0, response.Content.Headers.ContentDisposition is { DispositionType: "attachment" });
        var policy = Assert.Single(response.Headers.GetValues("Content-Security-Policy"));
        var program = Regex.Match(page, "<script>(.*?)</script>", RegexOptions.Singleline).Groups[1].Value;
        Assert.StartsWith("default-src 'none'; script-src 'sha256-"
            + Convert.ToBase64String(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(program))) + "';", policy);
    }

    [Fact]
    public async Task The_empty_verifier_brings_only_an_offer()
    {
        var page = await Get("/verify");
        Assert.Equal("", Block(page, "bundle"));
        Assert.Equal(await Get("/policy.json"), Block(page, "policy"));
    }

    [Fact]
    public async Task The_table_of_readings_says_what_the_verifier_says()
    {
        var rows = (await Get(Window + "/readings.csv")).TrimEnd('\n').Split('\n');
        Assert.Equal("channel,sequence,time_utc,temperature_c,status", rows[0]);
        Assert.Equal(1 + (4 * 10 * 2), rows.Length);
        Assert.Matches(@"^0,0,\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z,4\.500,0$", rows[1]);
        Assert.Contains(rows, row => Regex.IsMatch(row, @"^0,24,\S+Z,9\.000,0$"));
        Assert.Contains(rows, row => Regex.IsMatch(row, @"^1,9,\S+Z,,[1-8]$"));
    }

    [Theory]
    [InlineData("/g")]
    [InlineData("/g/ID")]
    [InlineData("WINDOW")]
    [InlineData("/g/<script>x")]
    [InlineData("/g/ID/<script>..x")]
    [InlineData("/<img src=x>")]
    [InlineData("/g/ID?lang=%22%3E%3Cscript%3E&tz=%22%3E%3Cscript%3E")]
    public async Task No_text_of_anybody_becomes_markup_and_nothing_may_run(string path)
    {
        using var response = await http
            .GetAsync(path.Replace("WINDOW", Window).Replace("ID", ledger.Truck.Id.ToString()), TestContext.Current.CancellationToken);
        var page = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.DoesNotContain("<script", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("<img", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotMatch("style=|onload=|onerror=", page);
        var policy = Assert.Single(response.Headers.GetValues("Content-Security-Policy"));
        Assert.StartsWith("default-src 'none'", policy);
        Assert.DoesNotContain("script-src", policy);
        Assert.Equal("nosniff", Assert.Single(response.Headers.GetValues("X-Content-Type-Options")));
    }

    [Theory]
    [InlineData("/g/nonsense", HttpStatusCode.BadRequest, "identity")]
    [InlineData("/g/00000000-0000-4000-8000-000000000001", HttpStatusCode.NotFound, "No gateway")]
    [InlineData("/g/00000000-0000-4000-8000-000000000001/20220101..20220102", HttpStatusCode.NotFound, "No gateway")]
    [InlineData("/g/ID/yesterday..today", HttpStatusCode.BadRequest, "is not a window")]
    [InlineData("/g/ID/20220102T000000Z..20220101T000000Z", HttpStatusCode.BadRequest, "ends before it begins")]
    [InlineData("/elsewhere", HttpStatusCode.NotFound, "no such page")]
    public async Task A_wrong_address_is_answered_with_what_is_wrong_and_what_to_do(string path, HttpStatusCode status, string words)
    {
        using var response = await http.GetAsync(path.Replace("ID", ledger.Truck.Id.ToString()), TestContext.Current.CancellationToken);
        Assert.Equal(status, response.StatusCode);
        Assert.Contains(words, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task The_short_addresses_lead_to_the_window_of_the_whole_record()
    {
        using var all = await http.GetAsync($"/g/{ledger.Truck.Id}/all", TestContext.Current.CancellationToken);
        using var numbers = await http
            .GetAsync($"/g/{ledger.Truck.Id}?from={TestTruck.StartMs}&to={ledger.Truck.NowMs - 1}", TestContext.Current.CancellationToken);
        Assert.Equal(Window + "?lang=en", all.Headers.Location!.ToString());
        Assert.Equal(all.Headers.Location, numbers.Headers.Location);
    }

    [Theory]
    [InlineData("/verify", HttpStatusCode.OK, "text/html")]
    [InlineData("/log/checkpoint", HttpStatusCode.OK, "text/plain")]
    [InlineData("/nothing-here", HttpStatusCode.NotFound, "text/html")]
    public async Task A_program_that_only_asks_whether_a_link_works_gets_the_headers_and_no_body(string path, HttpStatusCode status, string type)
    {
        using var asked = new HttpRequestMessage(HttpMethod.Head, path);
        using var answer = await http.SendAsync(asked, TestContext.Current.CancellationToken);
        using var whole = await http.GetAsync(path, TestContext.Current.CancellationToken);
        Assert.Equal((status, type), (answer.StatusCode, answer.Content.Headers.ContentType?.MediaType));
        Assert.Equal((whole.StatusCode, whole.Content.Headers.ContentType), (answer.StatusCode, answer.Content.Headers.ContentType));
        Assert.Empty(await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task The_logs_files_are_served_as_tlog_tiles_says_and_nothing_else_of_the_directory()
    {
        var checkpoint = await Get("/log/checkpoint");
        Assert.StartsWith("log.example/test\n5\n", checkpoint);
        using var tile = await http.GetAsync("/log/tile/0/000.p/5", TestContext.Current.CancellationToken);
        Assert.Equal(5 * Digest.Length, (await tile.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)).Length);
        Assert.Contains("immutable", tile.Headers.CacheControl!.ToString());
        foreach (var path in new[] { "/log/../ledger.db", "/log/%2e%2e/ledger.db", "/log/tile/0/000.p/6", "/log/tile/0/0",
            "/log/checkpoint.new", "/log/" })
        {
            using var refused = await http.GetAsync(path, TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.NotFound, refused.StatusCode);
        }

        Assert.Equal("live\n", await Get("/healthz/live"));
        Assert.Equal("ready\n", await Get("/healthz/ready"));
    }

    [Fact]
    public async Task The_qr_code_is_the_pages_own_absolute_link()
    {
        var page = await Get(Window);
        var drawing = Regex.Match(page, "<svg class=\"qr\".*?</svg>").Value;
        var size = int.Parse(Regex.Match(drawing, "viewBox=\"0 0 (\\d+)").Groups[1].Value,
            System.Globalization.CultureInfo.InvariantCulture);
        const int Zoom = 8;
        var pixels = new byte[size * Zoom * size * Zoom];
        Array.Fill(pixels, (byte)255);
        foreach (Match run in Regex.Matches(drawing, "M(\\d+) (\\d+)h(\\d+)v1"))
        {
            var (x, y, length) = (Number(run.Groups[1]), Number(run.Groups[2]), Number(run.Groups[3]));
            for (var row = 0; row < Zoom; row++)
            {
                pixels.AsSpan((((y * Zoom) + row) * size * Zoom) + (x * Zoom), Zoom * length).Clear();
            }
        }

        var image = Path.Combine(ledger.Data, "qr.pgm");
        await File.WriteAllBytesAsync(image, [.. System.Text.Encoding.ASCII.GetBytes($"P5 {size * Zoom} {size * Zoom} 255\n"), .. pixels],
            TestContext.Current.CancellationToken);
        var root = Verifier.Verify(await http.GetByteArrayAsync(Window + "/bundle", TestContext.Current.CancellationToken), ledger.Policy);
        Assert.Equal(VerdictWord.Verified, root.Word);
        Assert.Equal(new Uri(http.BaseAddress!, Window + "/evidence.html#r=" + ledger.Truck.Batches[^1].Header.Root.ToString()[..16]).ToString(), Scan(image).Trim());

        static int Number(Group group) => int.Parse(group.ValueSpan, System.Globalization.CultureInfo.InvariantCulture);
    }

    [Theory]
    [InlineData("//elsewhere.example/x")]
    [InlineData("/\\elsewhere.example/x")]
    [InlineData("/%5Celsewhere.example/x")]
    public async Task No_address_makes_a_page_lead_to_another_host(string path)
    {
        using var socket = new System.Net.Sockets.TcpClient();
        await socket.ConnectAsync(http.BaseAddress!.Host, http.BaseAddress.Port, TestContext.Current.CancellationToken);
        await socket.GetStream().WriteAsync(System.Text.Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
            TestContext.Current.CancellationToken);
        using var reader = new StreamReader(socket.GetStream());
        var answer = await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.DoesNotMatch("(href|action)=\"(/[/\\\\]|[^/\"]*:)", answer.Replace("rel=\"stylesheet\"", "", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_address_with_a_slash_at_its_end_gives_the_same_page_and_links_that_work()
    {
        var page = await Get(Window + "/");
        using var bundle = await http.GetAsync(Regex.Match(page, "href=\"([^\"]+/bundle)\"").Groups[1].Value, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, bundle.StatusCode);
    }

    [Theory]
    [InlineData("%2B02:00", "+02:00")]
    [InlineData("+0200", "+02:00")]
    [InlineData("2", "+02:00")]
    [InlineData("UTC-5", "-05:00")]
    [InlineData("-05:30", "-05:30")]
    [InlineData("%E2%88%925", "-05:00")]
    [InlineData("14", "+14:00")]
    [InlineData("0", "+00:00")]
    public async Task Local_time_is_asked_for_as_people_write_it(string asked, string shown)
    {
        var page = WebUtility.HtmlDecode(await Get($"{Window}?tz={asked}"));
        Assert.Contains($" {shown})", page, StringComparison.Ordinal);
        Assert.DoesNotContain("is no offset", page, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("CEST", "CEST")]
    [InlineData("15", "15")]
    [InlineData("2:75", "2:75")]
    [InlineData("99999999999999999999999", "99999999999999999999…")]
    public async Task What_is_no_offset_is_said_and_not_passed_over(string asked, string named) => Assert.Contains($"“{named}” is no offset from UTC.",
        WebUtility.HtmlDecode(await Get($"{Window}?tz={asked}")), StringComparison.Ordinal);

    [Fact]
    public void A_day_alone_is_its_beginning_where_a_window_begins_and_its_end_where_it_ends()
    {
        Assert.Equal(TimeWindow.Parse("20220502T000000Z..20220608T235959.999Z"), TimeWindow.Parse("20220502..20220608"));
        Assert.Equal(TimeWindow.Parse("20220502..20220608"), TimeWindow.Parse("2022-05-02..2022-06-08"));
        Assert.Equal(TimeWindow.Parse("20220502T0000Z..20220502T235959.999Z"), TimeWindow.Parse("20220502..20220502"));
    }

    [Fact]
    public void What_rounds_to_zero_has_no_sign()
    {
        Assert.Equal(["0.0", "0.0", "-0.01", "0.0"], new[] { -0.4, -4.9, -6, 0 }.Select(value => Texts.For("en", null).Computed(value).Split('\u00A0')[0]));
        Assert.Equal("0,0\u00A0°C", Texts.For("fr", null).Computed(-0.1));
    }

    [Fact]
    public void Every_language_has_every_text_with_the_same_places_to_fill()
    {
        var english = Texts.For("en", null);
        foreach (var language in Texts.Languages)
        {
            var texts = Texts.For(language, null);
            Assert.Equal(english.Keys.Order(), texts.Keys.Order());
            Assert.All(english.Keys, key => Assert.Equal(Places(english[key]), Places(texts[key])));
        }

        static IEnumerable<string> Places(string text) => Regex.Matches(text, "\\{\\d\\}").Select(match => match.Value).Order();
    }

    [Theory]
    [InlineData("http://0.0.0.0:8480", "plain http")]
    [InlineData("https://0.0.0.0:443", "--certificate")]
    [InlineData("ftp://x", "not an address")]
    public void An_address_that_would_show_pages_unprotected_is_refused_with_the_way_out(string listen, string words) =>
        Assert.Contains(words, Assert.Throws<ConfigurationException>(() => new RunOptions { Listen = listen }.ListenUri()).Message);

    private async Task<string> Get(string path)
    {
        using var response = await http.GetAsync(path, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }

    private static string Scan(string image)
    {
        try
        {
            using var zbar = Process.Start(new ProcessStartInfo("zbarimg", ["--quiet", "--raw", image]) { RedirectStandardOutput = true })!;
            var text = zbar.StandardOutput.ReadToEnd();
            zbar.WaitForExit();
            return text;
        }
        catch (Win32Exception fault)
        {
            throw new InvalidOperationException("This test reads the QR code with zbarimg: apt-get install zbar-tools.", fault);
        }
    }

    private static string Block(string page, string name) =>
        Assert.Single(Regex.Matches(page, $"<script type=\"application/json\" id=\"coldproof-{name}\">(.*?)</script>", RegexOptions.Singleline))
            .Groups[1].Value;
}
