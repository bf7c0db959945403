namespace Sensors.Emulation;

/// <summary>Faults of wires and chips that come and go, each drawn from one seed and the wall time: the same seed gives the same ones at
/// the same times, over a restart too.</summary>
/// <remarks>
/// Time is divided into slots of 20 s. In one of 30 the whole bus is ill (cable off, data line low, data line floating, clock line low);
/// otherwise each chip is silent in one of 40 and has noise on its wire in one of 40. Call from the thread that moves the truck.
/// </remarks>
public sealed class EmulatedMishaps(ulong seed, EmulatedBus bus, IReadOnlyList<EmulatedChip> chips)
{
    /// <summary>How long one mishap lasts, and how rare they are.</summary>
    public const long SlotMs = 20_000, BusOnceIn = 30, ChipOnceIn = 40;

    private const int NoAcknowledge = 121;
    private static readonly LineFault[] LineFaults = [LineFault.CableOff, LineFault.DataLow, LineFault.DataFloating, LineFault.ClockLow];
    private long slot = -1;

    /// <summary>From here on the wires are as they are at this wall time.</summary>
    public void MoveTo(long wallMs)
    {
        if (wallMs / SlotMs == slot)
        {
            return;
        }

        slot = wallMs / SlotMs;
        var line = Draw(0) is var drawn && drawn % BusOnceIn == 0 ? LineFaults[drawn / BusOnceIn % (ulong)LineFaults.Length] : LineFault.None;
        if (bus.Line == LineFault.ClockLow && line != LineFault.ClockLow)
        {
            bus.ReleaseClock(); // The one transfer that hangs fails, as the kernel lets it.
        }

        bus.Line = line;
        for (var i = 0; i < chips.Count; i++)
        {
            var fate = Draw(i + 1);
            chips[i].FailsWith = fate % ChipOnceIn == 0 ? NoAcknowledge : null;
            chips[i].Noise = fate % ChipOnceIn == 1 ? bytes => bytes[^1] ^= 0x10 : null;
        }
    }

    /// <summary>One draw for this slot and one place; SplitMix64's last step over all three (Steele, Lea, Flood 2014).</summary>
    private ulong Draw(int place)
    {
        unchecked
        {
            var state = seed + ((ulong)slot * 0x9E3779B97F4A7C15) + ((ulong)place * 0xD1B54A32D192ED03);
            var mixed = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9;
            mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
            return mixed ^ (mixed >> 31);
        }
    }
}
