using System.Collections;
using System.Text;
using System.Text.Json;
using Gateway.Configuration;
using Gateway.Hosting;
using Gateway.Inputs;
using Gateway.Verbs;
using Sensors.Emulation;

namespace Gateway.Tests.Fuzzing;

/// <summary>What an operator writes, what a phone asks, and what a stranger's logger exported.</summary>
public sealed class GatewayTargets : IDisposable
{
    private readonly DirectoryInfo home = Directory.CreateTempSubdirectory("coldproof-fuzz-settings-");

    public GatewayTargets() => All = [.. Targets()];

    public IReadOnlyList<FuzzTarget> All { get; }

    public void Dispose() => home.Delete(recursive: true);

    private IEnumerable<FuzzTarget> Targets()
    {
        var file = Path.Combine(home.FullName, "gateway.json");
        yield return new("settings file", [Encoding.UTF8.GetBytes(Settings)], input =>
        {
            File.WriteAllBytes(file, input);
            return Judge(SettingsReader.Read(RawSettings.Read(file, isRequired: true, new Hashtable())));
        })
        { AllocatedPerByte = 1_024, AllocatedMin = 1024 * 1024, IsSlow = true };
        yield return new("settings in the environment", FuzzTarget.Texts("COLDPROOF__Sampling__IntervalMs=1000", "COLDPROOF__Probes__0__Address=0x48",
            "COLDPROOF__Probes__0__Calibration__Expires=2027-03-31T00:00:00Z", "COLDPROOF__Uplink__Brokers__0=mqtts://broker:8883",
            "COLDPROOF__Status__Listen=127.0.0.1:8480"), input =>
        {
            var parts = Encoding.UTF8.GetString(input).Split('\n').Select(line => line.Split('=', 2)).Where(pair => pair.Length == 2);
            var environment = new Hashtable();
            foreach (var pair in parts)
            {
                environment[pair[0]] = pair[1];
            }

            return Judge(SettingsReader.Read(RawSettings.Read(Path.Combine(home.FullName, "none.json"), isRequired: false, environment), needsProbes: false));
        })
        { AllocatedPerByte = 1_024, AllocatedMin = 4 * 1024 * 1024 };
        yield return new("export window", FuzzTarget.Texts("1\n2\n0,1\nReadings", "0\n99999999999999\n\nheaders"), input =>
        {
            var parts = Encoding.UTF8.GetString(input).Split('\n');
            return ExportWindow.Parse(parts[0], parts.ElementAtOrDefault(1), parts.ElementAtOrDefault(2), parts.ElementAtOrDefault(3)) is { } window
                && window.ToQuery().Length > 0;
        })
        { AllocatedPerByte = 64 };
        yield return new("status text", [Encoding.UTF8.GetBytes(Status)], input => StatusJson.Read(Encoding.UTF8.GetString(input)).Channels.Length >= 0)
        { Documented = [typeof(JsonException)], AllocatedPerByte = 256, AllocatedMin = 128 * 1024 };
        yield return new("logger file", [Logger()], input =>
        {
            var trip = new ReplayTrip(LoggerFile.Parse(Encoding.ASCII.GetString(input)));
            return trip.TemperatureAt(trip.Rows[0].WallMs) is not null && trip.Gaps.Length >= 0;
        })
        { Documented = [typeof(LoggerFileException)], AllocatedPerByte = 192 };
        yield return new("file with evidence", [Pdf(isPacked: false), Pdf(isPacked: true), "<!DOCTYPE html>\n<script type=\"application/json\" id=\"coldproof-bundle\">{}</script>"u8.ToArray()],
            input => EvidenceFile.BundleIn(input, "file").Length > 0)
        { Documented = [typeof(VerbException)], AllocatedPerByte = 1_024, AllocatedMin = 512 * 1024 };
    }

    /// <summary>A PDF with one proof inside: its objects one by one, or packed together as PDF 1.5 has it, not compressed, so that harm gets inside.</summary>
    private static byte[] Pdf(bool isPacked)
    {
        (int Number, string Body)[] plain =
        [
            (1, "<< /Type /Catalog /Names << /EmbeddedFiles 4 0 R >> >>"), (4, "<< /Names [(trip.coldproof.json) 10 0 R] >>"),
            (10, "<< /Type /Filespec /F (trip.coldproof.json) /UF <FEFF0074002E0063006F006C006400700072006F006F0066002E006A0073006F006E> /EF << /F 11 0 R >> >>"),
            (12, "2"),
        ];
        var text = new StringBuilder("%PDF-1.7\n11 0 obj\n<< /Type /EmbeddedFile /Length 12 0 R >>\nstream\n{}\nendstream\nendobj\n");
        if (!isPacked)
        {
            foreach (var (number, body) in plain)
            {
                text.Append($"{number} 0 obj\n{body}\nendobj\n");
            }

            return Encoding.ASCII.GetBytes(text.Append("trailer\n<< /Root 1 0 R >>\n").ToString());
        }

        var (places, content) = (new StringBuilder(), new StringBuilder());
        foreach (var (number, body) in plain)
        {
            places.Append($"{number} {content.Length} ");
            content.Append(body).Append(' ');
        }

        text.Append($"9 0 obj\n<< /Type /ObjStm /N {plain.Length} /First {places.Length} /Length {places.Length + content.Length} >>\nstream\n{places}{content}\nendstream\nendobj\n");
        return Encoding.ASCII.GetBytes(text.Append("8 0 obj\n<< /Type /XRef /Root 1 0 R /Length 0 >>\nstream\n\nendstream\nendobj\n").ToString());
    }

    /// <summary>Settings or problems, never both and never neither; every problem is a sentence of a length that a person reads.</summary>
    private static bool Judge(SettingsResult result)
    {
        if (result.Settings is null == result.Problems.IsEmpty)
        {
            throw new FuzzFindingException("Neither settings nor problems, or both.");
        }

        return result.Settings is not null;
    }

    private const string Settings = """
        { "DataDirectory": "/var/lib/coldproof-gateway", "Sampling": { "IntervalMs": 60000, "DeadlineMs": 2000 },
          "Sealing": { "AgeMaxSeconds": 300, "LeavesMax": 4096 }, "Storage": { "BudgetMegabytes": 1000 }, // a comment
          "Uplink": { "Brokers": [ "mqtts://broker.example:8883" ], "AllowPlainTcp": false }, "Status": { "Listen": "127.0.0.1:8480" },
          "Telemetry": { "OtlpEndpoint": "http://127.0.0.1:4317" },
          "Probes": [ { "Place": "rear, top", "Serial": "E-1", "Chip": "Tmp117", "Bus": 1, "Address": "0x48",
            "LowMilliCelsius": 2000, "HighMilliCelsius": 8000, "Calibration": { "Certificate": "K-1",
            "CertificateSha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "Expires": "2027-03-31T00:00:00Z",
            "OffsetMilliCelsius": -50 } },
            { "Channel": 1, "Place": "door", "Serial": "E-2", "Chip": "Mcp9600", "Address": 96, "Thermocouple": "T", "MuxAddress": 112, "MuxChannel": 3 } ] }
        """;

    private const string Status = """
        {"format":"coldproof-status/1","gateway":"5f3a91c0-0bc0-4012-8a55-0123456789ab","activity":"logging","boot":3,"uptimeMs":5000,
        "timeMs":1767225600000,"time":"2026-01-01T00:00:00.000Z","clock":"Ntp","clockErrorMs":5,"intervalMs":1000,"channels":[{"channel":0,
        "place":"rear","serial":"E-1","lowMilliCelsius":2000,"highMilliCelsius":8000,"outcome":"Measured","milliCelsius":4601,"rawCode":588,
        "timeMs":1767225600000,"time":"2026-01-01T00:00:00.000Z","lastHour":[4601,null]}],"recorded":8,"sealed":1,"anchored":0,
        "lastSealedMs":1767225600000,"lastSealed":"","oldestWaitingMs":null,"oldestWaiting":null,"connected":false,"diskFreeBytes":1,
        "diskTotalBytes":2,"storeBytes":3,"budgetBytes":4,"oldestKept":0,"trouble":["a"],"replay":{"state":"running","rows":1,"rowsTotal":2}}
        """;

    /// <summary>The first rows of the real export that the demonstration plays back.</summary>
    private static byte[] Logger()
    {
        var assembly = typeof(ReplayTrip).Assembly;
        using var file = assembly.GetManifestResourceStream(assembly.GetManifestResourceNames().First(name => name.EndsWith(".txt", StringComparison.Ordinal)))!;
        using var reader = new StreamReader(file, Encoding.ASCII);
        var lines = reader.ReadToEnd().Split('\n');
        var table = Array.FindIndex(lines, line => line.TrimEnd() == "Data:");
        return Encoding.ASCII.GetBytes(string.Join('\n', lines.Take(table + 30)));
    }
}
