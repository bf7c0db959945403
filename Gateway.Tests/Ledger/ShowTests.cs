#pragma warning disable xUnit1051
using Evidence;
using Evidence.Log;
using Gateway.Tests.Evidence;
using global::Ledger.Hosting;
using Microsoft.AspNetCore.Builder;
namespace Gateway.Tests.Ledger;
public sealed class ShowTests
{
    [Fact]
    public async Task Show()
    {
        await using var ledger = new TestLedger(new TestTruck(channels: 1, intervalMs: 300_000, traits: GatewayTraits.SoftwareKey | GatewayTraits.EmulatedProbes));
        ledger.Truck.Receipts = false;
        var start = TimeProvider.System.GetTimestamp();
        await using (var core = ledger.Open())
        {
            await ledger.Send(core, 0);
            Digest beacon = default;
            var n = 0;
            int? Value(int round, int channel) { var x = n; return x % 997 == 0 ? null : (int)(5000 + (2200 * Math.Sin(x / 60.0)) + (x is > 4000 and < 4080 ? 4500 : 0) - (x is > 8000 and < 8012 ? 6000 : 0)); }
            while (n < 10_653)
            {
                var tasks = new List<Task<Downlink>>();
                for (var i = 0; i < 50 && n < 10_653; i++, n++)
                {
                    BatchEvent[] events = n == 6000 ? [ledger.Truck.PowerCut(21_120_000)] : [];
                    ledger.Clock.SetUtcNow(DateTimeOffset.FromUnixTimeMilliseconds(ledger.Truck.NowMs + 310_000));
                    tasks.Add(core.Intake.Accept(ledger.Truck.Id, TestLedger.UplinkOf(ledger.Truck.Seal(1, Value, h => h with { Beacon = beacon }, events)), default));
                }
                var answers = await Task.WhenAll(tasks);
                Assert.All(answers, a => Assert.Null(a.Refusal));
                beacon = Digest.Of(TlogProof.Parse(answers[^1].Receipt!).Note.ToBytes());
            }
        }
        Console.WriteLine($"intake {TimeProvider.System.GetElapsedTime(start)}");
        File.WriteAllText(Path.Combine(ledger.Data, "clock"), "");
        await using var app = await LedgerHost.Build(new() { Data = ledger.Data, Keys = ledger.Keys, Listen = "http://127.0.0.1:18480" });
        await app.StartAsync();
        using var http = new HttpClient();
        for (var i = 0; i < 2; i++)
        {
            start = TimeProvider.System.GetTimestamp();
            var page = await http.GetStringAsync($"http://127.0.0.1:18480/g/{ledger.Truck.Id}/all");
            Console.WriteLine($"page {page.Length} {TimeProvider.System.GetElapsedTime(start)}");
        }
        var bundle = await http.GetByteArrayAsync($"http://127.0.0.1:18480/g/{ledger.Truck.Id}/bundle?from={TestTruck.StartMs}&to={ledger.Truck.NowMs-1}");
        Console.WriteLine($"bundle {bundle.Length} {Verifier.Verify(bundle, ledger.Policy).Headline}");
        start = TimeProvider.System.GetTimestamp();
        Verifier.Verify(bundle, ledger.Policy);
        Console.WriteLine($"verify {TimeProvider.System.GetElapsedTime(start)}");
        var fsck = TimeProvider.System.GetTimestamp();
        File.WriteAllText("/tmp/show.id", ledger.Truck.Id.ToString());
        for (var i = 0; i < 400 && !File.Exists("/tmp/show.stop"); i++) { await Task.Delay(500); }
        await app.StopAsync();
    }
}
