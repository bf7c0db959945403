using System.Globalization;
using Evidence;
using Gateway.Hosting;
using Gateway.Tests.Abuse;
using Ledger.Authority;

namespace Gateway.Benchmarks;

/// <summary>The three real programs of a soak in a folder of their own: the published gateway, mosquitto with the configuration that
/// ships, and the ledger, over TLS with client certificates, with a road between each of two and the broker.</summary>
internal sealed class SoakStage : IAsyncDisposable
{
    private const int DiskMebibytes = 512;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("coldproof-soak-");
    private readonly SoakPlan plan;
    private readonly LoopDisk? disk;
    private readonly HttpClient http = new() { Timeout = TimeSpan.FromSeconds(5) };
    private readonly int brokerPort = FreePort.Take(), statusPort = FreePort.Take(), pagePort = FreePort.Take();
    private volatile SoakProcess? broker, ledger, gateway;
    private long gatewayStarted;

    public SoakStage(SoakPlan plan)
    {
        this.plan = plan;
        GatewayRoad = new(brokerPort);
        LedgerRoad = new(brokerPort);
        disk = Environment.IsPrivilegedProcess && File.Exists("/usr/sbin/mkfs.ext4") ? new(DiskMebibytes) : null;
        CopyPrograms();
        Enrol();
        WriteBroker();
    }

    public Road GatewayRoad { get; }

    public Road LedgerRoad { get; }

    public string GatewayFolder => Path.Combine(disk?.Mount ?? Folder, "gateway");

    /// <summary>Bytes written to the block device that holds the gateway's data and nothing else; null when this is not root, who alone can
    /// make one.</summary>
    public long? DeviceBytes => disk?.BytesWritten();

    public string LedgerFolder => Under("ledger");

    public string PolicyFile => Under("authority", AuthorityFolder.PolicyFile);

    public string Folder => folder.FullName;

    public string Page => $"http://127.0.0.1:{pagePort}";

    /// <summary>Null while it is killed.</summary>
    public int? GatewayId => gateway?.Id;

    public int? LedgerId => ledger?.Id;

    /// <summary>How many gateway processes there were before this one.</summary>
    public int Restarts { get; private set; } = -1;

    public double GatewayAgeSeconds => TimeProvider.System.GetElapsedTime(gatewayStarted).TotalSeconds;

    public void StartBroker() => broker = SoakProcess.Start(Mosquitto(), Folder, Under("mosquitto.log"), ["-c", Under("mosquitto.conf")]);

    public void KillBroker() => broker = Killed(broker);

    public void StartLedger() => ledger = SoakProcess.Start(Under("bin", "ledger"), Folder, Under("ledger.log"),
        ["run", "--data", LedgerFolder, "--keys", Under("authority"), "--listen", Page, "--broker", $"mqtts://127.0.0.1:{LedgerRoad.Port}"]);

    public void KillLedger() => ledger = Killed(ledger);

    public void StartGateway()
    {
        (gatewayStarted, Restarts) = (TimeProvider.System.GetTimestamp(), Restarts + 1);
        gateway = SoakProcess.Start(Program, Folder, Under("gateway.log"),
            ["run", "--emulate", "--emulate-probes", Probes, "--emulate-mishaps", plan.Seed.ToString(CultureInfo.InvariantCulture),
                "--data", GatewayFolder],
            ("COLDPROOF__Sampling__IntervalMs", SoakPlan.IntervalMs.ToString(CultureInfo.InvariantCulture)),
            ("COLDPROOF__Sampling__DeadlineMs", "500"),
            ("COLDPROOF__Sealing__AgeMaxSeconds", plan.SealSeconds.ToString(CultureInfo.InvariantCulture)),
            ("COLDPROOF__Status__Listen", $"127.0.0.1:{statusPort}"));
    }

    public void KillGateway() => gateway = Killed(gateway);

    /// <summary>SIGTERM to gateway and ledger, as systemd stops them; the broker is killed.</summary>
    /// <returns>False when one of them did not end with 0.</returns>
    public bool StopGateway()
    {
        using var stopped = gateway!;
        gateway = null;
        return stopped.End(Patience) == 0;
    }

    public bool StopLedger()
    {
        using var stopped = ledger!;
        ledger = null;
        return stopped.End(Patience) == 0;
    }

    /// <summary>A sentence when a program has ended by itself; null while all that should run do.</summary>
    public string? Ended() =>
        gateway is { HasEnded: true } ? $"The gateway ended by itself; see {Under("gateway.log")}."
        : ledger is { HasEnded: true } ? $"The ledger ended by itself; see {Under("ledger.log")}."
        : broker is { HasEnded: true } ? $"mosquitto ended by itself; see {Under("mosquitto.log")}." : null;

    /// <summary>What the gateway says of itself; null while it does not answer.</summary>
    public async Task<GatewayStatus?> Status()
    {
        try
        {
            using var answer = await http.GetAsync(new Uri($"http://127.0.0.1:{statusPort}/status"));
            return answer.IsSuccessStatusCode ? StatusJson.Read(await answer.Content.ReadAsStringAsync()) : null;
        }
        catch (Exception fault) when (fault is HttpRequestException or TaskCanceledException or IOException or System.Text.Json.JsonException)
        {
            return null; // Starting, or just killed; whoever waits has a bound of its own.
        }
    }

    /// <summary>A verb of the published gateway on this stage's data.</summary>
    public (int Code, string Said) Gateway(params string[] arguments) => SoakProcess.RunToEnd(Program, Folder, arguments);

    public (int Code, string Said) Ledger(params string[] arguments) => SoakProcess.RunToEnd(Under("bin", "ledger"), Folder, arguments);

    public async ValueTask DisposeAsync()
    {
        foreach (var process in new[] { gateway, ledger, broker })
        {
            process?.Dispose();
        }

        await GatewayRoad.DisposeAsync();
        await LedgerRoad.DisposeAsync();
        http.Dispose();
        disk?.Dispose();
        if (plan.IsKept)
        {
            Console.WriteLine($"soak: kept in {Folder}");
        }
        else
        {
            folder.Delete(recursive: true);
        }
    }

    private string Program => Under("gateway-bin", "gateway");

    private static string Probes => SoakPlan.Probes.ToString(CultureInfo.InvariantCulture);

    private static SoakProcess? Killed(SoakProcess? process)
    {
        process?.Kill();
        process?.Dispose();
        return null;
    }

    private string Under(params string[] parts) => Path.Combine([folder.FullName, .. parts]);

    /// <summary>Copies, so that a build beside it cannot change a program that is running.</summary>
    private void CopyPrograms()
    {
        Copy(Path.GetDirectoryName(plan.GatewayProgram)!, Under("gateway-bin"));
        Copy(AppContext.BaseDirectory, Under("bin"));
    }

    private static void Copy(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories).Where(file => !file.EndsWith(".dbg", StringComparison.Ordinal)))
        {
            var copy = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }

    private void Enrol()
    {
        var authority = AuthorityFolder.Init(Under("authority"), "soak", "log.example/soak", ["127.0.0.1"], null, TimeProvider.System);
        Directory.CreateDirectory(LedgerFolder);
        Must(SoakProcess.RunToEnd("/usr/bin/env", Folder, $"COLDPROOF__Sampling__IntervalMs={SoakPlan.IntervalMs}",
            "COLDPROOF__Sampling__DeadlineMs=500", Program, "enrol", "request", "--emulate", "--emulate-probes", Probes,
            "--data", GatewayFolder, "--out", Under("request.json")));
        var asked = EnrolmentRequest.Parse(File.ReadAllBytes(Under("request.json")));
        var answer = authority.Enrol(asked, null, null, [new("127.0.0.1", GatewayRoad.Port, true)], null);
        File.WriteAllBytes(Under("answer.json"), answer.ToJson());
        Must(Gateway("enrol", "accept", Under("answer.json"), "--data", GatewayFolder));
    }

    private static void Must((int Code, string Said) result)
    {
        if (result.Code != 0)
        {
            throw new InvalidOperationException($"The gateway cannot be enrolled: {result.Said}");
        }
    }

    private void WriteBroker()
    {
        Directory.CreateDirectory(Under("mosquitto"));
        File.Copy(Under("authority", AuthorityFolder.CaFile), Under("mosquitto", "ca.crt"));
        File.Copy(Under("authority", AuthorityFolder.ServerFile), Under("mosquitto", "broker.crt"));
        File.Copy(Under("authority", AuthorityFolder.ServerKeyFile), Under("mosquitto", "broker.key"));
        File.Copy(Path.Combine(plan.Root, "systemd", "mosquitto", "coldproof.acl"), Under("mosquitto", "coldproof.acl"));
        var text = File.ReadAllText(Path.Combine(plan.Root, "systemd", "mosquitto", "mosquitto.conf"))
            .Replace("listener 8883\n", $"listener {brokerPort} 127.0.0.1\n", StringComparison.Ordinal)
            .Replace("/etc/mosquitto/certs/", $"{Under("mosquitto")}/", StringComparison.Ordinal)
            .Replace("/etc/mosquitto/", $"{Under("mosquitto")}/", StringComparison.Ordinal)
            .Replace("/var/lib/mosquitto/", $"{Under("mosquitto")}/", StringComparison.Ordinal);
        // As root it would become the user mosquitto, who may not enter this folder.
        File.WriteAllText(Under("mosquitto.conf"), $"user {Environment.UserName}\n{text}");
    }

    private static string Mosquitto() => File.Exists("/usr/sbin/mosquitto") ? "/usr/sbin/mosquitto"
        : File.Exists("/usr/bin/mosquitto") ? "/usr/bin/mosquitto"
        : throw new InvalidOperationException("mosquitto is not installed: apt-get install mosquitto.");
}
