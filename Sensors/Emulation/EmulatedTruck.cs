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
    /// <summary>How many probes the modelled truck has unless told otherwise, and at most.</summary>
    public const int ModelledProbes = 4, ModelledProbesMax = 8;

    private const int InnerMilliCelsius = 150;
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
        var chip = new EmulatedTmp117(serial: 0x1171_0C25_20F1UL);
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

    /// <summary>A modelled truck with probes of three kinds, one of every four behind a switch.</summary>
    /// <param name="seed">Of the weather and the doors.</param>
    /// <param name="probes">How many probes, 1 to 8; default 4. The second four hang in the same zones, a little farther in.</param>
    /// <param name="mishaps">Seed of faults of wires and chips that come and go; null for none.</param>
    public static EmulatedTruck Modelled(ulong seed, int probes = ModelledProbes, ulong? mishaps = null)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(probes, Math.Clamp(probes, 1, ModelledProbesMax));
        var truck = new ThermalTruck(seed);
        var mux = new EmulatedTca9548A();
        (TruckZone Zone, string Place, ChipKind Kind, EmulatedChip Chip)[] hung =
        [
            (TruckZone.CargoFront, "cargo, front", ChipKind.Tmp117, new EmulatedTmp117(0x48, serial: 0x1171_0C25_1000UL)),
            (TruckZone.CargoRear, "cargo, rear", ChipKind.Tmp117, new EmulatedTmp117(0x49, serial: 0x1171_0C25_1001UL)),
            (TruckZone.ReturnAir, "return air", ChipKind.Mcp9808, new EmulatedMcp9808(0x18)),
            (TruckZone.Door, "door", ChipKind.Sht4x, new EmulatedSht4x(0x44, 0x0D00_A001)),
            (TruckZone.CargoFront, "cargo, front, inner", ChipKind.Tmp117, new EmulatedTmp117(0x4A, serial: 0x1171_0C25_1002UL)),
            (TruckZone.CargoRear, "cargo, rear, inner", ChipKind.Tmp117, new EmulatedTmp117(0x4B, serial: 0x1171_0C25_1003UL)),
            (TruckZone.ReturnAir, "return air, inner", ChipKind.Mcp9808, new EmulatedMcp9808(0x19)),
            (TruckZone.Door, "door, inner", ChipKind.Sht4x, new EmulatedSht4x(0x44, 0x0D00_A002)),
        ];
        hung = hung[..probes];
        var direct = new List<EmulatedChip> { mux };
        for (var i = 0; i < hung.Length; i++)
        {
            if (hung[i].Kind == ChipKind.Sht4x)
            {
                mux.Attach(i, hung[i].Chip);
            }
            else
            {
                direct.Add(hung[i].Chip);
            }
        }

        EmulatedMishaps? faults = null;
        var made = new EmulatedTruck([.. hung.Select((probe, i) => Probe((ushort)i, probe.Place, $"E-100{i + 1}", probe.Kind,
            probe.Chip.Address) with
        { MuxAddress = probe.Kind == ChipKind.Sht4x ? mux.Address : null, MuxChannel = probe.Kind == ChipKind.Sht4x ? i : null })],
            MoveTo, [.. direct]);
        faults = mishaps is { } dice ? new(dice, made.Bus, [.. hung.Select(probe => probe.Chip)]) : null;
        return made;

        void MoveTo(long wallMs)
        {
            truck.MoveTo(wallMs);
            for (var i = 0; i < hung.Length; i++)
            {
                hung[i].Chip.FinishConversion(truck.MilliCelsius(hung[i].Zone) + (i < ModelledProbes ? 0 : InnerMilliCelsius));
            }

            faults?.MoveTo(wallMs);
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
