using Anchoring;

namespace Gateway.Tests.Abuse;

// Goal: a batch that was signed out of coverage and whose records the disk lost before the ledger had it stops neither recording nor, once the authority
// has enrolled the gateway again, what was recorded before and after it.
// Method: the three real programs; the broker is away while batches are signed; one bit of a round of the first of them is turned while the gateway is
// stopped; every step on the way back is the command that `gateway status` prints.
public sealed class LostBatchOnTheRoadTests
{
    // F-12
    [Fact]
    public async Task A_person_with_the_command_line_brings_a_gateway_on_again_that_lost_a_batch_out_of_coverage()
    {
        await using var convoy = await Convoy.Make(new());
        await using var watch = new AckWatch(convoy.StatusPage);
        await convoy.StartAll();
        await Becomes(convoy, watch, status => status is { Anchored: >= 1, Waiting: 0, ToSign: 0, IsConnected: true }, "a first batch to be anchored");
        var lost = watch.Current!.Anchored;
        await convoy.Broker!.Kill();
        await Becomes(convoy, watch, status => status.Sealed >= lost + 3, "three batches to be signed out of coverage");
        await convoy.Gateway!.Kill();
        Harm(convoy, lost);
        await convoy.StartBroker();
        Restart(convoy, watch);
        await Becomes(convoy, watch, status => status.ToSign >= 1 && status.Trouble.Any(trouble => trouble.StartsWith($"The ledger waits for batch {lost}. ",
            StringComparison.Ordinal)), "status to say which batch is lost, while recording goes on");
        var said = "";
        await Convoy.Until(async () => (said = (await convoy.RunGateway("status")).Said).Contains($"--first {lost} ", StringComparison.Ordinal),
            () => convoy.Gateway!.HasEnded ? convoy.Gateway.Said : null, "`gateway status` to print the way back");

        await RolledBackCardTests.ComeBack(convoy, said);
        watch.LookAnew();
        await Becomes(convoy, watch, status => status is { Waiting: 0, ToSign: 0, IsConnected: true } && status.Anchored > lost + 3,
            "what is left of it, and all after it, to be anchored");
        Assert.True(await convoy.Gateway!.Terminate(TimeSpan.FromMinutes(4)) && convoy.Gateway.ExitCode == 0, convoy.Gateway.Said);
        var bundle = convoy.At("whole.coldproof.json");
        var (first, last) = RecordedAfter(convoy, lost);
        var exported = await convoy.RunGateway("export", "--from", Convoy.Instant(first), "--to", Convoy.Instant(last), "--out", bundle);
        Assert.True(exported.Code == 0, exported.ToString());
        var verified = await convoy.Verify(bundle);
        Assert.StartsWith("✓ VERIFIED", verified.Said, StringComparison.Ordinal);
        var fsck = await convoy.FsckGateway();
        Assert.True(fsck.Code == 0, fsck.Said);
    }

    private static void Harm(Convoy convoy, long batch)
    {
        foreach (var (path, frames) in Segments(convoy))
        {
            var rounds = frames.Where(frame => frame.Kind == FrameKind.Round && RecordCodec.DecodeRound(frame).Batch == batch).ToList();
            if (rounds.Count > 2)
            {
                var bytes = File.ReadAllBytes(path);
                bytes[rounds[rounds.Count / 2].Place.Offset + 20] ^= 0x10;
                File.WriteAllBytes(path, bytes);
                return;
            }
        }

        Assert.Fail($"No rounds of batch {batch} are in the journal.");
    }

    /// <summary>From the second round of the batch after a harmed one on: over the hole itself nothing declares it (docs/decisions/0158).</summary>
    private static (long First, long Last) RecordedAfter(Convoy convoy, long harmed)
    {
        var rounds = Segments(convoy).SelectMany(segment => segment.Frames).Where(frame => frame.Kind == FrameKind.Round).Select(RecordCodec.DecodeRound).ToList();
        return (rounds.Where(round => round.Batch == harmed + 1).ElementAt(1).Moment.WallMs, rounds.Max(round => round.Moment.WallMs));
    }

    private static IEnumerable<(string Path, IReadOnlyList<Frame> Frames)> Segments(Convoy convoy) =>
        Directory.EnumerateFiles(Path.Combine(convoy.GatewayData, Logbook.JournalFolder), "journal-*.segment").Order(StringComparer.Ordinal)
            .Select(path => (path, (IReadOnlyList<Frame>)SegmentScan.Read(File.ReadAllBytes(path),
                long.Parse(Path.GetFileName(path).AsSpan(8, 16), System.Globalization.CultureInfo.InvariantCulture), isLast: true).Frames));

    private static void Restart(Convoy convoy, AckWatch watch)
    {
        convoy.Gateway!.Dispose();
        watch.LookAnew();
        convoy.StartGateway();
    }

    private static Task Becomes(Convoy convoy, AckWatch watch, Predicate<Hosting.GatewayStatus> holds, string what) =>
        Convoy.Until(() => Task.FromResult(watch.Current is { } status && holds(status)), () => convoy.Gateway!.HasEnded
            ? convoy.Gateway.Said : convoy.Ledger!.HasEnded ? convoy.Ledger.Said : null, what);
}
