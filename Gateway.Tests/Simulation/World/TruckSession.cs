using System.Diagnostics.Metrics;
using Anchoring;
using Evidence;
using Gateway.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Sensors;

namespace Gateway.Tests.Simulation;

/// <summary>One life of the gateway's process, composed as the daemon composes it.</summary>
internal sealed class TruckSession : IDisposable
{
    private readonly Logbook logbook;
    private readonly Sampler sampler;
    private readonly Meters meters = new();
    private readonly MeterListener listener = new();
    private readonly MomentClock moments;
    private readonly SlotGrid slots;

    public TruckSession(TruckParts parts, Statement enrolment, string settings, Action recorded)
    {
        slots = new(parts.IntervalMs);
        logbook = Logbook.Open(parts.Card.Folder(Logbook.JournalFolder), parts.Card.Folder(Logbook.BatchesFolder), parts.Options, parts.Key,
            parts.Link);
        var board = new StatusBoard();
        var probes = TruckWiring.Configured(TruckWiring.High);
        sampler = new(probes.Select(probe => probe.Probe).ToList(), parts.Wiring.Open, parts.Clock);
        moments = new(parts.Clock, logbook.Boot, parts.ClockState, parts.UnsetMs());
        Cycle = new(sampler, logbook, new(parts.Key.Gateway, parts.Directory, probes, parts.IntervalMs)
        {
            Settings = [("year", settings)],
        }, board, new(meters, board),
            NullLogger<Cycle>.Instance);
        listener.InstrumentPublished = (instrument, listening) =>
        {
            if (instrument.Meter == meters.Made && instrument.Name == "coldproof.readings")
            {
                listening.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((_, _, _, _) => recorded());
        listener.Start();
        try
        {
            logbook.Enrol(enrolment);
            logbook.TrustLog(parts.Policy.Log);
            Cycle.Start(moments.Now());
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public Cycle Cycle { get; }

    public uint Boot => logbook.Boot;

    public LogbookStatus Status => logbook.Status;

    public Moment Now => moments.Now();

    public long UntilNextMs => slots.UntilNextMs(Now.UptimeMs);

    /// <summary>What the cycle's service does at each turn.</summary>
    public void Beat()
    {
        var now = moments.Now();
        if (slots.TryTake(now.UptimeMs, out var missed))
        {
            Cycle.Run(now, missed);
        }
        else
        {
            Cycle.Drain(now);
        }
    }

    public LogbookExtract Extract(long fromMs, long toMs) => logbook.Extract(fromMs, toMs);

    public void Dispose()
    {
        listener.Dispose();
        meters.Dispose();
        sampler.Dispose();
        logbook.Dispose();
    }

    private sealed class Meters : IMeterFactory
    {
        public Meter? Made { get; private set; }

        public Meter Create(MeterOptions options) => Made = new(options);

        public void Dispose() => Made?.Dispose();
    }
}

/// <summary>What outlives a process: the card, the wires, the road, the clocks.</summary>
internal sealed record TruckParts(Card Card, TruckWiring Wiring, RoadLink Link, WorldClock Clock, GatewayKey Key,
    VerifierPolicy Policy, LogbookOptions Options, string Directory, int IntervalMs, Func<ClockState> ClockState,
    Func<int> UnsetMs);
