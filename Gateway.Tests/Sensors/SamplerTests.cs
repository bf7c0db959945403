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

    public void Dispose()
    {
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
}
