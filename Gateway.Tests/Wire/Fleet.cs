using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Anchoring;
using Evidence;
using Ledger.Authority;
using Ledger.Hosting;
using Ledger.Wire;
using MQTTnet;
using MQTTnet.Formatter;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using PublicKey = Evidence.PublicKey;

namespace Gateway.Tests.Wire;

/// <summary>An authority, a real ledger on disk and what connects to it; everything as shipped, on loopback, in one folder.</summary>
internal sealed class Fleet : IAsyncDisposable
{
    private readonly List<IHostedService> services = [];
    private readonly WireKeys keys;

    public Fleet()
    {
        Folder = Directory.CreateTempSubdirectory("coldproof-wire-").FullName;
        Authority = AuthorityFolder.Init(KeysFolder, "Test authority", "ledger.example/test", ["127.0.0.1", "localhost"], null,
            TimeProvider.System);
        keys = WireKeys.Read(KeysFolder, server: true);
        Core = LedgerCore.Open(Path.Combine(Folder, "ledger"), KeysFolder, TimeProvider.System, NullLoggerFactory.Instance);
    }

    public string Folder { get; }

    public string KeysFolder => Path.Combine(Folder, "keys");

    public AuthorityFolder Authority { get; }

    public LedgerCore Core { get; }

    public PresenceBook Presence { get; } = new(TimeProvider.System);

    public LogLines Log { get; } = new();

    public static BrokerAddress At(int port) => new("127.0.0.1", port, true);

    /// <summary>The ledger listens at a broker from now on.</summary>
    /// <param name="accept">Who judges; null for the ledger itself.</param>
    public async Task<MqttIntake> Listen(int port, AcceptUplink? accept = null)
    {
        var options = new WireOptions { Keys = KeysFolder, BackoffMax = TimeSpan.FromSeconds(1), Timeout = TimeSpan.FromSeconds(5) };
        var intake = new MqttIntake(options, At(port), keys, accept ?? Core.Intake.Accept, Presence, TimeProvider.System,
            Log.Of<MqttIntake>());
        services.Add(intake);
        await intake.StartAsync(CancellationToken.None);
        await Until(() => intake.State.Connected);
        return intake;
    }

    public async Task<EmbeddedBroker> StartEmbedded(int port)
    {
        var broker = new EmbeddedBroker(new() { Keys = KeysFolder, EmbeddedPort = port }, keys, TimeProvider.System,
            Log.Of<EmbeddedBroker>());
        services.Insert(0, broker);
        await broker.StartAsync(CancellationToken.None);
        return broker;
    }

    public async Task Stop(IHostedService service)
    {
        services.Remove(service);
        await service.StopAsync(CancellationToken.None);
        (service as IDisposable)?.Dispose();
    }

    public Truck Enrol(params BrokerAddress[] brokers) => new(this, brokers);

    /// <summary>A client of the truck's or the ledger's certificate that keeps to no rule of ours.</summary>
    public MqttClientOptions Rogue(int port, X509Certificate2? certificate, string clientId) => new MqttClientOptionsBuilder()
        .WithTcpServer("127.0.0.1",
            port).WithProtocolVersion(MqttProtocolVersion.V500).WithClientId(clientId).WithTimeout(TimeSpan.FromSeconds(5))
        .WithTlsOptions(tls => tls.UseTls().WithClientCertificates(certificate is null ? [] : [certificate])
            .WithTrustChain([keys.Authority]).WithRevocationMode(X509RevocationMode.NoCheck))
        .Build();

    public X509Certificate2 LedgerCertificate => keys.Client;

    public X509Certificate2 Ca => keys.Authority;

    /// <summary>Waits for something that has no event; the test's own time limit is the only clock.</summary>
    public static async Task Until(Func<bool> holds)
    {
        while (!holds())
        {
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>What ended on the ledger's side and must not have; otherwise a test would wait for an answer that cannot come.</summary>
    public void AssertRuns()
    {
        foreach (var part in services.OfType<BackgroundService>())
        {
            Assert.False(part.ExecuteTask is { IsFaulted: true }, $"{part.GetType().Name} has ended: {part.ExecuteTask?.Exception}");
        }

        Assert.False(Core.Sequencer.Ended.IsCompleted, $"The sequencer has ended: {Core.Sequencer.Ended.Exception}");
    }

    public async ValueTask DisposeAsync()
    {
        for (var i = services.Count - 1; i >= 0; i--)
        {
            await services[i].StopAsync(CancellationToken.None);
            (services[i] as IDisposable)?.Dispose();
        }

        await Core.DisposeAsync();
        keys.Dispose();
        Directory.Delete(Folder, recursive: true);
    }
}

/// <summary>One enrolled gateway: keys, certificate, signed batches in order, and its link.</summary>
internal sealed class Truck : IDisposable
{
    /// <summary>Longer than any pause between two receipts, and below the tests' own limit, which tells nothing.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    private readonly TestKeys keys = new();
    private readonly ReceiptCheck check;
    private readonly List<Statement> statements = [];
    private readonly List<byte[]> uplinks = [];
    private readonly Dictionary<Digest, string> receipts = [];
    private readonly CancellationTokenSource stop = new();
    private readonly Manifest manifest;
    private readonly Fleet fleet;
    private Digest previous;
    private Task? running;

    public Truck(Fleet fleet, IEnumerable<BrokerAddress> brokers)
    {
        this.fleet = fleet;
        var enrolment = fleet.Authority.Enrol(keys.Request(), null, null, [], null);
        manifest = enrolment.CheckFor(keys.Gateway, PublicKey.Of(keys.Evidence), PublicKey.Of(keys.Tls), [fleet.Authority.Key.Key]);
        check = new(VerifierPolicy.Parse(enrolment.Policy.AsMemory()).Log);
        Certificate = X509Certificate2.CreateFromPem(enrolment.Certificate).CopyWithPrivateKey(keys.Tls);
        Options = new(keys.Gateway, [.. brokers], Certificate, X509Certificate2.CreateFromPem(enrolment.Authority))
        {
            BackoffMin = TimeSpan.FromMilliseconds(20),
            BackoffMax = TimeSpan.FromMilliseconds(300),
            Timeout = TimeSpan.FromSeconds(5),
        };
        Add(enrolment.Manifest, null);
    }

    public GatewayId Id => keys.Gateway;

    public ECDsa TlsKey => keys.Tls;

    public X509Certificate2 Certificate { get; }

    public LinkOptions Options { get; set; }

    public LogLines Log { get; } = new();

    public MqttLedgerLink Link { get; private set; } = null!;

    public int Anchored => receipts.Count;

    public IReadOnlyList<byte[]> Uplinks => uplinks;

    /// <summary>How many answers refused a statement.</summary>
    public List<Refusal> Refusals { get; } = [];

    /// <summary>News by kind, in order.</summary>
    public List<LinkNews> News { get; } = [];

    public void Connect()
    {
        Link = new(Options, TimeProvider.System, Log.Of<MqttLedgerLink>());
        running = Link.Run(stop.Token);
    }

    /// <summary>Seals so many batches of three rounds.</summary>
    public void Seal(int batches)
    {
        for (var i = 0; i < batches; i++)
        {
            var number = statements.Count - 1L;
            var opened = 1_800_000_000_000 + (number * 180_000);
            var body = new BatchBody([.. RandomNumberGenerator.GetBytes(32)], [opened, opened + 60_000, opened + 120_000],
                [new(number * 3, [.. Enumerable.Range(0, 3).Select(round =>
                    new BatchSample(Outcome.Measured, new(4_000 + round), 512 + round))])], []);
            var hashes = BatchLeaves.Hashes(BatchLeaves.Build(body, opened, manifest.Channels));
            var header = new BatchHeader(Id, number, previous, statements[0].PayloadDigest, opened, opened + 179_999,
                new(ClockTrust.Ntp, 5, 1, 10_000 + (number * 180_000)), default, hashes.Length, 1, BatchTree.Root(hashes.AsSpan()));
            var statement = Statement.Sign(StatementKind.Batch, Statement.IssuerOf(Id), header.Encode(), keys.Evidence);
            previous = statement.PayloadDigest;
            Add(statement, body);
        }
    }

    /// <summary>Offers everything in order until each has a verified receipt, as an outbox does: again after every new
    /// connection.</summary>
    /// <param name="onReceipt">Called with the number of receipts after each new one, and waited for.</param>
    public async Task DeliverAll(Func<int, Task>? onReceipt = null)
    {
        var (next, connection) = (0, -1L);
        var (idle, heard) = (0, TimeProvider.System.GetTimestamp());
        while (receipts.Count < statements.Count)
        {
            var state = Link.State;
            if (state.Connected && (state.Connection != connection || idle > 100))
            {
                (next, connection, idle) = (FirstOpen(), state.Connection, 0);
            }

            while (next < statements.Count && Link.TrySend(statements[next].PayloadDigest, uplinks[next]))
            {
                next++;
            }

            var before = receipts.Count;
            while (Link.TryReceive(out var news))
            {
                if (!Take(news))
                {
                    next = FirstOpen();
                }
                else if (receipts.Count > before)
                {
                    before = receipts.Count;
                    idle = 0;
                    if (onReceipt is not null)
                    {
                        await onReceipt(before);
                    }

                    heard = TimeProvider.System.GetTimestamp();
                }
            }

            idle++;
            fleet.AssertRuns();
            Assert.False(running!.IsCompleted, $"The link has ended: {running.Exception}");
            Assert.True(TimeProvider.System.GetElapsedTime(heard) < Patience,
                $"No receipt for {Patience}: {receipts.Count} of {statements.Count}; {Link.State}; refused: {string.Join(' ', Refusals.TakeLast(20))}\n{Log}\n{fleet.Log}");
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Waits for one piece of news.</summary>
    public async Task<LinkNews> Next()
    {
        LinkNews news = default;
        await Fleet.Until(() => Link.TryReceive(out news));
        return news;
    }

    public async Task Disconnect()
    {
        await stop.CancelAsync();
        await running!;
        running = null;
    }

    public void Dispose()
    {
        stop.Cancel();
        running?.GetAwaiter().GetResult();
        Certificate.Dispose();
        Options.Authority?.Dispose();
        keys.Dispose();
        stop.Dispose();
    }

    /// <summary>Every statement is in the log, each once and in order, and nothing else of this truck.</summary>
    public void AssertLoggedOnceAndInOrder()
    {
        var mine = fleet.Core.Store.EntriesFrom(0).Select(entry => Statement.Decode(entry))
            .Where(entry => statements.Exists(statement => statement.PayloadDigest == entry.PayloadDigest))
                .Select(entry => entry.PayloadDigest);
        Assert.Equal(statements.Select(statement => statement.PayloadDigest), mine);
    }

    private int FirstOpen() => statements.FindIndex(statement => !receipts.ContainsKey(statement.PayloadDigest)) is var i and >= 0 ? i
        : statements.Count;

    /// <summary>False when something must be offered again.</summary>
    private bool Take(LinkNews news)
    {
        News.Add(news);
        if (news.Kind != LinkNewsKind.Answer)
        {
            return news.Kind == LinkNewsKind.Delivered;
        }

        var answer = Downlink.Decode(news.Message);
        if (answer.Refusal is { } refusal)
        {
            Refusals.Add(refusal);
            return false;
        }

        var statement = statements.Find(item => item.PayloadDigest == answer.PayloadDigest);
        Assert.NotNull(statement);
        var verdict = check.Check(statement, answer.Receipt!);
        Assert.True(verdict.Holds, verdict.Reason);
        receipts[answer.PayloadDigest] = answer.Receipt!;
        return true;
    }

    private void Add(Statement statement, BatchBody? body)
    {
        statements.Add(statement);
        uplinks.Add(new Uplink(statement.Bytes, body is null ? statement.Openings : ImmutableArray.Create(body.Encode())).Encode());
    }
}

/// <summary>Keeps what was logged, by event id.</summary>
internal sealed class LogLines
{
    private readonly List<(int Id, string Text)> lines = [];

    public ILogger<T> Of<T>() => new Lines<T>(this);

    public int Count(int id)
    {
        lock (lines)
        {
            return lines.Count(line => line.Id == id);
        }
    }

    public override string ToString()
    {
        lock (lines)
        {
            return string.Join('\n', lines.Select(line => $"{line.Id} {line.Text}"));
        }
    }

    private sealed class Lines<T>(LogLines all) : ILogger<T>
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?,
            string> formatter)
        {
            lock (all.lines)
            {
                all.lines.Add((eventId.Id, formatter(state, exception)));
            }
        }
    }
}
