namespace Sensors.Emulation;

/// <summary>A TMP117 as its datasheet describes it: −256 °C until the first conversion, a data-ready flag that reading clears.</summary>
public sealed class EmulatedTmp117 : EmulatedRegisterChip
{
    private const ushort DataReady = 0x2000;

    /// <param name="serial">The 48 bits of its unique number; zero (the default) for a chip that has lost it.</param>
    public EmulatedTmp117(int address = 0x48, ushort deviceId = 0x0117, ulong serial = 0)
        : base(address)
    {
        Define(0x00, 2, 0x8000);
        Define(0x01, 2, 0x0220, writable: 0x0FFC);
        Define(0x02, 2, 0x6000, writable: 0xFFFF);
        Define(0x03, 2, 0x8000, writable: 0xFFFF);
        Define(0x04, 2, 0x0000, writable: 0x8000);
        Define(0x05, 2, unchecked((ushort)(serial >> 32)), writable: 0xFFFF);
        Define(0x06, 2, unchecked((ushort)(serial >> 16)), writable: 0xFFFF);
        Define(0x07, 2, 0x0000, writable: 0xFFFF);
        Define(0x08, 2, unchecked((ushort)serial), writable: 0xFFFF);
        Define(0x0F, 2, deviceId);
    }

    public override void FinishConversion(int milliCelsius)
    {
        this[0x00] = unchecked((ushort)NearestCode(milliCelsius, 16, 125, short.MinValue + 1, short.MaxValue));
        this[0x01] |= DataReady;
    }

    protected override void HasBeenRead(byte register)
    {
        if (register is 0x00 or 0x01)
        {
            this[0x01] &= unchecked((ushort)~DataReady);
        }
    }
}
