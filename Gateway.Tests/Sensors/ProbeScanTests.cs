using Evidence;
using Microsoft.Extensions.Time.Testing;
using Sensors;
using Sensors.Chips;
using Sensors.Emulation;

namespace Gateway.Tests.Sensors;

/// <summary>Goal: the installer reads from one table who answers, and what is wrong, in words.</summary>
public sealed class ProbeScanTests : IDisposable
{
    private readonly EmulatedBus bus = new();
    private readonly FakeTimeProvider clock = new(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));

    public void Dispose()
    {
        bus.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public void Every_kind_of_chip_is_found_named_and_read_behind_a_switch_too()
    {
        var wire = new EmulatedTca9548A(0x71);
        EmulatedChip[] direct =
        [
            new EmulatedTmp117(0x48), new EmulatedTmp1075(0x4A), new EmulatedLm75(0x4F), new EmulatedMcp9808(0x1F),
            new EmulatedSht4x(0x45), new EmulatedMcp9600(0x67),
        ];
        var behind = new EmulatedTmp117(0x49);
        bus.Attach([.. direct, wire]);
        wire.Attach(7, behind);
        wire.Selected = 0x80; // Left over from another program: found all the same, and only behind its switch.
        Array.ForEach([.. direct, behind], chip => chip.FinishConversion(5_000));

        var report = ProbeScan.Run(1, bus.Open, [], clock);

        Assert.Equal("", report.BusProblem);
        Assert.Equal(
            [
                "0x1F MCP9808 Measured 80 5.000", "0x45 SHT4X Measured 18724 4.999", "0x48 TMP117 Measured 640 5.000",
                "0x4A TMP1075 Measured 80 5.000", "0x4F LM75 Measured 80 5.000", "0x67 MCP9600 Measured 80 5.000",
                "0x71 TCA9548A NotSampled  ", "0x71/7 0x49 TMP117 Measured 640 5.000",
            ],
            report.Rows.Select(Words));
        Assert.All(report.Rows.Where(row => row.Chip != "TCA9548A"), row => Assert.Equal("Not in the configuration.", row.Problem));
        Assert.Equal("TMP117, device id 0x0117", report.Rows[2].Identity);
        Assert.Equal(0, bus.OpenHandles);
    }

    [Fact]
    public void A_configuration_is_held_against_what_answers()
    {
        bus.Attach(new EmulatedTmp1075(0x48), new EmulatedTmp117(0x49), new EmulatedLm75(0x4A, hasResolution: true));
        bus.Attach(new EmulatedTmp1075(0x4B), new EmulatedSht4x(0x44));
        var ended = new CalibrationSettings
        {
            Certificate = "K-1",
            CertificateSha256 = new('5', 64),
            Expires = clock.GetUtcNow(),
            OffsetMilliCelsius = 100,
        };
        ProbeSettings[] configured =
        [
            Probe(0, ChipKind.Tmp117, 0x48),
            Probe(1, ChipKind.Tmp117, 0x49) with { Calibration = ended },
            Probe(2, ChipKind.Tmp105, 0x4A),
            Probe(3, ChipKind.Mcp9808, 0x18),
            Probe(4, ChipKind.Sht4x, 0x44),
            Probe(5, ChipKind.Tmp117, 0x48) with { Bus = 9 },
        ];

        var report = ProbeScan.Run(1, bus.Open, configured, clock);

        Assert.Equal(
            [
                "3: Nobody answers as Mcp9808 at 0x18. Check plug, address and supply.",
                "4: ",
                "0: Channel 0 is configured as Tmp117, but Tmp1075 answers: correct either.",
                "1: The chip has just been powered and has no value yet. If this stays, its supply is failing again and again. "
                    + "Certificate K-1 ended on 2026-11-23: have the probe calibrated.",
                "2: ",
                ": Not in the configuration.",
            ],
            report.Rows.Select(row => $"{row.Channel}: {row.Problem}"));
        Assert.Equal("TMP105", report.Rows[4].Chip);
    }

    [Fact]
    public void A_missing_bus_is_said_once_and_every_configured_probe_is_listed()
    {
        bus.OpenErrno = 2;
        var report = ProbeScan.Run(7, bus.Open, [Probe(0, ChipKind.Tmp117, 0x48) with { Bus = 7 }], clock);
        Assert.StartsWith("There is no /dev/i2c-7: switch I2C on", report.BusProblem, StringComparison.Ordinal);
        Assert.Equal("Not reached; see the bus's own problem.", Assert.Single(report.Rows).Problem);
    }

    [Theory]
    [InlineData(LineFault.DataLow, "Every address of bus 1 answers with zeros: the data line (SDA) is shorted to ground.")]
    [InlineData(LineFault.DataFloating, "Every address of bus 1 answers with ones: the data line (SDA) is open or held high.")]
    public void A_broken_data_line_is_one_sentence_and_not_forty_rows(LineFault fault, string expected)
    {
        bus.Attach(new EmulatedTmp117());
        bus.Line = fault;
        var report = ProbeScan.Run(1, bus.Open, [], clock);
        Assert.StartsWith(expected, report.BusProblem, StringComparison.Ordinal);
        Assert.Empty(report.Rows);
    }

    [Theory]
    [InlineData(6)]
    [InlineData(110)]
    public void A_stuck_clock_line_ends_the_scan_at_its_first_address(int errno)
    {
        bus.Line = LineFault.ClockLow;
        bus.StuckClockErrno = errno;
        bus.Blocking = () =>
        {
            clock.Advance(TimeSpan.FromSeconds(8)); // What the kernel takes; then it lets go.
            bus.ReleaseClock();
        };
        var report = ProbeScan.Run(1, bus.Open, [Probe(0, ChipKind.Tmp117, 0x48)], clock);
        Assert.Contains("SCL", report.BusProblem, StringComparison.Ordinal);
        Assert.Single(report.Rows);
    }

    [Fact]
    public void An_unknown_chip_is_said_to_be_unknown_and_nothing_is_written_to_it()
    {
        var stranger = new EmulatedMcp9808(0x4C); // Its registers mean nothing to the chips that may sit at 0x4C.
        stranger.FinishConversion(21_000);
        bus.Attach(stranger);
        var row = Assert.Single(ProbeScan.Run(1, bus.Open, [], clock).Rows);
        Assert.Equal("0x4C ? NotSampled  ", Words(row));
        Assert.DoesNotContain(stranger.Transcript, transfer => !transfer.Contains(" R ", StringComparison.Ordinal));
    }

    private static ProbeSettings Probe(ushort channel, ChipKind chip, int address) =>
        new() { Channel = channel, Place = "cargo", Serial = $"A{channel}", Chip = chip, Address = address };

    private static string Words(ProbeScanRow row) =>
        (row.MuxAddress is null ? "" : $"0x{row.MuxAddress:X2}/{row.MuxChannel} ")
        + $"0x{row.Address:X2} {row.Chip} {row.Outcome} {row.RawCode} {row.Temperature}";
}
