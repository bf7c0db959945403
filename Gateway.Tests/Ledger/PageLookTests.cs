using Evidence;
using Evidence.Gs1;
using Gateway.Tests.Evidence;
using Gateway.Tests.House;
using Gateway.Tests.Ledger.Links;
using global::Ledger.Links;
using global::Ledger.Pages;

namespace Gateway.Tests.Ledger;

/// <summary>Goal: everybody can use the ledger's own pages: by ear, on a phone, at four times the size, in the dark, in forced colours, in three
/// languages. Method: every page that it serves, in a real Chromium with axe-core (Verifier/test/browser/ledger.mjs).</summary>
public sealed class PageLookTests
{
    [Fact]
    public async Task Nothing_on_any_page_is_small_pale_unnamed_or_wider_than_a_phone()
    {
        await using var bench = await LinkBench.Start();
        var key = Gs1Key.Product(Gtin.Parse("09521234543213"), "A%B/C+D&E?F", "\"x<y>");
        await bench.Make(bench.Terms(DisclosureLevel.Summaries, LinkAccess.Open) with { Key = key });
        await bench.Make(bench.Terms(DisclosureLevel.Verdicts, LinkAccess.Open) with { Key = key });
        var (_, whole) = await bench.Make(bench.Terms());
        var (_, headers) = await bench.Make(bench.Terms(DisclosureLevel.Headers));
        var (gone, revoked) = await bench.Make(bench.Terms());
        await bench.Core.Links.Revoke(gone.Id, "Sent to the wrong office", TestContext.Current.CancellationToken);
        var gateway = $"/g/{bench.Ledger.Truck.Id}";
        string[] paths = ["/g", gateway, $"{gateway}/{new TimeWindow(TestTruck.StartMs, bench.Ledger.Truck.NowMs - 1)}", $"{gateway}/yesterday..today", "/releases",
            DigitalLink.Write(key), whole + "/page", headers + "/page", revoked, "/l/unknown", "/01/123", "/elsewhere"];
        var asked = paths.SelectMany((path, i) => i == 2 ? Texts.Languages.Select(language => $"{path}?lang={language}&tz=%2B02:00") : [$"{path}?lang={Texts.Languages[i % 3]}&tz=soon"]);
        var run = await Tool.Run("nodejs", "node", [Repository.At("Verifier", "test", "browser", "ledger.mjs"), bench.Http.BaseAddress!.OriginalString.TrimEnd('/'), .. asked]);
        Assert.True(run.ExitCode == 0, run.ToString());
    }
}
