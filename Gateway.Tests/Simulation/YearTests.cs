using System.Globalization;

namespace Gateway.Tests.Simulation;

/// <summary>Goal: nothing lost, nothing invented, no minute unexplained, whatever a year brings. Method: production code from cycle to
/// tiled log, driven by one seed through a year of faults; only bus, card, clocks and road are made up. Here
/// each seed's first weeks; its whole year with COLDPROOF_SEED=0x…, thousands with `Gateway.Benchmarks -- years N`.</summary>
public sealed class YearTests
{
    private const int DaysOfEach = 20;

    public static TheoryData<ulong> Seeds()
    {
        var chosen = Chosen;
        var lines = chosen is null ? File.ReadAllLines(House.Repository.At("Gateway.Tests", "Simulation", "seeds.txt")) : [chosen];
        return [.. lines.Where(line => line.StartsWith("0x", StringComparison.Ordinal))
            .Select(line => ulong.Parse(line[2..].Split(' ')[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture))];
    }

    private static string? Chosen => Environment.GetEnvironmentVariable("COLDPROOF_SEED");

    [Theory, MemberData(nameof(Seeds))]
    public void Time_on_the_road_loses_nothing_invents_nothing_and_explains_every_minute(ulong seed)
    {
        using var world = new TruckWorld(seed);
        world.Drive(TimeSpan.FromDays(Chosen is null ? DaysOfEach : 365));
        if (world.Violations.Count == 0)
        {
            world.RepairAndFinish();
        }

        Assert.True(world.Violations.Count == 0, world.Rerun + "\n" + string.Join('\n', world.Violations));
        Assert.True(world.Tally.Readings > 3_000, $"Only {world.Tally.Readings} readings: the world stood still.");
    }
}
