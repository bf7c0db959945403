using System.Net;
using Gateway.Tests.Evidence;
using global::Ledger.Hosting;
using global::Ledger.Pages;
using Microsoft.AspNetCore.Builder;
using UglyToad.PdfPig;

namespace Gateway.Tests.Ledger.Report;

/// <summary>Goal: whoever looks at a window's page gets its report, and a sentence where there is none. Method: a real Kestrel, real HTTP.</summary>
public sealed class ReportRouteTests : IAsyncLifetime
{
    private readonly TestLedger ledger = new();
    private WebApplication app = null!;
    private HttpClient http = null!;

    public async ValueTask InitializeAsync()
    {
        ledger.Truck.Receipts = false;
        await using (var core = ledger.Open())
        {
            Assert.All(await ledger.Send(core, batches: 3, rounds: 20), answer => Assert.Null(answer.Refusal));
        }

        app = await LedgerHost.Build(new() { Data = ledger.Data, Keys = ledger.Keys, Listen = "http://127.0.0.1:0" });
        await app.StartAsync(TestContext.Current.CancellationToken);
        http = new() { BaseAddress = new(app.Urls.Single()) };
    }

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        await app.DisposeAsync();
        await ledger.DisposeAsync();
    }

    private string Gateway => $"/g/{ledger.Truck.Id}/";

    private string Window => Gateway + new TimeWindow(TestTruck.StartMs, ledger.Truck.NowMs - 1);

    [Fact]
    public async Task The_page_leads_to_the_report_in_its_own_language_and_the_report_carries_what_the_page_gives()
    {
        var page = await http.GetStringAsync(new Uri(Window + "?lang=fr&tz=%2B02:00", UriKind.Relative), TestContext.Current.CancellationToken);
        var link = WebUtility.HtmlDecode(System.Text.RegularExpressions.Regex.Match(page, "href=\"([^\"]*evidence\\.pdf[^\"]*)\"").Groups[1].Value);
        using var response = await http.GetAsync(new Uri(link, UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal("application/pdf", response.Content.Headers.ContentType!.MediaType);
        Assert.EndsWith(".pdf", response.Content.Headers.ContentDisposition!.FileName);

        using var read = PdfDocument.Open(await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        Assert.Contains("DANSLESLIMITES", read.GetPage(1).Text.Replace(" ", "", StringComparison.Ordinal));
        Assert.True(read.Advanced.TryGetEmbeddedFiles(out var files));
        Assert.Equal(3, files.Count);
        Assert.Equal(await http.GetByteArrayAsync(new Uri(Window + "/bundle", UriKind.Relative), TestContext.Current.CancellationToken),
            files.Single(file => file.Name.EndsWith(".coldproof.json", StringComparison.Ordinal)).Memory.ToArray());
    }

    [Theory]
    [InlineData("20260101..20270101", "365 days long; a printed report covers at most 120")]
    [InlineData("20260301..20260201", "ends before it begins")]
    [InlineData("never..ever", "is not a window")]
    public async Task A_window_that_has_no_report_is_refused_with_a_sentence(string window, string words)
    {
        using var response = await http.GetAsync(new Uri($"{Gateway}{window}/evidence.pdf?lang=en", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains(words, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }
}
