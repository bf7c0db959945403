using System.Diagnostics.Metrics;
using Evidence;

namespace Gateway.Hosting;

/// <summary>The gateway's instruments, named after OpenTelemetry's conventions with UCUM units. Pushed only where an endpoint is
/// configured.</summary>
public sealed class GatewayMetrics
{
    /// <summary>The meter's name, for whoever listens.</summary>
    public const string MeterName = "Coldproof";

    private readonly StatusBoard board;
    private readonly Counter<long> readings;
    private readonly Counter<long> batches;

    public GatewayMetrics(IMeterFactory factory, StatusBoard board)
    {
        this.board = board;
        var meter = factory.Create(MeterName);
        readings = meter.CreateCounter<long>("coldproof.readings", "{reading}", "Readings recorded, by outcome.");
        batches = meter.CreateCounter<long>("coldproof.batch.sealed", "{batch}", "Batches sealed.");
        meter.CreateObservableGauge("coldproof.sensor.temperature", Temperatures, "Cel", "Newest temperature of each probe.");
        meter.CreateObservableGauge("coldproof.queue.depth", () => board.Current?.Waiting ?? 0, "{batch}",
            "Sealed batches without a verified receipt.");
        meter.CreateObservableGauge("coldproof.anchor.lag", LagSeconds, "s", "Age of the oldest sealed batch without a verified receipt.");
    }

    public void Recorded(Reading reading) => readings.Add(1, new KeyValuePair<string, object?>("outcome", reading.Outcome.ToString()));

    public void Sealed(long count) => batches.Add(count);

    private IEnumerable<Measurement<double>> Temperatures() => board.Current is { } status
        ? status.Channels.Where(channel => channel.Last.Temperature is not null).Select(channel => new Measurement<double>(
            channel.Last.Temperature!.Value.Value / 1000.0, new KeyValuePair<string, object?>("sensor.id", channel.Serial)))
        : [];

    private double LagSeconds() => board.Current is { OldestWaitingMs: { } oldest } status ? Math.Max(0,
        status.Now.WallMs - oldest) / 1000.0 : 0;
}
