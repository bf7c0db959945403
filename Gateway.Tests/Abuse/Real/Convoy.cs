using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Evidence;
using Ledger.Authority;
using Ledger.Hosting;

namespace Gateway.Tests.Abuse;

/// <summary>How a convoy is set up.</summary>
internal sealed record ConvoyPlan
{
    /// <summary>Where the gateway keeps its data; null for a folder of the convoy's own.</summary>
    public string? GatewayData { get; init; }

    /// <summary>Where the ledger keeps its data; null for a folder of the convoy's own.</summary>
    public string? LedgerData { get; init; }

    /// <summary>Longest time a batch stays open, in seconds; 10 is the least that the gateway allows.</summary>
    public int SealAgeSeconds { get; init; } = 10;

    /// <summary>Time between rounds, in milliseconds; 1,000 is the least.</summary>
    public int IntervalMs { get; init; } = 1_000;

    /// <summary>Port at which the gateway finds the broker, given the broker's own; null for the broker's own.</summary>
    public Func<int, int>? GatewayRoad { get; init; }

    /// <summary>Port at which the ledger finds the broker, given the broker's own; null for the broker's own.</summary>
    public Func<int, int>? LedgerRoad { get; init; }
}

/// <summary>Three real programs on loopback as in production: gateway, mosquitto with the configuration that ships, ledger; TLS with client
/// certificates; the gateway's chips are emulated.</summary>
internal sealed class Convoy : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);
    private readonly string folder;
    private readonly List<RealProgram> started = [];
    private readonly int brokerPort, statusPort, pagePort, ledgerRoad;

    private Convoy(ConvoyPlan plan)
    {
        folder = Directory.CreateTempSubdirectory("coldproof-convoy-").FullName;
        (brokerPort, statusPort, pagePort) = (FreePort.Take(), FreePort.Take(), FreePort.Take());
        GatewayData = plan.GatewayData ?? At("gateway");
        LedgerData = plan.LedgerData ?? At("ledger");
        ledgerRoad = plan.LedgerRoad?.Invoke(brokerPort) ?? brokerPort;
        WriteBroker();
        File.WriteAllText(Settings, JsonSerializer.Serialize(new
        {
            DataDirectory = GatewayData,
            Sampling = new { plan.IntervalMs, DeadlineMs = plan.IntervalMs / 2 },
            Sealing = new { AgeMaxSeconds = plan.SealAgeSeconds },
            Status = new { Listen = $"127.0.0.1:{statusPort}" },
        }));
    }

    public string GatewayData { get; }

    public string LedgerData { get; }

    public int BrokerPort => brokerPort;

    public string Settings => At("gateway.json");

    public string Policy => Path.Combine(Keys, AuthorityFolder.PolicyFile);

    public GatewayId Id { get; private set; }

    /// <summary>Addresses of the gateway's status and of the ledger's pages.</summary>
    public Uri StatusPage => new($"http://127.0.0.1:{statusPort}/status");

    public Uri Pages => new($"http://127.0.0.1:{pagePort}");

    public RealProgram? Gateway { get; private set; }

    public RealProgram? Ledger { get; private set; }

    public RealProgram? Broker { get; private set; }

    private string Keys => At("authority");

    /// <summary>Makes the authority, enrols the gateway by its own verbs, and starts nothing.</summary>
    public static async Task<Convoy> Make(ConvoyPlan plan)
    {
        var convoy = new Convoy(plan);
        try
        {
            await convoy.Enrol(plan.GatewayRoad?.Invoke(convoy.brokerPort) ?? convoy.brokerPort);
            return convoy;
        }
        catch
        {
            await convoy.DisposeAsync();
            throw;
        }
    }

    public string At(string name) => Path.Combine(folder, name);

    public async Task StartAll()
    {
        await StartBroker();
        StartLedger();
        StartGateway();
    }

    /// <summary>Returns when the broker answers.</summary>
    public async Task StartBroker()
    {
        started.Add(Broker = RealProgram.Start("mosquitto", ["mosquitto", "-c", At("mosquitto/mosquitto.conf")], At("mosquitto.log")));
        await Until(async () => await Answers(brokerPort), () => Broker is { HasEnded: true } ? Broker.Said : null, "the broker to listen");
    }

    /// <param name="before">A command that runs the program, as strace does; empty for none.</param>
    public void StartGateway(params string[] before) => started.Add(Gateway = RealProgram.Start("gateway",
        [.. before, .. ProgramPlaces.Gateway, "run", "--config", Settings, "--emulate"], At("gateway.log")));

    /// <param name="before">A command that runs the program, as strace does; empty for none.</param>
    public void StartLedger(params string[] before) => started.Add(Ledger = RealProgram.Start("ledger",
        [.. before, .. ProgramPlaces.Ledger, "run", "--data", LedgerData, "--keys", Keys, "--listen", $"http://127.0.0.1:{pagePort}", "--broker",
            $"mqtts://127.0.0.1:{ledgerRoad}"], At("ledger.log")));

    /// <summary>SIGKILL to one of the three.</summary>
    public static Task Kill(RealProgram? program) => program?.HasEnded == false ? program.Kill() : Task.CompletedTask;

    /// <summary>`gateway fsck` on the stopped gateway.</summary>
    public Task<RunResult> FsckGateway(params string[] more) => RunGateway(["fsck", .. more]);

    /// <summary>`ledger fsck` on the stopped ledger. A ledger that was killed before it made anything has nothing to check.</summary>
    public Task<RunResult> FsckLedger(params string[] more) =>
        RealProgram.Run("ledger fsck", [.. ProgramPlaces.Ledger, "fsck", "--data", LedgerData, "--keys", Keys, .. more], At("fsck.log"), Patience);

    /// <summary>A verb of the gateway with this gateway's settings.</summary>
    public Task<RunResult> RunGateway(params string[] arguments) =>
        RealProgram.Run($"gateway {arguments[0]}", [.. ProgramPlaces.Gateway, .. arguments, "--config", Settings], At("verbs.log"), Patience);

    /// <summary>Verifies a bundle as a stranger does: the file, the policy, nothing else.</summary>
    public Task<RunResult> Verify(string bundle) => RealProgram.Run("gateway verify",
        [.. ProgramPlaces.Gateway, "verify", bundle, "--policy", Policy], At("verify.log"), Patience);

    /// <summary>Waits for something that has no event.</summary>
    /// <param name="ended">A reason to give up at once, or null.</param>
    /// <exception cref="InvalidOperationException">It did not come to pass.</exception>
    public static async Task Until(Func<Task<bool>> holds, Func<string?> ended, string what, int seconds = 300)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!await holds())
        {
            if (ended() is { } reason)
            {
                throw new InvalidOperationException($"Waited for {what}; it cannot come any more: {reason}");
            }

            if (TimeProvider.System.GetElapsedTime(started).TotalSeconds > seconds)
            {
                throw new InvalidOperationException($"Waited {seconds} s for {what}.");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        }
    }

    /// <summary>Ends what runs and deletes everything.</summary>
    public ValueTask DisposeAsync()
    {
        started.ForEach(program => program.Dispose());
        Directory.Delete(folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    private async Task Enrol(int brokerAsSeen)
    {
        var authority = AuthorityFolder.Init(Keys, "Abused authority", "ledger.example/abuse", ["127.0.0.1", "localhost"], null, TimeProvider.System);
        foreach (var (from, to) in new[] { (AuthorityFolder.CaFile, "ca.crt"), (AuthorityFolder.ServerFile, "broker.crt"), (AuthorityFolder.ServerKeyFile, "broker.key") })
        {
            File.Copy(Path.Combine(Keys, from), At($"mosquitto/{to}"));
        }

        Demand(await RunGateway("enrol", "request", "--emulate", "--out", At("request.json")));
        var enrolment = authority.Enrol(EnrolmentRequest.Parse(await File.ReadAllBytesAsync(At("request.json"))), null, null,
            [new("127.0.0.1", brokerAsSeen, true)], null);
        await File.WriteAllBytesAsync(At("enrolment.json"), enrolment.ToJson());
        Demand(await RunGateway("enrol", "accept", At("enrolment.json")));
        Id = enrolment.Gateway;
    }

    private void WriteBroker()
    {
        var home = Directory.CreateDirectory(At("mosquitto")).FullName;
        Directory.CreateDirectory(Path.Combine(home, "state"));
        File.Copy(ProgramPlaces.At("systemd", "mosquitto", "coldproof.acl"), Path.Combine(home, "coldproof.acl"));
        var text = File.ReadAllText(ProgramPlaces.At("systemd", "mosquitto", "mosquitto.conf"))
            .Replace("listener 8883\n", $"listener {brokerPort} 127.0.0.1\n", StringComparison.Ordinal)
            .Replace("/etc/mosquitto/certs/", $"{home}/", StringComparison.Ordinal)
            .Replace("/etc/mosquitto/", $"{home}/", StringComparison.Ordinal)
            .Replace("/var/lib/mosquitto/", $"{home}/state/", StringComparison.Ordinal);
        // As root it would become the user mosquitto, who may not enter this folder.
        File.WriteAllText(Path.Combine(home, "mosquitto.conf"), $"user {Environment.UserName}\n{text}");
    }

    private static void Demand(RunResult result)
    {
        if (result.Code != 0)
        {
            throw new InvalidOperationException($"The convoy cannot be set up: {result}");
        }
    }

    private static async Task<bool> Answers(int port)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false; // Not listening yet; the caller sees to it that the process still lives.
        }
    }

    /// <summary>Wall milliseconds as the verbs of the gateway take them.</summary>
    public static string Instant(long wallMs) =>
        DateTimeOffset.FromUnixTimeMilliseconds(wallMs).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    /// <summary>The ledger's database file.</summary>
    public string LedgerDatabase => Path.Combine(LedgerData, LedgerCore.DatabaseFile);
}
