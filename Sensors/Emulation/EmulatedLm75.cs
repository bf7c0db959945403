namespace Sensors.Emulation;

/// <summary>An LM75 (nine bits, limits of nine bits), or a TMP105/TMP75, whose configuration register sets nine to twelve.</summary>
public sealed class EmulatedLm75 : EmulatedRegisterChip
{
    private readonly bool hasResolution;

    public EmulatedLm75(int address = 0x48, bool hasResolution = false)
        : base(address)
    {
        this.hasResolution = hasResolution;
        var limitBits = (ushort)(hasResolution ? 0xFFF0 : 0xFF80);
        Define(0x00, 2, 0x0000);
        Define(0x01, 1, 0x0000, writable: (ushort)(hasResolution ? 0x7F : 0x1F));
        Define(0x02, 2, 0x4B00, writable: limitBits);
        Define(0x03, 2, 0x5000, writable: limitBits);
    }

    /// <summary>How many bits a conversion has now.</summary>
    public int ResolutionBits => hasResolution ? 9 + ((this[0x01] >> 5) & 3) : 9;

    public override void FinishConversion(int milliCelsius)
    {
        var bits = ResolutionBits;
        var code = NearestCode(milliCelsius, 1 << (bits - 8), 1_000, -(1 << (bits - 1)), (1 << (bits - 1)) - 1);
        this[0x00] = unchecked((ushort)(code << (16 - bits)));
    }

    protected override byte Select(byte pointerByte) => (byte)(pointerByte & 3);
}
