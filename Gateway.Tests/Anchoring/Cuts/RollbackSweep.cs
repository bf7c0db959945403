using System.Collections.Immutable;
using Anchoring;
using Evidence;

namespace Gateway.Tests.Anchoring;

/// <summary>Cuts the power of a card whose older image was put back: while it records and signs nothing, while the authority enrols it again, while its
/// journal resumes behind what the ledger has (decision 0077), and afterwards.</summary>
/// <remarks>After every cut the gateway finds the ledger as it was at that instant, is enrolled again if it says that it must be, and works until
/// everything is anchored. Then the ledger's record is the judge: every round that was acknowledged is there, once, in order; numbers and chain have no
/// hole; a stranger's verifier says VERIFIED over the break; fsck finds nothing on the card.</remarks>
public sealed class RollbackSweep : DiskSweep
{
    private const int Channels = 4, PatienceSeconds = 300, TurnsMax = 60;
    private readonly List<(int Operations, int Rounds)> promises = [];
    private readonly List<(int Operations, int Entries)> arrivals = [];
    private readonly Statement again;
    private readonly int enrolledAt;
    private readonly (long UptimeMs, long WallMs) end;
    private int rounds;

    /// <summary>Records a run on the image.</summary>
    /// <param name="wasFar">Whether the image runs without coverage for longer than the patience first, and signs what it must take back.</param>
    public RollbackSweep(bool wasFar)
    {
        var (image, next) = LiveOn();
        Disk = RecordedDisk.Of(image, out var _);
        var known = Bench.Ledger.Logged;
        arrivals.Add((0, known.Count));
        Bench.Ledger.OnArrival = statement =>
            arrivals.Add((Disk.Count, known.Count + (known.Any(entry => entry.PayloadDigest == statement.PayloadDigest) ? 0 : 1)));
        again = Bench.SignManifest(Channels, next, Bench.FirstManifest.PayloadDigest);

        Bench.PowerCut(7_200_000);
        Bench.Ledger.Connected = !wasFar;
        InOneStart(Disk, Bench.FirstManifest, logbook =>
        {
            Work(logbook, batches: 5);
            if (wasFar)
            {
                HasSigned = logbook.Status.Sealed >= next - 2;
                Bench.Ledger.Reconnect();
                Work(logbook, batches: 3);
            }

            Waited = logbook.Status.ToSign;
        });
        InOneStart(Disk, Bench.FirstManifest, logbook =>
        {
            Work(logbook, batches: 1);
            Record(logbook); // Left open.
            Waited = Math.Max(Waited, logbook.Status.ToSign);
        });
        enrolledAt = Disk.Count;
        InOneStart(Disk, again, logbook => Work(logbook, batches: 3));
        InOneStart(Disk, again, logbook =>
        {
            Work(logbook, batches: 2);
            RequireAnchored(logbook);
        });
        end = (Bench.UptimeMs, Bench.WallMs);
    }

    /// <summary>How many batches waited for their signature at once, at most.</summary>
    public int Waited { get; private set; }

    /// <summary>Whether the image signed numbers that the ledger has from the card's other life.</summary>
    public bool HasSigned { get; private set; }

    protected override Bench Bench { get; } = new(Channels, new() { SegmentLength = 64 * 1024, WordPatienceSeconds = PatienceSeconds });

    protected override void Restart(RecordedDisk found, int cut, bool isAudited)
    {
        Cuts++;
        (Bench.UptimeMs, Bench.WallMs) = end;
        Bench.PowerCut();
        var ledger = Bench.Ledger.AsOf(arrivals.Where(arrival => arrival.Operations <= cut).Max(arrival => arrival.Entries));
        var after = 0;
        var (logged, isEnrolled) = (ledger.Logged.Count, cut >= enrolledAt);
        using (var logbook = Bench.Start(found.Folder, ledger, isEnrolled ? again : Bench.FirstManifest))
        {
            if (!isAudited)
            {
                return;
            }

            after += WorkAfter(logbook);
            var isHeld = logbook.Status.Faults.Any(fault => fault.Contains("Enrol this gateway again", StringComparison.Ordinal));
            Require(isHeld || isEnrolled, $"the gateway does not say that the ledger is ahead: {string.Join("; ", logbook.Status.Faults)}");
            Require(!isHeld || (!isEnrolled && ledger.Logged.Count == logged), $"it is enrolled again and does not go on, or it offers behind the "
                + $"ledger: {string.Join("; ", logbook.Status.Faults)}");
        }

        Bench.PowerCut(60_000);
        using (var logbook = Bench.Start(found.Folder, ledger, again))
        {
            after += WorkAfter(logbook);
            for (var turn = 0; turn < TurnsMax && logbook.Status.Unanchored > 0; turn++)
            {
                Bench.Pass();
                logbook.Offer(Bench.Now(logbook));
            }

            Require(logbook.Status.Unanchored == 0, $"{logbook.Status.Unanchored} batches are not anchored: {string.Join("; ", logbook.Status.Faults)}");
        }

        Compare(ledger, promises.Where(promise => promise.Operations <= cut).Max(promise => promise.Rounds), after);
        RequireClean(found);
    }

    private static int[] TemperaturesOf(int round) => [.. Enumerable.Range(0, Channels).Select(channel => 4_000 + (round * 10) + channel)];

    /// <summary>The card's first life: four batches and a round of the next are on the image; then three more batches are logged.</summary>
    private (Dictionary<string, Dictionary<string, byte[]>> Image, long Next) LiveOn()
    {
        var card = new RecordedDisk();
        Dictionary<string, Dictionary<string, byte[]>> image = [];
        InOneStart(card, Bench.FirstManifest, logbook =>
        {
            Work(logbook, batches: 4);
            Record(logbook);
            image = card.Now();
        });
        InOneStart(card, Bench.FirstManifest, logbook =>
        {
            Work(logbook, batches: 3);
            RequireAnchored(logbook);
        });
        promises.Clear();
        promises.Add((0, rounds));
        return (image, BatchHeader.Decode(Bench.Ledger.Logged[^1].Payload).Number + 1);
    }

    private void InOneStart(RecordedDisk card, Statement enrolment, Action<Logbook> work)
    {
        using (var logbook = Bench.Start(card.Folder, Bench.Ledger, enrolment))
        {
            work(logbook);
        }

        Bench.PowerCut(30_000);
        if (Bench.Ledger.Connected)
        {
            Bench.Ledger.Reconnect();
        }
    }

    private static void RequireAnchored(Logbook logbook) =>
        Require(logbook.Status.Unanchored == 0, $"the run itself leaves {logbook.Status.Unanchored} batches: {string.Join("; ", logbook.Status.Faults)}");

    private void Record(Logbook logbook)
    {
        Bench.Round(logbook, TemperaturesOf(rounds++));
        promises.Add((Disk.Count, rounds));
    }

    private void Work(Logbook logbook, int batches)
    {
        logbook.Offer(Bench.Now(logbook));
        for (var i = 0; i < batches; i++)
        {
            Record(logbook);
            Record(logbook);
            logbook.SealOpen(Bench.Now(logbook));
            logbook.Offer(Bench.Now(logbook));
            logbook.Offer(Bench.Now(logbook));
        }
    }

    private int WorkAfter(Logbook logbook)
    {
        Bench.Round(logbook, TemperaturesOf(-1));
        logbook.SealOpen(Bench.Now(logbook));
        for (var turn = 0; turn < 3; turn++)
        {
            logbook.Offer(Bench.Now(logbook));
        }

        return 1;
    }

    private void Compare(RoadLedger ledger, int promised, int after)
    {
        var found = ledger.Bodies.SelectMany(body => Enumerable.Range(0, body.Rounds.Length)
            .Select(i => body.Channels.Select(channel => channel.Samples[i].Temperature?.Value ?? 0).ToArray())).ToList();
        Require(found.Count - after >= promised, $"{found.Count - after} rounds are left of {promised}");
        for (var i = 0; i < found.Count; i++)
        {
            Require(found[i].AsSpan().SequenceEqual(TemperaturesOf(i < found.Count - after ? i : -1)), $"round {i} of {found.Count} holds "
                + string.Join(' ', found[i]));
        }

        var batches = ledger.Logged.Where(entry => entry.Kind == StatementKind.Batch).Zip(ledger.Bodies)
            .Select(pair => new BundleBatch(pair.First, pair.Second, ledger.ReceiptFor(pair.First))).ToImmutableArray();
        for (var i = 0; i < batches.Length; i++)
        {
            Require(batches[i].Header.Number == i && (i == 0 || batches[i].Header.Previous == batches[i - 1].Statement.PayloadDigest),
                $"batch {batches[i].Header.Number} stands in place {i} of the log, or does not follow the one before");
        }

        var verdict = Verifier.Verify(BundleWriter.Write(new(Bench.Key.Gateway, [.. Enumerable.Range(0, Channels).Select(i => new ChannelId((ushort)i))],
            batches[0].Header.OpenedMs, batches[^1].Header.ClosedMs, DisclosureLevel.Readings,
            [.. ledger.Logged.Where(entry => entry.Kind == StatementKind.Manifest).Select(entry => new BundleStatement(entry, null))], batches,
            [.. ledger.Notes], [])), Bench.Policy);
        Require(verdict.Word == VerdictWord.Verified, $"{verdict.Word}: {verdict.Reason}");
    }
}
