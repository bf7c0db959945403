using Evidence;
using Sensors.Chips;
using Sensors.Emulation;

namespace Gateway.Tests.Sensors;

/// <summary>Goal: a code means what the datasheet's own table says. Method: the tables, typed in, in millionths where a step is finer than
/// a m°C; then the same codes through the wire.</summary>
public sealed class ChipTableTests
{
    /// <summary>SNOSD82, table "16-Bit Temperature Data Format".</summary>
    [Theory]
    [InlineData(0x8000, -256_000)]
    [InlineData(0xF380, -25_000)]
    [InlineData(0xFFF0, -125)]
    [InlineData(0xFFFF, -7)] // −7.8125 m°C, rounded towards zero.
    [InlineData(0x0000, 0)]
    [InlineData(0x0001, 7)]
    [InlineData(0x0010, 125)]
    [InlineData(0x0080, 1_000)]
    [InlineData(0x0400, 8_000)]
    [InlineData(0x0C80, 25_000)]
    [InlineData(0x3200, 100_000)]
    [InlineData(0x7FFF, 255_992)]
    public void Tmp117(int word, int milliCelsius) =>
        Assert.Equal(new MilliCelsius(milliCelsius), global::Sensors.Chips.Tmp117.Convert(unchecked((short)word)));

    /// <summary>SBOS854, table "Temperature Data Format"; the table's words are the upper twelve bits.</summary>
    [Theory]
    [InlineData(0x7FF, 127_937)] // 127.9375
    [InlineData(0x640, 100_000)]
    [InlineData(0x500, 80_000)]
    [InlineData(0x4B0, 75_000)]
    [InlineData(0x320, 50_000)]
    [InlineData(0x190, 25_000)]
    [InlineData(0x004, 250)]
    [InlineData(0x001, 62)]
    [InlineData(0x000, 0)]
    [InlineData(0xFFF, -62)]
    [InlineData(0xFFC, -250)]
    [InlineData(0xE70, -25_000)]
    [InlineData(0xC90, -55_000)]
    [InlineData(0x800, -128_000)]
    public void Tmp1075_and_every_chip_of_twelve_bits(int upperTwelve, int milliCelsius)
    {
        var code = unchecked((short)((short)(upperTwelve << 4) >> 4));
        Assert.Equal(new MilliCelsius(milliCelsius), Tmp1075.Convert(code));
        Assert.Equal(new MilliCelsius(milliCelsius), Lm75.Convert(code));
        Assert.Equal(new MilliCelsius(milliCelsius), Mcp9808.Convert(code));
        Assert.Equal(new MilliCelsius(milliCelsius), Mcp9600.Convert(code));
    }

    /// <summary>The LM75's table of nine bits, left-justified as it stands in the register.</summary>
    [Theory]
    [InlineData(0x0FA, 125_000)]
    [InlineData(0x032, 25_000)]
    [InlineData(0x001, 500)]
    [InlineData(0x000, 0)]
    [InlineData(0x1FF, -500)]
    [InlineData(0x1E7, -12_500)]
    [InlineData(0x1CE, -25_000)]
    [InlineData(0x192, -55_000)]
    public void Lm75_of_nine_bits(int nineBits, int milliCelsius)
    {
        using var bench = new ChipBench(ChipKind.Lm75).Warm(20_000);
        ((EmulatedLm75)bench.Chip).Tamper(0x00, (ushort)(nineBits << 7));
        var sample = bench.Driver.Read();
        Assert.Equal((Outcome.Measured, new MilliCelsius(milliCelsius)), (sample.Outcome, bench.Driver.ToTemperature(sample.Code)));
    }

    /// <summary>DS25095, register 5-4: flags above, then sign, then 2^7 to 2^-4; the flags must not reach the temperature.</summary>
    [Theory]
    [InlineData(0xC194, 25_250)] // The datasheet's own worked example.
    [InlineData(0x0000, 0)]
    [InlineData(0x0001, 62)]
    [InlineData(0xE000, 0)]
    [InlineData(0x3FFF, -62)]
    [InlineData(0x1E70, -25_000)]
    [InlineData(0xDD80, -40_000)]
    [InlineData(0x07D0, 125_000)]
    public void Mcp9808_below_its_flags(int word, int milliCelsius)
    {
        using var bench = new ChipBench(ChipKind.Mcp9808).Warm(20_000);
        ((EmulatedMcp9808)bench.Chip).Tamper(0x05, (ushort)word);
        var sample = bench.Driver.Read();
        Assert.Equal((Outcome.Measured, new MilliCelsius(milliCelsius)), (sample.Outcome, bench.Driver.ToTemperature(sample.Code)));
    }

    /// <summary>Sensirion's formula at its ends and in between, to the nearest m°C; and the datasheet's CRC example.</summary>
    [Theory]
    [InlineData(0x0000, -45_000)]
    [InlineData(0xFFFF, 130_000)]
    [InlineData(0x6666, 25_000)] // 0.4 of the range: −45 + 70.
    [InlineData(0x41D3, -2)] // −2.29 m°C
    [InlineData(0x41D4, 0)] // 0.38 m°C
    [InlineData(0x41D5, 3)] // 3.05 m°C
    public void Sht4x_over_its_whole_range(int code, int milliCelsius)
    {
        Assert.Equal(new MilliCelsius(milliCelsius), Sht4x.Convert((ushort)code));
        Assert.Equal(0x92, Sht4x.Check([0xBE, 0xEF]));
    }

    /// <summary>The widespread driver is wrong by 2,048 °C below zero: it masks sign bits that this chip does not have.</summary>
    [Theory]
    [InlineData(0xF380, -200_000)]
    [InlineData(0xFB50, -75_000)]
    [InlineData(0xFEB8, -20_500)]
    [InlineData(0xFFFF, -62)]
    [InlineData(0x0000, 0)]
    [InlineData(0x0051, 5_062)]
    [InlineData(0x55C0, 1_372_000)]
    public void Mcp9600_is_right_below_zero(int word, int milliCelsius)
    {
        using var bench = new ChipBench(ChipKind.Mcp9600).Warm(20_000);
        ((EmulatedMcp9600)bench.Chip).Tamper(0x00, (ushort)word);
        var sample = bench.Driver.Read();
        Assert.Equal((Outcome.Measured, new MilliCelsius(milliCelsius)), (sample.Outcome, bench.Driver.ToTemperature(sample.Code)));
    }
}
