using System.Device.I2c;
using Evidence;

namespace Sensors.Chips;

/// <summary>LM75 and its register-compatible relations (LM75A/B, TMP75, TMP105, TMP175) at 0x48 to 0x4F.</summary>
/// <remarks>
/// <para>There is no identity register. What can be checked: at power-up T_HYST holds 75 °C (0x4B00) and T_OS 80 °C (0x5000). Only a chip
/// that shows both is written to: it gets 74.5 °C (0x4A80, which fits the nine bits an LM75 keeps) into T_HYST, and every reading checks
/// it.</para>
/// <para>9 to 12 bits stand left-justified in the data register, so one formula holds for all: a code is the upper twelve bits, 62.5 m°C
/// each.
/// The register holds 0.0 °C from power-up until the first conversion ends.</para>
/// </remarks>
/// <param name="device">The chip's address on its bus.</param>
/// <param name="resolutionBits">9 to 12 sets the resolution of a TMP75, TMP105 or TMP175; null (the default) never writes the
/// configuration register, whose upper bits are reserved in an LM75.</param>
public sealed class Lm75(I2cDevice device, int? resolutionBits = null) : IThermometer
{
    private const ushort HysteresisAtPowerUp = 0x4B00, OvertemperatureAtPowerUp = 0x5000, Mark = 0x4A80;

    private readonly PowerUpMark mark = new(device, (byte)Register.Hysteresis, HysteresisAtPowerUp, Mark);

    private enum Register : byte
    {
        Temperature = 0x00,
        Configuration = 0x01,
        Hysteresis = 0x02,
        Overtemperature = 0x03,
    }

    public MilliCelsius Coldest => new(-55_000);

    public MilliCelsius Warmest => new(125_000);

    /// <summary>Takes one sample without waiting: the chip converts on its own, about every 100 ms, 220 ms at 12 bits.</summary>
    public Sample Read()
    {
        try
        {
            var first = ReadCode();
            var overtemperature = ReadWord(Register.Overtemperature);
            if (Registers.IsBrokenLine(overtemperature))
            {
                return new(Outcome.Implausible, first); // F-01: a TMP105 whose SDA is shorted reads 0.0 °C from here, without an error.
            }

            if (overtemperature != OvertemperatureAtPowerUp)
            {
                return Sample.Without(Outcome.NotPresent); // An ADS1115 or a TMP117 has other values here: do not write to it.
            }

            var state = mark.Check();
            if (state is MarkState.Kept or MarkState.PoweredUp)
            {
                SetResolution();
            }

            return PowerUpMark.Judge(state, first, ReadCode());
        }
        catch (IOException fault)
        {
            return Sample.Without(BusFault.Classify(fault));
        }
    }

    public MilliCelsius ToTemperature(int code) => Convert((short)code);

    public string? Identify() =>
        ReadWord(Register.Overtemperature) == OvertemperatureAtPowerUp && ReadWord(Register.Hysteresis) is HysteresisAtPowerUp or Mark
            ? "LM75-compatible, by its limit registers"
            : null;

    /// <summary>The temperature a twelve-bit code stands for, rounded towards zero by half a m°C at most.</summary>
    public static MilliCelsius Convert(short code) => new(code * 125 / 2);

    private void SetResolution()
    {
        if (resolutionBits is not { } bits)
        {
            return;
        }

        var wanted = unchecked((byte)((bits - 9) << 5));
        var configuration = Registers.ReadByte(device, (byte)Register.Configuration);
        if ((configuration & 0x60) != wanted)
        {
            Registers.WriteByte(device, (byte)Register.Configuration, unchecked((byte)((configuration & ~0x60) | wanted)));
        }
    }

    private short ReadCode() => unchecked((short)((short)ReadWord(Register.Temperature) >> 4));

    private ushort ReadWord(Register register) => Registers.ReadWord(device, (byte)register);
}
