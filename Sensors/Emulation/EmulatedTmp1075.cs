namespace Sensors.Emulation;

/// <summary>A TMP1075 as its datasheet describes it: twelve bits left-justified, 0.0 °C until the first conversion.</summary>
public sealed class EmulatedTmp1075 : EmulatedRegisterChip
{
    public EmulatedTmp1075(int address = 0x48)
        : base(address)
    {
        Define(0x00, 2, 0x0000);
        Define(0x01, 2, 0x00FF, writable: 0xFF00);
        Define(0x02, 2, 0x4B00, writable: 0xFFF0);
        Define(0x03, 2, 0x5000, writable: 0xFFF0);
        Define(0x0F, 2, 0x7500);
    }

    public override void FinishConversion(int milliCelsius) =>
        this[0x00] = unchecked((ushort)(NearestCode(milliCelsius, 2, 125, -2048, 2047) << 4));
}
