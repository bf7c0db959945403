using Evidence;
using Gateway.Tests.Evidence;
using Gateway.Tests.House;
using Gateway.Tests.Ledger.Links;
using global::Ledger.Pages;

namespace Gateway.Tests.Ledger;

/// <summary>Goal: whoever sees the ledger's page on a screen or on paper can scan the way to the regulator's page of this record. Method: Chromium draws the page as the ledger serves it,
/// as a picture and as a printed sheet; zbarimg reads both.</summary>
public sealed class PageCodeTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("coldproof-page-code-").FullName;

    [Fact]
    public async Task The_pages_own_code_is_read_from_a_screenshot_and_from_the_printed_sheets()
    {
        await using var bench = await LinkBench.Start();
        var root = "#r=" + bench.Ledger.Truck.Batches[^1].Header.Root.ToString()[..16];
        var (_, path) = await bench.Make(bench.Terms(DisclosureLevel.Summaries));
        var window = $"/g/{bench.Ledger.Truck.Id}/{new TimeWindow(TestTruck.StartMs, bench.Ledger.Truck.NowMs - 1)}";
        foreach (var (page, leads) in new[] { (window, window + "/evidence.html"), (path + "/page", path) })
        {
            var host = bench.Http.BaseAddress!.OriginalString.TrimEnd('/');
            var (address, code) = (host + page, host + leads + root);
            await Draw(address, "--screenshot=" + At("page.png"), "--window-size=1280,6000");
            Assert.Equal("QR-Code:" + code, await Scan("page.png"));
            await Draw(address, "--print-to-pdf=" + At("page.pdf"));
            await Ran("poppler-utils", "pdftoppm", "-r", "150", "-gray", "-png", At("page.pdf"), At("sheet"));
            var read = new List<string>();
            foreach (var sheet in Directory.GetFiles(folder, "sheet*.png"))
            {
                read.AddRange((await Scan(sheet)).Split('\n', StringSplitOptions.RemoveEmptyEntries));
                File.Delete(sheet);
            }

            Assert.Equal(["QR-Code:" + code], read);
        }
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private string At(string name) => Path.Combine(folder, name);

    /// <summary>Chromium does not start its own sandbox for root, as which the test command may run.</summary>
    private Task Draw(string address, params string[] what) => Ran("chromium", "chromium",
        ["--headless", "--disable-gpu", "--hide-scrollbars", "--user-data-dir=" + At("profile"), .. Environment.IsPrivilegedProcess ? ["--no-sandbox"] : Array.Empty<string>(),
            .. what, address]);

    private static async Task Ran(string package, string program, params string[] arguments)
    {
        var run = await Tool.Run(package, program, arguments);
        Assert.True(run.ExitCode == 0, run.ToString());
    }

    private async Task<string> Scan(string picture) => (await Tool.Run("zbar-tools", "zbarimg", ["-q", At(picture)])).Output.Trim();
}
