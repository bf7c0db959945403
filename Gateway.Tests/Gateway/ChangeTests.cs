using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using System.Security.Cryptography;
using Anchoring;
using Evidence;
using Gateway.Configuration;
using Gateway.Hosting;
using Gateway.Tests.Anchoring;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Sensors;
using Sensors.Chips;
using Sensors.Emulation;

namespace Gateway.Tests.Gateway;

/// <summary>Goal: a probe swapped for another of its kind, and a setting that touches evidence, are told where a stranger finds it. Method: the
/// real cycle and logbook, driven a round at a time, over emulated chips that are exchanged on their stage.Bus.</summary>
public sealed class ChangeTests : IDisposable
{
    private readonly CycleStage stage = new() { Settings = [("sealing.age", "300 s")] };
    private int rounds;

    /// <summary>F-34.</summary>
    [Theory]
    [InlineData(ChipKind.Tmp117, "0117AAAA0001", "0117BBBB0002")]
    [InlineData(ChipKind.Sht4x, "40000001", "40000002")]
    public void A_probe_swapped_between_two_rounds_is_told_in_the_record_and_on_the_status_until_the_old_one_is_back(ChipKind kind,
        string first, string second)
    {
        var (old, other) = (Chip(kind, first), Chip(kind, second));
        stage.Bus.Attach(old);
        using var truck = new Truck(this, CycleStage.Probe(kind, old.Address));
        truck.Round();
        Assert.Empty(stage.Board.Current!.Trouble.Where(trouble => trouble.StartsWith("rear", StringComparison.Ordinal)));

        Swap(old, other);
        truck.Round();
        truck.Round();
        Assert.Contains(stage.Board.Current!.Trouble, trouble => trouble.StartsWith($"rear: chip {second} answers, and this channel began with chip {first}.",
            StringComparison.Ordinal) && trouble.Contains("gateway enrol request", StringComparison.Ordinal));
        Assert.NotNull(stage.Board.Current.Channels[0].Last.Temperature); // Recording goes on, under a word.

        Swap(other, old);
        truck.Round();
        Assert.DoesNotContain(stage.Board.Current!.Trouble, trouble => trouble.StartsWith("rear", StringComparison.Ordinal));
        Assert.Equal([("probe.swapped", $"Chip {second} answers; chip {first} did before."), ("probe.back",
            $"Chip {first} answers again; chip {second} did before.")], truck.Told(EventKind.ProbeSwap));
    }

    /// <summary>F-34.</summary>
    [Fact]
    public void A_probe_swapped_while_the_gateway_was_off_is_told_at_its_next_start_and_once()
    {
        var (old, other) = (Chip(ChipKind.Tmp117, "0117AAAA0001"), Chip(ChipKind.Tmp117, "0117BBBB0002"));
        stage.Bus.Attach(old);
        using (var truck = new Truck(this, CycleStage.Probe(ChipKind.Tmp117, old.Address)))
        {
            truck.Round();
        }

        Swap(old, other);
        using (var truck = new Truck(this, CycleStage.Probe(ChipKind.Tmp117, old.Address)))
        {
            truck.Round();
            Assert.Equal([("probe.swapped", "Chip 0117BBBB0002 answers; chip 0117AAAA0001 did before.")], truck.Told(EventKind.ProbeSwap));
        }

        using (var truck = new Truck(this, CycleStage.Probe(ChipKind.Tmp117, old.Address)))
        {
            truck.Round();
            Assert.Single(truck.Told(EventKind.ProbeSwap)); // Told once; the status says it until a manifest names the new probe.
            Assert.Contains(stage.Board.Current!.Trouble, trouble => trouble.StartsWith("rear: chip 0117BBBB0002", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void A_probe_under_a_new_name_is_another_probe_and_its_chip_is_learned_anew()
    {
        var (old, other) = (Chip(ChipKind.Tmp117, "0117AAAA0001"), Chip(ChipKind.Tmp117, "0117BBBB0002"));
        stage.Bus.Attach(old);
        using (var truck = new Truck(this, CycleStage.Probe(ChipKind.Tmp117, old.Address)))
        {
            truck.Round();
        }

        Swap(old, other);
        using var next = new Truck(this, CycleStage.Probe(ChipKind.Tmp117, old.Address) with { Serial = "T2" });
        next.Round();
        Assert.Empty(next.Told(EventKind.ProbeSwap));
        Assert.Empty(stage.Board.Current!.Trouble.Where(trouble => trouble.StartsWith("rear", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_line_that_is_disturbed_while_the_number_is_read_is_no_other_chip()
    {
        var chip = Chip(ChipKind.Tmp117, "0117AAAA0001");
        stage.Bus.Attach(chip);
        using var truck = new Truck(this, CycleStage.Probe(ChipKind.Tmp117, chip.Address));
        truck.Round();
        for (var disturbed = 1; disturbed <= 12; disturbed++)
        {
            var left = disturbed;
            chip.Noise = bytes => bytes[0] ^= (byte)(--left == 0 ? 0x10 : 0); // One transfer of the round arrives with a flipped bit.
            truck.Round();
        }

        foreach (var line in (LineFault[])[LineFault.DataLow, LineFault.DataFloating])
        {
            for (var before = 1; before <= 9; before++)
            {
                var left = before;
                stage.Bus.BeforeTransfer = () => stage.Bus.Line = --left <= 0 ? line : LineFault.None;
                truck.Round();
            }
        }

        Assert.Empty(truck.Told(EventKind.ProbeSwap));
    }

    [Fact]
    public void A_chip_without_a_number_of_its_own_gives_none()
    {
        foreach (var kind in (ChipKind[])[ChipKind.Lm75, ChipKind.Tmp105, ChipKind.Tmp1075, ChipKind.Mcp9808, ChipKind.Mcp9600])
        {
            using var handle = stage.Bus.Open(1);
            using var device = handle.CreateDevice(Thermometers.AddressesOf(kind)[0]);
            Assert.Null(Thermometers.Create(kind, device).SerialNumber());
        }
    }

    /// <summary>F-36.</summary>
    [Fact]
    public void A_setting_that_changed_while_a_batch_was_open_is_told_where_the_next_session_begins()
    {
        stage.Bus.Attach(Chip(ChipKind.Tmp117, "0117AAAA0001"));
        var probe = CycleStage.Probe(ChipKind.Tmp117, 0x48);
        using (var truck = new Truck(this, probe))
        {
            truck.Round();
            truck.Round(); // No orderly stop: the batch stays open.
        }

        stage.Settings = [("sealing.age", "60 s"), ("probe 0 correction", "250 m°C everywhere")];
        using (var truck = new Truck(this, probe))
        {
            truck.Round();
            Assert.Equal([("setting.changed", "sealing.age is 60 s; it was 300 s."), ("setting.changed",
                "probe 0 correction is 250 m°C everywhere; it was not there.")], truck.Told(EventKind.Configuration));
            var batches = truck.Batches();
            Assert.Equal([2, 1], batches.Select(batch => batch.Body.Rounds.Length)); // The batch that was open has no round of the new settings.
            Assert.Empty(batches[0].Body.Events.Where(happened => happened.Kind == EventKind.Configuration));
        }

        stage.Settings = [("sealing.age", "60 s")];
        using (var truck = new Truck(this, probe))
        {
            Assert.Equal("probe 0 correction is not there any more; it was 250 m°C everywhere.", truck.Told(EventKind.Configuration)[^1].Text);
        }

        using (var truck = new Truck(this, probe))
        {
            Assert.Equal(3, truck.Told(EventKind.Configuration).Count); // Nothing changed, nothing told.
        }
    }

    /// <summary>F-88.</summary>
    [Theory]
    [InlineData(null)]
    [InlineData("{ \"setting/sealing.age\": 300 }")]
    [InlineData("{ half of")]
    public void A_file_of_what_was_seen_that_is_gone_or_harmed_is_told_and_recording_goes_on(string? harmed)
    {
        stage.Bus.Attach(Chip(ChipKind.Tmp117, "0117AAAA0001"));
        using (var truck = new Truck(this, CycleStage.Probe(ChipKind.Tmp117, 0x48)))
        {
            truck.Round();
            Assert.Empty(truck.Told(EventKind.Configuration)); // The first start has nothing to compare with.
        }

        var path = Path.Combine(stage.Folder, SeenFile.Name);
        File.Delete(path);
        if (harmed is not null)
        {
            File.WriteAllText(path, harmed);
        }

        using var next = new Truck(this, CycleStage.Probe(ChipKind.Tmp117, 0x48));
        next.Round();
        Assert.Equal("settings.unknown", Assert.Single(next.Told(EventKind.Configuration)).Code);
        Assert.Equal(harmed is not null, stage.Board.Current!.Trouble.Any(trouble => trouble.Contains("is not known here", StringComparison.Ordinal)));
    }

    /// <summary>F-164: batches of another life of the card stand before what comes next, and may tell of other settings and other chips.</summary>
    [Fact]
    public void Behind_batches_that_the_card_does_not_have_settings_and_chips_are_told_anew_once()
    {
        stage.Bus.Attach(Chip(ChipKind.Tmp117, "0117AAAA0001"));
        var probe = CycleStage.Probe(ChipKind.Tmp117, 0x48);
        using (var truck = new Truck(this, probe))
        {
            truck.Round();
        }

        new AbsenceBook(new DiskFolder(Path.Combine(stage.Folder, Logbook.BatchesFolder))).Add(new(7, 9, AbsenceCause.Lost, Bench.StartMs, "as a resumption writes it"));
        for (var start = 0; start < 2; start++)
        {
            using var truck = new Truck(this, probe);
            truck.Round();
            truck.Round();
            Assert.Equal([("setting.holds", "sealing.age is 300 s; so it is behind batch 9, which this card does not have."), ("chip.holds",
                "Chip 0117AAAA0001 answers; so it is behind batch 9, which this card does not have.")], truck.Told(EventKind.Configuration));
        }
    }

    /// <summary>F-37.</summary>
    [Fact]
    public void What_the_manifest_fixes_cannot_be_changed_by_settings_and_each_difference_is_a_sentence()
    {
        var probe = CycleStage.Probe(ChipKind.Tmp117, 0x48);
        ImmutableArray<ConfiguredProbe> enrolled = [new(probe, new(2_000), new(8_000))];
        var signed = EnrolmentFolder.ChannelsOf(enrolled, 60_000);
        Assert.Empty(EnrolmentFolder.Differences(EnrolmentFolder.ChannelsOf(enrolled, 60_000), signed));
        (ImmutableArray<ConfiguredProbe> Probes, int IntervalMs)[] others =
        [
            (enrolled, 30_000),
            ([new(probe, new(2_000), new(9_000))], 60_000),
            ([new(probe with { Serial = "T2" }, new(2_000), new(8_000))], 60_000),
            ([new(probe with { Place = "front" }, new(2_000), new(8_000))], 60_000),
            ([new(probe with { Calibration = new() { Certificate = "K", CertificateSha256 = new('a', 64), Expires = DateTimeOffset.UnixEpoch
                .AddDays(30_000), OffsetMilliCelsius = 1 } }, new(2_000), new(8_000))], 60_000),
            ([.. enrolled, .. enrolled], 60_000),
        ];
        Assert.All(others, other => Assert.Contains("gateway enrol request", Assert.Single(EnrolmentFolder.Differences(
            EnrolmentFolder.ChannelsOf(other.Probes, other.IntervalMs), signed)), StringComparison.Ordinal));
    }

    [Fact]
    public void What_the_manifest_does_not_fix_and_touches_evidence_is_among_the_settings_that_are_told()
    {
        var probe = CycleStage.Probe(ChipKind.Mcp9600, 0x60) with
        {
            Thermocouple = ThermocoupleType.T,
            MuxAddress = 0x70,
            MuxChannel = 3,
            ColdestMilliCelsius = -40_000,
            Calibration = new() { OffsetMilliCelsius = -120 }
        };
        var told = EvidenceSettings.Of(new("/data", 60_000, 2_000, 300, 4_096, [], [], false, new(0, 0), null), [new(probe, new(0), new(1))]);
        Assert.Equal(["sealing.age: 300 s", "sealing.leaves: 4096", "sampling.deadline: 2000 ms", "probe 0 chip: Mcp9600, type T",
            "probe 0 wire: bus 1, 0x60 behind 0x70/3", "probe 0 range: -40000 m°C to the chip's", "probe 0 correction: -120 m°C everywhere"],
            told.Select(setting => $"{setting.Name}: {setting.Value}"));
    }

    public void Dispose() => stage.Dispose();

    private static EmulatedChip Chip(ChipKind kind, string serial)
    {
        EmulatedChip chip = kind == ChipKind.Sht4x ? new EmulatedSht4x(0x44, Convert.ToUInt32(serial, 16))
            : new EmulatedTmp117(0x48, serial: Convert.ToUInt64(serial, 16));
        chip.FinishConversion(5_000);
        return chip;
    }

    private void Swap(EmulatedChip old, EmulatedChip other)
    {
        stage.Bus.Detach(old);
        stage.Bus.Attach(other);
    }

    /// <summary>A session of the gateway, driven one round at a time; every new one is a restart.</summary>
    private sealed class Truck : IDisposable
    {
        private readonly ChangeTests test;
        private readonly CycleSession session;
        private readonly int first;

        public Truck(ChangeTests test, ProbeSettings probe)
        {
            (this.test, first, session) = (test, test.rounds, test.stage.Begin(probe));
            session.Cycle.Start(Now());
        }

        public void Round()
        {
            test.rounds++;
            session.Cycle.Run(Now(), 0);
        }

        public ImmutableArray<ExtractedBatch> Batches() => session.Seal(Now());

        public List<(string Code, string Text)> Told(EventKind kind) => [.. Batches().SelectMany(batch => batch.Body.Events)
            .Where(happened => happened.Kind == kind).Select(happened => EventDetail.ReadNote(happened.Detail)!.Value)
            .Select(words => (words.Code, words.Text))];

        public void Dispose() => session.Dispose();

        private Moment Now() => new(session.Logbook.Boot, (test.rounds - first) * (long)session.IntervalMs,
            CycleStage.StartMs + (test.rounds * (long)session.IntervalMs), ClockTrust.Ntp);
    }
}
