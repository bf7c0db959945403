using Anchoring;
using Evidence;

namespace Gateway.Tests.Anchoring;

/// <summary>Cuts the power of the real logbook, journal, batch store and repair at every write and flush, starts again, and compares with what
/// was acknowledged.</summary>
/// <remarks>One run is recorded; each cut then finds the disk as it would be found. After every cut the gateway is started, records, seals, and
/// is audited: every round that it acknowledged is there, once, in order and with its temperature; every header that a stranger has seen
/// is the one that is stored; what was anchored is anchored; fsck finds nothing.</remarks>
public sealed class CutSweep : IDisposable
{
    private const int Channels = 4, ViolationsMax = 20;
    private readonly Bench bench = new(Channels);
    private readonly RecordedDisk disk = new();
    private readonly List<Promise> promises = [];
    private readonly (long UptimeMs, long WallMs) end;

    /// <summary>Records a run.</summary>
    /// <param name="batches">How many batches, two rounds each. From about 60 on they are folded into the batch store.</param>
    public CutSweep(int batches)
    {
        bench.Ledger.OnArrival = statement =>
        {
            if (statement.Kind == StatementKind.Batch)
            {
                promises.Add(new(disk.Count, Seen: statement));
            }
        };
        using (var logbook = bench.Start(disk.Folder))
        {
            for (var i = 0; i < 2 * batches; i++)
            {
                bench.Round(logbook, TemperaturesOf(i));
                promises.Add(new(disk.Count, Rounds: i + 1));
                if (i % 2 == 1)
                {
                    logbook.SealOpen(bench.Now(logbook));
                    logbook.Offer(bench.Now(logbook));
                    logbook.Offer(bench.Now(logbook));
                    promises.Add(new(disk.Count, Anchored: logbook.Status.Anchored));
                }
            }
        }

        (bench.Ledger.Connected, end) = (false, (bench.UptimeMs, bench.WallMs)); // From now on only the disk speaks.
    }

    private sealed record Promise(int Operations, int Rounds = 0, Statement? Seen = null, long? Anchored = null);

    /// <summary>Writes, flushes, creations, moves and removals of the recorded run.</summary>
    public int Operations => disk.Count;

    /// <summary>Whether batches were folded into a month file in it.</summary>
    public bool HasFolded => disk.Now()["batches"].Keys.Any(BatchStore.IsFile);

    /// <summary>How often power was cut and the gateway started again.</summary>
    public long Cuts { get; private set; }

    /// <summary>What did not hold, a sentence each; at most 20.</summary>
    public List<string> Violations { get; } = [];

    /// <summary>Cuts the run at every so many operations, in each of these ways.</summary>
    public void Recording(IReadOnlyList<Loss> losses, int stride, Action<double>? progress = null)
    {
        foreach (var cut in disk.Cuts().Where(cut => cut.Number % stride == 0))
        {
            foreach (var loss in losses)
            {
                Attempt($"cut {cut.Number}, {loss}", () => Restart(RecordedDisk.Of(cut.Found(loss), out var _), cut.Number, isAudited: true));
            }

            progress?.Invoke((double)cut.Number / Operations);
        }
    }

    /// <summary>Cuts the run, and then the start after it at each of its own operations, and starts a second time.</summary>
    public void Recovering(IReadOnlyList<Loss> losses, int stride, Action<double>? progress = null)
    {
        foreach (var first in disk.Cuts().Where(cut => cut.Number % stride == 0))
        {
            foreach (var loss in losses)
            {
                var start = RecordedDisk.Of(first.Found(loss), out var _);
                Attempt($"cut {first.Number}, {loss}", () => Restart(start, first.Number, isAudited: false));
                foreach (var second in start.Cuts())
                {
                    var again = losses[second.Number % losses.Count];
                    Attempt($"cut {first.Number}, {loss}, then {second.Number}, {again}", () =>
                        Restart(RecordedDisk.Of(second.Found(again), out var _), first.Number, isAudited: true));
                }
            }

            progress?.Invoke((double)first.Number / Operations);
        }
    }

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
                    bench.Round(logbook, TemperaturesOf(0));
                });
            }

            progress?.Invoke((double)cut.Number / whole.Count);
        }
    }

    /// <summary>A card that has lost the last operations although they were flushed: what the comparison must find.</summary>
    public void Lying(int operations) => Attempt($"a card that lies about {operations} operations", () =>
        Restart(RecordedDisk.Of(disk.After(Operations - operations, new(LossKind.Clean)), out var _), Operations, isAudited: true));

    public void Dispose() => bench.Dispose();

    private static int[] TemperaturesOf(int round) => [.. Enumerable.Range(0, Channels).Select(channel => 4_000 + (round * 10) + channel)];

    private Logbook Start(RecordedDisk found)
    {
        (bench.UptimeMs, bench.WallMs) = end;
        bench.PowerCut();
        return bench.Start(found.Folder);
    }

    private void Restart(RecordedDisk found, int cut, bool isAudited)
    {
        Cuts++;
        using (var logbook = Start(found))
        {
            if (!isAudited)
            {
                return;
            }

            var anchored = logbook.Status.Anchored;
            bench.Round(logbook, TemperaturesOf(-1));
            logbook.SealOpen(bench.Now(logbook));
            Compare(logbook.Extract(0, long.MaxValue), anchored, [.. promises.Where(promise => promise.Operations <= cut)]);
        }

        var report = Fsck.Run(found.Folder("journal"), found.Folder("batches"), RoadLedger.Policy);
        Require(report.Findings.IsEmpty, $"fsck: {string.Join("; ", report.Findings)}");
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
        var files = disk.Now();
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

    private void Attempt(string label, Action work)
    {
        if (Violations.Count >= ViolationsMax)
        {
            return;
        }

        try
        {
            work();
        }
        catch (Exception fault) when (fault is CutViolationException or EvidenceBrokenException or IOException or MalformedEvidenceException
            or InvalidOperationException or ArgumentException)
        {
            Violations.Add($"{label}: {fault.Message}");
        }
    }

    private static void Require(bool holds, string words)
    {
        if (!holds)
        {
            throw new CutViolationException(words);
        }
    }

    private sealed class CutViolationException(string message) : Exception(message);
}
