using System.Device.I2c;
using Evidence;

namespace Sensors.Chips;

/// <summary>What a <see cref="PowerUpMark"/> found.</summary>
internal enum MarkState
{
    /// <summary>The mark stands: the chip has had power since it was written, and the data line carries both zeros and ones.</summary>
    Kept,

    /// <summary>The power-up value stood there: the chip has just been powered. The mark is written and was read back.</summary>
    PoweredUp,

    /// <summary>Zeros, or ones, where neither mark nor power-up value has them.</summary>
    BrokenLine,

    /// <summary>Something else: another chip, or another program that sets limits.</summary>
    Foreign,
}

/// <summary>A known value in a limit register that is not otherwise used.</summary>
/// <remarks>It answers two questions a temperature register cannot. A data line shorted to ground reads 0.0 °C from every register without
/// any error; and these chips hold 0.0 °C from power-up until their first conversion ends. Either would be a freeze alarm.</remarks>
internal sealed class PowerUpMark(I2cDevice device, byte register, ushort powerUpValue, ushort mark)
{
    public MarkState Check()
    {
        var content = Registers.ReadWord(device, register);
        if (content == mark)
        {
            return MarkState.Kept;
        }

        if (content != powerUpValue)
        {
            return Registers.IsBrokenLine(content) ? MarkState.BrokenLine : MarkState.Foreign;
        }

        Registers.WriteWord(device, register, mark);
        return Registers.ReadWord(device, register) == mark ? MarkState.PoweredUp : MarkState.BrokenLine;
    }

    /// <summary>What two readings of the data register are worth, given the mark checked between them. Codes of 62.5 m°C.</summary>
    public static Sample Judge(MarkState state, short first, short second) => state switch
    {
        MarkState.BrokenLine => new(Outcome.Implausible, second),
        MarkState.Foreign => Sample.Without(Outcome.NotPresent),
        MarkState.PoweredUp when first == 0 || second == 0 => new(Outcome.NotReady, second), // F-04: 0.0 °C before the first conversion.
        _ => new(Sample.Agree(Lm75.Convert(first), Lm75.Convert(second)) ? Outcome.Measured : Outcome.Implausible, second),
    };
}
