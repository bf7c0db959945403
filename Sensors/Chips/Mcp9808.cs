using System.Device.I2c;
using Evidence;

namespace Sensors.Chips;

/// <summary>Microchip MCP9808, a digital thermometer at 0x18 to 0x1F (datasheet DS25095, registers 5-1 to 5-6).</summary>
/// <remarks>Thirteen bits, sign included, below three alert flags; one code is 62.5 m°C. It holds 0.0 °C from power-up until its first
/// conversion ends, so a mark in T_LOWER (85 °C; the alert output is off) tells a chip that has just been powered.</remarks>
public sealed class Mcp9808(I2cDevice device) : IThermometer
{
    private readonly PowerUpMark mark = new(device, (byte)Register.LowerLimit, powerUpValue: 0x0000, mark: 0x0550);

    private enum Register : byte
    {
        LowerLimit = 0x03,
        Temperature = 0x05,
        Manufacturer = 0x06,
        Device = 0x07,
    }

    public MilliCelsius Coldest => new(-40_000);

    public MilliCelsius Warmest => new(125_000);

    /// <summary>Takes one sample without waiting: the chip converts on its own, every 250 ms.</summary>
    public Sample Read()
    {
        try
        {
            var first = ReadCode();
            var manufacturer = ReadWord(Register.Manufacturer);
            var kind = ReadWord(Register.Device);
            if (Registers.IsBrokenLine(manufacturer) || Registers.IsBrokenLine(kind))
            {
                return new(Outcome.Implausible, first);
            }

            if (!IsMcp9808(manufacturer, kind))
            {
                return Sample.Without(Outcome.NotPresent);
            }

            var state = mark.Check();
            return PowerUpMark.Judge(state, first, ReadCode());
        }
        catch (IOException fault)
        {
            return Sample.Without(BusFault.Classify(fault));
        }
    }

    public MilliCelsius ToTemperature(int code) => Convert((short)code);

    public string? Identify() =>
        ReadWord(Register.Manufacturer) is var manufacturer && ReadWord(Register.Device) is var kind && IsMcp9808(manufacturer, kind)
            ? $"MCP9808, manufacturer 0x{manufacturer:X4}, device 0x{kind:X4}"
            : null;

    /// <summary>The temperature a thirteen-bit code stands for, rounded towards zero by half a m°C at most.</summary>
    public static MilliCelsius Convert(short code) => new(code * 125 / 2);

    private static bool IsMcp9808(ushort manufacturer, ushort kind) => manufacturer == 0x0054 && kind >> 8 == 0x04;

    // Bits 15 to 13 are alert flags; bit 12 is the sign. Shifting left and back extends it.
    private short ReadCode() => unchecked((short)((short)(ReadWord(Register.Temperature) << 3) >> 3));

    private ushort ReadWord(Register register) => Registers.ReadWord(device, (byte)register);
}
