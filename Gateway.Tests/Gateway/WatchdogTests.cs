using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using System.Security.Cryptography;
using Anchoring;
using Evidence;
using Gateway.Configuration;
using Gateway.Hosting;
using Gateway.Tests.Anchoring;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Sensors;
using Sensors.Chips;
using Sensors.Emulation;

namespace Gateway.Tests.Gateway;

/// <summary>Goal: systemd's watchdog hears of a loop that goes round, however far apart the rounds are, and nothing of one that hangs (F-22).
/// Method: the real service and cycle; the clock, the notified and the link are in the test's hand.</summary>
public sealed class WatchdogTests : IDisposable
{
    private const int DayMs = 86_400_000;
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(20);
    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("coldproof-watchdog-");
    private readonly ServiceProvider services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly FakeTimeProvider clock = new(DateTimeOffset.FromUnixTimeMilliseconds(Bench.StartMs));
    private readonly Systemd systemd = new();
    private readonly StatusBoard board = new();
    private readonly HangingLink link = new();
    private readonly EmulatedBus bus = new();
    private readonly GatewayKey key;
    private readonly Logbook logbook;
    private readonly Sampler sampler;
    private readonly CycleService service;

    public WatchdogTests()
    {
        bus.Attach(new EmulatedTmp117());
        var probes = ImmutableArray.Create(new ConfiguredProbe(
            new ProbeSettings { Place = "rear", Serial = "T1", Chip = ChipKind.Tmp117, Address = 0x48 }, new(2_000), new(8_000)));
        key = GatewayKey.LoadOrCreate(directory.FullName);
        logbook = Logbook.Open(directory.FullName, new(), key, link);
        using var authority = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        logbook.Enrol(new Manifest(key.Gateway, key.Public, 0, Bench.StartMs - 1_000,
            EnrolmentFolder.ChannelsOf(probes, Manifest.IntervalMsMax), default, default, GatewayKey.Trait | GatewayTraits.EmulatedProbes)
            .Sign("authority:Test", authority));
        sampler = new([.. probes.Select(probe => probe.Probe)], bus.Open, TimeProvider.System);
        var cycle = new Cycle(sampler, logbook, new(key.Gateway, directory.FullName, probes, DayMs), board,
            new(services.GetRequiredService<IMeterFactory>(), board), NullLogger<Cycle>.Instance);
        service = new(cycle, new(clock, logbook.Boot, () => new(ClockTrust.Rtc, 0)), new(DayMs), clock, systemd, truck: null);
    }

    [Fact]
    public async Task Between_rounds_a_day_apart_the_watchdog_hears_of_the_loop()
    {
        await service.StartAsync(TestContext.Current.CancellationToken);
        for (var heard = 0; heard < 10; heard++)
        {
            HearAgain();
        }

        Assert.Equal(1, board.Current!.Recorded); // The rounds are a day apart here: all but the first was heard between them.
        await service.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_cycle_that_hangs_tells_the_watchdog_nothing()
    {
        await service.StartAsync(TestContext.Current.CancellationToken);
        HearAgain();
        link.Hang.Reset();
        while (!link.Hangs.Wait(Glance, TestContext.Current.CancellationToken))
        {
            clock.Advance(TimeSpan.FromSeconds(5));
        }

        var heard = systemd.Heard.Count;
        for (var i = 0; i < 100; i++)
        {
            clock.Advance(TimeSpan.FromMinutes(1));
        }

        Assert.Equal(heard, systemd.Heard.Count); // Its thread stands in the link: nothing else may speak for it.
        link.Hang.Set();
        HearAgain();
        await service.StopAsync(TestContext.Current.CancellationToken);
    }

    public void Dispose()
    {
        service.Dispose();
        sampler.Dispose();
        logbook.Dispose();
        key.Dispose();
        bus.Dispose();
        link.Dispose();
        systemd.Dispose();
        services.Dispose();
        directory.Delete(recursive: true);
    }

    private void HearAgain()
    {
        while (!systemd.Pinged.Wait(Glance, TestContext.Current.CancellationToken))
        {
            clock.Advance(TimeSpan.FromSeconds(5));
        }
    }

    private sealed class Systemd : ISystemdNotifier, IDisposable
    {
        public ConcurrentQueue<string> Heard { get; } = new();

        public SemaphoreSlim Pinged { get; } = new(0);

        public bool IsEnabled => true;

        public void Notify(ServiceState state)
        {
            Heard.Enqueue(state.ToString());
            if (state.ToString() == "WATCHDOG=1")
            {
                Pinged.Release();
            }
        }

        public void Dispose() => Pinged.Dispose();
    }

    /// <summary>A link without a broker, in which a call can be made to stand still.</summary>
    private sealed class HangingLink : ILedgerLink, IDisposable
    {
        public ManualResetEventSlim Hang { get; } = new(initialState: true);

        public ManualResetEventSlim Hangs { get; } = new();

        public LinkState State => default;

        public bool TrySend(Digest statement, ReadOnlyMemory<byte> uplink) => false;

        public bool TryReceive(out LinkNews news)
        {
            news = default;
            if (!Hang.IsSet)
            {
                Hangs.Set();
                Hang.Wait();
            }

            return false;
        }

        public void Dispose()
        {
            Hang.Dispose();
            Hangs.Dispose();
        }
    }
}
