using System.Collections.Immutable;
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

/// <summary>Bad input at the probes and on the road: recording goes on, the fact is named, nothing is lost. Real logbook, real chip
/// files.</summary>
public sealed class BadInputTests : IDisposable
{
    private const long StartMs = 1_900_000_000_000;
    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("coldproof-cycle-");
    private readonly ServiceProvider services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly StatusBoard board = new();
    private readonly RoadLedger road = new() { WallMs = () => StartMs };
    private readonly EmulatedBus bus = new();
    private readonly EmulatedTmp117 chip = new();

    public BadInputTests() => bus.Attach(chip);

    [Fact]
    public void A_missing_bus_is_a_reading_without_temperature_in_every_round_and_advice_on_the_status()
    {
        using var truck = Truck(Probe() with { Bus = 9 }, number => number == 9
            ? throw new IOException("Can not open I2C device file '/dev/i2c-9'.") : bus.Open(number));
        truck.Round(0);
        truck.Round(1);
        var status = board.Current!;
        Assert.Equal(2, status.Recorded);
        Assert.Null(status.Channels[0].Last.Temperature);
        Assert.NotEqual(Outcome.Measured, status.Channels[0].Last.Outcome);
        Assert.Contains(status.Trouble, trouble => trouble.StartsWith("rear: ", StringComparison.Ordinal));
    }

    [Fact]
    public void Another_chip_at_the_address_is_never_a_temperature()
    {
        using var truck = Truck(Probe() with { Chip = ChipKind.Tmp1075, Address = chip.Address });
        chip.FinishConversion(5_000);
        truck.Round(0);
        Assert.Equal(Outcome.NotPresent, board.Current!.Channels[0].Last.Outcome);
        Assert.Equal(1, board.Current.Recorded);
    }

    /// <summary>F-38.</summary>
    [Fact]
    public void An_expired_calibration_is_one_event_and_recording_goes_on()
    {
        var calibration = new CalibrationSettings
        {
            Certificate = "K-17",
            CertificateSha256 = new('1', 64),
            Expires = DateTimeOffset.FromUnixTimeMilliseconds(StartMs - 1),
            OffsetMilliCelsius = 0,
        };
        using var truck = Truck(Probe() with { Calibration = calibration });
        for (var round = 0; round < 5; round++)
        {
            chip.FinishConversion(5_000);
            truck.Round(round);
        }

        var batches = truck.Seal(5);
        Assert.Equal(5, batches.Sum(batch => batch.Body.Rounds.Length));
        var expired = Assert.Single(batches.SelectMany(batch => batch.Body.Events), happened =>
            happened.Kind == EventKind.CalibrationExpired);
        Assert.Equal("calibration.expired", EventDetail.ReadNote(expired.Detail)!.Value.Code);
        Assert.Contains(board.Current!.Trouble, trouble => trouble.Contains("K-17", StringComparison.Ordinal));
    }

    [Fact]
    public void Days_without_a_broker_lose_nothing_and_the_oldest_is_offered_first_when_it_is_back()
    {
        road.Connected = false;
        using var truck = Truck(Probe());
        for (var round = 0; round < 3 * 1_440; round += 5)
        {
            chip.FinishConversion(5_000);
            truck.Round(round);
        }

        Assert.Empty(road.Arrived);
        Assert.True(board.Current!.Waiting > 100, $"{board.Current.Waiting} batches wait.");
        Assert.False(board.Current.IsConnected);
        road.Reconnect();
        for (var round = 3 * 1_440; board.Current.Waiting > 0 && round < 4 * 1_440; round++)
        {
            truck.Drain(round);
        }

        Assert.Equal(0, board.Current.Waiting);
        Assert.Equal(StatementKind.Manifest, road.Logged[0].Kind);
        Assert.Equal(Enumerable.Range(0, road.Logged.Count - 1).Select(number => (long)number),
            road.Logged.Skip(1).Select(statement => BatchHeader.Decode(statement.Payload).Number));
        Assert.Equal(board.Current.Sealed, board.Current.Anchored);
    }

    [Fact]
    public void The_status_survives_its_own_json()
    {
        using var truck = Truck(Probe());
        chip.FinishConversion(-500);
        truck.Round(0);
        var text = StatusJson.Write(board.Current!);
        Assert.Equal(text, StatusJson.Write(StatusJson.Read(text)));
        Assert.Contains("\"milliCelsius\": -500", text, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        bus.Dispose();
        services.Dispose();
        directory.Delete(recursive: true);
    }

    private static ProbeSettings Probe() => new() { Place = "rear", Serial = "T1", Chip = ChipKind.Tmp117, Address = 0x48 };

    private TestTruck Truck(ProbeSettings probe, Func<int, System.Device.I2c.I2cBus>? open = null)
    {
        var probes = ImmutableArray.Create(new ConfiguredProbe(probe, new(2_000), new(8_000)));
        return new(directory.FullName, probes, open ?? bus.Open, road, board, services.GetRequiredService<IMeterFactory>());
    }

    /// <summary>A gateway without timer and host: the real cycle, driven one round at a time.</summary>
    private sealed class TestTruck : IDisposable
    {
        private const int IntervalMs = 60_000;
        private readonly GatewayKey key;
        private readonly Logbook logbook;
        private readonly Sampler sampler;
        private readonly Cycle cycle;

        public TestTruck(string directory, ImmutableArray<ConfiguredProbe> probes, Func<int, System.Device.I2c.I2cBus> open,
            RoadLedger link,
            StatusBoard board, IMeterFactory meters)
        {
            key = GatewayKey.LoadOrCreate(directory);
            link.Gateway = key.Gateway;
            logbook = Logbook.Open(directory, new(), key, link);
            using var authority = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var manifest = new Manifest(key.Gateway, key.Public, 0, StartMs - 1_000, EnrolmentFolder.ChannelsOf(probes, IntervalMs),
                default, default,
                GatewayKey.Trait | GatewayTraits.EmulatedProbes);
            logbook.Enrol(manifest.Sign("authority:Test", authority));
            logbook.TrustLog(RoadLedger.Policy);
            sampler = new(probes.Select(probe => probe.Probe).ToList(), open, TimeProvider.System);
            cycle = new(sampler, logbook, new(key.Gateway, directory, probes, IntervalMs), board, new(meters, board),
                NullLogger<Cycle>.Instance);
            cycle.Start(At(0));
        }

        public void Drain(int number) => cycle.Drain(At(number));

        public void Round(int number) => cycle.Run(At(number), 0);

        public ImmutableArray<ExtractedBatch> Seal(int number)
        {
            cycle.Seal(At(number));
            return logbook.Extract(StartMs, long.MaxValue).Batches;
        }

        public void Dispose()
        {
            sampler.Dispose();
            logbook.Dispose();
            key.Dispose();
        }

        private Moment At(int round) => new(logbook.Boot, (long)round * IntervalMs, StartMs + ((long)round * IntervalMs), ClockTrust.Ntp);
    }
}
