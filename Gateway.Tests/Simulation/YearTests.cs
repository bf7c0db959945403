namespace Gateway.Tests.Simulation;

/// <summary>Goal: nothing lost, nothing invented, no minute unexplained, whatever a year brings. Method: production code from cycle to
/// tiled log, driven by one seed through a year of faults; only bus, card, clocks and road are made up. Found so: F-142, F-160, F-161,
/// F-162, F-163. Here each seed's first weeks, or its week of many faults; a whole year with SIM_SEED=0x…, thousands with `Gateway.Benchmarks -- years N` and `-- weeks N`.</summary>
public sealed class YearTests
{
    private const int DaysOfEach = 20;

    public static TheoryData<string> Seeds()
    {
        if (Chosen is { } seed)
        {
            return [seed];
        }

        return [.. new SeedList(House.Repository.At("Gateway.Tests", "Simulation", "seeds.txt")).Read()
            .Select(known => known.ToString())];
    }

    private static string? Chosen => Environment.GetEnvironmentVariable("SIM_SEED");

    [Theory, MemberData(nameof(Seeds))]
    public void Time_on_the_road_loses_nothing_invents_nothing_and_explains_every_minute(string seed)
    {
        var chosen = WorldSeed.Parse(seed);
        using var world = new TruckWorld(chosen);
        world.Drive(Chosen is null && !chosen.IsWeek ? TimeSpan.FromDays(DaysOfEach) : world.Length);
        if (world.Violations.Count == 0)
        {
            world.RepairAndFinish();
        }

        Assert.True(world.Violations.Count == 0, world.Rerun + "\n" + string.Join('\n', world.Violations));
        Assert.True(world.Tally.Readings > (chosen.IsWeek ? 1_000 : 3_000), $"Only {world.Tally.Readings} readings: the world stood still.");
    }

    [Fact]
    public void A_seed_that_failed_is_kept_once_with_its_interval_and_what_it_found()
    {
        var path = Path.GetTempFileName();
        try
        {
            var list = new SeedList(path);
            list.Keep(new(0x2a, TruckWorld.UsualIntervalMs), "two\nheaders");
            list.Keep(new(0x2a, TruckWorld.UsualIntervalMs), "again");
            list.Keep(new(0x2a, 60_000), "a gap");
            list.Keep(new(0x2a, 60_000, IsWeek: true), "a loss");
            Assert.Equal(["0x2a found: two headers", "0x2a@60000 found: a gap", "0x2a@60000/week found: a loss"], File.ReadAllLines(path));
            Assert.Equal([new(0x2a), new(0x2a, 60_000), new(0x2a, 60_000, IsWeek: true)], list.Read());
        }
        finally
        {
            File.Delete(path);
        }
    }
}
