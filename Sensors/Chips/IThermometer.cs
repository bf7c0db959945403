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

    /// <summary>The number that the factory gave this very chip, in hexadecimal; null when its kind has none, or the answer was unsound.
    /// Writes nothing to the chip's registers.</summary>
    /// <remarks>LM75, TMP105, TMP1075, MCP9808 and MCP9600 have none: one of them swapped for another of its kind cannot be told from
    /// its bytes. A probe that must be told has a TMP117 or an SHT4x.</remarks>
    /// <exception cref="IOException">The bus gave no answer.</exception>
    string? SerialNumber() => null;
}
