using Anchoring;
using Evidence;
using Gateway.Tests.Evidence;

namespace Gateway.Tests.Anchoring;

/// <summary>Goal: harm done to stored bytes is found and named, what is harmed is kept, and recording goes on. Method: real files,
/// changed.</summary>
public sealed class HarmTests
{
    /// <summary>F-11.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void A_database_that_does_not_open_is_kept_aside_and_the_break_is_an_event_in_the_chain(int harm)
    {
        using var bench = new Bench(channels: 4);
        string file;
        using (var logbook = bench.Start())
        {
            Work(bench, logbook, 1_200);
            file = Directory.GetFiles(Path.Combine(bench.Directory, Logbook.BatchesFolder), "*.litedb").Single();
        }

        var bytes = File.ReadAllBytes(file);
        if (harm == 0)
        {
            bytes.AsSpan(0, 8192).Fill(0xA5); // The header page.
        }
        else if (harm == 1)
        {
            bytes.AsSpan(8192).Fill(0x11); // All but the header page.
        }
        else
        {
            bytes = bytes[..16_384];
        }

        File.WriteAllBytes(file, bytes);
        Assert.NotEmpty(Fsck.Run(bench.Directory, RoadLedger.Policy).Findings);
        Assert.Equal(bytes, File.ReadAllBytes(file));
        bench.PowerCut();
        using (var logbook = bench.Start())
        {
            _ = logbook.Extract(0, long.MaxValue);
            Work(bench, logbook, 10);
            logbook.SealOpen(bench.Now(logbook));
            var kept = Directory.GetFiles(Path.Combine(bench.Directory, Logbook.BatchesFolder), "*.broken-1").Where(name =>
                name.Contains(".litedb.", StringComparison.Ordinal));
            Assert.Equal(bytes.Length, new FileInfo(Assert.Single(kept)).Length);
            var events = logbook.Extract(bench.WallMs - 1_000_000, bench.WallMs).Batches.SelectMany(batch => batch.Body.Events);
            Assert.Contains(events, happened => happened.Kind == EventKind.StoreBroken);
            Work(bench, logbook, 1_200); // Folding begins a new file.
            Assert.NotEmpty(Directory.GetFiles(Path.Combine(bench.Directory, Logbook.BatchesFolder), "*.litedb"));
        }
    }

    [Fact]
    public void A_changed_temperature_in_the_batch_store_is_found_and_its_batch_named()
    {
        var batches = PowerCutTests.SomeBatches(3);
        var body = BatchBody.Decode(batches[1].Body);
        var samples = body.Channels[0].Samples.SetItem(0, body.Channels[0].Samples[0] with { Temperature = new(4_001) });
        var changed = body with { Channels = body.Channels.SetItem(0, body.Channels[0] with { Samples = samples }) };
        using var bench = new Bench();
        bench.Ledger.Connected = false;
        using (var logbook = bench.Start())
        {
            Work(bench, logbook, 30);
        }

        // A careful hand recomputes the row's own hash: only root and signature are left to find it.
        var folder = new DiskFolder(Path.Combine(bench.Directory, Logbook.BatchesFolder));
        Assert.Null(new BatchStore(folder, _ => { }).Put([batches[1] with { Body = changed.Encode() }]));
        var findings = Fsck.Run(bench.Directory, RoadLedger.Policy).Findings;
        Assert.Contains(findings, finding => finding.Place == "batch 1");
    }

    /// <summary>F-10.</summary>
    [Fact]
    public void Harm_in_the_middle_of_the_journal_is_kept_declared_and_recording_goes_on()
    {
        using var bench = new Bench();
        bench.Ledger.Connected = false;
        using (var logbook = bench.Start())
        {
            Work(bench, logbook, 3);
            for (var i = 0; i < 4; i++)
            {
                bench.Round(logbook, 4_000, 5_000);
            }
        }

        var file = Path.Combine(bench.Directory, Logbook.JournalFolder, JournalTests.NameOf(1));
        var bytes = File.ReadAllBytes(file);
        bytes[bytes.AsSpan().LastIndexOfAnyExcept((byte)0) - 70] ^= 0x10; // In the round before the last.
        File.WriteAllBytes(file, bytes);
        bench.PowerCut();
        for (var start = 0; start < 2; start++)
        {
            using var logbook = bench.Start();
            bench.Round(logbook, 4_000, 5_000);
            logbook.SealOpen(bench.Now(logbook));
            var events = logbook.Extract(0, long.MaxValue).Batches.SelectMany(batch => batch.Body.Events).ToList();
            Assert.Single(events, happened => happened.Kind == EventKind.StoreBroken); // Told once, however often it is found.
            Assert.Contains(events, happened => EventDetail.ReadGap(happened.Detail)?.Cause == GapCause.StoreBroken);
            Assert.Single(Directory.GetFiles(Path.Combine(bench.Directory, Logbook.JournalFolder), "*.damaged"));
            bench.PowerCut();
        }

        // What was left of the harmed batch was sealed as it was left; it can be rebuilt, and the ledger takes all.
        bench.Ledger.Reconnect();
        using (var logbook = bench.Start())
        {
            logbook.Offer(bench.Now(logbook));
            logbook.Offer(bench.Now(logbook));
            Assert.Equal(0, logbook.Status.Unanchored);
        }
    }

    /// <summary>F-169.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Rounds_that_the_store_lost_in_a_batch_that_was_open_are_a_declared_gap_and_a_stranger_still_verifies(bool isWholeSegment)
    {
        using var bench = new Bench();
        bench.Ledger.Connected = false;
        var begun = bench.WallMs;
        var rounds = 0;
        using (var logbook = bench.Start(bench.Options with { SealLeavesMax = 16_384 }))
        {
            for (; !File.Exists(Path.Combine(bench.Directory, Logbook.JournalFolder, JournalTests.NameOf(4))); rounds++)
            {
                bench.Round(logbook, 4_000, 5_000); // One long batch over three segments.
            }
        }

        bench.PowerCut();
        var file = Path.Combine(bench.Directory, Logbook.JournalFolder, JournalTests.NameOf(2));
        if (isWholeSegment)
        {
            File.Delete(file);
            Directory.CreateDirectory(file);
        }
        else
        {
            var bytes = File.ReadAllBytes(file);
            bytes.AsSpan(20_000, 10_000).Fill(0xA5);
            File.WriteAllBytes(file, bytes);
        }

        bench.Ledger.Reconnect();
        for (var start = 0; start < 2; start++)
        {
            using var logbook = bench.Start(bench.Options with { SealLeavesMax = 16_384, SetsUnreadableAside = true });
            bench.Round(logbook, 4_000, 5_000);
            logbook.SealOpen(bench.Now(logbook));
            logbook.Offer(bench.Now(logbook));
            logbook.Offer(bench.Now(logbook));
            Assert.Equal(0, logbook.Status.Unanchored);
            var verdict = bench.Verify(logbook.Extract(0, long.MaxValue), begun + 120_000, bench.WallMs);
            Assert.True(verdict.Word == VerdictWord.Verified, verdict.ToString());
            Assert.All(verdict.Channels, channel => Assert.Contains(channel.Intervals, interval => interval.Answer == Answer.NoData
                && interval.Cause == nameof(GapCause.StoreBroken)));
            Assert.InRange(verdict.Channels[0].Readings.Length, rounds / 4, rounds);
            bench.PowerCut();
        }
    }

    /// <summary>F-166.</summary>
    [Fact]
    public void A_segment_that_cannot_be_read_is_declared_once_and_never_read_again()
    {
        using var bench = new Bench();
        bench.Ledger.Connected = false;
        var file = Path.Combine(bench.Directory, Logbook.JournalFolder, JournalTests.NameOf(2));
        using (var logbook = bench.Start())
        {
            while (!File.Exists(Path.Combine(bench.Directory, Logbook.JournalFolder, JournalTests.NameOf(4))))
            {
                var now = bench.Now(logbook); // One long batch over all of them.
                logbook.RecordEvent(new(null, EventKind.Configuration, now.WallMs, EventDetail.Note("test", new string('x', 600))), now);
            }
        }

        bench.PowerCut();
        var kept = Path.Combine(bench.Directory, "kept");
        File.Move(file, kept);
        Directory.CreateDirectory(file);
        Assert.Contains("cannot be read", Assert.Single(Fsck.Run(bench.Directory, RoadLedger.Policy).Findings).Fault, StringComparison.Ordinal);
        Assert.Throws<UnreadableSegmentException>(bench.Start);
        Assert.True(Directory.Exists(file));
        for (var start = 0; start < 2; start++)
        {
            using var logbook = bench.Start(bench.Options with { SetsUnreadableAside = start == 0 });
            bench.Round(logbook, 4_000, 5_000);
            logbook.SealOpen(bench.Now(logbook));
            Assert.True(Directory.Exists(file + ".unreadable"));
            Assert.Contains(logbook.Status.Faults, fault => fault.Contains("cannot be read", StringComparison.Ordinal));
            var events = logbook.Extract(0, long.MaxValue).Batches.SelectMany(batch => batch.Body.Events).ToList();
            Assert.Single(events, happened => happened.Kind == EventKind.StoreBroken);
            bench.PowerCut();
        }

        bench.Ledger.Reconnect();
        using (var logbook = bench.Start())
        {
            for (var turn = 0; turn < 4; turn++)
            {
                logbook.Offer(bench.Now(logbook));
            }

            Assert.Equal(0, logbook.Status.Unanchored);
        }

        Assert.Empty(Fsck.Run(bench.Directory, RoadLedger.Policy).Findings);
    }

    /// <summary>F-12.</summary>
    [Theory]
    [InlineData(560)]
    [InlineData(600)]
    [InlineData(640)]
    [InlineData(700)]
    public void A_batch_harmed_after_it_was_sealed_ends_offering_and_is_named(int back)
    {
        using var bench = new Bench();
        bench.Ledger.Connected = false;
        using (var logbook = bench.Start())
        {
            Work(bench, logbook, 3);
            logbook.SealOpen(bench.Now(logbook));
            Work(bench, logbook, 1);
        }

        var file = Path.Combine(bench.Directory, Logbook.JournalFolder, JournalTests.NameOf(1));
        var bytes = File.ReadAllBytes(file);
        bytes[bytes.AsSpan().LastIndexOfAnyExcept((byte)0) - back] ^= 0x10;
        File.WriteAllBytes(file, bytes);
        Assert.NotEmpty(Fsck.Run(bench.Directory, RoadLedger.Policy).Findings);
        bench.PowerCut();
        bench.Ledger.Reconnect();
        using (var logbook = bench.Start())
        {
            bench.Round(logbook, 4_000, 5_000);
            logbook.Offer(bench.Now(logbook));
            Assert.Contains(logbook.Status.Faults, fault => fault.Contains("batch 0", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void A_journal_that_is_gone_while_its_batches_are_stored_stops_the_gateway_rather_than_sign_twice()
    {
        using var bench = new Bench(channels: 4);
        using (var logbook = bench.Start())
        {
            Work(bench, logbook, 1_200);
        }

        Directory.Delete(Path.Combine(bench.Directory, Logbook.JournalFolder), recursive: true);
        Assert.Contains("second history", Assert.Throws<EvidenceBrokenException>(bench.Start).Message, StringComparison.Ordinal);
    }

    /// <summary>F-14.</summary>
    [Fact]
    public void A_key_that_others_can_read_or_that_is_no_key_is_refused_with_what_to_do()
    {
        using var bench = new Bench();
        var path = Path.Combine(bench.Directory, GatewayKey.KeyName);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        using (var again = GatewayKey.LoadOrCreate(bench.Directory))
        {
            Assert.Equal(bench.Key.Gateway, again.Gateway);
            Assert.Equal(bench.Key.Public, again.Public);
        }

        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
        Assert.Contains("chmod 600", Assert.Throws<GatewayKeyException>(() => GatewayKey.LoadOrCreate(bench.Directory)).Message,
            StringComparison.Ordinal);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.WriteAllText(path, "not a key");
        Assert.Throws<GatewayKeyException>(() => GatewayKey.LoadOrCreate(bench.Directory));
    }

    [Fact]
    public void Openssl_reads_the_key_and_accepts_the_request_that_proves_it()
    {
        using var bench = new Bench();
        var request = Path.Combine(bench.Directory, "request.pem");
        File.WriteAllText(request, bench.Key.CreateRequestPem());
        var info = new System.Diagnostics.ProcessStartInfo("openssl", ["req", "-in", request, "-noout", "-verify", "-subject"])
        { RedirectStandardOutput = true, RedirectStandardError = true };
        using var openssl = System.Diagnostics.Process.Start(info) ?? throw new InvalidOperationException("openssl is missing: apt "
            + "install openssl");
        var said = openssl.StandardOutput.ReadToEnd() + openssl.StandardError.ReadToEnd();
        openssl.WaitForExit();
        Assert.Equal(0, openssl.ExitCode);
        Assert.Contains(bench.Key.Gateway.ToString(), said, StringComparison.Ordinal);
        Assert.Contains("verify OK", said, StringComparison.Ordinal);
    }

    private static void Work(Bench bench, Logbook logbook, int rounds)
    {
        for (var i = 0; i < rounds; i++)
        {
            bench.Round(logbook, [.. Enumerable.Repeat(4_000 + i % 5 * 100, logbook.Manifest!.Channels.Length)]);
            logbook.SealIfDue(bench.Now(logbook));
            logbook.Offer(bench.Now(logbook));
        }
    }
}
