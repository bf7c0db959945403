using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Anchoring;
using Evidence;
using PublicKey = Evidence.PublicKey;

namespace Gateway.Tests.Wire;

/// <summary>A gateway's real logbook, on a real directory and over its real link, with only probes and timer in the test's hand. One life
/// after the other.</summary>
internal sealed class LivingTruck : IDisposable
{
    public const int WeekSeconds = 604_800;
    private readonly Fleet fleet;
    private readonly BrokerAddress broker;
    private readonly ECDsa tls = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly GatewayKey key;
    private Enrolment enrolment;
    private CancellationTokenSource? stop;
    private Task? running;
    private long uptimeMs;

    public LivingTruck(Fleet fleet, int port)
    {
        (this.fleet, broker) = (fleet, Fleet.At(port));
        key = GatewayKey.LoadOrCreate(Folder);
        enrolment = fleet.Authority.Enrol(Request(), null, null, [], null);
        WallMs = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
    }

    public string Folder { get; } = Directory.CreateTempSubdirectory("coldproof-truck-").FullName;

    public GatewayId Id => key.Gateway;

    public GatewayKey Key => key;

    public Logbook Logbook { get; private set; } = null!;

    public LogbookStatus Status => Logbook.Status;

    public long WallMs { get; private set; }

    public LogLines Log { get; } = new();

    public int PatienceSeconds { get; init; } = WeekSeconds;

    public Moment Now => Moment.FromClocks(Logbook.Boot, uptimeMs, WallMs, ClockTrust.Ntp, 5);

    public X509Certificate2 Certificate() => X509Certificate2.CreateFromPem(enrolment.Certificate).CopyWithPrivateKey(tls);

    public void Enrol(long first) => enrolment = fleet.Authority.Enrol(Request(), null, first, [], "card rolled back");

    public void Start()
    {
        (uptimeMs, stop) = (1_000, new());
        var link = new MqttLedgerLink(new(Id, [broker], Certificate(), X509Certificate2.CreateFromPem(enrolment.Authority))
        {
            BackoffMin = TimeSpan.FromMilliseconds(20),
            BackoffMax = TimeSpan.FromMilliseconds(300),
            Timeout = TimeSpan.FromSeconds(5),
        }, TimeProvider.System, Log.Of<MqttLedgerLink>());
        Logbook = Logbook.Open(Folder, new() { WordPatienceSeconds = PatienceSeconds }, key, link);
        var policy = VerifierPolicy.Parse(enrolment.Policy.AsMemory());
        Logbook.TrustLog(policy.Log, [.. policy.Authorities.Select(authority => authority.Key)]);
        Logbook.Enrol(enrolment.Manifest);
        Logbook.Start(Now);
        running = link.Run(stop.Token);
    }

    /// <summary>Power goes: nothing is said or sealed.</summary>
    public async Task Cut()
    {
        await stop!.CancelAsync();
        await running!;
        stop.Dispose();
        Logbook.Dispose();
        (stop, running) = (null, null);
        WallMs += 3_000;
    }

    /// <summary>Records a round a second and closes the batch.</summary>
    public void Batch(int rounds = 2)
    {
        for (var i = 0; i < rounds; i++)
        {
            (uptimeMs, WallMs) = (uptimeMs + 1_000, WallMs + 1_000);
            Logbook.Record(Now, [Reading.Measured(new(0), Now, new(4_000 + i), 512 + i)]);
        }

        Logbook.SealOpen(Now);
    }

    /// <summary>Offers and takes answers until it holds; the uptime stands still, the test's own limit is the only clock.</summary>
    public Task Until(Func<bool> holds) => Fleet.Until(() =>
    {
        Logbook.Offer(Now);
        return holds();
    });

    /// <summary>Patience with answers passes.</summary>
    public void Pass(long ms) => (uptimeMs, WallMs) = (uptimeMs + ms, WallMs);

    public Dictionary<string, byte[]> Image() => Directory.GetFiles(Folder, "*", SearchOption.AllDirectories)
        .ToDictionary(file => Path.GetRelativePath(Folder, file), File.ReadAllBytes);

    public void PutBack(Dictionary<string, byte[]> image)
    {
        foreach (var file in Directory.GetFiles(Folder, "*", SearchOption.AllDirectories))
        {
            File.Delete(file);
        }

        foreach (var (name, bytes) in image)
        {
            File.WriteAllBytes(Path.Combine(Folder, name), bytes);
        }
    }

    public void Dispose()
    {
        stop?.Cancel();
        running?.GetAwaiter().GetResult();
        if (running is not null)
        {
            Logbook.Dispose();
        }

        key.Dispose();
        tls.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    private EnrolmentRequest Request() => new(key.Gateway, key.Public, key.CreateRequestPem(),
        new CertificateRequest($"CN={key.Gateway}", tls, HashAlgorithmName.SHA256).CreateSigningRequestPem(),
        [new ManifestChannel("rear, top", "S1", new(2_000), new(8_000), 60_000, default, null, Digest.Of([1]))], GatewayTraits.SoftwareKey);
}
