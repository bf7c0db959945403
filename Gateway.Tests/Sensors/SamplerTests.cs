using Evidence;
using Microsoft.Extensions.Time.Testing;
using Sensors;
using Sensors.Chips;
using Sensors.Emulation;

namespace Gateway.Tests.Sensors;

/// <summary>Goal: a round gives one reading for every channel, whatever the wires do. Method: the real sampler on an emulated bus whose
/// clock
/// line is held and released by hand; no test waits for real time.</summary>
public sealed class SamplerTests : IDisposable
{
    private static readonly Moment Now = new(Boot: 1, UptimeMs: 60_000, WallMs: 1_651_466_640_000, ClockTrust.Ntp);

    private readonly FakeTimeProvider clock = new();
    private readonly EmulatedBus bus = new();
    private readonly EmulatedTmp117 front = new(0x48), rear = new(0x49);
    private readonly SemaphoreSlim blocked = new(0);

    public SamplerTests()
    {
        bus.Attach(front, rear);
        front.FinishConversion(5_000);
        rear.FinishConversion(6_000);
        bus.Blocking = () => blocked.Release();
    }

    public void Dispose()
    {
        blocked.Dispose();
        bus.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public void A_modelled_truck_gives_one_measured_reading_for_each_channel_in_order()
    {
        using var truck = EmulatedTruck.Modelled(seed: 7);
        truck.MoveTo(Now.WallMs);
        using var sampler = new Sampler(truck.Probes, truck.Open, clock);

        var first = sampler.Sample(Now); // The MCP9808 has had no mark yet, but a conversion other than 0.0 °C.
        Assert.Equal([0, 1, 2, 3], first.Select(reading => (int)reading.Channel.Value));
        Assert.All(first, reading => Assert.Equal((Outcome.Measured, Now), (reading.Outcome, reading.Moment)));
        Assert.All(first, reading => Assert.InRange(reading.Temperature!.Value.Value, 4_000, 6_000));
    }

    /// <summary>F-07.</summary>
    [Fact]
    public async Task A_stuck_clock_line_costs_its_rounds_and_never_the_process()
    {
        using var sampler = new Sampler(TwoProbes, bus.Open, clock);
        Assert.Equal([Outcome.Measured, Outcome.Measured], Outcomes(sampler.Sample(Now)));

        bus.Line = LineFault.ClockLow;
        var stuck = Task.Run(() => sampler.Sample(Now), TestContext.Current.CancellationToken);
        await blocked.WaitAsync(TestContext.Current.CancellationToken); // The reader thread is in the kernel now.
        await AdvanceUntil(stuck);
        Assert.Equal([Outcome.Timeout, Outcome.Timeout], Outcomes(await stuck));

        for (var round = 0; round < 100; round++)
        {
            Assert.Equal([Outcome.Timeout, Outcome.Timeout], Outcomes(sampler.Sample(Now))); // At once: the clock stands still.
        }

        Assert.Equal(0, blocked.CurrentCount); // Nobody else has tried the stuck bus: no second thread.

        bus.Line = LineFault.None;
        bus.ReleaseClock();
        await UntilOutcomes(sampler, Outcome.Measured, Outcome.Measured);
        Assert.Equal(2, bus.OpenCount); // Recreated after the trouble…
        Assert.Equal(1, bus.OpenHandles); // …and the old handle was given back.
    }

    [Fact]
    public async Task What_arrives_after_the_deadline_is_thrown_away()
    {
        using var sampler = new Sampler(TwoProbes, bus.Open, clock);
        var held = false;
        bus.BeforeTransfer = () => bus.Line = held ? LineFault.ClockLow : LineFault.None;
        front.Noise = _ => held = true; // The first probe's first answer arrives, then the line is stuck.

        var stuck = Task.Run(() => sampler.Sample(Now), TestContext.Current.CancellationToken);
        await blocked.WaitAsync(TestContext.Current.CancellationToken);
        await AdvanceUntil(stuck);
        Assert.Equal([Outcome.Timeout, Outcome.Timeout], Outcomes(await stuck));

        (held, front.Noise) = (false, null);
        bus.ReleaseClock();
        await UntilOutcomes(sampler, Outcome.Measured, Outcome.Measured);
        Assert.Equal(6, rear.Transcript.Count); // A sample and its chip's number, in the new round only: the rest of the late one was not worth the bus's time.
    }

    [Fact]
    public async Task Only_the_channels_of_the_stuck_bus_wait()
    {
        using var sound = new EmulatedBus();
        sound.Attach(rear);
        var onTwoBuses = TwoProbes.Select(probe => probe.Channel == 1 ? probe with { Bus = 2 } : probe).ToArray();
        using var sampler = new Sampler(onTwoBuses, number => number == 1 ? bus.Open(1) : sound.Open(2), clock);

        bus.Line = LineFault.ClockLow;
        var round = Task.Run(() => sampler.Sample(Now), TestContext.Current.CancellationToken);
        await blocked.WaitAsync(TestContext.Current.CancellationToken);
        await AdvanceUntil(round);
        Assert.Equal(Outcome.Timeout, (await round)[0].Outcome);
        await UntilOutcomes(sampler, Outcome.Timeout, Outcome.Measured);
        bus.ReleaseClock();
    }

    /// <summary>F-06.</summary>
    [Fact]
    public void An_unplugged_probe_leaves_the_other_alone_and_the_bus_is_opened_anew()
    {
        using var sampler = new Sampler(TwoProbes, bus.Open, clock);
        sampler.Sample(Now);
        bus.Detach(front);
        Assert.Equal([Outcome.NoAcknowledge, Outcome.Measured], Outcomes(sampler.Sample(Now)));
        bus.Attach(front);
        Assert.Equal([Outcome.Measured, Outcome.Measured], Outcomes(sampler.Sample(Now)));
        sampler.Sample(Now);
        Assert.Equal((2, 1), (bus.OpenCount, bus.OpenHandles));
    }

    [Fact]
    public void A_missing_bus_is_not_present_on_every_channel_until_it_comes()
    {
        using var sampler = new Sampler(TwoProbes, bus.Open, clock);
        bus.OpenErrno = 2;
        Assert.Equal([Outcome.NotPresent, Outcome.NotPresent], Outcomes(sampler.Sample(Now)));
        bus.OpenErrno = null;
        Assert.Equal([Outcome.Measured, Outcome.Measured], Outcomes(sampler.Sample(Now)));
    }

    [Fact]
    public void A_shorted_data_line_is_neither_a_freeze_alarm_nor_a_good_reading()
    {
        using var sampler = new Sampler(TwoProbes, bus.Open, clock);
        bus.Line = LineFault.DataLow;
        Assert.All(sampler.Sample(Now), reading => Assert.Equal((Outcome.Implausible, null), (reading.Outcome, reading.Temperature)));
    }

    [Fact]
    public void A_value_outside_the_configured_range_is_out_of_range_and_its_raw_code_is_kept()
    {
        using var sampler = new Sampler([TwoProbes[0] with { WarmestMilliCelsius = 40_000 }], bus.Open, clock);
        front.FinishConversion(40_008);
        var reading = sampler.Sample(Now)[0];
        Assert.Equal((Outcome.OutOfRange, null, 5_121), (reading.Outcome, reading.Temperature, reading.RawCode));
    }

    [Fact]
    public void A_calibrated_probe_gives_the_calibrated_temperature_and_the_uncalibrated_code()
    {
        var calibration = new CalibrationSettings
        {
            Certificate = "K-17-2031",
            CertificateSha256 = new('5', 64),
            Expires = DateTimeOffset.UnixEpoch.AddYears(50), // Long ended: still read, still corrected.
            OffsetMilliCelsius = -120,
        };
        using var sampler = new Sampler([TwoProbes[0] with { Calibration = calibration }], bus.Open, clock);
        var reading = sampler.Sample(Now)[0];
        Assert.Equal((new MilliCelsius(4_880), 640), (reading.Temperature, reading.RawCode));
    }

    [Fact]
    public void Settings_with_problems_are_refused_with_all_of_them()
    {
        var refusal = Assert.Throws<ArgumentException>(() => new Sampler([TwoProbes[0], TwoProbes[0]], bus.Open, clock));
        Assert.Contains("Channels are 0, 0; they must run from 0", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("are one chip, 0x48 on bus 1", refusal.Message, StringComparison.Ordinal);
    }

    private static ProbeSettings[] TwoProbes =>
    [
        new() { Channel = 0, Place = "cargo, front", Serial = "A1", Chip = ChipKind.Tmp117, Address = 0x48 },
        new() { Channel = 1, Place = "cargo, rear", Serial = "A2", Chip = ChipKind.Tmp117, Address = 0x49 },
    ];

    private static Outcome[] Outcomes(IEnumerable<Reading> readings) => [.. readings.Select(reading => reading.Outcome)];

    /// <summary>The sampler may set its deadline a little after the reader is blocked, so the clock is moved until it has passed.</summary>
    private async Task AdvanceUntil(Task round)
    {
        while (!round.IsCompleted)
        {
            clock.Advance(Sampler.DefaultDeadline);
            await Task.Yield();
        }
    }

    /// <summary>The reader needs a moment to come back from the kernel; until then a round is a Timeout at once.</summary>
    private static async Task UntilOutcomes(Sampler sampler, params Outcome[] expected)
    {
        while (!Outcomes(sampler.Sample(Now)).SequenceEqual(expected))
        {
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}
