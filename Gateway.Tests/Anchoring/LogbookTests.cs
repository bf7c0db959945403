using Anchoring;
using Evidence;

namespace Gateway.Tests.Anchoring;

/// <summary>Goal: what is recorded is sealed, offered, anchored, folded and read again, whole and in order. Method: the real logbook on a
/// real
/// directory, clocks in hand, a ledger with a real log; the verdict is the verifier's.</summary>
public sealed class LogbookTests
{
    [Fact]
    public void A_day_goes_through_journal_ledger_and_batch_store_and_a_stranger_verifies_it()
    {
        using var bench = new Bench(channels: 4);
        using (var logbook = bench.Start())
        {
            for (var minute = 0; minute < 1_440; minute++)
            {
                bench.Round(logbook, 4_000 + minute % 7 * 100, 5_000, 3_000 + minute, 6_500);
                logbook.SealIfDue(bench.Now(logbook));
                logbook.Offer(bench.Now(logbook));
            }

            logbook.SealOpen(bench.Now(logbook));
            logbook.Offer(bench.Now(logbook));
            logbook.Offer(bench.Now(logbook));
            Assert.Empty(logbook.Status.Faults);
            Assert.Equal(0, logbook.Status.Unanchored);
            Assert.True(logbook.Status.JournalLength <= 3 * bench.Options.SegmentLength,
                $"journal of {logbook.Status.JournalLength} bytes");
            Assert.NotEmpty(Directory.GetFiles(Path.Combine(bench.Directory, Logbook.BatchesFolder), "*.litedb"));

            var (from, to) = (Bench.StartMs + 3_600_000, Bench.StartMs + 72_000_000);
            var extract = logbook.Extract(from, to);
            Assert.Empty(extract.Missing);
            Assert.Equal(extract.Batches.Length, extract.Batches.Select(batch => batch.Statement.PayloadDigest).Distinct().Count());
            var verdict = bench.Verify(extract, from, to);
            Assert.Equal(VerdictWord.Verified, verdict.Word);
        }

        var report = Fsck.Run(bench.Directory, RoadLedger.Policy);
        Assert.Empty(report.Findings);
        Assert.Equal(1_440, report.Rounds);
        Assert.True(report.Stored > 0);
        Assert.Equal(report.Batches + 1, report.Receipts);
    }

    [Fact]
    public void Sequence_numbers_and_the_chain_go_on_over_a_power_cut_whose_gap_is_declared()
    {
        using var bench = new Bench();
        long lastMs;
        using (var logbook = bench.Start())
        {
            Assert.Equal([0, 0], bench.Round(logbook, 4_000, 5_000).Sequences);
            Assert.Equal([1, 1], bench.Round(logbook, 4_000, 5_000).Sequences);
            lastMs = bench.WallMs;
        }

        bench.PowerCut();
        using (var logbook = bench.Start())
        {
            Assert.Equal(2u, logbook.Boot);
            var gap = GapOfBoot(bench, logbook);
            Assert.Equal(new EventDetail.GapSpan(lastMs, bench.WallMs - 60_000, GapCause.PowerLoss), gap);
            logbook.Stop(bench.Now(logbook), "test");
        }

        bench.PowerCut();
        using (var logbook = bench.Start())
        {
            Assert.Equal(GapCause.Stopped, GapOfBoot(bench, logbook).Cause);
            var headers = logbook.Extract(0, long.MaxValue).Batches.Select(batch => BatchHeader.Decode(batch.Statement.Payload)).ToList();
            Assert.Equal(Enumerable.Range(0, headers.Count).Select(number => (long)number), headers.Select(header => header.Number));
            Assert.Equal([1u, 2u, 2u, 3u], headers.Select(header => header.Clock.Boot));
            Assert.Equal(lastMs, headers[0].ClosedMs);
        }

        static EventDetail.GapSpan GapOfBoot(Bench bench, Logbook logbook)
        {
            var sequences = bench.Round(logbook, 4_000, 5_000).Sequences;
            Assert.Equal(sequences[0], sequences[1]);
            logbook.SealOpen(bench.Now(logbook));
            var batch = logbook.Extract(bench.WallMs, bench.WallMs).Batches[^1];
            Assert.Equal(sequences[0], batch.Body.Channels[0].FirstSequence);
            Assert.Equal(EventKind.Boot, batch.Body.Events[0].Kind);
            return EventDetail.ReadGap(batch.Body.Events[0].Detail)!.Value;
        }
    }

    [Fact]
    public void The_first_start_has_nothing_before_it()
    {
        using var bench = new Bench();
        using var logbook = bench.Start();
        logbook.SealOpen(bench.Now(logbook));
        var happened = Assert.Single(logbook.Extract(0, long.MaxValue).Batches[0].Body.Events);
        Assert.Equal(new EventDetail.GapSpan(Bench.StartMs, Bench.StartMs, GapCause.FirstStart), EventDetail.ReadGap(happened.Detail));
    }

    [Fact]
    public void A_stepped_clock_closes_the_batch_and_begins_the_next_with_the_step()
    {
        using var bench = new Bench();
        using var logbook = bench.Start();
        bench.Round(logbook, 4_000, 5_000);
        bench.WallMs -= 3_600_000;
        bench.Round(logbook, 4_000, 5_000);
        logbook.SealOpen(bench.Now(logbook));
        var batches = logbook.Extract(0, long.MaxValue).Batches;
        Assert.Equal(2, batches.Length);
        Assert.Equal(EventKind.ClockStep, batches[1].Body.Events[0].Kind);
        var step = EventDetail.ReadClockStep(batches[1].Body.Events[0].Detail)!.Value;
        Assert.Equal(-3_600_000, step.AfterMs - step.BeforeMs);
        var headers = batches.Select(batch => BatchHeader.Decode(batch.Statement.Payload)).ToList();
        Assert.True(headers[0].ClosedMs > headers[1].OpenedMs);
        Assert.All(headers, header => Assert.True(header.ClosedMs >= header.OpenedMs));
    }

    /// <summary>F-21.</summary>
    [Fact]
    public void A_round_that_comes_too_late_is_preceded_by_a_declared_gap()
    {
        using var bench = new Bench();
        using var logbook = bench.Start();
        bench.Round(logbook, 4_000, 5_000);
        var before = bench.WallMs;
        bench.Pass(30_000);
        bench.Round(logbook, 4_000, 5_000); // 90 s: just in time.
        bench.Pass(31_000);
        bench.Round(logbook, 4_000, 5_000);
        logbook.SealOpen(bench.Now(logbook));
        var gaps = logbook.Extract(0, long.MaxValue).Batches.SelectMany(batch => batch.Body.Events).Where(happened =>
            happened.Kind == EventKind.Gap);
        Assert.Equal(new EventDetail.GapSpan(before + 90_000, bench.WallMs, GapCause.Late),
            EventDetail.ReadGap(Assert.Single(gaps).Detail));
    }

    [Fact]
    public void An_excursion_is_sealed_when_it_begins_and_when_it_ends()
    {
        using var bench = new Bench();
        using var logbook = bench.Start();
        bench.Round(logbook, 4_000, 5_000);
        Assert.Null(logbook.Status.Sealed);
        bench.Round(logbook, 8_001, 5_000);
        Assert.Equal(0, logbook.Status.Sealed);
        bench.Round(logbook, 9_000, 5_000);
        Assert.Equal(0, logbook.Status.Sealed);
        bench.Round(logbook, 8_000, 5_000);
        Assert.Equal(1, logbook.Status.Sealed);
    }

    [Fact]
    public void Age_seals_also_when_nothing_was_recorded_and_a_full_batch_is_sealed_before_it_is_too_large()
    {
        using var bench = new Bench(options: new() { SegmentLength = 64 * 1024, SealLeavesMax = 256, SealAgeSeconds = 3_600 });
        using var logbook = bench.Start();
        logbook.SealOpen(bench.Now(logbook));
        bench.Pass(3_599_000);
        Assert.Null(logbook.SealIfDue(bench.Now(logbook)));
        bench.Pass(1_000);
        Assert.Equal(1, logbook.SealIfDue(bench.Now(logbook))!.Number);
        for (var i = 0; i < 400; i++)
        {
            bench.Round(logbook, 4_000, 5_000);
        }

        var headers = logbook.Extract(0, long.MaxValue).Batches.Select(batch => BatchHeader.Decode(batch.Statement.Payload)).ToList();
        Assert.Equal(4, headers[1].LeafCount);
        Assert.True(headers.Count >= 5);
        Assert.All(headers, header => Assert.InRange(header.LeafCount, 1, 256));
    }

    /// <summary>F-17.</summary>
    [Fact]
    public void A_new_manifest_begins_with_its_first_batch_and_new_channels_begin_at_zero()
    {
        using var bench = new Bench();
        using var logbook = bench.Start();
        bench.Round(logbook, 4_000, 5_000);
        Assert.Throws<MalformedEvidenceException>(() => logbook.Enrol(bench.SignManifest(3, 0, bench.FirstManifest.PayloadDigest),
            bench.Now(logbook)));
        Assert.Throws<MalformedEvidenceException>(() => logbook.Enrol(bench.SignManifest(3, 1, default), bench.Now(logbook)));
        logbook.Enrol(bench.SignManifest(3, 1, bench.FirstManifest.PayloadDigest), bench.Now(logbook));
        Assert.Equal([1, 1, 0], bench.Round(logbook, 4_000, 5_000, 6_000).Sequences);
        logbook.SealOpen(bench.Now(logbook));
        Assert.Equal([2, 3], logbook.Extract(0, long.MaxValue).Batches.Select(batch => batch.Body.Channels.Length));
        Assert.Throws<ArgumentException>(() => bench.Round(logbook, 1, 2, 3, 4));
    }

    /// <summary>F-13.</summary>
    [Fact]
    public void Two_processes_never_open_one_directory()
    {
        using var bench = new Bench();
        using var logbook = bench.Start();
        var fault = Assert.Throws<DirectoryInUseException>(() => Logbook.Open(bench.Directory, bench.Options, bench.Key, bench.Ledger));
        Assert.Contains($"process {Environment.ProcessId}", fault.Message, StringComparison.Ordinal);
        Assert.Throws<DirectoryInUseException>(() => Fsck.Run(bench.Directory, null));
    }

    [Fact]
    public void A_gateway_that_nobody_enrolled_says_how_to_enrol_it()
    {
        using var bench = new Bench();
        using var logbook = Logbook.Open(bench.Directory, bench.Options, bench.Key, bench.Ledger);
        Assert.Contains("enrol request", Assert.Throws<NotEnrolledException>(() => logbook.Start(bench.Now(logbook))).Message,
            StringComparison.Ordinal);
    }
}
