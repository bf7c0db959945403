using System.Diagnostics.Metrics;
using Evidence;

namespace Ledger;

/// <summary>The ledger's numbers, named as OpenTelemetry names them. Read them with any exporter or <c>dotnet-counters</c>.</summary>
public sealed class LedgerMeter : IDisposable
{
    public const string Name = "Coldproof.Ledger";

    private readonly Meter meter = new(Name);
    private readonly Counter<long> statements;
    private readonly Counter<long> failures;
    private readonly Histogram<double> roundSeconds;
    private readonly Histogram<int> roundEntries;
    private long size;

    public LedgerMeter()
    {
        statements = meter.CreateCounter<long>("coldproof.ledger.statements", "{statement}", "Statements answered, by kind and answer.");
        failures = meter.CreateCounter<long>("coldproof.ledger.round.failures", "{round}", "Rounds that could not be written, by error.");
        roundSeconds = meter.CreateHistogram<double>("coldproof.ledger.round.duration", "s",
            "From the first byte written to the last receipt.");
        roundEntries = meter.CreateHistogram<int>("coldproof.ledger.round.entries", "{entry}", "Entries logged by one round.");
        meter.CreateObservableGauge("coldproof.ledger.log.size", () =>
            Interlocked.Read(ref size), "{entry}", "Entries under the newest checkpoint.");
    }

    public void Answered(StatementKind? kind, Refusal? refusal) => statements.Add(1,
        new("kind", kind?.ToString() ?? "unreadable"), new("answer", refusal?.ToString() ?? "receipt"));

    public void RoundEnded(TimeSpan duration, int entries, long logSize)
    {
        roundSeconds.Record(duration.TotalSeconds);
        roundEntries.Record(entries);
        Interlocked.Exchange(ref size, logSize);
    }

    public void RoundFailed(Exception fault) => failures.Add(1, new KeyValuePair<string, object?>("error.type", fault.GetType().Name));

    public void Dispose() => meter.Dispose();
}
