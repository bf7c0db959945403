namespace Gateway.Tests.Abuse;

// Goal: kill -9 of any of the three programs at any instant costs no reading that was acknowledged, and doubles nothing.
// Method: the real programs as shipped, a witness outside that notes what the status page acknowledges, fsck after every kill, and at the end
// a stranger's verdict over the whole time. `Gateway.Benchmarks -- kills 200` is the same at length.
public sealed class KillTests
{
    private const int Kills = 16, PauseMaxMs = 2_000;

    // F-60
    [Theory]
    [InlineData(20261126)]
    public async Task Killed_at_random_instants_the_three_programs_lose_invent_and_double_nothing(int seed)
    {
        var run = new KillRun(seed, Kills, PauseMaxMs);
        var account = await run.Run();
        Assert.True(account.IsClean, $"seed {seed}\n{string.Join('\n', account.Lines())}");
        Assert.All(run.Killed.Values, times => Assert.True(times > 0));
        Assert.True(account.Acknowledged > 0 && account.Batches > 0);
    }
}
