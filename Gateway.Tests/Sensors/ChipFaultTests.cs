using CsCheck;
using Evidence;
using Sensors.Chips;
using Sensors.Emulation;

namespace Gateway.Tests.Sensors;

/// <summary>Goal: whatever the wires, the supply or another chip do, no driver gives a temperature that was not measured. Method: every
/// kind of chip under every fault, through the bytes.</summary>
public sealed class ChipFaultTests
{
    public static TheoryData<ChipKind> Kinds => ChipBench.Kinds;

    [Theory]
    [MemberData(nameof(Kinds))]
    public void What_was_set_is_what_is_read_within_half_a_step(ChipKind kind)
    {
        using var bench = new ChipBench(kind).Warm(20_000);
        Gen.Int[-40_000, 124_000].Sample(
            milliCelsius =>
            {
                bench.Chip.FinishConversion(milliCelsius);
                var sample = bench.Driver.Read();
                Assert.Equal(Outcome.Measured, sample.Outcome);
                Assert.InRange(
                    bench.Driver.ToTemperature(sample.Code).Value - milliCelsius,
                    -ChipBench.HalfStepMilliCelsius(kind),
                    ChipBench.HalfStepMilliCelsius(kind));
            },
            iter: 300,
            threads: 1);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_true_zero_is_measured(ChipKind kind)
    {
        using var bench = new ChipBench(kind).Warm(0);
        var sample = bench.Driver.Read();
        Assert.Equal(Outcome.Measured, sample.Outcome);
        Assert.InRange(bench.Driver.ToTemperature(sample.Code).Value, -1, 1);
    }

    /// <summary>F-01.</summary>
    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_data_line_shorted_to_ground_is_implausible_and_never_zero_degrees(ChipKind kind)
    {
        using var bench = new ChipBench(kind).Warm(5_000);
        bench.Bus.Line = LineFault.DataLow;
        Assert.Equal(Outcome.Implausible, bench.Driver.Read().Outcome);
        bench.Bus.Line = LineFault.None;
        Assert.Equal(Outcome.Measured, bench.Driver.Read().Outcome);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_chip_that_has_never_been_read_behind_a_shorted_line_is_implausible_too(ChipKind kind)
    {
        using var bench = new ChipBench(kind);
        bench.Chip.FinishConversion(0);
        bench.Bus.Line = LineFault.DataLow;
        Assert.Equal(Outcome.Implausible, bench.Driver.Read().Outcome);
        Assert.Equal(Outcome.Implausible, bench.Driver.Read().Outcome);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_data_line_that_floats_is_implausible(ChipKind kind)
    {
        using var bench = new ChipBench(kind).Warm(5_000);
        bench.Bus.Line = LineFault.DataFloating;
        Assert.Equal(Outcome.Implausible, bench.Driver.Read().Outcome);
    }

    /// <summary>F-01: the short may come and go in the middle of a sample.</summary>
    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_short_that_begins_at_any_transfer_of_a_sample_never_gives_zero_degrees(ChipKind kind)
    {
        for (var soundTransfers = 0; soundTransfers < 8; soundTransfers++)
        {
            using var bench = new ChipBench(kind).Warm(5_000);
            var left = soundTransfers;
            bench.Bus.BeforeTransfer = () => bench.Bus.Line = left-- > 0 ? LineFault.None : LineFault.DataLow;
            var sample = bench.Driver.Read();
            Assert.True(
                sample.Outcome != Outcome.Measured || bench.Driver.ToTemperature(sample.Code).Value > 4_700,
                $"After {soundTransfers} sound transfers: {sample}.");
        }
    }

    /// <summary>F-01: an MCP9808's mark register powers up as zeros, so a short must not pass for a supply that came back.</summary>
    [Fact]
    public void A_short_while_the_mark_is_checked_is_a_broken_line_and_not_a_power_up()
    {
        using var bench = new ChipBench(ChipKind.Mcp9808).Warm(5_000);
        var transfer = 0;
        bench.Bus.BeforeTransfer = () => bench.Bus.Line = transfer++ is >= 3 and <= 5 ? LineFault.DataLow : LineFault.None;
        Assert.Equal(new Sample(Outcome.Implausible, 80), bench.Driver.Read());
        Assert.Equal(7, transfer); // Temperature, two identities, the mark read, written and read back, temperature.
    }

    /// <summary>F-03.</summary>
    [Theory]
    [InlineData(5, Outcome.NoAcknowledge)]
    [InlineData(6, Outcome.NoAcknowledge)]
    [InlineData(11, Outcome.NoAcknowledge)]
    [InlineData(121, Outcome.NoAcknowledge)]
    [InlineData(110, Outcome.Timeout)]
    public void Every_errno_of_a_transfer_is_an_outcome_for_every_chip(int errno, Outcome expected)
    {
        foreach (ChipKind kind in ChipBench.Kinds.Select(row => row.Data))
        {
            using var bench = new ChipBench(kind).Warm(5_000);
            bench.Chip.FailsWith = errno;
            Assert.Equal(new Sample(expected, 0), bench.Driver.Read());
            bench.Chip.FailsWith = null;
            Assert.Equal(Outcome.Measured, bench.Driver.Read().Outcome);
        }
    }

    /// <summary>F-04.</summary>
    [Theory]
    [InlineData(ChipKind.Tmp117)]
    [InlineData(ChipKind.Tmp1075)]
    [InlineData(ChipKind.Lm75)]
    [InlineData(ChipKind.Tmp105)]
    [InlineData(ChipKind.Mcp9808)]
    [InlineData(ChipKind.Mcp9600)]
    public void A_chip_that_has_just_been_powered_is_not_ready_rather_than_cold(ChipKind kind)
    {
        using var bench = new ChipBench(kind);
        Assert.Equal(Outcome.NotReady, bench.Driver.Read().Outcome);
        bench.Warm(8_000);
        Assert.Equal(Outcome.Measured, bench.Driver.Read().Outcome);

        bench.Chip.PowerUp(); // The supply dipped on the road.
        Assert.Equal(Outcome.NotReady, bench.Driver.Read().Outcome);
        bench.Warm(8_000);
        var sample = bench.Driver.Read();
        Assert.Equal((Outcome.Measured, 8_000), (sample.Outcome, bench.Driver.ToTemperature(sample.Code).Value / 10 * 10));
    }

    /// <summary>F-02.</summary>
    [Fact]
    public void Another_chip_at_the_address_is_not_present_and_nothing_is_written_to_it()
    {
        ChipKind[] at48 = [ChipKind.Tmp117, ChipKind.Tmp1075, ChipKind.Lm75, ChipKind.Tmp105];
        foreach (var (configured, there) in from configured in at48 from there in at48 select (configured, there))
        {
            var isFamily = configured is ChipKind.Lm75 or ChipKind.Tmp105 && there is ChipKind.Lm75 or ChipKind.Tmp105 or ChipKind.Tmp1075;
            if (configured == there || isFamily)
            {
                continue; // The LM75 family is compatible by design and cannot be told apart.
            }

            using var bench = new ChipBench(configured, ChipBench.EmulatedOf(there));
            bench.Chip.FinishConversion(5_000);
            var outcome = bench.Driver.Read().Outcome;

            // An LM75 knows three registers only, so its "device id" is T_OS or a temperature: never the right one.
            Assert.Equal((configured, there, Outcome.NotPresent), (configured, there, outcome));
            Assert.DoesNotContain(bench.Chip.Transcript, transfer => !transfer.Contains(" R ", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void A_flipped_bit_of_degrees_is_caught_by_the_second_reading_and_a_tmp117_shows_its_whole_transcript()
    {
        using var bench = new ChipBench(ChipKind.Tmp117).Warm(5_000);
        var flips = 1;
        bench.Chip.Noise = bytes => bytes[0] ^= (byte)(flips-- > 0 ? 0x02 : 0); // 512 codes: 4 °C.
        Assert.Equal(Outcome.Implausible, bench.Driver.Read().Outcome);
        Assert.Equal(new Sample(Outcome.Measured, 640), bench.Driver.Read());
        Assert.Equal(["W 00 R 2", "W 0F R 2", "W 00 R 2"], bench.Chip.Transcript.TakeLast(3));
    }

    /// <summary>F-35.</summary>
    [Fact]
    public void Every_single_flipped_bit_of_an_sht4x_answer_is_a_bad_checksum()
    {
        using var bench = new ChipBench(ChipKind.Sht4x).Warm(5_000);
        for (var bit = 0; bit < 48; bit++)
        {
            bench.Chip.Noise = bytes => bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.Equal(Outcome.BadChecksum, bench.Driver.Read().Outcome);
        }
    }

    /// <summary>F-39.</summary>
    [Fact]
    public void An_sht4x_that_is_still_measuring_is_waited_for_and_one_that_never_answers_is_not()
    {
        using var bench = new ChipBench(ChipKind.Sht4x).Warm(5_000);
        var chip = (EmulatedSht4x)bench.Chip;
        chip.BusyPolls = 3;
        Assert.Equal(Outcome.Measured, bench.Driver.Read().Outcome);
        Assert.Equal(["W FD", "R 6", "R 6", "R 6", "R 6"], chip.Transcript.TakeLast(5));
        chip.BusyPolls = int.MaxValue;
        Assert.Equal(Outcome.NoAcknowledge, bench.Driver.Read().Outcome);
    }

    [Fact]
    public void The_two_ways_to_compute_the_sht4x_check_sum_agree() =>
        Gen.UShort.Sample(word => Assert.Equal(EmulatedSht4x.CheckOf(word), Sht4x.Check([(byte)(word >> 8), (byte)(word & 0xFF)])));

    [Fact]
    public void A_tmp105_is_set_to_twelve_bits_and_an_lm75_is_left_alone()
    {
        using var tmp105 = new ChipBench(ChipKind.Tmp105).Warm(21_937);
        Assert.Equal(12, ((EmulatedLm75)tmp105.Chip).ResolutionBits);
        Assert.Equal(21_937, tmp105.Driver.ToTemperature(tmp105.Driver.Read().Code).Value); // 21.9375 °C is an exact code.

        using var lm75 = new ChipBench(ChipKind.Lm75, new EmulatedLm75(hasResolution: true)).Warm(21_937);
        Assert.Equal(9, ((EmulatedLm75)lm75.Chip).ResolutionBits);
        Assert.Equal(22_000, lm75.Driver.ToTemperature(lm75.Driver.Read().Code).Value);
    }

    [Theory]
    [InlineData(21_500)]
    [InlineData(0)]
    [InlineData(-500)]
    [InlineData(-12_500)]
    public void A_nine_bit_lm75_measures_exactly_what_the_emulated_board_is_set_to(int milliCelsius)
    {
        using var bench = new ChipBench(ChipKind.Lm75).Warm(milliCelsius);
        var sample = bench.Driver.Read();
        Assert.Equal((Outcome.Measured, milliCelsius), (sample.Outcome, bench.Driver.ToTemperature(sample.Code).Value));
    }

    [Fact]
    public void A_thermocouple_of_another_type_is_set_and_what_was_linearised_before_is_not_believed()
    {
        using var bus = new EmulatedBus();
        var chip = new EmulatedMcp9600();
        bus.Attach(chip);
        var driver = new Mcp9600(bus.Open(1).CreateDevice(chip.Address), ThermocoupleType.T);
        chip.FinishConversion(-75_000);
        Assert.Equal(Outcome.NotReady, driver.Read().Outcome);
        Assert.Equal(0x20, chip[0x05]);
        Assert.Equal(Outcome.NotReady, driver.Read().Outcome);
        chip.FinishConversion(-75_000);
        Assert.Equal(new Sample(Outcome.Measured, -1_200), driver.Read());
    }

    [Fact]
    public void A_broken_or_shorted_thermocouple_is_no_temperature()
    {
        var chip = new EmulatedMcp9600(isMcp9601: true) { IsInputOutOfRange = true };
        using var bench = new ChipBench(ChipKind.Mcp9600, chip).Warm(-75_000);
        Assert.Equal(Outcome.OutOfRange, bench.Driver.Read().Outcome);
        (chip.IsInputOutOfRange, chip.IsShorted) = (false, true);
        chip.FinishConversion(-75_000);
        Assert.Equal(Outcome.Implausible, bench.Driver.Read().Outcome);
    }

    [Fact]
    public void Every_chip_names_itself_and_no_other()
    {
        foreach (ChipKind kind in ChipBench.Kinds.Select(row => row.Data))
        {
            using var bench = new ChipBench(kind).Warm(5_000);
            Assert.NotNull(bench.Driver.Identify());
            bench.Bus.Line = LineFault.DataLow;
            Assert.Null(bench.Driver.Identify());
        }
    }
}
