namespace Sensors.Emulation;

/// <summary>An MCP9808 as its datasheet describes it: thirteen bits below three flags that compare with the limits.</summary>
public sealed class EmulatedMcp9808 : EmulatedRegisterChip
{
    public EmulatedMcp9808(int address = 0x18)
        : base(address)
    {
        Define(0x01, 2, 0x0000, writable: 0x07DF);
        Define(0x02, 2, 0x0000, writable: 0x1FFC);
        Define(0x03, 2, 0x0000, writable: 0x1FFC);
        Define(0x04, 2, 0x0000, writable: 0x1FFC);
        Define(0x05, 2, 0x0000);
        Define(0x06, 2, 0x0054);
        Define(0x07, 2, 0x0400);
        Define(0x08, 1, 0x0003, writable: 0x03);
    }

    public override void FinishConversion(int milliCelsius)
    {
        var code = NearestCode(milliCelsius, 2, 125, -4096, 4095);
        var flags = (code >= Limit(0x04) ? 0x8000 : 0) | (code > Limit(0x02) ? 0x4000 : 0) | (code < Limit(0x03) ? 0x2000 : 0);
        this[0x05] = (ushort)(flags | (code & 0x1FFF));
    }

    private int Limit(byte register) => unchecked((short)(this[register] << 3)) >> 3;
}
