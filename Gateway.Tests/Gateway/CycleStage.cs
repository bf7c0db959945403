using System.Collections.Immutable;
using System.Device.I2c;
using System.Diagnostics.Metrics;
using System.Security.Cryptography;
using Anchoring;
using Evidence;
using Gateway.Configuration;
using Gateway.Hosting;
using Gateway.Tests.Anchoring;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Sensors;
using Sensors.Chips;
using Sensors.Emulation;

namespace Gateway.Tests.Gateway;

/// <summary>What outlives the sessions of a gateway: its folder, its bus, its authority, the ledger at the end of its road, its status page.</summary>
internal sealed class CycleStage : IDisposable
{
    public const long StartMs = 1_900_000_000_000;
    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("coldproof-cycle-");

    public string Folder => directory.FullName;

    public StatusBoard Board { get; } = new();

    public RoadLedger Road { get; } = new() { WallMs = () => StartMs };

    public EmulatedBus Bus { get; } = new();

    /// <summary>Signs the manifests.</summary>
    public ECDsa Authority { get; } = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    /// <summary>What a session tells of its settings.</summary>
    public ImmutableArray<(string Name, string Value)> Settings { get; set; } = [];

    /// <summary>A probe at the rear, called T1.</summary>
    public static ProbeSettings Probe(ChipKind kind = ChipKind.Tmp117, int address = 0x48) =>
        new() { Place = "rear", Serial = "T1", Chip = kind, Address = address };

    /// <summary>A session with one probe.</summary>
    /// <param name="intervalMs">Time between rounds, in milliseconds.</param>
    /// <param name="link">The road; null for the one to this stage's own ledger.</param>
    /// <param name="open">Opens a bus; null for this stage's own.</param>
    public CycleSession Begin(ProbeSettings probe, int intervalMs = 60_000, ILedgerLink? link = null, Func<int, I2cBus>? open = null) =>
        new(this, new(probe, new(2_000), new(8_000)), intervalMs, link ?? Road, open ?? Bus.Open);

    public void Dispose()
    {
        Bus.Dispose();
        Authority.Dispose();
        directory.Delete(recursive: true);
    }
}

/// <summary>A gateway without timer and host: the real key, logbook, sampler and cycle. Every new one on a stage is a restart.</summary>
internal sealed class CycleSession : IDisposable
{
    private readonly ServiceProvider services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly Sampler sampler;
    private readonly GatewayKey key;

    public CycleSession(CycleStage stage, ConfiguredProbe probe, int intervalMs, ILedgerLink link, Func<int, I2cBus> open)
    {
        IntervalMs = intervalMs;
        key = GatewayKey.LoadOrCreate(stage.Folder);
        stage.Road.Gateway = key.Gateway;
        Logbook = Logbook.Open(stage.Folder, new(), key, link);
        Enrol([probe], stage.Authority);
        Logbook.TrustLog(RoadLedger.Policy);
        sampler = new([probe.Probe], open, TimeProvider.System);
        Cycle = new(sampler, Logbook, new(key.Gateway, stage.Folder, [probe], intervalMs) { Settings = stage.Settings }, stage.Board,
            new(services.GetRequiredService<IMeterFactory>(), stage.Board), NullLogger<Cycle>.Instance);
    }

    public int IntervalMs { get; }

    public Logbook Logbook { get; }

    public Cycle Cycle { get; }

    /// <summary>Seals what is open, and gives every batch since the stage began.</summary>
    public ImmutableArray<ExtractedBatch> Seal(Moment now)
    {
        Cycle.Seal(now);
        return Logbook.Extract(CycleStage.StartMs, long.MaxValue).Batches;
    }

    public void Dispose()
    {
        sampler.Dispose();
        Logbook.Dispose();
        key.Dispose();
        services.Dispose();
    }

    /// <summary>A first manifest, and another one when the probe has another name than in the one in force.</summary>
    private void Enrol(ImmutableArray<ConfiguredProbe> probes, ECDsa authority)
    {
        var before = Logbook.Manifest;
        if (before is not null && before.Channels[0].Serial == probes[0].Probe.Serial)
        {
            return;
        }

        var next = new Manifest(key.Gateway, key.Public, Logbook.Status.NextNumber + (before is null ? 0 : 1), CycleStage.StartMs - 1_000,
            EnrolmentFolder.ChannelsOf(probes, Math.Min(IntervalMs, Manifest.IntervalMsMax)), default, before is null ? default : Digest.Of(before.Encode()),
            GatewayKey.Trait | GatewayTraits.EmulatedProbes);
        Logbook.Enrol(next.Sign("authority:Test", authority));
    }
}
