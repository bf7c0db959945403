using System.Buffers.Binary;
using System.Net;
using Evidence;
using Evidence.Gs1;
using Gateway.Tests.Evidence;
using global::Ledger.Hosting;
using global::Ledger.Links;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.Ledger.Links;

/// <summary>A ledger with a truck's record behind real HTTP; its wall clock is a file that the test writes.</summary>
internal sealed class LinkBench : IAsyncDisposable
{
    public const string Pallet = "106141411234567897";
    private readonly string clockFile;

    private LinkBench(TestLedger ledger)
    {
        Ledger = ledger;
        clockFile = Path.Combine(Path.GetDirectoryName(ledger.Data)!, "clock");
    }

    public TestLedger Ledger { get; }

    public WebApplication App { get; private set; } = null!;

    public HttpClient Http { get; private set; } = null!;

    public LedgerCore Core => App.Services.GetRequiredService<LedgerCore>();

    public long NowMs { get; private set; }

    /// <summary>Four batches of ten rounds, two channels; the second channel is the other customer's.</summary>
    public static async Task<LinkBench> Start(GatewayReaders gateways = GatewayReaders.Local)
    {
        var bench = new LinkBench(new(new TestTruck(channels: 2)));
        bench.Ledger.Truck.Receipts = false;
        await using (var core = bench.Ledger.Open())
        {
            Assert.All(await bench.Ledger.Send(core, 4, rounds: 10), answer => Assert.Null(answer.Refusal));
        }

        bench.SetClock(bench.Ledger.Truck.NowMs + 60_000);
        await bench.Run(gateways);
        return bench;
    }

    public async Task Run(GatewayReaders gateways = GatewayReaders.Local, string? address = null)
    {
        App = await LedgerHost.Build(new() { Data = Ledger.Data, Keys = Ledger.Keys, Listen = "http://127.0.0.1:0", ClockFile = clockFile, Gateways = gateways, Address = address });
        await App.StartAsync(TestContext.Current.CancellationToken);
        Http = new(new HttpClientHandler { AllowAutoRedirect = false }) { BaseAddress = new(App.Urls.Single()) };
    }

    public void SetClock(long wallMs)
    {
        var bytes = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, wallMs);
        File.WriteAllBytes(clockFile, bytes);
        NowMs = wallMs;
    }

    public LinkTerms Terms(DisclosureLevel level = DisclosureLevel.Readings, LinkAccess access = LinkAccess.Token) => new(
        Gs1Key.Pallet(Sscc.Parse(Pallet)), Ledger.Truck.Id, [new(0)], TestTruck.StartMs, Ledger.Truck.NowMs - 1, level, access,
        "Regional office", "Release of the shipment", NowMs + 3_600_000);

    public async Task<(KnownLink Link, string Path)> Make(LinkTerms terms)
    {
        var (link, token) = await Core.Links.Create(terms, TestContext.Current.CancellationToken);
        return (link, "/l/" + token.Text);
    }

    public async Task<(HttpStatusCode Status, string Text)> Get(string path)
    {
        using var response = await Http.GetAsync(path, TestContext.Current.CancellationToken);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await App.DisposeAsync();
        await Ledger.DisposeAsync();
    }
}
