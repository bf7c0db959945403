using System.Net;
using Evidence;
using Gateway.Tests.Evidence;
using global::Ledger.Pages;
using Microsoft.EntityFrameworkCore;

namespace Gateway.Tests.Ledger.Links;

/// <summary>Goal: what no verifier would read is not given out, by any of the addresses, and the sentence says what to do. Method: real HTTP; the
/// store says of four small batches that they hold five million readings, as admission would have written it down.</summary>
public sealed class LongWindowTests
{
    // F-140
    [Fact]
    public async Task A_window_of_more_readings_than_verifiers_read_is_refused_with_numbers_at_every_address_and_level_of_readings()
    {
        await using var bench = await LinkBench.Start();
        var (_, readings) = await bench.Make(bench.Terms());
        var (_, verdicts) = await bench.Make(bench.Terms(DisclosureLevel.Verdicts));
        var window = $"/g/{bench.Ledger.Truck.Id}/{new TimeWindow(TestTruck.StartMs, bench.Ledger.Truck.NowMs - 1)}";
        await SetRounds(bench, 1_250_000);
        var (status, text) = await bench.Get(readings + "/page/bundle"); // 5,000,000 of one channel: shown, and here the four batches have 40.
        Assert.True(status == HttpStatusCode.OK, text);

        await SetRounds(bench, 1_250_001);
        foreach (var path in new[] { "", "/bundle", "/evidence.html", "/evidence.pdf", "/readings.csv" })
        {
            await IsRefused(bench, window + path, "10000008");
            await IsRefused(bench, $"{readings}/page{path}", "5000004");
        }

        Assert.Equal(HttpStatusCode.OK, (await bench.Get(verdicts + "/page/bundle")).Status);
        foreach (var (language, next) in new[] { ("fr", "Choisissez une période plus courte"), ("zh", "请选较短的时间窗") })
        {
            Assert.Contains(next, WebUtility.HtmlDecode((await bench.Get($"{window}?lang={language}")).Text), StringComparison.Ordinal);
        }
    }

    private static async Task IsRefused(LinkBench bench, string path, string readings)
    {
        var (status, text) = await bench.Get(path);
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains($"holds {readings} readings; verifiers read at most 5000000. Choose a shorter window.", text, StringComparison.Ordinal);
    }

    private static async Task SetRounds(LinkBench bench, int rounds)
    {
        await using var context = bench.Core.Store.Read();
        Assert.Equal(4, await context.Batches.ExecuteUpdateAsync(set => set.SetProperty(row => row.Rounds, rounds), TestContext.Current.CancellationToken));
    }
}
