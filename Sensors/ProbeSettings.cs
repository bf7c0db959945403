using System.Collections.Immutable;
using System.Globalization;
using Evidence;
using Sensors.Chips;

namespace Sensors;

/// <summary>One probe as it is configured: where it hangs, which chip it is, and what its certificate says.</summary>
public sealed record ProbeSettings
{
    /// <summary>The channel's index in the manifest. A gateway's channels run from 0 without a hole.</summary>
    public ushort Channel { get; init; }

    /// <summary>Where in the vehicle it hangs, for people: "cargo, rear". Required.</summary>
    public string Place { get; init; } = "";

    /// <summary>The probe's own serial number, as on its label and its certificate. Required.</summary>
    public string Serial { get; init; } = "";

    /// <summary>Which chip answers at the address. Required.</summary>
    public ChipKind Chip { get; init; }

    /// <summary>N of /dev/i2c-N. Default 1, the Raspberry Pi's pins 3 and 5.</summary>
    public int Bus { get; init; } = 1;

    /// <summary>The chip's seven-bit address, in decimal where the configuration format has no hexadecimal (72 is 0x48).
    /// Required.</summary>
    public int Address { get; init; }

    /// <summary>The address of the TCA9548A switch in front of the probe, 112 to 119 (0x70 to 0x77); null (the default) for none.</summary>
    public int? MuxAddress { get; init; }

    /// <summary>The switch's channel, 0 to 7. Required with <see cref="MuxAddress"/>.</summary>
    public int? MuxChannel { get; init; }

    /// <summary>The thermocouple on an MCP9600; other chips have none. Default K.</summary>
    public ThermocoupleType Thermocouple { get; init; }

    /// <summary>A colder chip temperature is OutOfRange. In m°C; default: the coldest the chip can measure.</summary>
    public int? ColdestMilliCelsius { get; init; }

    /// <summary>A warmer chip temperature is OutOfRange. In m°C; default: the warmest the chip can measure.</summary>
    public int? WarmestMilliCelsius { get; init; }

    /// <summary>What the laboratory found; null (the default) for an uncalibrated probe.</summary>
    public CalibrationSettings? Calibration { get; init; }

    /// <summary>What is wrong with these settings, a sentence each; empty when nothing is.</summary>
    public ImmutableArray<string> Problems()
    {
        var problems = ImmutableArray.CreateBuilder<string>();
        void Unless(bool fine, string problem)
        {
            if (!fine)
            {
                problems.Add($"Probe {Channel}: {problem}");
            }
        }

        Unless(!string.IsNullOrWhiteSpace(Place), "Place is empty; say where it hangs, for example \"cargo, rear\".");
        Unless(!string.IsNullOrWhiteSpace(Serial), "Serial is empty; copy it from the probe's label.");
        Unless(Bus is >= 0 and <= 255, $"Bus is {Bus}; give the N of /dev/i2c-N, 0 to 255.");
        if (Enum.IsDefined(Chip) && Chip != ChipKind.Unknown)
        {
            var addresses = Thermometers.AddressesOf(Chip);
            Unless(
                addresses.Contains(Address),
                $"Address is {Hex(Address)}; a {Chip} answers at {Hex(addresses[0])} to {Hex(addresses[^1])}.");
        }
        else
        {
            Unless(false, $"Chip is {Chip}; give one of {string.Join(", ", Enum.GetNames<ChipKind>().Skip(1))}.");
        }

        Unless(MuxAddress is null or (>= 0x70 and <= 0x77), $"MuxAddress is {Hex(MuxAddress ?? 0)}; a TCA9548A answers at 0x70 to 0x77.");
        Unless(MuxAddress is null == MuxChannel is null, "MuxAddress and MuxChannel belong together; give both or neither.");
        Unless(MuxChannel is null or (>= 0 and < Tca9548A.Channels), $"MuxChannel is {MuxChannel}; a TCA9548A has channels 0 to 7.");
        Unless(
            Enum.IsDefined(Thermocouple),
            $"Thermocouple is {Thermocouple}; give one of {string.Join(", ", Enum.GetNames<ThermocoupleType>())}.");
        Unless(
            !(ColdestMilliCelsius >= WarmestMilliCelsius),
            $"ColdestMilliCelsius {ColdestMilliCelsius} is not below WarmestMilliCelsius {WarmestMilliCelsius}.");
        problems.AddRange((Calibration?.Problems() ?? []).Select(problem => $"Probe {Channel}: {problem}"));
        return problems.ToImmutable();
    }

    /// <summary>What is wrong with all probes of a gateway together, their own problems included.</summary>
    public static ImmutableArray<string> Problems(IReadOnlyCollection<ProbeSettings> probes)
    {
        var problems = probes.SelectMany(probe => probe.Problems()).ToList();
        if (probes.Count == 0)
        {
            problems.Add("No probe is configured; add one, `gateway probes` shows what answers on the bus.");
        }

        var channels = probes.Select(probe => (int)probe.Channel).Order().ToList();
        if (!channels.SequenceEqual(Enumerable.Range(0, channels.Count)))
        {
            problems.Add($"Channels are {string.Join(", ", channels)}; they must run from 0 without a hole and without a double.");
        }

        var wires = probes.GroupBy(probe => (probe.Bus, probe.MuxAddress, probe.MuxChannel, probe.Address))
            .Where(wire => wire.Count() > 1);
        problems.AddRange(wires.Select(wire =>
            $"Probes {string.Join(" and ", wire.Select(p => p.Channel))} are one chip, {Hex(wire.Key.Address)} on bus {wire.Key.Bus}."));
        return [.. problems];
    }

    internal static string Hex(int address) => string.Create(CultureInfo.InvariantCulture, $"0x{address:X2}");
}

/// <summary>A probe's certificate as it is configured: one offset, or two points.</summary>
public sealed record CalibrationSettings
{
    /// <summary>The certificate's number. Required.</summary>
    public string Certificate { get; init; } = "";

    /// <summary>SHA-256 of the certificate file, 64 hexadecimal digits. Required.</summary>
    public string CertificateSha256 { get; init; } = "";

    /// <summary>When the certificate ends. Required; a date without a time zone is read as the machine's, so write one.</summary>
    public DateTimeOffset Expires { get; init; }

    /// <summary>What is added to every temperature, in m°C. Either this or both points.</summary>
    public int? OffsetMilliCelsius { get; init; }

    /// <summary>What the probe showed at the first point, in m°C.</summary>
    public int? FirstShownMilliCelsius { get; init; }

    /// <summary>What the reference showed at the first point, in m°C.</summary>
    public int? FirstTrueMilliCelsius { get; init; }

    /// <summary>What the probe showed at the second point, in m°C.</summary>
    public int? SecondShownMilliCelsius { get; init; }

    /// <summary>What the reference showed at the second point, in m°C.</summary>
    public int? SecondTrueMilliCelsius { get; init; }

    private int PointNumbers => new[] { FirstShownMilliCelsius, FirstTrueMilliCelsius, SecondShownMilliCelsius, SecondTrueMilliCelsius }
        .Count(number => number is not null);

    /// <summary>What is wrong with these settings, a sentence each; empty when nothing is.</summary>
    public ImmutableArray<string> Problems()
    {
        var problems = ImmutableArray.CreateBuilder<string>();
        if (string.IsNullOrWhiteSpace(Certificate))
        {
            problems.Add("Calibration.Certificate is empty; give the certificate's number, or leave the whole calibration out.");
        }

        if (CertificateSha256.Length != 2 * Digest.Length || !CertificateSha256.All(char.IsAsciiHexDigit))
        {
            problems.Add("Calibration.CertificateSha256 is not 64 hexadecimal digits; `sha256sum` of the certificate file prints them.");
        }

        if (Expires.ToUnixTimeMilliseconds() < Moment.WallFloorMs)
        {
            problems.Add("Calibration.Expires is missing; give the day the certificate ends, for example 2027-03-31T00:00:00Z.");
        }

        if (PointNumbers is not (0 or 4) || OffsetMilliCelsius is null == (PointNumbers == 0))
        {
            problems.Add("Calibration needs either OffsetMilliCelsius or all four of First/Second Shown/True MilliCelsius.");
        }
        else if (PointNumbers == 4 && Math.Abs((long)SecondShownMilliCelsius!.Value - FirstShownMilliCelsius!.Value) < 1_000)
        {
            problems.Add("Calibration's two points are less than 1 °C apart; a line through them says nothing elsewhere.");
        }

        problems.AddRange(Corrections().Where(correction => Math.Abs(correction.Milli) > CorrectionMaxMilliCelsius).Select(correction =>
            $"Calibration corrects by {correction.Milli} m°C ({correction.Where}); "
            + $"more than {CorrectionMaxMilliCelsius} is a broken probe or a slip."));
        return problems.ToImmutable();
    }

    /// <summary>The largest correction that is still a calibration: 10 °C.</summary>
    public const int CorrectionMaxMilliCelsius = 10_000;

    /// <summary>The calibration itself. Call after <see cref="Problems"/> gave none.</summary>
    public Calibration ToCalibration()
    {
        var digest = Digest.FromHex(CertificateSha256);
        var expiry = Expires.ToUnixTimeMilliseconds();
        return OffsetMilliCelsius is { } offset
            ? Calibration.Offset(Certificate, digest, expiry, new(offset))
            : Calibration.TwoPoint(
                Certificate,
                digest,
                expiry,
                new(new(FirstShownMilliCelsius!.Value), new(FirstTrueMilliCelsius!.Value)),
                new(new(SecondShownMilliCelsius!.Value), new(SecondTrueMilliCelsius!.Value)));
    }

    private IEnumerable<(string Where, long Milli)> Corrections()
    {
        if (OffsetMilliCelsius is { } offset)
        {
            yield return ("offset", offset);
        }

        if (PointNumbers == 4)
        {
            yield return ("first point", (long)FirstTrueMilliCelsius!.Value - FirstShownMilliCelsius!.Value);
            yield return ("second point", (long)SecondTrueMilliCelsius!.Value - SecondShownMilliCelsius!.Value);
        }
    }
}
