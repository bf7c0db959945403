using Sensors.Chips;
using Sensors.Emulation;

namespace Gateway.Tests.Sensors;

/// <summary>One chip of each kind on a bus of its own, read by the production driver.</summary>
internal sealed class ChipBench : IDisposable
{
    public ChipBench(ChipKind kind)
        : this(kind, EmulatedOf(kind))
    {
    }

    public ChipBench(ChipKind kind, EmulatedChip chip)
    {
        Chip = chip;
        Bus.Attach(chip);
        Driver = Thermometers.Create(kind, Bus.Open(1).CreateDevice(chip.Address));
    }

    public static TheoryData<ChipKind> Kinds => [.. Enum.GetValues<ChipKind>().Where(kind => kind != ChipKind.Unknown)];

    public EmulatedBus Bus { get; } = new();

    public EmulatedChip Chip { get; }

    public IThermometer Driver { get; }

    public static EmulatedChip EmulatedOf(ChipKind kind) => kind switch
    {
        ChipKind.Tmp117 => new EmulatedTmp117(),
        ChipKind.Tmp1075 => new EmulatedTmp1075(),
        ChipKind.Lm75 => new EmulatedLm75(),
        ChipKind.Tmp105 => new EmulatedLm75(hasResolution: true),
        ChipKind.Mcp9808 => new EmulatedMcp9808(),
        ChipKind.Sht4x => new EmulatedSht4x(),
        _ => new EmulatedMcp9600(),
    };

    /// <summary>Half of the chip's step, and the m°C that rounding to whole ones can add.</summary>
    public static int HalfStepMilliCelsius(ChipKind kind) => kind switch
    {
        ChipKind.Tmp117 => 5,
        ChipKind.Sht4x => 2,
        ChipKind.Lm75 => 251,
        _ => 32,
    };

    /// <summary>The chip has been powered long ago and has spoken with the gateway before.</summary>
    public ChipBench Warm(int milliCelsius)
    {
        Chip.FinishConversion(milliCelsius);
        Driver.Read();
        Chip.FinishConversion(milliCelsius); // Once more: a TMP105 has only now been set to twelve bits.
        return this;
    }

    public void Dispose() => Bus.Dispose();
}
