using Evidence;

namespace Sensors.Chips;

/// <summary>A temperature chip at one I2C address. Its constructor does no I/O; every method does, and failure is part of the
/// answer.</summary>
public interface IThermometer
{
    /// <summary>The coldest temperature for which the datasheet gives the chip an accuracy.</summary>
    MilliCelsius Coldest { get; }

    /// <summary>The warmest temperature for which the datasheet gives the chip an accuracy.</summary>
    MilliCelsius Warmest { get; }

    /// <summary>Takes one sample. Never throws for trouble on the bus and never gives the last known value.</summary>
    Sample Read();

    /// <summary>The temperature that a code from <see cref="Read"/> stands for, before calibration; rounding as the chip's own Convert
    /// says.</summary>
    MilliCelsius ToTemperature(int code);

    /// <summary>Who answers, in words for a person ("TMP117, device id 0x0117"); null when it is not this chip. Writes nothing to the
    /// chip.</summary>
    /// <exception cref="IOException">The bus gave no answer; <see cref="BusFault"/> says why.</exception>
    string? Identify();
}
