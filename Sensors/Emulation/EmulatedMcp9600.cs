namespace Sensors.Emulation;

/// <summary>An MCP9600 or MCP9601 as its datasheet describes it: a hot junction of sixteen bits, and a status that says when it is
/// new.</summary>
public sealed class EmulatedMcp9600 : EmulatedRegisterChip
{
    private const byte HotJunction = 0x00, Difference = 0x01, ColdJunction = 0x02, Status = 0x04;

    public EmulatedMcp9600(int address = 0x60, bool isMcp9601 = false)
        : base(address)
    {
        Define(HotJunction, 2, 0x0000);
        Define(Difference, 2, 0x0000);
        Define(ColdJunction, 2, 0x0000);
        Define(Status, 1, 0x0000, writable: 0xC0);
        Define(0x05, 1, 0x0000, writable: 0x77);
        Define(0x06, 1, 0x0000, writable: 0xFF);
        Define(0x20, 2, (ushort)(isMcp9601 ? 0x4112 : 0x4012));
    }

    /// <summary>The thermocouple's wire is open (MCP9601) or its voltage beyond its range (MCP9600).</summary>
    public bool IsInputOutOfRange { get; set; }

    /// <summary>The thermocouple is shorted to a supply (MCP9601 only).</summary>
    public bool IsShorted { get; set; }

    public override void FinishConversion(int milliCelsius)
    {
        const int ColdJunctionMilliCelsius = 20_000;
        this[HotJunction] = Code(milliCelsius);
        this[ColdJunction] = Code(ColdJunctionMilliCelsius);
        this[Difference] = Code(milliCelsius - ColdJunctionMilliCelsius);
        this[Status] = (ushort)((this[Status] & 0x80) | 0x40 | (IsShorted ? 0x20 : 0) | (IsInputOutOfRange ? 0x10 : 0));
    }

    private static ushort Code(int milliCelsius) => unchecked((ushort)NearestCode(milliCelsius, 2, 125, short.MinValue, short.MaxValue));
}
