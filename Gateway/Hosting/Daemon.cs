using System.Device.I2c;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Anchoring;
using Evidence;
using Gateway.Configuration;
using Gateway.Replay;
using Gateway.Verbs;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Metrics;
using Sensors;

namespace Gateway.Hosting;

/// <summary>The composition: probes, logbook, link and status page in one host.</summary>
internal static class Daemon
{
    /// <summary>How often a journal that cannot be read is tried, and how long between two tries.</summary>
    private const int ReadTries = 4;
    private static readonly TimeSpan ReadPause = TimeSpan.FromSeconds(2);

    /// <summary>Runs until told to stop.</summary>
    /// <param name="source">Emulated probes; null for the real ones.</param>
    /// <param name="replayClock">Where a replay writes its time; null for nowhere.</param>
    /// <returns>0 after an orderly stop, 1 when an invariant broke.</returns>
    /// <exception cref="VerbException">It cannot run as it is configured or enrolled.</exception>
    public static async Task<int> Run(GatewaySettings settings, ProbeSource? source, string? replayClock, TimeProvider clock,
        CancellationToken stop)
    {
        LastWords.Prepare();
        using var keys = KeyWatch.Open(settings.DataDirectory);
        var folder = new EnrolmentFolder(settings.DataDirectory);
        var (enrolment, harm) = folder.Usable();
        var probes = source?.Configured ?? settings.Probes;
        if (enrolment is not null)
        {
            RefuseDifferences(EnrolmentFolder.ChannelsOf(probes, settings.IntervalMs), Manifest.Decode(enrolment.Manifest), source is not null);
        }

        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        var status = StatusAddress.Choose(settings.Listen);
        Compose(builder, settings, status.Listen);
        builder.Services.AddSingleton<ILedgerLink>(services => enrolment is null ? new NoRoad(harm!.Message)
            : Link(settings, enrolment, folder, clock, services.GetRequiredService<ILogger<MqttLedgerLink>>()));
        await using var app = builder.Build();
        var link = app.Services.GetRequiredService<ILedgerLink>();
        var log = app.Services.GetRequiredService<ILogger<Cycle>>();
        using var logbook = await OpenPatiently(settings, keys, link, enrolment, log, clock, stop);
        if (enrolment is null)
        {
            RefuseDifferences(EnrolmentFolder.ChannelsOf(probes, settings.IntervalMs), logbook.Manifest ?? throw harm!, source is not null);
        }

        using var sampler = new Sampler(probes.Select(probe => probe.Probe).ToList(), source is null ? I2cBus.Create : source.Open, clock,
            TimeSpan.FromMilliseconds(settings.DeadlineMs));
        using var clockFile = replayClock is null ? null : new ReplayClockFile(replayClock);
        var board = app.Services.GetRequiredService<StatusBoard>();
        var started = clock.GetTimestamp();
        Func<long>? linkUptime = source?.Trip is null ? null : () => (long)clock.GetElapsedTime(started).TotalMilliseconds;
        var gateway = logbook.Owner!.Value.Gateway;
        var cycle = new Cycle(sampler, logbook, new(gateway, settings.DataDirectory, probes, settings.IntervalMs)
        {
            Settings = EvidenceSettings.Of(settings, probes),
        }, board,
            app.Services.GetRequiredService<GatewayMetrics>(),
            log, linkUptime)
        { Keys = keys };
        using var driver = Driver(app.Services, cycle, settings, source, clockFile, logbook, clock);
        StatusPage.Map(app, board, cycle, clock);
        DaemonLog.Started(log, gateway, logbook.Boot, probes.Length, settings.IntervalMs,
            status.Listen.ToString());
        if (status.Trouble is { } trouble)
        {
            DaemonLog.StatusElsewhere(log, settings.Listen.ToString(), trouble);
        }

        return await Serve(app, driver, link, stop);
    }

    /// <summary>F-166: a segment of the journal that cannot be read is tried again for some seconds; then it is set aside and declared, because a
    /// gateway that does not start records nothing.</summary>
    private static async Task<Logbook> OpenPatiently(GatewaySettings settings, KeyWatch keys, ILedgerLink link, Enrolment? enrolment,
        ILogger log, TimeProvider clock, CancellationToken stop)
    {
        for (var tries = 1; tries < ReadTries; tries++)
        {
            try
            {
                return Open(settings, keys, link, enrolment, log);
            }
            catch (UnreadableSegmentException fault)
            {
                DaemonLog.SegmentUnreadable(log, fault.Message, tries, ReadTries);
                await Task.Delay(ReadPause, clock, stop);
            }
        }

        return Open(settings, keys, link, enrolment, log, setsUnreadableAside: true);
    }

    /// <summary>Opens the logbook of a data directory whose gateway is stopped.</summary>
    /// <param name="keys">Whose record it is; a key that cannot be used leaves what is closed unsigned.</param>
    /// <param name="enrolment">Null when it cannot be used: then the journal's own manifest is in force, if it has one.</param>
    public static Logbook Open(GatewaySettings settings, KeyWatch keys, ILedgerLink link, Enrolment? enrolment, ILogger log,
        bool setsUnreadableAside = false)
    {
        var options = new LogbookOptions
        {
            SealAgeSeconds = settings.SealAgeMaxSeconds,
            SealLeavesMax = settings.LeavesMax,
            DiskBudgetBytes = settings.BudgetMegabytes * 1_000_000L,
            WordPatienceSeconds = settings.WordPatienceSeconds,
            SetsUnreadableAside = setsUnreadableAside,
        };
        var logbook = Logbook.Open(settings.DataDirectory, options, keys.Whole, link);
        try
        {
            keys.Give(logbook, log);
            if (enrolment is null)
            {
                return logbook;
            }

            logbook.Enrol(enrolment.Manifest);
            var policy = VerifierPolicy.Parse(enrolment.Policy.AsMemory());
            logbook.TrustLog(policy.Log, [.. policy.Authorities.Select(authority => authority.Key)]);
            return logbook;
        }
        catch (MalformedEvidenceException fault)
        {
            logbook.Dispose();
            throw new VerbException($"The enrolment does not fit this gateway's record: {fault.Message}",
                fault)
            { Code = ExitCode.Configuration };
        }
    }

    /// <summary>The link to the ledger, not yet running; <see cref="NoRoad"/> when certificate or TLS key cannot be used.</summary>
    public static ILedgerLink Link(GatewaySettings settings, Enrolment enrolment, EnrolmentFolder folder, TimeProvider clock,
        ILogger<MqttLedgerLink> log)
    {
        Anchoring.LinkOptions options;
        try
        {
            options = new(enrolment.Gateway, settings.Brokers.IsEmpty ? enrolment.Brokers : settings.Brokers,
                X509Certificate2.CreateFromPem(enrolment.Certificate, folder.TlsKeyPem()), X509Certificate2.CreateFromPem(enrolment.Authority))
            {
                AllowPlainTcp = settings.AllowPlainTcp,
            };
        }
        catch (VerbException fault)
        {
            return new NoRoad(fault.Message);
        }
        catch (Exception fault) when (fault is CryptographicException or ArgumentException)
        {
            return new NoRoad($"The TLS certificate of the enrolment and the key {EnrolmentFolder.TlsKeyName} cannot be used: {fault.Message} "
                + "Run `gateway enrol request` and have the gateway enrolled again.");
        }

        return options.Problems() is { IsEmpty: false } problems
            ? throw new VerbException(string.Join(" ", problems)) { Code = ExitCode.Configuration }
            : new MqttLedgerLink(options, clock, log);
    }

    private static void Compose(WebApplicationBuilder builder, GatewaySettings settings, IPEndPoint listen)
    {
        builder.Logging.ClearProviders();
        builder.Logging.AddSimpleConsole(console => console.SingleLine = true);
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 0; // Everything here is read.
            kestrel.Listen(listen);
        });
        builder.Services.AddSystemd();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(20));
        builder.Services.AddMetrics();
        builder.Services.AddSingleton<StatusBoard>();
        builder.Services.AddSingleton<GatewayMetrics>();
        if (settings.OtlpEndpoint is { } endpoint)
        {
            builder.Services.AddOpenTelemetry().WithMetrics(metrics => metrics.AddMeter(GatewayMetrics.MeterName)
                .AddOtlpExporter(exporter => exporter.Endpoint = endpoint));
        }
    }

    private static BackgroundService Driver(IServiceProvider services, Cycle cycle, GatewaySettings settings, ProbeSource? source,
        ReplayClockFile? clockFile, Logbook logbook, TimeProvider clock)
    {
        if (source?.Trip is { } trip)
        {
            return new ReplayService(cycle, source.Truck, trip, clockFile, logbook.Boot, logbook.Status.LastRecorded?.WallMs, clock,
                services.GetRequiredService<ILogger<ReplayService>>());
        }

        // Outside systemd nobody is registered to be notified.
        // F-160: two sessions with one boot number, on a card whose older image was put back, must not begin at one moment.
        var moments = new MomentClock(clock, logbook.Boot, ClockSource.Read, RandomNumberGenerator.GetInt32(Moment.UnsetMsMax));
        return new CycleService(cycle, moments, new SlotGrid(settings.IntervalMs), clock,
            services.GetService<ISystemdNotifier>(), source is null ? null : source.Truck);
    }

    /// <summary>The cycle starts last and stops first: its last batch still finds the link open.</summary>
    private static async Task<int> Serve(WebApplication app, BackgroundService driver, ILedgerLink link, CancellationToken stop)
    {
        using var links = link is MqttLedgerLink broker ? new LinkService(broker) : null;
        await (links?.StartAsync(CancellationToken.None) ?? Task.CompletedTask);
        await app.StartAsync(stop);
        await driver.StartAsync(CancellationToken.None);
        var cycle = driver.ExecuteTask ?? Task.CompletedTask;
        var road = links is null ? new TaskCompletionSource().Task : links.ExecuteTask ?? Task.CompletedTask; // No road never ends.
        using var registration = stop.Register(app.Lifetime.StopApplication);
        await Task.WhenAny(cycle, road, app.WaitForShutdownAsync(CancellationToken.None));
        await driver.StopAsync(CancellationToken.None);
        await (links?.StopAsync(CancellationToken.None) ?? Task.CompletedTask);
        await app.StopAsync(CancellationToken.None);
        if ((cycle.Exception ?? road.Exception)?.InnerException is { } fault)
        {
            DaemonLog.CycleBroke(app.Services.GetRequiredService<ILogger<Cycle>>(), fault);
            throw fault is UnauthorizedAccessException or (IOException and not NotRecordedException)
                ? new VerbException($"The gateway ends. {DiskRoom.Words(fault)}", fault)
                : new VerbException($"The gateway ends: {fault.Message}", fault);
        }

        return ExitCode.Done;
    }

    private static void RefuseDifferences(System.Collections.Immutable.ImmutableArray<ManifestChannel> configured, Manifest manifest,
        bool isEmulated)
    {
        var differences = EnrolmentFolder.Differences(configured, manifest.Channels);
        if (isEmulated != manifest.Traits.HasFlag(GatewayTraits.EmulatedProbes))
        {
            differences = differences.Add(isEmulated
                ? "The enrolment is for real probes; emulated ones would be recorded as if they were real. Use another data directory."
                : "The enrolment is for emulated probes; enrol this gateway with `gateway enrol request` for its real ones.");
        }

        if (!differences.IsEmpty)
        {
            throw new VerbException(string.Join('\n', differences)) { Code = ExitCode.Configuration };
        }
    }
}
