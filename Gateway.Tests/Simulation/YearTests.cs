using System.Globalization;

namespace Gateway.Tests.Simulation;

/// <summary>Goal: nothing lost, nothing invented, no minute unexplained, whatever a year brings. Method: production code from cycle to
/// tiled log, driven by one seed through a year of faults; only bus, card, clocks and road are made up.</summary>
public sealed class YearTests
{
    public static TheoryData<ulong> Seeds()
    {
        var chosen = Environment.GetEnvironmentVariable("COLDPROOF_SEED");
        var lines = chosen is null ? File.ReadAllLines(House.Repository.At("Gateway.Tests", "Simulation", "seeds.txt")) : [chosen];
        return [.. lines.Where(line => line.StartsWith("0x", StringComparison.Ordinal))
            .Select(line => ulong.Parse(line[2..].Split(' ')[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture))];
    }

    [Theory, MemberData(nameof(Seeds))]
    public void A_year_on_the_road_loses_nothing_invents_nothing_and_explains_every_minute(ulong seed)
    {
        using var world = new TruckWorld(seed);
        world.Drive(TimeSpan.FromDays(365));
        if (world.Violations.Count == 0)
        {
            world.RepairAndFinish();
        }

        Assert.True(world.Violations.Count == 0, world.Rerun + "\n" + string.Join('\n', world.Violations));
        Assert.True(world.Tally.Readings > 10_000, $"Only {world.Tally.Readings} readings: the world stood still.");
    }
}
