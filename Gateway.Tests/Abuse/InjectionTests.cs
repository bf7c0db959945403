namespace Gateway.Tests.Abuse;

// Goal: no system call of the real programs that fails costs an acknowledged reading, doubles anything, or ends a program without a sentence.
// Method: strace makes one call on the program's own files fail; fsck after each, a stranger's verdict at the end. The whole sweep over every
// call is `Gateway.Benchmarks -- inject`; here a sample of each kind.
public sealed class InjectionTests
{
    // F-61
    [Fact]
    public async Task A_failing_call_of_the_gateway_stops_it_with_a_sentence_or_leaves_it_going_on()
    {
        await using var run = await InjectionRun.Begin();
        List<InjectionOutcome> outcomes =
        [
            await run.Inject(new(Victim.Gateway, "fdatasync", "EIO", 3)),
            await run.Inject(new(Victim.Gateway, "pwrite64", "ENOSPC", 9)),
            await run.Inject(new(Victim.Gateway, "openat", "EIO", 6)),
            await run.Inject(new(Victim.Gateway, "lseek", "EIO", 4)), // F-181
            await run.Inject(new(Victim.Gateway, "statfs", "EIO", 3)),
        ];
        var account = await run.Close();
        Assert.Null(outcomes[^1].EndedWith); // F-180: how much room there is, is a figure for people.
        Assert.True(account.IsClean, $"{string.Join('\n', outcomes)}\n{string.Join('\n', account.Lines())}");
        Assert.All(outcomes, outcome => Assert.True(outcome.Hits > 0, $"{outcome.Injection} hit nothing"));
    }

    // F-62
    [Fact]
    public async Task A_failing_call_of_the_ledger_stops_it_with_a_sentence_or_leaves_it_going_on()
    {
        await using var run = await InjectionRun.Begin();
        List<InjectionOutcome> outcomes =
        [
            await run.Inject(new(Victim.Ledger, "fsync", "EIO", 1)),
            await run.Inject(new(Victim.Ledger, "pwrite64", "ENOSPC", 4)),
            await run.Inject(new(Victim.Ledger, "openat", "EIO", 1)), // F-112: in each thread the first one.
        ];
        var account = await run.Close();
        Assert.True(account.IsClean, $"{string.Join('\n', outcomes)}\n{string.Join('\n', account.Lines())}");
        Assert.All(outcomes, outcome => Assert.True(outcome.Hits > 0, $"{outcome.Injection} hit nothing"));
    }
}
