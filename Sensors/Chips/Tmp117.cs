using System.Device.I2c;
using System.Globalization;
using Evidence;

namespace Sensors.Chips;

/// <summary>Texas Instruments TMP117, a digital thermometer at 0x48 to 0x4B (datasheet SNOSD82, tables "Temperature Register" and "Device
/// ID").</summary>
/// <remarks>One code is 7.8125 m°C, so every whole degree is an exact code: 8.000 °C is 1024.</remarks>
public sealed class Tmp117(I2cDevice device) : IThermometer
{
    /// <summary>What register 00h holds from power-up until the first conversion ends: −256 °C, never a temperature.</summary>
    public const short NotYetConverted = unchecked((short)0x8000);

    private enum Register : byte
    {
        Temperature = 0x00,
        UniqueId1 = 0x05,
        UniqueId2 = 0x06,
        UniqueId3 = 0x08,
        DeviceId = 0x0F,
    }

    public MilliCelsius Coldest => new(-55_000);

    public MilliCelsius Warmest => new(150_000);

    /// <summary>Takes one sample without waiting: the chip converts on its own, by default once a second.</summary>
    public Sample Read()
    {
        try
        {
            var first = unchecked((short)ReadWord(Register.Temperature));
            var id = ReadWord(Register.DeviceId);
            var code = unchecked((short)ReadWord(Register.Temperature));
            if (Registers.IsBrokenLine(id))
            {
                return new(Outcome.Implausible, code); // F-01: SDA shorted reads zeros everywhere, without an error.
            }

            if (!IsTmp117(id))
            {
                return Sample.Without(Outcome.NotPresent); // F-02: another chip answers here: a swapped probe, not a temperature.
            }

            if (first == NotYetConverted || code == NotYetConverted)
            {
                return new(Outcome.NotReady, NotYetConverted);
            }

            return new(Sample.Agree(Convert(first), Convert(code)) ? Outcome.Measured : Outcome.Implausible, code);
        }
        catch (IOException fault)
        {
            return Sample.Without(BusFault.Classify(fault)); // F-03: a wet connector NACKs. The gap is evidence, so it is recorded.
        }
    }

    public MilliCelsius ToTemperature(int code) => Convert((short)code);

    public string? Identify() =>
        ReadWord(Register.DeviceId) is var id && IsTmp117(id) ? $"TMP117, device id 0x{id:X4}" : null;

    /// <summary>The unique number of 48 bits that the factory writes into EEPROM1 to EEPROM3.</summary>
    /// <remarks>A word of zeros or ones cannot be told from a broken line, and counts as no answer: that costs one chip of 11,000 its
    /// number.</remarks>
    public string? SerialNumber()
    {
        var (first, second, third) = (ReadWord(Register.UniqueId1), ReadWord(Register.UniqueId2), ReadWord(Register.UniqueId3));
        return Registers.IsBrokenLine(first) || Registers.IsBrokenLine(second) || Registers.IsBrokenLine(third)
            ? null
            : string.Create(CultureInfo.InvariantCulture, $"{first:X4}{second:X4}{third:X4}");
    }

    /// <summary>The temperature a code stands for, rounded towards zero by less than 1 m°C.</summary>
    public static MilliCelsius Convert(short code) => new(code * 125 / 16);

    // The upper four bits are the silicon's revision (2 on a TMP119).
    private static bool IsTmp117(ushort id) => (id & 0x0FFF) == 0x0117;

    private ushort ReadWord(Register register) => Registers.ReadWord(device, (byte)register);
}
