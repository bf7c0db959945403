using System.Collections.Immutable;
using Anchoring;
using Evidence;
using Evidence.Log;

namespace Gateway.Tests.Simulation;

/// <summary>Goal: a year without violations means something. Method: each rule of the Checker is broken by hand, and must say so.</summary>
public sealed class CheckerTests : HandWrittenTruck
{
    [Fact]
    public void A_sound_record_passes()
    {
        Try(0, 1, 2, 3);
        Send(Batch([0, 1]));
        Send(Batch([2, 3]));
        Checker.Finish();
        Assert.Empty(Checker.Violations);
        Assert.Equal((2, 4), (Checker.Tally.Batches, Checker.Tally.Rounds));
    }

    [Fact]
    public void A_recorded_round_that_is_in_no_batch_is_lost()
    {
        Try(0, 1, 2);
        Send(Batch([0, 2]));
        Assert.Equal(1, Checker.Tally.Lost);
        Assert.NotEmpty(Checker.Violations);
    }

    [Fact]
    public void A_recorded_round_after_the_last_batch_is_lost()
    {
        Try(0, 1);
        Send(Batch([0]));
        Assert.Empty(Checker.Violations);
        Checker.Finish();
        Assert.Equal(1, Checker.Tally.Lost);
    }

    [Fact]
    public void A_round_that_was_never_taken_is_invented()
    {
        Try(0);
        Send(Batch([0, 1]));
        Assert.Equal(1, Checker.Tally.Invented);
    }

    [Fact]
    public void A_temperature_that_was_never_true_is_invented()
    {
        Try(0);
        Send(Batch([0], milliCelsius: 4_100));
        Assert.Equal(1, Checker.Tally.Invented);
    }

    [Fact]
    public void A_sound_probe_without_a_temperature_is_a_lost_reading()
    {
        Try(0);
        Send(Batch([0], milliCelsius: null));
        Assert.Equal(1, Checker.Tally.Lost);
    }

    [Fact]
    public void Minutes_that_nothing_explains_are_counted_and_a_declared_gap_explains_them()
    {
        Try(0, 5, 10);
        Send(Batch([0, 5]));
        Assert.Equal(60, Checker.Tally.UnexplainedMinutes);
        Send(Batch([10], events: [Late(10)]));
        Assert.Equal(60, Checker.Tally.UnexplainedMinutes);
    }

    [Fact]
    public void A_second_header_under_one_number_is_found()
    {
        Try(0);
        var number0 = Batch([0]);
        Send(number0);
        Following = (0, default, 0);
        Leave(number0);
        Assert.Empty(Checker.Violations);
        Following = (0, default, 0);
        Leave(Batch([0], milliCelsius: 4_001));
        Assert.Contains("two signed headers", Assert.Single(Checker.Violations), StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_number_another_previous_hash_and_a_hole_in_the_sequence_are_found()
    {
        Try(0, 1);
        Send(Batch([0]));
        Following = (5, default, 7);
        Send(Batch([1]));
        Assert.Equal(["Batch 5 follows 0.", "Batch 5 names another header before it.", "The ledger logged batch 5 after 0.",
            "Batch 5, channel 0: reading 7 is not next."], Checker.Violations);
    }

    [Fact]
    public void A_checkpoint_that_is_not_consistent_with_the_last_is_found()
    {
        Try(0);
        Send(Batch([0]));
        Assert.Empty(Checker.Violations);
        Head = new("log", 2, LogTree.Root([LogTree.LeafHash([9]), LogTree.LeafHash([2])]));
        Entries.Add(Batch([1]).Statement.Bytes.AsMemory());
        Checker.Logged();
        Assert.Contains("Checkpoint 2 is not consistent", Checker.Violations[0], StringComparison.Ordinal);
        Head = new("log", 1, default);
        Checker.Logged();
        Assert.Contains("The log had 2 entries and has 1.", Checker.Violations[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void A_batch_that_goes_back_on_the_gateways_own_clock_is_found_whatever_the_wall_clock_says()
    {
        Try(0, 1, 2);
        Send(Batch([1]));
        var before = Checker.Violations.Count;
        Send(Batch([0]));
        Assert.Contains(Checker.Violations.Skip(before), words => words.Contains("goes back on the gateway's own clock", StringComparison.Ordinal));
    }

    [Fact]
    public void A_true_excursion_that_the_record_does_not_show_is_found()
    {
        Truth(0, 9_000, minutes: 60);
        Try(0, 1, 2, 3, 4, 5, 6);
        Send(Batch([0, 1, 2, 3, 4, 5, 6]));
        Checker.Finish();
        Assert.Contains("its readings say it was not", Assert.Single(Checker.Violations), StringComparison.Ordinal);
        Assert.Equal((1, 0), (Checker.Tally.ExcursionsTrue, Checker.Tally.ExcursionsFound));
    }

    [Fact]
    public void An_excursion_with_its_alarms_passes_and_one_without_is_found()
    {
        Truth(0, 9_000, minutes: 60);
        TryAt(9_000, 0, 1, 2, 3);
        TryAt(4_000, 4);
        Send(Batch([0], 9_000, Alarm(0, Logbook.LimitPassed)));
        Send(Batch([1, 2], 9_000));
        Send(Batch([3], 9_000));
        Send(Batch([4], 4_000, Alarm(4, Logbook.LimitKept)));
        Checker.Finish();
        Assert.Empty(Checker.Violations);
        Assert.Equal((1, 2), (Checker.Tally.ExcursionsFound, Checker.Tally.Alarms));
        TryAt(9_000, 5, 6);
        TryAt(4_000, 7);
        Send(Batch([5, 6], 9_000));
        Assert.Contains("no alarm says so", Assert.Single(Checker.Violations), StringComparison.Ordinal);
    }

    [Fact]
    public void A_limit_passed_in_the_last_round_before_the_power_went_must_be_told_by_the_next_session()
    {
        TryAt(9_000, 0, 1);
        Send(Batch([0], 9_000));
        Send(Batch([1], 9_000, Boot(1)));
        Assert.Contains(Checker.Violations, words => words.Contains("does not tell that channel 0 had passed its limit", StringComparison.Ordinal));
    }

    [Fact]
    public void An_alarm_that_no_reading_explains_is_found()
    {
        Try(0);
        Send(Batch([0], events: Alarm(0, Logbook.LimitPassed)));
        Assert.Contains("an alarm that no reading explains", Assert.Single(Checker.Violations), StringComparison.Ordinal);
    }

    [Fact]
    public void An_excursion_that_never_was_is_found()
    {
        Try(0);
        Send(Batch([0], 9_000, Alarm(0, Logbook.LimitPassed)));
        Assert.Contains(Checker.Violations, words => words.Contains("an excursion that never was", StringComparison.Ordinal));
    }

    [Fact]
    public void A_swapped_probe_and_a_changed_setting_that_nobody_tells_and_one_that_never_was_are_found()
    {
        var changes = new ChangeChecker(Checker.Violate, Checker.Tally);
        changes.Started("a");
        changes.Batch(0, Batch([0]).Body, [Hung(0, "A", "a")]);
        changes.Batch(1, Batch([1], events: Swap(1, "B")).Body, [Hung(1, "B", "a")]);
        changes.Started("b");
        changes.Batch(2, Batch([2], events: Setting("year is b; it was a.")).Body, [Hung(2, "B", "b")]);
        Assert.Empty(Checker.Violations);
        Assert.Equal((1, 1), (Checker.Tally.Swaps, Checker.Tally.SettingChanges));
        changes.Batch(3, Batch([3, 4, 5]).Body, [Hung(3, "C", "b"), Hung(4, "C", "b"), Hung(5, "C", "b")]);
        Assert.Contains("the record tells of B", Assert.Single(Checker.Violations), StringComparison.Ordinal);
        changes.Batch(4, Batch([6], events: Swap(6, "D")).Body, [Hung(6, "C", "b")]);
        Assert.Contains("which never hung there", Checker.Violations[1], StringComparison.Ordinal);
        changes.Started("c");
        changes.Batch(5, Batch([7]).Body, [Hung(7, "", "c")]);
        Assert.Contains("a round under settings c; the record tells of b", Checker.Violations[2], StringComparison.Ordinal);
        changes.Batch(6, Batch([8], events: Setting("year is z; it was c.")).Body, [Hung(8, "", "z")]);
        Assert.Contains("a setting that never was", Checker.Violations[3], StringComparison.Ordinal);
    }

    [Fact]
    public void Queues_and_files_beyond_their_bounds_are_found()
    {
        List<string> violations = [];
        var bounds = new BoundsChecker(new() { SegmentLength = 65_536, SendWindow = 16 }, violations.Add);
        var status = new LogbookStatus(1, 10, 0, null, [], 9, 9, 0, 0, 16, 3 * 65_536, new(true, 1, 0, "", ""), null, []);
        bounds.Check(status);
        bounds.Check([("batches-2026-01.litedb", 300_000), ("batches-2026-01.litedb-log", 0)], 10);
        bounds.Within("messages", 64, 64);
        Assert.Empty(violations);
        bounds.Check(status with { InFlight = 17 });
        bounds.Check(status with { JournalLength = 5 * 65_536 });
        bounds.Check([("batches-2026-01.litedb", 900_000)], 10);
        bounds.Check([("batches-2026-01.litedb-log", 900_000)], 10);
        bounds.Within("messages", 65, 64);
        Assert.Equal(5, violations.Count);
    }

    [Fact]
    public void An_outbox_that_does_not_drain_and_what_fsck_finds_are_violations()
    {
        List<string> violations = [];
        var status = new LogbookStatus(1, 10, 0, null, [], 9, 9, 0, 0, 0, 0, new(true, 1, 0, "", ""), null, []);
        Assert.True(AuditChecker.Drained(status, violations.Add));
        Assert.False(AuditChecker.Drained(status with { Unanchored = 1 }, violations.Add));
        Assert.False(AuditChecker.Drained(status with { UnanchoredManifests = 1 }, violations.Add));
        Assert.False(AuditChecker.Drained(null, violations.Add));
        Assert.Equal(3, violations.Count);
        violations.Clear();
        var report = new FsckReport([], 1, 1, 7, 7, 7, 7, 0, 0);
        AuditChecker.Gateway(report, 7, violations.Add);
        AuditChecker.Ledger([], violations.Add);
        Assert.Empty(violations);
        AuditChecker.Gateway(report, 8, violations.Add);
        AuditChecker.Gateway(report with { Findings = [new("batch 3", "its signature does not verify", "call")] }, 7, violations.Add);
        AuditChecker.Ledger(["tile 0/000 is harmed"], violations.Add);
        Assert.Equal(3, violations.Count);
    }

    [Fact]
    public void A_window_whose_batch_was_changed_or_is_missing_and_a_verifier_that_is_blind_are_found()
    {
        using var bench = new Anchoring.Bench(channels: 1);
        using var logbook = bench.Start();
        bench.Round(logbook, 4_000);
        bench.Round(logbook, 4_000);
        logbook.SealOpen(bench.Now(logbook));
        logbook.Offer(bench.Now(logbook));
        logbook.Offer(bench.Now(logbook));
        var extract = logbook.Extract(0, long.MaxValue);
        var window = new SoundWindow(0, extract.Batches[0].Body.Rounds[0], extract.Batches[0].Body.Rounds[1], []);
        var sound = Verifier.Verify(BundleOf(bench, extract, window), bench.Policy);

        Windows(bench, (bytes, policy) => Verifier.Verify(bytes, policy)).Check(extract, window);
        Assert.Empty(Checker.Violations);
        Assert.Equal((1, 1), (Checker.Tally.Windows, Checker.Tally.WindowsVerified));

        Windows(bench, (_, _) => sound).Check(extract, window);
        Assert.Contains("One bit at byte", Checker.Violations[^1], StringComparison.Ordinal);
        var body = extract.Batches[0].Body;
        var warmer = body.Channels[0] with { Samples = body.Channels[0].Samples.SetItem(0, new(Outcome.Measured, new(4_001), 512)) };
        var changed = extract with { Batches = [extract.Batches[0] with { Body = body with { Channels = [warmer] } }] };
        Windows(bench, (bytes, policy) => Verifier.Verify(bytes, policy)).Check(changed, window);
        Assert.Contains("A sound window reads Changed", Checker.Violations[^1], StringComparison.Ordinal);
        Windows(bench, (_, _) => sound).Check(extract with { Missing = [0] }, window);
        Assert.Contains("neither in the journal nor in the store", Checker.Violations[^1], StringComparison.Ordinal);
        Windows(bench, (_, _) => sound).CheckWhole(extract);
        Assert.Contains("is not the one that was sent", Checker.Violations[^2], StringComparison.Ordinal);
        Assert.Contains("The gateway gives 1 batches of 0", Checker.Violations[^1], StringComparison.Ordinal);
        var warm = window with { Truths = [Round(0, 9_000), Round(1, 9_000)] };
        Windows(bench, (_, _) => sound).Check(extract, warm);
        Assert.Contains(Checker.Violations, words => words.Contains("reads in range on channel 0, and it was not", StringComparison.Ordinal));
    }

    private BundleChecker Windows(Anchoring.Bench bench, Func<byte[], VerifierPolicy, Verdict> verify) =>
        new(bench.Key.Gateway, 1, bench.Policy, verify, Checker, new(1));

    private static byte[] BundleOf(Anchoring.Bench bench, LogbookExtract extract, SoundWindow window) => BundleWriter.Write(new(bench.Key.Gateway,
        [new(0)], window.FromMs, window.ToMs, DisclosureLevel.Readings, [.. extract.Manifests.Select(manifest =>
            new BundleStatement(manifest.Statement, manifest.Receipt))],
        [.. extract.Batches.Select(batch => new BundleBatch(batch.Statement, batch.Body, batch.Receipt))], extract.Beacons, []));

    private static BatchEvent Alarm(int slot, string code) =>
        new(new(0), EventKind.Alarm, Start + (slot * Interval), EventDetail.Note(code, "words"));

    private static TrueRound Hung(int slot, string serial, string settings) =>
        new(Start + (slot * Interval), 1, Start + (slot * Interval), [new(4_000, 8, true, serial)]) { Settings = settings };

    private static BatchEvent Swap(int slot, string serial) => new(new(0), EventKind.ProbeSwap, Start + (slot * Interval),
        EventDetail.Note("probe.swapped", $"Chip {serial} answers; chip A did before."));

    private static BatchEvent Setting(string words) => new(null, EventKind.Configuration, Start, EventDetail.Note("setting.changed", words));

    private static BatchEvent Boot(int slot) =>
        new(null, EventKind.Boot, Start + (slot * Interval), EventDetail.Gap(Start, Start + (slot * Interval), GapCause.PowerLoss));

    private static TrueRound Round(int slot, int milliCelsius, long afterMs = 0) =>
        new(Start + (slot * Interval) + afterMs, 1, Start + (slot * Interval), [new(milliCelsius, 8, true)]);

    /// <summary>So many minutes at this temperature from a slot on, 4 °C before and after.</summary>
    private void Truth(int slot, int milliCelsius, int minutes, int fromMinute = 0)
    {
        for (var minute = -1; minute <= minutes; minute++)
        {
            Checker.Excursions.Truth(Start + (slot * Interval) + ((fromMinute + minute) * 60_000L), _ =>
                minute >= 0 && minute < minutes ? milliCelsius : 4_000);
        }
    }

    private static BatchEvent Late(int slot) =>
        new(null, EventKind.Gap, Start, EventDetail.Gap(Start, Start + (slot * Interval), GapCause.Late));

    private void Try(params int[] slots) => TryAt(4_000, slots);

    private void TryAt(int milliCelsius, params int[] slots)
    {
        foreach (var slot in slots)
        {
            Checker.Try(new(Start + (slot * Interval), 1, Start + (slot * Interval), [new(milliCelsius, 8, true)]) { IsPromised = true });
        }
    }

    private (Statement Statement, BatchBody Body) Batch(int[] slots, int? milliCelsius = 4_000, params ImmutableArray<BatchEvent> events)
    {
        var sample = milliCelsius is { } value ? new BatchSample(Outcome.Measured, new(value), 512) : new BatchSample(Outcome.NoAcknowledge, null, 0);
        return SignedBatch(slots, _ => sample, boot: 1, events);
    }
}
