using System.Collections.Immutable;
using System.Device.I2c;

namespace Sensors.Chips;

/// <summary>Every chip this house can read: its file and its addresses.</summary>
public static class Thermometers
{
    /// <summary>The addresses a chip can be strapped to, by its datasheet, rising.</summary>
    public static ImmutableArray<int> AddressesOf(ChipKind kind) => kind switch
    {
        ChipKind.Tmp117 => [.. Enumerable.Range(0x48, 4)],
        ChipKind.Tmp1075 or ChipKind.Lm75 or ChipKind.Tmp105 => [.. Enumerable.Range(0x48, 8)],
        ChipKind.Mcp9808 => [.. Enumerable.Range(0x18, 8)],
        ChipKind.Sht4x => [.. Enumerable.Range(0x44, 3)],
        ChipKind.Mcp9600 => [.. Enumerable.Range(0x60, 8)],
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "No chip of this kind is known."),
    };

    /// <summary>The driver for a chip. No I/O happens here.</summary>
    public static IThermometer Create(ChipKind kind, I2cDevice device, ThermocoupleType thermocouple = ThermocoupleType.K) => kind switch
    {
        ChipKind.Tmp117 => new Tmp117(device),
        ChipKind.Tmp1075 => new Tmp1075(device),
        ChipKind.Lm75 => new Lm75(device),
        ChipKind.Tmp105 => new Lm75(device, resolutionBits: 12),
        ChipKind.Mcp9808 => new Mcp9808(device),
        ChipKind.Sht4x => new Sht4x(device),
        ChipKind.Mcp9600 => new Mcp9600(device, thermocouple),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "No chip of this kind is known."),
    };
}
