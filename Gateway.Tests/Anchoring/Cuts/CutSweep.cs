using Anchoring;
using Evidence;

namespace Gateway.Tests.Anchoring;

/// <summary>Cuts the power of the real logbook, journal, batch store and repair at every write and flush, starts again, and compares with what
/// was acknowledged.</summary>
/// <remarks>One run is recorded; each cut then finds the disk as it would be found. After every cut the gateway is started, records, seals, and
/// is audited: every round that it acknowledged is there, once, in order and with its temperature; every header that a stranger has seen
/// is the one that is stored; what was anchored is anchored; fsck finds nothing.</remarks>
public sealed class CutSweep : DiskSweep
{
    private const int Channels = 4, PatienceSeconds = 300;
    private readonly List<Promise> promises = [];
    private readonly (long UptimeMs, long WallMs) end;
    private int rounds;

    /// <summary>Records a run.</summary>
    /// <param name="batches">How many batches, two rounds each. From about 60 on they are folded into the batch store.</param>
    public CutSweep(int batches)
        : this(new Bench(Channels))
    {
        using (var logbook = Bench.Start(Disk.Folder))
        {
            for (var i = 0; i < batches; i++)
            {
                Record(logbook, rounds: 2);
                Anchor(logbook);
            }
        }

        (Bench.Ledger.Connected, end) = (false, (Bench.UptimeMs, Bench.WallMs)); // From now on only the disk speaks.
    }

    private CutSweep(Bench bench)
    {
        Bench = bench;
        Bench.Ledger.OnArrival = statement =>
        {
            if (statement.Kind == StatementKind.Batch)
            {
                promises.Add(new(Disk.Count, Seen: statement));
            }
        };
    }

    /// <summary>Another run: batches are closed and not signed, because the ledger's word is awaited after each start.</summary>
    /// <param name="closed">How many in each of its starts, two rounds each; more than 16 are signed in several turns.</param>
    private CutSweep(Bench bench, int closed)
        : this(bench)
    {
        bench.Ledger.Connected = false;
        InOneStart(logbook => Close(logbook, closed));
        InOneStart(logbook =>
        {
            Close(logbook, closed);
            Record(logbook, rounds: 1); // Left open: the next start closes it behind those that wait.
        });
        InOneStart(logbook =>
        {
            Close(logbook, 1);
            Record(logbook, rounds: PatienceSeconds / 60); // The patience ends, and what waits is signed without the word.
            Anchor(logbook);
        });
        bench.Ledger.Reconnect();
        InOneStart(logbook =>
        {
            Close(logbook, 1);
            Anchor(logbook); // The word is there: signed, offered, anchored.
            Record(logbook, rounds: 2);
            Anchor(logbook);
        });
        (bench.Ledger.Connected, end) = (false, (bench.UptimeMs, bench.WallMs));
    }

    private sealed record Promise(int Operations, int Rounds = 0, Statement? Seen = null, long? Anchored = null);

    /// <summary>Whether batches were folded into a month file in it.</summary>
    public bool HasFolded => Disk.Now()["batches"].Keys.Any(BatchStore.IsFile);

    /// <summary>How many batches waited for their signature at once in the run, at most.</summary>
    public int Waited { get; private set; }

    protected override Bench Bench { get; }

    /// <summary>A run in which signing waits for the ledger's word after each start (decision 0077).</summary>
    /// <param name="closed">How many batches are closed in each start.</param>
    public static CutSweep Waiting(int closed) =>
        new(new Bench(Channels, new() { SegmentLength = 64 * 1024, WordPatienceSeconds = PatienceSeconds }), closed);

    /// <summary>Harms the month file, cuts `fsck --repair` at every so many of its operations, and repairs a second time.</summary>
    public void Repairing(IReadOnlyList<Loss> losses, int stride, Action<double>? progress = null)
    {
        var harmed = Harmed();
        var whole = RecordedDisk.Of(harmed, out var _);
        var uncut = Repaired(whole);
        foreach (var cut in whole.Cuts().Where(cut => cut.Number % stride == 0))
        {
            foreach (var loss in losses)
            {
                Attempt($"repair cut {cut.Number}, {loss}", () =>
                {
                    var again = RecordedDisk.Of(cut.Found(loss), out var _);
                    var left = Repaired(again);
                    Require(uncut.IsSubsetOf(left), $"{uncut.Except(left).Count()} batches are gone that an uncut repair keeps");
                    Cuts++;
                    using var logbook = Start(again);
                    Bench.Round(logbook, TemperaturesOf(0));
                });
            }

            progress?.Invoke((double)cut.Number / whole.Count);
        }
    }

    /// <summary>A card that has lost the last operations although they were flushed: what the comparison must find.</summary>
    public void Lying(int operations) => Attempt($"a card that lies about {operations} operations", () =>
        Restart(RecordedDisk.Of(Disk.After(Operations - operations, new(LossKind.Clean)), out var _), Operations, isAudited: true));

    private static int[] TemperaturesOf(int round) => [.. Enumerable.Range(0, Channels).Select(channel => 4_000 + (round * 10) + channel)];

    private void InOneStart(Action<Logbook> work)
    {
        using (var logbook = Bench.Start(Disk.Folder))
        {
            work(logbook);
        }

        Bench.PowerCut(30_000);
    }

    private void Record(Logbook logbook, int rounds)
    {
        for (var i = 0; i < rounds; i++)
        {
            Bench.Round(logbook, TemperaturesOf(this.rounds++));
            promises.Add(new(Disk.Count, Rounds: this.rounds));
        }
    }

    private void Close(Logbook logbook, int batches)
    {
        for (var i = 0; i < batches; i++)
        {
            Record(logbook, rounds: 2);
            logbook.SealOpen(Bench.Now(logbook));
            Waited = Math.Max(Waited, logbook.Status.ToSign);
        }
    }

    private void Anchor(Logbook logbook)
    {
        logbook.SealOpen(Bench.Now(logbook));
        logbook.Offer(Bench.Now(logbook));
        logbook.Offer(Bench.Now(logbook));
        promises.Add(new(Disk.Count, Anchored: logbook.Status.Anchored));
    }

    private Logbook Start(RecordedDisk found)
    {
        (Bench.UptimeMs, Bench.WallMs) = end;
        Bench.PowerCut();
        return Bench.Start(found.Folder);
    }

    protected override void Restart(RecordedDisk found, int cut, bool isAudited)
    {
        Cuts++;
        using (var logbook = Start(found))
        {
            if (!isAudited)
            {
                return;
            }

            var anchored = logbook.Status.Anchored;
            Bench.Round(logbook, TemperaturesOf(-1));
            logbook.SealOpen(Bench.Now(logbook));
            for (var turn = 0; turn < 20 && logbook.Status.ToSign > 0; turn++)
            {
                Bench.Pass(PatienceSeconds * 1_000L); // Nobody answers: what waits is signed when the patience ends.
                logbook.Offer(Bench.Now(logbook));
            }

            Require(logbook.Status.ToSign == 0, $"{logbook.Status.ToSign} batches still wait for their signature");
            Compare(logbook.Extract(0, long.MaxValue), anchored, [.. promises.Where(promise => promise.Operations <= cut)]);
        }

        RequireClean(found);
    }

    private static void Compare(LogbookExtract extract, long? anchored, List<Promise> kept)
    {
        Require(extract.Missing.IsEmpty, $"batches {string.Join(' ', extract.Missing)} are missing");
        var rounds = extract.Batches.SelectMany(batch => Enumerable.Range(0, batch.Body.Rounds.Length)
            .Select(i => batch.Body.Channels.Select(channel => channel.Samples[i].Temperature?.Value ?? 0).ToArray())).ToList();
        var promised = kept.Max(promise => (int?)promise.Rounds) ?? 0;
        Require(rounds.Count - 1 >= promised, $"{rounds.Count - 1} rounds are left of {promised}");
        for (var i = 0; i < rounds.Count - 1; i++)
        {
            Require(rounds[i].AsSpan().SequenceEqual(TemperaturesOf(i)), $"round {i} holds {string.Join(' ', rounds[i])}");
        }

        Require(rounds.Count > 0 && rounds[^1].AsSpan().SequenceEqual(TemperaturesOf(-1)), "the round after the cut is not the last one");
        Require((anchored ?? -1) >= (kept.Max(promise => promise.Anchored) ?? -1), $"anchored up to {anchored}, and it was more");
        var stored = extract.Batches.ToDictionary(batch => BatchHeader.Decode(batch.Statement.Payload).Number, batch => batch.Statement);
        foreach (var seen in kept.Select(promise => promise.Seen).OfType<Statement>())
        {
            var number = BatchHeader.Decode(seen.Payload).Number;
            Require(stored.TryGetValue(number, out var now) && now.Bytes.AsSpan().SequenceEqual(seen.Bytes.AsSpan()),
                $"batch {number} is not the one that was seen");
        }
    }

    /// <summary>The files of the run, with a page of the month file overwritten that holds something.</summary>
    private Dictionary<string, Dictionary<string, byte[]>> Harmed()
    {
        const int PageLength = 8_192, KindAt = 4, DataPage = 4;
        var files = Disk.Now();
        var (_, month) = files["batches"].First(file => BatchStore.IsFile(file.Key));
        var pages = Enumerable.Range(0, month.Length / PageLength).Where(page => month[(page * PageLength) + KindAt] == DataPage).ToList();
        month.AsSpan((pages[pages.Count / 2] * PageLength) + 100, 4_000).Fill(0x5A);
        return files;
    }

    private HashSet<long> Repaired(RecordedDisk harmed)
    {
        var report = Repair.Run(harmed.Folder("journal"), harmed.Folder("batches"), RoadLedger.Policy, isTrial: false, end.WallMs);
        Require(report.After.Findings.IsEmpty, $"after the repair: {string.Join("; ", report.After.Findings)}");
        return [.. new BatchStore(harmed.Folder("batches"), broken => Require(false, broken.Words)).Read(0, long.MaxValue)
            .Select(batch => batch.Header.Number)];
    }
}
