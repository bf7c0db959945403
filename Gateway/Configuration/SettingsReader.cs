using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using Evidence;
using Sensors;
using Sensors.Chips;

namespace Gateway.Configuration;

/// <summary>One line of `config show`: a setting's effective value and where it comes from.</summary>
public sealed record EffectiveSetting(string Path, string Text, string Origin);

/// <summary>What reading the settings gave: either settings, or problems, one sentence each that names the key and the next step.</summary>
/// <param name="Settings">Null when there are problems.</param>
/// <param name="Problems">Empty when there are settings.</param>
/// <param name="Effective">Every known setting that has a value, defaults included, for `config show`.</param>
public sealed record SettingsResult(GatewaySettings? Settings, ImmutableArray<string> Problems, ImmutableArray<EffectiveSetting> Effective);

/// <summary>From flattened settings to <see cref="GatewaySettings"/>: ranges checked, unknown keys named.</summary>
public sealed class SettingsReader
{
    public const string DefaultFile = "/etc/coldproof/gateway.json";
    private const int UnknownMax = 20, SuggestedLengthMax = 80;
    private readonly RawSettings raw;
    private readonly HashSet<string> known = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<string> problems;
    private readonly List<EffectiveSetting> effective = [];

    private SettingsReader(RawSettings raw)
    {
        this.raw = raw;
        problems = [.. raw.Problems];
    }

    /// <summary>Reads everything and finds every problem at once, not only the first.</summary>
    /// <param name="needsProbes">False for verbs that work without probes.</param>
    public static SettingsResult Read(RawSettings raw, bool needsProbes = true)
    {
        var reader = new SettingsReader(raw);
        var settings = reader.All(needsProbes);
        reader.NameUnknownKeys();
        return new(reader.problems.Count == 0 ? settings : null, [.. reader.problems], [.. reader.effective]);
    }

    private GatewaySettings All(bool needsProbes)
    {
        var directory = Text("DataDirectory", "/var/lib/coldproof-gateway");
        if (!Path.IsPathRooted(directory))
        {
            problems.Add($"DataDirectory is \"{directory}\"; give a path from the root, beginning with /.");
        }

        var interval = Number("Sampling:IntervalMs", 60_000, Manifest.IntervalMsMin, Manifest.IntervalMsMax);
        var deadline = Number("Sampling:DeadlineMs", 2_000, 100, 30_000);
        if (deadline >= interval)
        {
            problems.Add($"Sampling:DeadlineMs {deadline} is not below Sampling:IntervalMs {interval}: rounds would overlap; lower the "
                + $"deadline.");
        }

        var age = Number("Sealing:AgeMaxSeconds", 300, 10, 3_600);
        var leaves = Number("Sealing:LeavesMax", 4_096, 256, 16_384);
        var patience = Number("Sealing:WordPatienceSeconds", 300, 0, 604_800);
        var budget = Number("Storage:BudgetMegabytes", 1_000, 50, 1_000_000);
        var probes = Probes(needsProbes);
        var plain = Flag("Uplink:AllowPlainTcp", false);
        var brokers = Brokers(plain);
        return new(directory, interval, deadline, age, leaves, probes, brokers, plain, Listen(), Telemetry())
        { BudgetMegabytes = budget, WordPatienceSeconds = patience };
    }

    private ImmutableArray<ConfiguredProbe> Probes(bool isNeeded)
    {
        var probes = ImmutableArray.CreateBuilder<ConfiguredProbe>();
        // One more than there may be is read, so that it is refused; a thousand would only be a thousand refusals.
        var count = raw.CountOf("Probes");
        for (var i = 0; i < Math.Min(count, BatchLimits.ChannelsMax + 1); i++)
        {
            probes.Add(Probe(string.Create(CultureInfo.InvariantCulture, $"Probes:{i}:"), (ushort)i));
        }

        if (isNeeded || probes.Count > 0)
        {
            problems.AddRange(ProbeSettings.Problems([.. probes.Select(probe => probe.Probe)]));
        }

        if (probes.Count > BatchLimits.ChannelsMax)
        {
            problems.Add($"{count} probes are configured; one gateway has at most {BatchLimits.ChannelsMax}.");
        }

        return [.. probes.OrderBy(probe => probe.Probe.Channel)];
    }

    private ConfiguredProbe Probe(string at, ushort index)
    {
        var probe = new ProbeSettings
        {
            Channel = (ushort)Number(at + "Channel", index, 0, BatchLimits.ChannelsMax - 1),
            Place = Text(at + "Place", "", Manifest.TextLengthMax),
            Serial = Text(at + "Serial", "", Manifest.TextLengthMax),
            Chip = Name(at + "Chip", ChipKind.Unknown),
            Bus = Number(at + "Bus", 1, 0, 255),
            Address = Number(at + "Address", 0, 0, 127),
            MuxAddress = OptionalNumber(at + "MuxAddress"),
            MuxChannel = OptionalNumber(at + "MuxChannel"),
            Thermocouple = Name(at + "Thermocouple", ThermocoupleType.K),
            ColdestMilliCelsius = OptionalNumber(at + "ColdestMilliCelsius"),
            WarmestMilliCelsius = OptionalNumber(at + "WarmestMilliCelsius"),
            Calibration = raw.Has(at + "Calibration") ? Calibration(at + "Calibration:") : null,
        };
        var low = Number(at + "LowMilliCelsius", 2_000, -273_150, 1_800_000);
        var high = Number(at + "HighMilliCelsius", 8_000, -273_150, 1_800_000);
        if (low > high)
        {
            problems.Add($"{at}LowMilliCelsius {low} is above {at}HighMilliCelsius {high}; exchange or correct them.");
        }

        return new(probe, new(low), new(high));
    }

    private CalibrationSettings Calibration(string at) => new()
    {
        Certificate = Text(at + "Certificate", "", 80),
        CertificateSha256 = Text(at + "CertificateSha256", ""),
        Expires = Time(at + "Expires"),
        OffsetMilliCelsius = OptionalNumber(at + "OffsetMilliCelsius"),
        FirstShownMilliCelsius = OptionalNumber(at + "FirstShownMilliCelsius"),
        FirstTrueMilliCelsius = OptionalNumber(at + "FirstTrueMilliCelsius"),
        SecondShownMilliCelsius = OptionalNumber(at + "SecondShownMilliCelsius"),
        SecondTrueMilliCelsius = OptionalNumber(at + "SecondTrueMilliCelsius"),
    };

    private ImmutableArray<BrokerAddress> Brokers(bool allowPlain)
    {
        var brokers = ImmutableArray.CreateBuilder<BrokerAddress>();
        for (var i = 0; i < raw.CountOf("Uplink:Brokers"); i++)
        {
            var path = string.Create(CultureInfo.InvariantCulture, $"Uplink:Brokers:{i}");
            var text = Text(path, "");
            try
            {
                var broker = BrokerAddress.Parse(text);
                if (!broker.Tls && !allowPlain)
                {
                    problems.Add($"{path} is {text}, which is not encrypted; give mqtts://, or set Uplink:AllowPlainTcp to true and "
                        + $"answer for it.");
                }

                brokers.Add(broker);
            }
            catch (MalformedEvidenceException fault)
            {
                problems.Add($"{path}: {fault.Message}");
            }
        }

        return brokers.ToImmutable();
    }

    private IPEndPoint Listen()
    {
        var text = Text("Status:Listen", "127.0.0.1:8480");
        if (!IPEndPoint.TryParse(text, out var point) || !text.Contains(':', StringComparison.Ordinal))
        {
            problems.Add($"Status:Listen is \"{text}\"; give an address and a port, 127.0.0.1:8480.");
            return new(IPAddress.Loopback, 0);
        }

        if (!IPAddress.IsLoopback(point.Address))
        {
            problems.Add($"Status:Listen is {text}, which other machines can reach, and the status page knows no passwords; give a "
                + $"127.0.0.1 address.");
        }

        return point;
    }

    private Uri? Telemetry()
    {
        var text = Text("Telemetry:OtlpEndpoint", "");
        if (text.Length == 0)
        {
            return null;
        }

        if (Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https")
        {
            return uri;
        }

        problems.Add($"Telemetry:OtlpEndpoint is \"{text}\"; give http://host:4317, or nothing to push no metrics.");
        return null;
    }

    private string Text(string path, string fallback, int lengthMax = 4_096)
    {
        var text = Take(path, fallback);
        if (text.Length > lengthMax)
        {
            problems.Add($"{path} has {text.Length} characters; at most {lengthMax} fit.");
        }

        return text;
    }

    private int Number(string path, int fallback, int min, int max)
    {
        var text = Take(path, fallback.ToString(CultureInfo.InvariantCulture));
        if (Parse(text) is not { } number)
        {
            problems.Add($"{path} is \"{text}\"; give a whole number from {min} to {max}.");
            return fallback;
        }

        if (number >= min && number <= max)
        {
            return number;
        }

        problems.Add($"{path} is {number}; give {min} to {max}.");
        return fallback;
    }

    private int? OptionalNumber(string path)
    {
        known.Add(path);
        if (!raw.TryGet(path, out var value))
        {
            return null;
        }

        effective.Add(new(path, value.Text, value.Origin));
        var number = Parse(value.Text);
        if (number is null)
        {
            problems.Add($"{path} is \"{value.Text}\"; give a whole number, or leave it out.");
        }

        return number;
    }

    private bool Flag(string path, bool fallback)
    {
        var text = Take(path, fallback ? "true" : "false");
        if (bool.TryParse(text, out var flag))
        {
            return flag;
        }

        problems.Add($"{path} is \"{text}\"; give true or false.");
        return fallback;
    }

    private T Name<T>(string path, T fallback) where T : struct, Enum
    {
        var text = Take(path, fallback.ToString());
        if (Enum.TryParse<T>(text, ignoreCase: true, out var name) && Enum.IsDefined(name) && !char.IsAsciiDigit(text.FirstOrDefault()))
        {
            return name;
        }

        problems.Add($"{path} is \"{text}\"; give one of {string.Join(", ", Enum.GetNames<T>())}.");
        return fallback;
    }

    private DateTimeOffset Time(string path)
    {
        var text = Take(path, "");
        if (text.Length == 0)
        {
            return default; // CalibrationSettings.Problems names the missing day.
        }

        if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time))
        {
            return time;
        }

        problems.Add($"{path} is \"{text}\"; give a day such as 2027-03-31T00:00:00Z.");
        return default;
    }

    /// <summary>Decimal, or hexadecimal with 0x as I2C addresses are written.</summary>
    private static int? Parse(string text)
    {
        var isHex = text.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
        return int.TryParse(isHex ? text[2..] : text, isHex ? NumberStyles.AllowHexSpecifier : NumberStyles.AllowLeadingSign,
            CultureInfo.InvariantCulture, out var number) ? number : null;
    }

    private string Take(string path, string fallback)
    {
        known.Add(path);
        var (text, origin) = raw.TryGet(path, out var value) ? (value.Text, value.Origin) : (fallback, "default");
        effective.Add(new(path, text, origin));
        return text;
    }

    private void NameUnknownKeys()
    {
        var unknown = raw.Values.Where(setting => !known.Contains(setting.Key)).ToList();
        foreach (var (path, value) in unknown.Take(UnknownMax))
        {
            // F-99: a suggestion compares letter by letter; nobody needs one for a key that no person typed.
            var suggestion = path.Length <= SuggestedLengthMax ? $"; did you mean {known.OrderBy(name => Distance(name, path)).First()}?" : ".";
            problems.Add($"{Short(path)} ({value.Origin}) is no setting of this gateway{suggestion} Remove or correct it.");
        }

        if (unknown.Count > UnknownMax)
        {
            problems.Add($"{unknown.Count - UnknownMax} more keys are no settings of this gateway; is {unknown[UnknownMax].Value.Origin} the right file?");
        }
    }

    private static string Short(string path) => path.Length <= SuggestedLengthMax ? path : $"{path[..SuggestedLengthMax]}…";

    /// <summary>Levenshtein's distance, for the "did you mean".</summary>
    private static int Distance(string left, string right)
    {
        var row = Enumerable.Range(0, right.Length + 1).ToArray();
        for (var i = 1; i <= left.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= right.Length; j++)
            {
                var same = char.ToUpperInvariant(left[i - 1]) == char.ToUpperInvariant(right[j - 1]);
                (diagonal, row[j]) = (row[j], Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (same ? 0 : 1)));
            }
        }

        return row[^1];
    }
}
