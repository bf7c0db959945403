using System.Text.Json;
using Evidence;
using Gateway.Tests.House;

namespace Gateway.Tests.Board;

// Goal: the program that ships, on the processor it ships for, through a real kernel's I2C driver: what it says of a good cable and of a bad one.
// Method: the published arm64 gateway on the emulated board. Temperature and cable are set from outside; only what the program prints is looked at.
public sealed class GatewayOnABoardTests : IAsyncLifetime
{
    private const string Settings = """
        {
          "DataDirectory": "/tmp/gateway",
          "Sampling": { "IntervalMs": 1000, "DeadlineMs": 500 },
          "Probes": [ { "Channel": 0, "Place": "Front", "Serial": "T-1", "Chip": "Tmp105", "Bus": 0, "Address": 72 } ]
        }
        """;

    private readonly DirectoryInfo application = Directory.CreateTempSubdirectory("coldproof-arm64-");
    private EmulatedBoard? board;

    private EmulatedBoard Board => board ?? throw new InvalidOperationException("The board is not started yet.");

    public async ValueTask InitializeAsync()
    {
        foreach (var file in new[] { "gateway", "libsodium.so" })
        {
            var published = Repository.At("artifacts", "linux-arm64", file);
            Assert.True(File.Exists(published), $"{published} is missing; run ./test.sh, or dotnet publish Gateway -c Release -r linux-arm64 -o artifacts/linux-arm64");
            File.Copy(published, Path.Combine(application.FullName, file));
        }

        File.WriteAllText(Path.Combine(application.FullName, "gateway.json"), Settings);
        board = await EmulatedBoard.Boot(application.FullName);
    }

    public async ValueTask DisposeAsync()
    {
        if (board is not null)
        {
            await board.DisposeAsync();
        }

        application.Delete(recursive: true);
    }

    [Fact]
    public async Task The_scan_tells_temperatures_from_faults_of_the_cable()
    {
        foreach (var milliCelsius in new[] { 21_500, 0, -500, -12_500 })
        {
            await Board.SetTemperature(milliCelsius);
            Assert.Equal((Outcome.Measured, milliCelsius, ""), await Scan());
        }

        await Board.SetTemperature(21_500);
        await ExpectFault("open_sda", "Nobody answers"); // The cable is pulled: the line floats high.
        await ExpectFault("stuck_sda", "(SDA) is shorted"); // Every byte reads 0 without an error: 0.0 °C, were it believed.
        await ExpectFault("stuck_scl", "holds SCL low"); // The kernel holds every call for eight seconds.
        Assert.Equal((Outcome.Measured, 21_500, ""), await Scan());
    }

    private async Task ExpectFault(string fault, string words)
    {
        await Board.SetFault(fault, true);
        var (outcome, milliCelsius, problem) = await Scan();
        await Board.SetFault(fault, false);
        Assert.Equal((Outcome.NotSampled, null), (outcome, milliCelsius));
        Assert.Contains(words, problem, StringComparison.Ordinal);
    }

    private async Task<(Outcome Outcome, int? MilliCelsius, string Problem)> Scan()
    {
        var text = await Board.Run("/app/gateway probes --json --config /app/gateway.json </dev/null");
        Assert.True(text.StartsWith('{'), text);
        using var report = JsonDocument.Parse(text);
        var bus = report.RootElement.GetProperty("buses")[0];
        var probe = bus.GetProperty("probes").EnumerateArray().Single(row => row.GetProperty("channel").ValueKind == JsonValueKind.Number);
        var (outcome, milliCelsius) = Answer(probe);
        return (outcome, milliCelsius, bus.GetProperty("problem").GetString() is { Length: > 0 } whole ? whole : probe.GetProperty("problem").GetString()!);
    }

    private static (Outcome Outcome, int? MilliCelsius) Answer(JsonElement channel) =>
        (Enum.Parse<Outcome>(channel.GetProperty("outcome").GetString()!),
            channel.GetProperty("milliCelsius") is { ValueKind: JsonValueKind.Number } number ? number.GetInt32() : null);
}
