using System.Collections.Immutable;
using System.Device.I2c;
using Evidence;
using Gateway.Configuration;
using Sensors;
using Sensors.Chips;
using Sensors.Emulation;

namespace Gateway.Tests.Simulation;

/// <summary>One probe of the simulated truck.</summary>
/// <param name="Zone">Where it hangs.</param>
/// <param name="ToleranceMilli">How far its nearest code may be from the truth.</param>
/// <param name="MuxChannel">Behind the switch; null for none.</param>
internal sealed record WiredProbe(TruckZone Zone, ChipKind Kind, int Address, int ToleranceMilli, int? MuxChannel)
{
    /// <param name="made">How many chips were made before it: its serial number, where its kind has one.</param>
    public EmulatedChip NewChip(uint made) => Kind switch
    {
        ChipKind.Tmp117 => new EmulatedTmp117(Address, serial: 0x0117_0001_0001UL + (made * 0x0001_0001UL)),
        ChipKind.Lm75 => new EmulatedLm75(Address),
        ChipKind.Mcp9808 => new EmulatedMcp9808(Address),
        _ => new EmulatedSht4x(Address, 0x4000_0001u + made),
    };

    /// <summary>What such a chip gives as its own number; empty when its kind has none.</summary>
    public string SerialOf(uint made) => Kind switch
    {
        ChipKind.Tmp117 => $"{0x0117_0001_0001UL + (made * 0x0001_0001UL):X12}",
        ChipKind.Sht4x => $"{0x4000_0001u + made:X8}",
        _ => "",
    };
}

/// <summary>The truck's modelled climate and five emulated chips of four kinds on one bus, two of them behind a switch.</summary>
internal sealed class TruckWiring : IDisposable
{
    public static readonly ImmutableArray<WiredProbe> Probes =
    [
        new(TruckZone.CargoFront, ChipKind.Tmp117, 0x48, 8, null),
        new(TruckZone.CargoRear, ChipKind.Lm75, 0x4A, 251, null),
        new(TruckZone.ReturnAir, ChipKind.Mcp9808, 0x18, 33, null),
        new(TruckZone.CargoFront, ChipKind.Tmp117, 0x49, 8, 2),
        new(TruckZone.Door, ChipKind.Sht4x, 0x44, 3, 5),
    ];

    /// <summary>Upper limit of all but the door, in m°C.</summary>
    public const int High = 8_000;

    private const long LookEveryMs = 60_000;
    private readonly ThermalTruck climate;
    private long lastMs;
    private readonly EmulatedChip[] chips = [.. Probes.Select(probe => probe.NewChip(0))];
    private readonly string[] serials = [.. Probes.Select(probe => probe.SerialOf(0))];
    private uint made;
    private readonly bool[] isForeign = new bool[Probes.Length];

    public TruckWiring(ulong seed)
    {
        climate = ThermalTruck.ThroughTheYear(seed);
        Bus.Attach(Mux);
        for (var i = 0; i < Probes.Length; i++)
        {
            Attach(i, chips[i]);
        }
    }

    public EmulatedBus Bus { get; } = new();

    public EmulatedTca9548A Mux { get; } = new();

    public EmulatedChip this[int channel] => chips[channel];

    /// <summary>How the probes would stand in the settings.</summary>
    public static ImmutableArray<ConfiguredProbe> Configured(int high) => [.. Probes.Select((probe, i) => new ConfiguredProbe(
        new()
        {
            Channel = (ushort)i,
            Place = $"{probe.Zone} {i}",
            Serial = $"Y-{i}",
            Chip = probe.Kind,
            Address = probe.Address,
            MuxAddress = probe.MuxChannel is null ? null : 0x70,
            MuxChannel = probe.MuxChannel,
        }, new(probe.Zone == TruckZone.Door ? -40_000 : 2_000), new(probe.Zone == TruckZone.Door ? 60_000 : high)))];

    public I2cBus Open(int number) => Bus.Open(number);

    /// <summary>The true temperature at a probe now.</summary>
    public int Truth(int channel) => climate.MilliCelsius(Probes[channel].Zone);

    /// <summary>What each channel's limits are, and how far its code may be from the truth.</summary>
    public static ImmutableArray<ChannelLimits> Limits => [.. Configured(High).Select((probe, i) =>
        new ChannelLimits(probe.Low.Value, probe.High.Value, Probes[i].ToleranceMilli))];

    /// <summary>Time passes: every chip has converted since.</summary>
    /// <param name="looked">Told the time at every step of the climate on the way.</param>
    public void MoveTo(long trueMs, Action<long>? looked = null)
    {
        for (var at = lastMs + LookEveryMs; at < trueMs && lastMs > 0 && looked is not null; at += LookEveryMs)
        {
            climate.MoveTo(at);
            looked(at);
        }

        lastMs = trueMs;
        climate.MoveTo(trueMs);
        looked?.Invoke(trueMs);
        for (var i = 0; i < chips.Length; i++)
        {
            if (!isForeign[i])
            {
                chips[i].FinishConversion(Truth(i));
            }
        }
    }

    /// <summary>The own number of the chip that hangs at this channel; empty when it has none.</summary>
    public string Serial(int channel) => serials[channel];

    /// <summary>A fresh chip of its kind hangs at this channel's address from now on, or one of another kind.</summary>
    public void Swap(int channel, EmulatedChip? foreign = null)
    {
        Detach(channel);
        made++;
        isForeign[channel] = foreign is not null;
        serials[channel] = foreign is null ? Probes[channel].SerialOf(made) : "";
        Attach(channel, foreign ?? Probes[channel].NewChip(made));
    }

    public void Dispose() => Bus.Dispose();

    private void Attach(int channel, EmulatedChip chip)
    {
        chips[channel] = chip;
        if (Probes[channel].MuxChannel is { } place)
        {
            Mux.Attach(place, chip);
        }
        else
        {
            Bus.Attach(chip);
        }
    }

    private void Detach(int channel)
    {
        if (Probes[channel].MuxChannel is not null)
        {
            Mux.Detach(chips[channel]);
        }
        else
        {
            Bus.Detach(chips[channel]);
        }
    }
}
