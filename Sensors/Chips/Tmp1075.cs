using System.Device.I2c;
using Evidence;

namespace Sensors.Chips;

/// <summary>Texas Instruments TMP1075, a digital thermometer at 0x48 to 0x4F (datasheet SBOS854, tables "Register Map" and "Temperature
/// Data").</summary>
/// <remarks>Twelve bits, left-justified; one code is 62.5 m°C. It holds 0.0 °C from power-up until its first conversion ends.</remarks>
public sealed class Tmp1075(I2cDevice device) : IThermometer
{
    private readonly PowerUpMark mark = new(device, (byte)Register.LowLimit, powerUpValue: 0x4B00, mark: 0x4A80);

    private enum Register : byte
    {
        Temperature = 0x00,
        LowLimit = 0x02,
        DeviceId = 0x0F,
    }

    public MilliCelsius Coldest => new(-55_000);

    public MilliCelsius Warmest => new(125_000);

    /// <summary>Takes one sample without waiting: the chip converts on its own, by default every 27.5 ms.</summary>
    public Sample Read()
    {
        try
        {
            var first = ReadCode();
            var id = ReadWord(Register.DeviceId);
            if (Registers.IsBrokenLine(id))
            {
                return new(Outcome.Implausible, first);
            }

            if (id != 0x7500)
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

    public string? Identify() => ReadWord(Register.DeviceId) == 0x7500 ? "TMP1075, device id 0x7500" : null;

    /// <summary>The temperature a twelve-bit code stands for, rounded towards zero by half a m°C at most.</summary>
    public static MilliCelsius Convert(short code) => new(code * 125 / 2);

    private short ReadCode() => unchecked((short)((short)ReadWord(Register.Temperature) >> 4));

    private ushort ReadWord(Register register) => Registers.ReadWord(device, (byte)register);
}
