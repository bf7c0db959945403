using System.Collections.Immutable;
using System.Device.I2c;
using Evidence;
using Sensors.Chips;

namespace Sensors;

/// <summary>One address of a scanned bus.</summary>
/// <param name="Bus">N of /dev/i2c-N.</param>
/// <param name="MuxAddress">The switch in front of it; null for none.</param>
/// <param name="MuxChannel">The switch's channel; null for none.</param>
/// <param name="Address">The seven-bit address.</param>
/// <param name="Channel">The configured channel; null when the configuration does not name this address.</param>
/// <param name="Chip">The chip that answers, "TCA9548A" for a switch, "?" for one that is not known; empty when nobody answers.</param>
/// <param name="Identity">How it was recognised, in words; empty when it was not.</param>
/// <param name="Outcome">How its one sample ended; NotSampled for a switch and for a chip that is not known.</param>
/// <param name="RawCode">The data register; null when nothing was sampled.</param>
/// <param name="Temperature">Calibrated where a calibration is configured; null unless Measured.</param>
/// <param name="Problem">What is wrong, and what to do; empty when nothing is.</param>
public sealed record ProbeScanRow(
    int Bus,
    int? MuxAddress,
    int? MuxChannel,
    int Address,
    ushort? Channel,
    string Chip,
    string Identity,
    Outcome Outcome,
    int? RawCode,
    MilliCelsius? Temperature,
    string Problem);

/// <summary>What a scan found.</summary>
/// <param name="Rows">By switch, switch channel and address; configured probes that nobody answers for are among them.</param>
/// <param name="BusProblem">What is wrong with the bus as a whole, and what to do; empty when nothing is.</param>
public sealed record ProbeScanReport(ImmutableArray<ProbeScanRow> Rows, string BusProblem);

/// <summary>Asks every address at which a chip of this house can sit who answers there. Other addresses are left alone: reading them can
/// upset an unknown chip. Do not run it beside a gateway that samples the same bus.</summary>
public sealed class ProbeScan
{
    /// <summary>A bus on which one address takes longer has its clock line held low: the scan ends there.</summary>
    private static readonly TimeSpan AnswerMax = TimeSpan.FromSeconds(2);

    private static readonly ImmutableArray<ChipKind> Kinds =
        [ChipKind.Tmp117, ChipKind.Tmp1075, ChipKind.Lm75, ChipKind.Mcp9808, ChipKind.Sht4x, ChipKind.Mcp9600];

    private static readonly ImmutableArray<int> Addresses =
        [.. Kinds.SelectMany(kind => Thermometers.AddressesOf(kind)).Distinct().Order()];

    private readonly int bus;
    private readonly ImmutableArray<ProbeSettings> configured;
    private readonly TimeProvider clock;
    private readonly List<ProbeScanRow> rows = [];
    private readonly HashSet<int> onTheBusItself = [];
    private int zeros, ones;
    private string busProblem = "";

    private ProbeScan(int bus, ImmutableArray<ProbeSettings> configured, TimeProvider clock)
    {
        this.bus = bus;
        this.configured = configured;
        this.clock = clock;
    }

    /// <summary>Scans one bus.</summary>
    /// <param name="bus">N of /dev/i2c-N.</param>
    /// <param name="openBus">Opens it, for example <see cref="I2cBus.Create"/>.</param>
    /// <param name="configured">What the configuration expects; probes of other buses are ignored. Empty when there is no
    /// configuration.</param>
    /// <param name="clock">Measures how long the bus takes, and tells whether a certificate has ended.</param>
    public static ProbeScanReport Run(int bus, Func<int, I2cBus> openBus, IEnumerable<ProbeSettings> configured, TimeProvider clock)
    {
        var scan = new ProbeScan(bus, [.. configured.Where(probe => probe.Bus == bus)], clock);
        scan.Scan(openBus);
        var order = scan.rows.OrderBy(row => row.MuxAddress ?? 0).ThenBy(row => row.MuxChannel ?? 0).ThenBy(row => row.Address);
        return new([.. order], scan.busProblem);
    }

    private void Scan(Func<int, I2cBus> openBus)
    {
        try
        {
            using var wire = openBus(bus);
            var muxes = FindMuxes(wire);
            ScanWire(wire, null, null);
            foreach (var address in muxes)
            {
                using var mux = new Tca9548A(wire, address);
                for (var channel = 0; channel < Tca9548A.Channels; channel++)
                {
                    ScanWire(mux.Channel(channel), address, channel);
                }
            }
        }
        catch (IOException fault)
        {
            busProblem = BusFault.Describe(fault, bus);
        }

        JudgeWires();
        AddMissing();
    }

    private List<int> FindMuxes(I2cBus wire)
    {
        var found = new List<int>();
        for (var address = 0x70; address <= 0x77 && busProblem.Length == 0; address++)
        {
            using var mux = new Tca9548A(wire, address);
            if (Ask(mux.Identify))
            {
                found.Add(address);
                rows.Add(new(bus, null, null, address, null, "TCA9548A", "a switch: its register gives back what is written",
                    Outcome.NotSampled, null, null, ""));
            }
        }

        return found;
    }

    private void ScanWire(I2cBus wire, int? muxAddress, int? muxChannel)
    {
        foreach (var address in Addresses)
        {
            if (busProblem.Length > 0)
            {
                return;
            }

            if (muxAddress is not null && onTheBusItself.Contains(address))
            {
                continue; // It answers through every channel, and hides whoever shares its address behind the switch.
            }

            using var device = wire.CreateDevice(address);
            Ask(() =>
            {
                Look(device, address, muxAddress, muxChannel);
                return true;
            });
        }
    }

    /// <summary>False when nobody acknowledges. Trouble that is not one chip's own ends the scan.</summary>
    private bool Ask(Func<bool> question)
    {
        var start = clock.GetTimestamp();
        try
        {
            return question();
        }
        catch (IOException fault) when (BusFault.Classify(fault) == Outcome.NoAcknowledge)
        {
            return false;
        }
        finally
        {
            if (clock.GetElapsedTime(start) > AnswerMax)
            {
                busProblem = $"Bus {bus} takes seconds for one answer: look for a wet connector or a pinched cable that holds SCL low.";
            }
        }
    }

    private void Look(I2cDevice device, int address, int? muxAddress, int? muxChannel)
    {
        var expected = configured.FirstOrDefault(probe =>
            (probe.Address, probe.MuxAddress, probe.MuxChannel) == (address, muxAddress, muxChannel));
        var answered = false;
        foreach (var kind in Kinds.Where(kind => Thermometers.AddressesOf(kind).Contains(address)))
        {
            string? identity = null;
            answered |= Ask(() =>
            {
                identity = Thermometers.Create(kind, device).Identify();
                return true;
            });
            if (identity is not null)
            {
                Found(device, kind, identity, address, muxAddress, muxChannel, expected);
                return;
            }
        }

        if (answered)
        {
            Unknown(device, address, muxAddress, muxChannel, expected);
        }
    }

    private void Found(
        I2cDevice device, ChipKind kind, string identity, int address, int? muxAddress, int? muxChannel, ProbeSettings? expected)
    {
        if (muxAddress is null)
        {
            onTheBusItself.Add(address);
        }

        var fits = expected is null || expected.Chip == kind || (expected.Chip == ChipKind.Tmp105 && kind == ChipKind.Lm75);
        var settings = fits && expected is not null ? expected : new ProbeSettings { Chip = kind };
        var probe = new Probe(settings, Thermometers.Create(settings.Chip, device, settings.Thermocouple));
        var reading = probe.Read(default);
        if (reading.Outcome == Outcome.NotReady)
        {
            using var tick = new ManualResetEventSlim();
            tick.Wait(millisecondsTimeout: 400); // The chip's own time: the longest first conversion of these chips takes 320 ms.
            reading = probe.Read(default);
        }

        var problem = expected switch
        {
            null => $"{ProbeAdvice.For(reading.Outcome)} Not in the configuration.".TrimStart(),
            _ when !fits => $"Channel {expected.Channel} is configured as {expected.Chip}, but {kind} answers: correct either.",
            _ => $"{ProbeAdvice.For(reading.Outcome)} {Expiry(expected)}".Trim(),
        };
        rows.Add(new(bus, muxAddress, muxChannel, address, expected?.Channel, $"{settings.Chip}".ToUpperInvariant(), identity,
            reading.Outcome, reading.RawCode, reading.Temperature, problem));
    }

    private void Unknown(I2cDevice device, int address, int? muxAddress, int? muxChannel, ProbeSettings? expected)
    {
        ushort word = 0x0001; // Neither zeros nor ones: what an SHT4x counts as when it refuses a register read.
        Ask(() =>
        {
            word = Registers.ReadWord(device, 0x00);
            return true;
        });
        zeros += word == 0x0000 ? 1 : 0;
        ones += word == 0xFFFF ? 1 : 0;
        var problem = Registers.IsBrokenLine(word)
            ? $"Only {(word == 0 ? "zeros" : "ones")} come back. {ProbeAdvice.For(Outcome.Implausible)}"
            : "Something answers that is none of the chips known here. Check the probe's type.";
        rows.Add(new(bus, muxAddress, muxChannel, address, expected?.Channel, "?", "", Outcome.NotSampled, null, null, problem));
    }

    /// <summary>One short makes every address answer: one sentence about the wires then stands for all those rows.</summary>
    private void JudgeWires()
    {
        if (zeros < Addresses.Length && ones < Addresses.Length)
        {
            return;
        }

        rows.Clear();
        busProblem = zeros >= Addresses.Length
            ? $"Every address of bus {bus} answers with zeros: the data line (SDA) is shorted to ground. Unplug the probes one by one."
            : $"Every address of bus {bus} answers with ones: the data line (SDA) is open or held high. Check the cable.";
    }

    private void AddMissing()
    {
        foreach (var probe in configured.Where(probe => !rows.Any(row => row.Channel == probe.Channel)))
        {
            var problem = busProblem.Length > 0
                ? "Not reached; see the bus's own problem."
                : $"Nobody answers as {probe.Chip} at {ProbeSettings.Hex(probe.Address)}. Check plug, address and supply.";
            rows.Add(new(bus, probe.MuxAddress, probe.MuxChannel, probe.Address, probe.Channel, "", "",
                Outcome.NotSampled, null, null, problem));
        }
    }

    private string Expiry(ProbeSettings probe) =>
        probe.Calibration is { } calibration && calibration.Expires <= clock.GetUtcNow()
            ? $"Certificate {calibration.Certificate} ended on {calibration.Expires.UtcDateTime:yyyy-MM-dd}: have the probe calibrated."
            : "";
}
