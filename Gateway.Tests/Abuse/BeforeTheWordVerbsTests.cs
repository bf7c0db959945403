// Goal: a person in the first five minutes of a gateway without a broker, while it closes batches and signs none, reads what is the case and what to do,
// from every verb, running and stopped; and nothing is lost by stopping it then. Method: the published gateway alone; later the broker and the ledger.
namespace Gateway.Tests.Abuse;

public sealed class BeforeTheWordVerbsTests
{
    /// <summary>F-122.</summary>
    [Fact]
    public async Task Status_export_and_fsck_say_what_is_not_signed_yet_and_a_stop_loses_none_of_it()
    {
        await using var convoy = await Convoy.Make(new());
        await using var watch = new AckWatch(convoy.StatusPage);
        var copy = new JournalCopy();
        convoy.StartGateway();
        await Seen(convoy, watch, status => status.Recorded > 0, "a first round");
        Says(await Export(convoy), 1, "in a batch that is still open");
        await Seen(convoy, watch, status => status.ToSign > 0, "a closed batch");
        Says(await convoy.RunGateway("status"), 1, "wait for the ledger's word before they are signed; recording goes on",
            "not heard, they are signed 5 min after the start");
        Says(await Export(convoy), 1, "closed batches wait for the ledger's word before they are signed. `gateway status` says how long");

        Assert.True(await convoy.Gateway!.Terminate(TimeSpan.FromMinutes(4)));
        Assert.True(convoy.Gateway.ExitCode == 0, convoy.Gateway.Said);
        var endedMs = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        copy.Look(convoy.GatewayData);
        Says(await convoy.RunGateway("status"), 1, "it was told to stop", "closed ones wait for their signature");
        Says(await Export(convoy), 1, "closed batches wait for their signature, and the gateway is stopped. Start it");
        var fsck = await convoy.FsckGateway();
        Says(fsck, 0, " 0 batches wait for the ledger, ");
        Assert.DoesNotContain(" 0 for their signature", fsck.Said, StringComparison.Ordinal);

        watch.LookAnew();
        await convoy.StartAll();
        var account = await new Audit(convoy, watch, copy, [endedMs]).Close([]);
        Assert.True(account.IsClean, string.Join('\n', account.Lines()));
    }

    private static Task Seen(Convoy convoy, AckWatch watch, Predicate<Hosting.GatewayStatus> holds, string what) =>
        Convoy.Until(() => Task.FromResult(watch.Current is { } status && holds(status)), () => convoy.Gateway!.HasEnded ? convoy.Gateway.Said : null, what);

    private static Task<RunResult> Export(Convoy convoy)
    {
        var nowMs = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        return convoy.RunGateway("export", "--from", Convoy.Instant(nowMs - 3_600_000), "--to", Convoy.Instant(nowMs), "--out", convoy.At("none.coldproof.json"));
    }

    private static void Says(RunResult result, int code, params string[] words)
    {
        Assert.True(result.Code == code, result.ToString());
        Assert.All(words, word => Assert.Contains(word, result.Said, StringComparison.Ordinal));
    }
}
