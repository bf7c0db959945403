using Sensors.Chips;

namespace Sensors.Emulation;

/// <summary>A TCA9548A as its datasheet describes it: one register, a bit for each channel, all off at power-up.</summary>
public sealed class EmulatedTca9548A(int address = 0x70) : EmulatedChip(address)
{
    private readonly List<(int Channel, EmulatedChip Chip)> behind = [];

    /// <summary>The control register: bit n set connects channel n.</summary>
    public byte Selected { get; set; }

    /// <summary>Called after each write of the control register: a glitch changes <see cref="Selected"/> here.</summary>
    public Action? AfterSelect { get; set; }

    internal IEnumerable<EmulatedChip> Connected => behind.Where(wire => (Selected & (1 << wire.Channel)) != 0).Select(wire => wire.Chip);

    public void Attach(int channel, EmulatedChip chip)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)channel, (uint)Tca9548A.Channels);
        behind.Add((channel, chip));
    }

    public void Detach(EmulatedChip chip) => behind.RemoveAll(wire => wire.Chip == chip);

    public override void PowerUp() => Selected = 0;

    public override void FinishConversion(int milliCelsius)
    {
        // A switch measures nothing.
    }

    protected override void TakeBytes(ReadOnlySpan<byte> bytes)
    {
        Selected = bytes[^1];
        AfterSelect?.Invoke();
    }

    protected override void GiveBytes(Span<byte> bytes) => bytes.Fill(Selected);
}
