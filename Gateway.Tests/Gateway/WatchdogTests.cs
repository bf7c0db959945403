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
    private readonly CycleStage stage = new();
    private readonly FakeTimeProvider clock = new(DateTimeOffset.FromUnixTimeMilliseconds(CycleStage.StartMs));
    private readonly Systemd systemd = new();
    private readonly HangingLink link = new();
    private readonly CycleSession session;
    private readonly CycleService service;

    public WatchdogTests()
    {
        stage.Bus.Attach(new EmulatedTmp117());
        session = stage.Begin(CycleStage.Probe(), DayMs, link);
        service = new(session.Cycle, new(clock, session.Logbook.Boot, () => new(ClockTrust.Rtc, 0), 0), new(DayMs), clock, systemd, truck: null);
    }

    [Fact]
    public async Task Between_rounds_a_day_apart_the_watchdog_hears_of_the_loop()
    {
        await service.StartAsync(TestContext.Current.CancellationToken);
        for (var heard = 0; heard < 10; heard++)
        {
            HearAgain();
        }

        Assert.Equal(1, stage.Board.Current!.Recorded); // The rounds are a day apart here: all but the first was heard between them.
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
        session.Dispose();
        stage.Dispose();
        link.Dispose();
        systemd.Dispose();
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
