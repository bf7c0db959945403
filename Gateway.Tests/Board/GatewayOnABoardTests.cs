using System.Text;
using System.Text.Json;
using Evidence;
using Gateway.Tests.House;
using Ledger.Authority;

namespace Gateway.Tests.Board;

// Goal: the program that ships, on the processor it ships for, through a real kernel's I2C driver: what it says of good and bad cables.
// Method: the published arm64 gateway on the emulated board. Temperature and cable are set from outside; only what it prints counts.
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
            Assert.True(File.Exists(published),
                $"{published} is missing; run ./test.sh, or dotnet publish Gateway -c Release -r linux-arm64 -o artifacts/linux-arm64");
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

    [Fact]
    public async Task A_running_gateway_answers_every_round_whatever_the_cable_does()
    {
        await Board.SetTemperature(21_500);
        await Enrol();
        await Board.Run("(/app/gateway run --config /app/gateway.json </dev/null >/tmp/gateway.log 2>&1 &)");
        await Until(Outcome.Measured, 21_500);
        await Board.SetTemperature(-12_500);
        await Until(Outcome.Measured, -12_500);

        await Board.SetFault("open_sda", true);
        await Until(Outcome.NoAcknowledge, null);
        await Board.SetFault("open_sda", false);
        await Until(Outcome.Measured, -12_500);

        await Board.SetFault("stuck_sda", true);
        await Until(Outcome.Implausible, null);
        await Board.SetFault("stuck_sda", false);
        await Until(Outcome.Measured, -12_500);

        await Board.SetFault("stuck_scl", true); // The kernel holds the call for eight seconds; the round must end before.
        await Until(Outcome.Timeout, null);
        await Board.SetFault("stuck_scl", false);
        await Until(Outcome.Measured, -12_500);
    }

    /// <summary>The two files of an enrolment, carried by the board's serial line; the authority sits on this side.</summary>
    private async Task Enrol()
    {
        await Board.Run("/app/gateway enrol request --config /app/gateway.json --out /tmp/request.json </dev/null");
        var request = EnrolmentRequest.Parse(Encoding.UTF8.GetBytes(await Board.Run("cat /tmp/request.json")));
        var authority = AuthorityFolder.Init(Path.Combine(application.FullName, "authority"), "Test authority", "example.test/log", ["127.0.0.1"], null,
            TimeProvider.System);
        var answer = Convert.ToBase64String(authority.Enrol(request, null, null, [], null, null).ToJson());
        foreach (var part in answer.Chunk(1_000)) // A terminal line holds 4,096 characters.
        {
            Assert.Equal("", await Board.Run($"echo {new string(part)} >>/tmp/answer"));
        }

        var accepted = await Board.Run("base64 -d /tmp/answer >/tmp/enrolment.json && /app/gateway enrol accept /tmp/enrolment.json --config /app/gateway.json "
            + "</dev/null && echo accepted");
        Assert.EndsWith("accepted", accepted, StringComparison.Ordinal);
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

    /// <summary>Waits for an answer and lets no wrong one pass: a number that is neither the one before nor the one expected fails at once.</summary>
    private async Task Until(Outcome outcome, int? milliCelsius)
    {
        var seen = new List<string>();
        for (var i = 0; i < 100; i++)
        {
            var text = await Board.Run("wget -qO- http://127.0.0.1:8480/status 2>&1; usleep 200000");
            if (!text.StartsWith('{'))
            {
                seen.Add(text);
                continue;
            }

            using var status = JsonDocument.Parse(text);
            var answer = Answer(status.RootElement.GetProperty("channels")[0]);
            Assert.True(answer.MilliCelsius is null or 21_500 or -12_500, $"{answer.MilliCelsius} m°C was never there: a fault of the cable was taken for a temperature.");
            if (answer == (outcome, milliCelsius))
            {
                return;
            }

            seen.Add(answer.ToString());
        }

        Assert.Fail($"Waited for {outcome} {milliCelsius}; saw {string.Join(" | ", seen.Distinct())}.\n{await Board.Run("tail -n 40 /tmp/gateway.log")}");
    }

    private static (Outcome Outcome, int? MilliCelsius) Answer(JsonElement channel) =>
        (Enum.Parse<Outcome>(channel.GetProperty("outcome").GetString()!),
            channel.GetProperty("milliCelsius") is { ValueKind: JsonValueKind.Number } number ? number.GetInt32() : null);
}
