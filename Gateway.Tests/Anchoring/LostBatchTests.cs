using Anchoring;
using Evidence;

namespace Gateway.Tests.Anchoring;

/// <summary>Goal: a batch that was signed and that the disk lost before it was anchored keeps a gateway neither from recording nor, once the authority
/// has enrolled it again, from being believed; and nothing is signed under its number before (F-12, F-56, F-166). Method: real files, harmed; the real
/// logbook, a ledger with a real log; the verdict is the verifier's.</summary>
public sealed class LostBatchTests
{
    /// <summary>F-56: the journal's last frame is the newest seal.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_last_seal_that_is_lost_holds_signing_until_the_authority_has_spoken_and_costs_no_reading(bool isOlderJournal)
    {
        using var bench = new Bench();
        Dictionary<string, byte[]> older;
        using (var logbook = bench.Start())
        {
            Closed(bench, logbook, 2);
            bench.Ledger.Connected = false;
            Closed(bench, logbook, 1);
            older = Directory.GetFiles(Path.Combine(bench.Directory, Logbook.JournalFolder)).ToDictionary(file => file, File.ReadAllBytes);
            Closed(bench, logbook, 1);
        }

        if (isOlderJournal)
        {
            foreach (var (file, bytes) in older)
            {
                File.WriteAllBytes(file, bytes);
            }
        }
        else
        {
            HarmLast(bench, back: 60);
        }

        bench.PowerCut();
        using (var logbook = bench.Start())
        {
            Closed(bench, logbook, 3);
            Assert.Contains(logbook.Status.Faults, fault => fault.StartsWith("Batch 3 was signed here ", StringComparison.Ordinal)
                && fault.Contains("Nothing is signed until the ledger has said what it has; recording goes on.", StringComparison.Ordinal));
            Assert.Equal(2, logbook.Status.Sealed);
            Assert.True(logbook.Status.ToSign >= 3);
            bench.Ledger.Reconnect();
            Turn(bench, logbook, 6);
            Assert.Equal(2, logbook.Status.Anchored);
            Assert.Contains(logbook.Status.Faults, fault => fault.StartsWith("The ledger waits for batch 3. ", StringComparison.Ordinal)
                && fault.Contains("--first 3 ", StringComparison.Ordinal));
        }

        GoesOn(bench, first: 3, roundsAtLeast: isOlderJournal ? 6 : 7);
    }

    /// <summary>F-12, F-166: records of a batch in the middle are harmed, or its whole segment cannot be read.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_batch_that_is_lost_before_it_was_anchored_is_left_out_once_the_authority_has_enrolled_again(bool isWholeSegment)
    {
        using var bench = new Bench();
        bench.Ledger.Refuse = message => RoadLedger.IsBatch(message)
            && BatchHeader.Decode(Statement.Decode(message.Statement.AsMemory()).Payload).Number != bench.Ledger.Bodies.Count ? Refusal.NumberNotNext : null;
        using (var logbook = bench.Start())
        {
            Closed(bench, logbook, 2);
            bench.Ledger.Connected = false;
            while (!File.Exists(Path.Combine(bench.Directory, Logbook.JournalFolder, JournalTests.NameOf(isWholeSegment ? 4 : 2))))
            {
                Closed(bench, logbook, 1);
            }

            Closed(bench, logbook, 4);
        }

        if (isWholeSegment)
        {
            File.Delete(Path.Combine(bench.Directory, Logbook.JournalFolder, JournalTests.NameOf(2)));
            Directory.CreateDirectory(Path.Combine(bench.Directory, Logbook.JournalFolder, JournalTests.NameOf(2)));
        }
        else
        {
            HarmLast(bench, back: 1_100); // In a round of the batch before the last.
        }

        bench.PowerCut();
        bench.Ledger.Reconnect();
        long first;
        using (var logbook = bench.Start(bench.Options with { SetsUnreadableAside = true }))
        {
            Turn(bench, logbook, 60);
            Closed(bench, logbook, 3);
            var fault = Assert.Single(logbook.Status.Faults, fault => fault.StartsWith("The ledger waits for batch ", StringComparison.Ordinal));
            first = long.Parse(fault.Split("--first ")[1].Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture);
            Assert.Equal(first - 1, logbook.Status.Anchored);
            Assert.True(logbook.Status.ToSign >= 3);
        }

        GoesOn(bench, first, roundsAtLeast: (int)first + 3);
    }

    private static void GoesOn(Bench bench, long first, int roundsAtLeast)
    {
        bench.PowerCut(60_000);
        using (var logbook = bench.Open())
        {
            logbook.Enrol(bench.SignManifest(2, first, bench.FirstManifest.PayloadDigest));
            logbook.Start(bench.Now(logbook));
            Closed(bench, logbook, 2);
            for (var left = 400; left > 0 && (logbook.Status.Unanchored > 0 || logbook.Status.ToSign > 0); left--)
            {
                Turn(bench, logbook, 1); // Sixteen are signed in one.
            }

            Assert.DoesNotContain(logbook.Status.Faults, fault => !fault.Contains("places of the journal are harmed", StringComparison.Ordinal));
            Assert.True(logbook.Status is { Unanchored: 0, ToSign: 0 }, logbook.Status.ToString() + string.Join(' ', logbook.Status.Faults)
                + bench.Ledger.Bodies.Count);
        }

        bench.PowerCut(60_000);
        using (var logbook = bench.Start())
        {
            Closed(bench, logbook, 2); // A start afterwards finds nothing that would hold it.
            Turn(bench, logbook, 4);
            Assert.Equal((0, 0), (logbook.Status.Unanchored, logbook.Status.ToSign));
        }

        var headers = bench.Ledger.Logged.Where(entry => entry.Kind == StatementKind.Batch).Select(entry => BatchHeader.Decode(entry.Payload)).ToList();
        Assert.Equal(Enumerable.Range(0, headers.Count).Select(number => (long)number), headers.Select(header => header.Number));
        var times = bench.Ledger.Bodies.SelectMany(body => body.Rounds).ToList();
        Assert.Equal(times.Distinct().Count(), times.Count);
        Assert.True(times.Count >= roundsAtLeast, $"{times.Count} rounds of at least {roundsAtLeast}");
        var next = 0L;
        Assert.All(bench.Ledger.Bodies, body =>
        {
            Assert.Equal(next, body.Channels[0].FirstSequence);
            next += body.Rounds.Length;
        });
        Assert.Empty(Fsck.Run(bench.Directory, RoadLedger.Policy).Findings);
    }

    private static void Closed(Bench bench, Logbook logbook, int batches)
    {
        for (var i = 0; i < batches; i++)
        {
            bench.Round(logbook, 4_000 + i, 5_000);
            logbook.SealOpen(bench.Now(logbook));
            Turn(bench, logbook, 2);
        }
    }

    /// <summary>Turns of the cycle, ten seconds apart: what the ledger refuses is offered again after as long.</summary>
    private static void Turn(Bench bench, Logbook logbook, int turns)
    {
        for (var i = 0; i < turns; i++)
        {
            bench.Pass(10_000);
            logbook.Offer(bench.Now(logbook));
        }
    }

    /// <summary>One bit, so many bytes before the end of what is written.</summary>
    private static void HarmLast(Bench bench, int back)
    {
        var file = Directory.EnumerateFiles(Path.Combine(bench.Directory, Logbook.JournalFolder)).Order(StringComparer.Ordinal)
            .Last(name => File.ReadAllBytes(name).AsSpan().ContainsAnyExcept((byte)0));
        var bytes = File.ReadAllBytes(file);
        bytes[bytes.AsSpan().LastIndexOfAnyExcept((byte)0) - back] ^= 0x10;
        File.WriteAllBytes(file, bytes);
    }
}
