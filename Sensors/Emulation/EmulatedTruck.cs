using System.Collections.Immutable;
using System.Device.I2c;
using Sensors.Chips;

namespace Sensors.Emulation;

/// <summary>Emulated chips on an emulated bus, and what makes them warm: a recorded trip or a modelled truck. For <c>run --emulate</c>
/// and the demo.</summary>
/// <remarks>Give <see cref="Probes"/> and <see cref="Open"/> to a <see cref="Sampler"/>, and call <see cref="MoveTo"/> before each round.
/// Use from one thread; chips are read between two calls of MoveTo only.</remarks>
public sealed class EmulatedTruck : IDisposable
{
    private readonly Action<long> moveTo;

    private EmulatedTruck(ImmutableArray<ProbeSettings> probes, Action<long> moveTo, params ReadOnlySpan<EmulatedChip> chips)
    {
        Probes = probes;
        this.moveTo = moveTo;
        Bus.Attach(chips);
    }

    /// <summary>The wires, for faults.</summary>
    public EmulatedBus Bus { get; } = new();

    /// <summary>The probes as they would be configured, channels from 0.</summary>
    public ImmutableArray<ProbeSettings> Probes { get; }

    /// <summary>Five weeks of a real refrigerator through one TMP117; where the logger's sensor was disconnected, the probe is
    /// too.</summary>
    public static EmulatedTruck Replaying(ReplayTrip trip)
    {
        var chip = new EmulatedTmp117();
        var probe = Probe(0, "vaccine refrigerator, middle shelf", trip.Serial, ChipKind.Tmp117, chip.Address);
        return new([probe], MoveTo, chip);

        void MoveTo(long wallMs)
        {
            var celsius = trip.TemperatureAt(wallMs);
            chip.FailsWith = celsius is null ? 121 : null;
            if (celsius is { } known)
            {
                chip.FinishConversion(known.Value);
            }
        }
    }

    /// <summary>A modelled truck with four probes of three kinds, one of them behind a switch.</summary>
    public static EmulatedTruck Modelled(ulong seed)
    {
        var truck = new ThermalTruck(seed);
        var mux = new EmulatedTca9548A();
        (TruckZone Zone, EmulatedChip Chip)[] hung =
        [
            (TruckZone.CargoFront, new EmulatedTmp117(0x48)),
            (TruckZone.CargoRear, new EmulatedTmp117(0x49)),
            (TruckZone.ReturnAir, new EmulatedMcp9808(0x18)),
            (TruckZone.Door, new EmulatedSht4x(0x44)),
        ];
        mux.Attach(3, hung[3].Chip);
        return new(
            [
                Probe(0, "cargo, front", "E-1001", ChipKind.Tmp117, 0x48),
                Probe(1, "cargo, rear", "E-1002", ChipKind.Tmp117, 0x49),
                Probe(2, "return air", "E-1003", ChipKind.Mcp9808, 0x18),
                Probe(3, "door", "E-1004", ChipKind.Sht4x, 0x44) with { MuxAddress = mux.Address, MuxChannel = 3 },
            ],
            MoveTo,
            hung[0].Chip,
            hung[1].Chip,
            hung[2].Chip,
            mux);

        void MoveTo(long wallMs)
        {
            truck.MoveTo(wallMs);
            foreach (var (zone, chip) in hung)
            {
                chip.FinishConversion(truck.MilliCelsius(zone));
            }
        }
    }

    /// <summary>The temperatures of this wall time stand in every chip's register from here on.</summary>
    public void MoveTo(long wallMs) => moveTo(wallMs);

    /// <summary>Opens the emulated bus, whatever its number.</summary>
    public I2cBus Open(int number) => Bus.Open(number);

    public void Dispose() => Bus.Dispose();

    private static ProbeSettings Probe(ushort channel, string place, string serial, ChipKind chip, int address) =>
        new() { Channel = channel, Place = place, Serial = serial, Chip = chip, Address = address };
}
