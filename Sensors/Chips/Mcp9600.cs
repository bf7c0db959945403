using System.Device.I2c;
using Evidence;

namespace Sensors.Chips;

/// <summary>Microchip MCP9600/MCP9601 thermocouple converter at 0x60 to 0x67 (datasheet DS20005426, registers 5-1 to 5-9).</summary>
/// <remarks>The hot junction stands as a plain two's complement word of 62.5 m°C a code, below zero too: no sign bit is to be
/// masked.</remarks>
/// <param name="device">The chip's address on its bus.</param>
/// <param name="type">The thermocouple that is connected; the chip linearises for it and powers up with K.</param>
public sealed class Mcp9600(I2cDevice device, ThermocoupleType type = ThermocoupleType.K) : IThermometer
{
    private const byte ConversionDone = 0x40, ShortCircuit = 0x20, InputOutOfRange = 0x10;

    private enum Register : byte
    {
        HotJunction = 0x00,
        Status = 0x04,
        SensorConfiguration = 0x05,
        DeviceId = 0x20,
    }

    public MilliCelsius Coldest => type is ThermocoupleType.J or ThermocoupleType.N ? new(-150_000) : new(-200_000);

    public MilliCelsius Warmest => type switch
    {
        ThermocoupleType.T => new(400_000),
        ThermocoupleType.E => new(1_000_000),
        ThermocoupleType.J => new(1_200_000),
        ThermocoupleType.N => new(1_300_000),
        _ => new(1_372_000),
    };

    /// <summary>Takes one sample without waiting: the chip converts on its own, every 320 ms at 18 bits.</summary>
    public Sample Read()
    {
        try
        {
            var first = ReadCode();
            var id = Registers.ReadWord(device, (byte)Register.DeviceId);
            if (Registers.IsBrokenLine(id))
            {
                return new(Outcome.Implausible, first);
            }

            if (!IsMcp960x(id))
            {
                return Sample.Without(Outcome.NotPresent);
            }

            if (ChangeTypeIfNeeded())
            {
                return Sample.Without(Outcome.NotReady); // What stands there was linearised for another pair of metals.
            }

            var status = Registers.ReadByte(device, (byte)Register.Status);
            var code = ReadCode();
            return new(Judge(status, first, code, id), code);
        }
        catch (IOException fault)
        {
            return Sample.Without(BusFault.Classify(fault));
        }
    }

    public MilliCelsius ToTemperature(int code) => Convert((short)code);

    public string? Identify() =>
        Registers.ReadWord(device, (byte)Register.DeviceId) is var id && IsMcp960x(id)
            ? $"MCP960{(id >> 8) - 0x40}, device id 0x{id:X4}"
            : null;

    /// <summary>The temperature a code stands for, rounded towards zero by half a m°C at most.</summary>
    public static MilliCelsius Convert(short code) => new(code * 125 / 2);

    private static bool IsMcp960x(ushort id) => id >> 8 is 0x40 or 0x41;

    private static Outcome Judge(byte status, short first, short code, ushort id)
    {
        if ((status & ConversionDone) == 0)
        {
            return Outcome.NotReady; // Set by the first conversion after power-up and never cleared here.
        }

        if ((status & InputOutOfRange) != 0)
        {
            return Outcome.OutOfRange; // MCP9600: beyond the thermocouple's range. MCP9601: its wire is broken.
        }

        var shorted = id >> 8 == 0x41 && (status & ShortCircuit) != 0; // The MCP9600 has no such detector.
        return !shorted && Sample.Agree(Convert(first), Convert(code)) ? Outcome.Measured : Outcome.Implausible;
    }

    private bool ChangeTypeIfNeeded()
    {
        var configuration = Registers.ReadByte(device, (byte)Register.SensorConfiguration);
        if ((configuration & 0x70) >> 4 == (int)type)
        {
            return false;
        }

        Registers.WriteByte(device, (byte)Register.SensorConfiguration, unchecked((byte)((configuration & ~0x70) | ((int)type << 4))));
        Registers.WriteByte(device, (byte)Register.Status, 0x00); // From here the flag means: converted for the new type.
        return true;
    }

    private short ReadCode() => unchecked((short)Registers.ReadWord(device, (byte)Register.HotJunction));
}
