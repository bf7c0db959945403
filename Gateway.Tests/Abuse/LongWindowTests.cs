using System.Collections.Immutable;
using System.Net;
using Anchoring;
using Evidence;

namespace Gateway.Tests.Abuse;

// Goal: what no verifier would read is not exported, and the sentence says what to do.
// Method: the real program by its command line and over HTTP; its store is given a month of batches as large as a batch may be.
public sealed class LongWindowTests
{
    private const int RoundMs = 1_000;
    private static readonly long MonthMs = new DateTimeOffset(2026, 1, 2, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();

    // F-140
    [Fact]
    public async Task A_window_of_more_readings_than_verifiers_read_is_refused_with_numbers_and_a_shorter_one_is_exported()
    {
        await using var convoy = await Convoy.Make(new());
        await RunFor(convoy, rounds: 2, _ => Task.CompletedTask);
        var toMs = FillMonth(convoy);

        await Refuses(convoy, toMs);
        var file = convoy.At("part.coldproof.json");
        var part = await Export(convoy, MonthMs + 60_000, file);
        Assert.True(part.Code == 0 && File.Exists(file), part.ToString());
        var some = await Export(convoy, toMs, convoy.At("claims.coldproof.json"), "--level", "Headers");
        Assert.True(some.Code == 0, some.ToString()); // Below the level of readings none are shown, so the bound does not hold.

        await RunFor(convoy, rounds: 2, async _ =>
        {
            await Refuses(convoy, toMs);
            using var http = new HttpClient();
            using var answer = await http.GetAsync(new Uri(convoy.StatusPage, $"/bundle?from={MonthMs}&to={toMs}&channel=&level=Readings"),
                TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.Conflict, answer.StatusCode);
            IsTold(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        });
    }

    private static async Task Refuses(Convoy convoy, long toMs)
    {
        var file = convoy.At("whole.coldproof.json");
        var whole = await Export(convoy, toMs, file);
        Assert.Equal(1, whole.Code);
        IsTold(whole.Said);
        Assert.False(File.Exists(file));
    }

    private static void IsTold(string said)
    {
        Assert.Contains("readings; verifiers read at most 5,000,000. Choose a shorter window", said.Replace('\u00a0', ' '), StringComparison.Ordinal);
        Assert.DoesNotContain("at ", said.Split("at most")[^1], StringComparison.Ordinal); // A sentence, and no stack.
    }

    private static Task<RunResult> Export(Convoy convoy, long toMs, string file, params string[] more) => convoy.RunGateway(["export", "--from", Time(MonthMs),
        "--to", Time(toMs), "--out", file, .. more]);

    private static string Time(long ms) => DateTimeOffset.FromUnixTimeMilliseconds(ms).ToString("O", System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Runs the gateway, without any ledger, until it has recorded some rounds; and stops it in order.</summary>
    private static async Task RunFor(Convoy convoy, int rounds, Func<Convoy, Task> meanwhile)
    {
        convoy.StartGateway();
        await using var watch = new AckWatch(convoy.StatusPage);
        await Convoy.Until(() => Task.FromResult(watch.Current is { Recorded: var recorded } && recorded >= rounds),
            () => convoy.Gateway!.HasEnded ? convoy.Gateway.Said : null, "the first rounds");
        await meanwhile(convoy);
        Assert.True(await convoy.Gateway!.Terminate(TimeSpan.FromMinutes(4)));
    }

    /// <summary>Puts one reading more than the bound into a month of their own, by the gateway's own store and key.</summary>
    /// <returns>When the last round was taken, wall milliseconds.</returns>
    private static long FillMonth(Convoy convoy)
    {
        var enrolment = Enrolment.Parse(File.ReadAllBytes(Path.Combine(convoy.GatewayData, "enrolment.json")));
        var manifest = Manifest.Decode(enrolment.Manifest);
        using var key = GatewayKey.LoadOrCreate(convoy.GatewayData);
        var store = new BatchStore(new DiskFolder(Path.Combine(convoy.GatewayData, Logbook.BatchesFolder)), _ => { });
        var rounds = BatchLimits.LeavesMax / manifest.ChannelCount - 2;
        var batches = new List<StoredBatch>();
        var openedMs = MonthMs;
        for (var left = Bundle.ReadingsMax + 1L; left > 0; left -= (long)rounds * manifest.ChannelCount)
        {
            var times = Enumerable.Range(0, rounds).Select(round => openedMs + ((long)round * RoundMs)).ToImmutableArray();
            var sequence = (long)batches.Count * rounds;
            var body = new BatchBody([.. new byte[SaltKeys.Length]], times, [.. Enumerable.Range(0, manifest.ChannelCount).Select(_ => new BodyChannel(sequence,
                [.. Enumerable.Repeat(new BatchSample(Outcome.Measured, new(5_000), 640), rounds)]))], []);
            var header = new BatchHeader(key.Gateway, batches.Count, default, enrolment.Manifest.PayloadDigest, openedMs, times[^1], new(ClockTrust.Rtc, 0, 1, openedMs - MonthMs), default,
                body.LeafCount, manifest.ChannelCount, Digest.Of([1]));
            batches.Add(new(key.Sign(StatementKind.Batch, header.Encode()), body.Encode(), null, "",
                [.. Enumerable.Repeat(sequence + rounds, manifest.ChannelCount)]));
            openedMs = times[^1] + RoundMs;
        }

        Assert.Null(store.Put(batches));
        return openedMs - RoundMs;
    }
}
