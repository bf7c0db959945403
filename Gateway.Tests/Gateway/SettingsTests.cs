using System.Collections;
using Gateway.Configuration;

namespace Gateway.Tests.Gateway;

/// <summary>Settings as operators write them: every problem is named at once, with its key, its place and the next step.</summary>
public sealed class SettingsTests : IDisposable
{
    private const string Probe = """{"Place":"rear","Serial":"T1","Chip":"Tmp117","Address":"0x48"}""";
    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("coldproof-settings-");

    [Fact]
    public void A_small_file_is_enough_and_the_rest_is_default()
    {
        var result = Read($$"""{"Probes":[{{Probe}}]}""");
        Assert.Empty(result.Problems);
        var settings = Assert.IsType<GatewaySettings>(result.Settings);
        Assert.Equal(60_000, settings.IntervalMs);
        Assert.Equal("/var/lib/coldproof-gateway", settings.DataDirectory);
        var probe = Assert.Single(settings.Probes);
        Assert.Equal((0x48, 2_000, 8_000), (probe.Probe.Address, probe.Low.Value, probe.High.Value));
        Assert.Equal("127.0.0.1:8480", settings.Listen.ToString());
    }

    [Fact]
    public void A_mistyped_limit_is_never_ignored()
    {
        var result = Read($$"""{"Probes":[{"Place":"rear","Serial":"T1","Chip":"Tmp117","Address":72,"HihgMilliCelsius":25000}]}""");
        Assert.Null(result.Settings);
        var problem = Assert.Single(result.Problems);
        Assert.Contains("Probes:0:HihgMilliCelsius", problem, StringComparison.Ordinal);
        Assert.Contains("did you mean Probes:0:HighMilliCelsius?", problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"Sampling":{"IntervalMs":999}}""", "Sampling:IntervalMs is 999; give 1000 to 3600000.")]
    [InlineData("""{"Sampling":{"IntervalMs":"soon"}}""", "Sampling:IntervalMs is \"soon\"; give a whole number")]
    [InlineData("""{"Sampling":{"IntervalMs":1000,"DeadlineMs":2000}}""", "rounds would overlap")]
    [InlineData("""{"Sealing":{"AgeMaxSeconds":0}}""", "Sealing:AgeMaxSeconds is 0; give 10 to 3600.")]
    [InlineData("""{"Uplink":{"Brokers":["mqtt://depot:1883"]}}""", "not encrypted")]
    [InlineData("""{"Uplink":{"Brokers":["http://depot"]}}""", "mqtts://")]
    [InlineData("""{"Status":{"Listen":"0.0.0.0:8480"}}""", "other machines can reach")]
    [InlineData("""{"Status":{"Listen":"8480"}}""", "give an address and a port")]
    [InlineData("""{"Telemetry":{"OtlpEndpoint":"collector"}}""", "give http://host:4317")]
    [InlineData("""{"DataDirectory":"data"}""", "beginning with /")]
    [InlineData("""{"Uplink":{"AllowPlainTcp":"perhaps"}}""", "give true or false")]
    public void A_value_out_of_range_is_named_with_its_range(string json, string part)
    {
        var result = Read(json.Insert(1, $"\"Probes\":[{Probe}],"));
        Assert.Contains(result.Problems, problem => problem.Contains(part, StringComparison.Ordinal));
    }

    [Fact]
    public void All_problems_come_at_once()
    {
        var result = Read(
            """{"Sampling":{"IntervalMs":1},"Sealing":{"LeavesMax":1},"Probes":[{"Place":"","Serial":"","Chip":"Tmp116","Address":3}]}""");
        Assert.True(result.Problems.Length >= 5, string.Join('\n', result.Problems));
    }

    [Theory]
    [InlineData("{\"Sampling\":", "line 1, is not JSON")]
    [InlineData("[]", "settings are an object")]
    [InlineData("{\"DataDirectory\":\"/a\",\"DataDirectory\":\"/b\"}", "DataDirectory twice")]
    public void An_unreadable_file_is_a_problem_with_its_place(string text, string part)
    {
        var result = Read(text);
        Assert.Null(result.Settings);
        Assert.Contains(result.Problems, problem => problem.Contains(part, StringComparison.Ordinal) && problem.Contains("gateway.json",
            StringComparison.Ordinal));
    }

    [Fact]
    public void A_file_that_was_named_and_is_not_there_is_a_problem_and_the_default_one_is_not()
    {
        var missing = Path.Combine(directory.FullName, "none.json");
        Assert.Contains(RawSettings.Read(missing, isRequired: true, new Hashtable()).Problems, problem => problem.Contains("does not exist",
            StringComparison.Ordinal));
        Assert.Empty(RawSettings.Read(missing, isRequired: false, new Hashtable()).Problems);
    }

    [Fact]
    public void Later_sources_win_and_say_where_they_stand()
    {
        Directory.CreateDirectory(Path.Combine(directory.FullName, "conf.d"));
        File.WriteAllText(Path.Combine(directory.FullName, "conf.d", "20-b.json"), """{"Sampling":{"IntervalMs":20000}}""");
        File.WriteAllText(Path.Combine(directory.FullName, "conf.d", "10-a.json"),
            """{"Sampling":{"IntervalMs":10000},"Sealing":{"AgeMaxSeconds":120}}""");
        var environment = new Hashtable { ["COLDPROOF__Sealing__LeavesMax"] = "512", ["PATH"] = "/bin" };
        var result = Read($$"""{"Probes":[{{Probe}}],"Sampling":{"IntervalMs":30000} }""", environment);
        var settings = Assert.IsType<GatewaySettings>(result.Settings);
        Assert.Equal((20_000, 120, 512), (settings.IntervalMs, settings.SealAgeMaxSeconds, settings.LeavesMax));
        Assert.EndsWith("20-b.json", Origin("Sampling:IntervalMs"), StringComparison.Ordinal);
        Assert.EndsWith("10-a.json", Origin("Sealing:AgeMaxSeconds"), StringComparison.Ordinal);
        Assert.Equal("environment COLDPROOF__Sealing__LeavesMax", Origin("Sealing:LeavesMax"));
        Assert.Equal("default", Origin("Sampling:DeadlineMs"));

        string Origin(string path) => result.Effective.Single(setting => setting.Path == path).Origin;
    }

    [Fact]
    public void A_later_list_of_probes_replaces_the_earlier_one_whole()
    {
        Directory.CreateDirectory(Path.Combine(directory.FullName, "conf.d"));
        File.WriteAllText(Path.Combine(directory.FullName, "conf.d", "one.json"), $$"""{"Probes":[{{Probe}}]}""");
        var result = Read(
            """{"Probes":[{"Place":"a","Serial":"1","Chip":"Tmp117","Address":72},{"Place":"b","Serial":"2","Chip":"Tmp117","Address":73}]}""");
        Assert.Equal("T1", Assert.Single(result.Settings!.Probes).Probe.Serial);
    }

    [Fact]
    public void The_settings_of_the_documentation_are_understood()
    {
        var result = Read("""
            {
              // Two probes, one with its certificate.
              "Sampling": { "IntervalMs": 60000 },
              "Probes": [
                { "Place": "cargo, front", "Serial": "A1", "Chip": "Tmp117", "Address": "0x48",
                  "Calibration": { "Certificate": "K-17",
                                   "CertificateSha256": "0000000000000000000000000000000000000000000000000000000000000001",
                                   "Expires": "2030-03-31T00:00:00Z", "OffsetMilliCelsius": -40 } },
                { "Place": "door", "Serial": "A2", "Chip": "Sht4x", "Address": "0x44", "MuxAddress": "0x70", "MuxChannel": 3,
                  "LowMilliCelsius": -25000, "HighMilliCelsius": -15000 },
              ],
            }
            """);
        Assert.Empty(result.Problems);
        Assert.Equal(new DateTimeOffset(2030, 3, 31, 0, 0, 0, TimeSpan.Zero), result.Settings!.Probes[0].Probe.Calibration!.Expires);
    }

    public void Dispose() => directory.Delete(recursive: true);

    private SettingsResult Read(string json, IDictionary? environment = null)
    {
        var file = Path.Combine(directory.FullName, "gateway.json");
        File.WriteAllText(file, json);
        return SettingsReader.Read(RawSettings.Read(file, isRequired: true, environment ?? new Hashtable()));
    }
}
