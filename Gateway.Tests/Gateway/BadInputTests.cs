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
    private readonly CycleStage stage = new();
    private readonly EmulatedTmp117 chip = new();

    public BadInputTests() => stage.Bus.Attach(chip);

    [Fact]
    public void A_missing_bus_is_a_reading_without_temperature_in_every_round_and_advice_on_the_status()
    {
        using var truck = Begin(CycleStage.Probe() with { Bus = 9 }, number => number == 9
            ? throw new IOException("Can not open I2C device file '/dev/i2c-9'.") : stage.Bus.Open(number));
        truck.Round(0);
        truck.Round(1);
        var status = stage.Board.Current!;
        Assert.Equal(2, status.Recorded);
        Assert.Null(status.Channels[0].Last.Temperature);
        Assert.NotEqual(Outcome.Measured, status.Channels[0].Last.Outcome);
        Assert.Contains(status.Trouble, trouble => trouble.StartsWith("rear: ", StringComparison.Ordinal));
    }

    [Fact]
    public void Another_chip_at_the_address_is_never_a_temperature()
    {
        using var truck = Begin(CycleStage.Probe() with { Chip = ChipKind.Tmp1075, Address = chip.Address });
        chip.FinishConversion(5_000);
        truck.Round(0);
        Assert.Equal(Outcome.NotPresent, stage.Board.Current!.Channels[0].Last.Outcome);
        Assert.Equal(1, stage.Board.Current.Recorded);
    }

    /// <summary>F-38.</summary>
    [Fact]
    public void An_expired_calibration_is_one_event_and_recording_goes_on()
    {
        var calibration = new CalibrationSettings
        {
            Certificate = "K-17",
            CertificateSha256 = new('1', 64),
            Expires = DateTimeOffset.FromUnixTimeMilliseconds(CycleStage.StartMs - 1),
            OffsetMilliCelsius = 0,
        };
        using var truck = Begin(CycleStage.Probe() with { Calibration = calibration });
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
        Assert.Contains(stage.Board.Current!.Trouble, trouble => trouble.Contains("K-17", StringComparison.Ordinal));
    }

    [Fact]
    public void Days_without_a_broker_lose_nothing_and_the_oldest_is_offered_first_when_it_is_back()
    {
        stage.Road.Connected = false;
        using var truck = Begin(CycleStage.Probe());
        for (var round = 0; round < 3 * 1_440; round += 5)
        {
            chip.FinishConversion(5_000);
            truck.Round(round);
        }

        Assert.Empty(stage.Road.Arrived);
        Assert.True(stage.Board.Current!.Waiting > 100, $"{stage.Board.Current.Waiting} batches wait.");
        Assert.False(stage.Board.Current.IsConnected);
        stage.Road.Reconnect();
        for (var round = 3 * 1_440; stage.Board.Current.Waiting > 0 && round < 4 * 1_440; round++)
        {
            truck.Drain(round);
        }

        Assert.Equal(0, stage.Board.Current.Waiting);
        Assert.Equal(StatementKind.Manifest, stage.Road.Logged[0].Kind);
        Assert.Equal(Enumerable.Range(0, stage.Road.Logged.Count - 1).Select(number => (long)number),
            stage.Road.Logged.Skip(1).Select(statement => BatchHeader.Decode(statement.Payload).Number));
        Assert.Equal(stage.Board.Current.Sealed, stage.Board.Current.Anchored);
    }

    [Fact]
    public void The_status_survives_its_own_json()
    {
        using var truck = Begin(CycleStage.Probe());
        chip.FinishConversion(-500);
        truck.Round(0);
        var text = StatusJson.Write(stage.Board.Current!);
        Assert.Equal(text, StatusJson.Write(StatusJson.Read(text)));
        Assert.Contains("\"milliCelsius\": -500", text, StringComparison.Ordinal);
    }

    public void Dispose() => stage.Dispose();

    private Truck Begin(ProbeSettings probe, Func<int, System.Device.I2c.I2cBus>? open = null) => new(stage.Begin(probe, open: open));

    /// <summary>A session that is told the number of each of its rounds.</summary>
    private sealed class Truck : IDisposable
    {
        private readonly CycleSession session;

        public Truck(CycleSession session)
        {
            this.session = session;
            session.Cycle.Start(At(0));
        }

        public void Drain(int round) => session.Cycle.Drain(At(round));

        public void Round(int round) => session.Cycle.Run(At(round), 0);

        public ImmutableArray<ExtractedBatch> Seal(int round) => session.Seal(At(round));

        public void Dispose() => session.Dispose();

        private Moment At(int round) => new(session.Logbook.Boot, (long)round * session.IntervalMs,
            CycleStage.StartMs + ((long)round * session.IntervalMs), ClockTrust.Ntp);
    }
}
