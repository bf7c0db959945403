using System.Collections.Immutable;
using Anchoring;
using Evidence;
using Gateway.Hosting;
using Sensors.Emulation;

namespace Gateway.Tests.Simulation;

/// <summary>A truck, its ledger and a year of faults, all from one seed. The code that runs is the product's; only the bus, the card, the
/// clocks and the road are made up.</summary>
public sealed partial class TruckWorld : IDisposable
{
    public const int IntervalMs = 15 * 60_000;
    private const long StartMs = 1_767_225_600_000; // 2026-01-01T00:00:00Z
    private readonly ulong seed;
    private readonly Dice dice;
    private readonly string directory;
    private readonly WorldClock clock = new(StartMs);
    private readonly Card card;
    private readonly TruckWiring wiring;
    private readonly LedgerSide ledger;
    private readonly RoadLink link;
    private readonly GatewayKey key;
    private readonly TruckParts parts;
    private readonly RecordChecker checker;
    private readonly HashSet<FaultKind> kinds;
    private TruckSession? session;
    private TrueRound? inHand;
    private long startAtMs = StartMs;

    public TruckWorld(ulong seed)
    {
        this.seed = seed;
        dice = new(seed);
        kinds = [.. Enum.GetValues<FaultKind>().Where(_ => dice.Coin())];
        directory = Directory.CreateDirectory(Path.Combine(Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath(),
            $"coldproof-year-{Environment.ProcessId}-{seed:x}")).FullName;
        card = new(dice.Fork());
        wiring = new(dice.Next());
        ledger = new(directory, clock);
        checker = new(IntervalMs, () => ledger.Head, ledger.EntriesFrom);
        link = new(card, clock, ledger, checker, dice.Fork());
        key = GatewayKey.LoadOrCreate(directory);
        link.Gateway = key.Gateway;
        var channels = TruckWiring.Configured(8_000).Select(probe => new ManifestChannel(probe.Probe.Place, probe.Probe.Serial, probe.Low,
            probe.High, IntervalMs, default, null)).ToImmutableArray();
        var manifest = Statement.Sign(StatementKind.Manifest, "authority:authority", new Manifest(key.Gateway, key.Public, 0, StartMs,
            channels, default, default, GatewayTraits.SoftwareKey | GatewayTraits.EmulatedProbes).Encode(), ledger.Authority);
        parts = new(card, wiring, link, clock, key, manifest, ledger.Policy,
            new() { SealAgeSeconds = 3_600, SegmentLength = Journal.SegmentLengthMin }, directory, IntervalMs, () => new(trust, 0));
        wiring.Bus.Blocking = clock.Expire;
    }

    public IReadOnlyList<string> Violations => checker.Violations;

    public YearTally Tally => checker.Tally;

    /// <summary>Every fault kind that exists in this year.</summary>
    public IReadOnlyCollection<FaultKind> Kinds => kinds;

    /// <summary>The line that runs this year again.</summary>
    public string Rerun => $"COLDPROOF_SEED=0x{seed:x} dotnet run --project Gateway.Tests -- -class '*YearTests'";

    /// <summary>Lets time pass, with what this year has in store.</summary>
    public void Drive(TimeSpan time, Action<double>? progress = null)
    {
        var (from, until) = (clock.TrueMs, clock.TrueMs + (long)time.TotalMilliseconds);
        while (clock.TrueMs < until && checker.Violations.Count == 0)
        {
            Turn();
            progress?.Invoke((double)(clock.TrueMs - from) / (until - from));
        }
    }

    /// <summary>All faults end; two days later everything must have arrived.</summary>
    public void RepairAndFinish()
    {
        kinds.Clear();
        EndAll();
        Drive(TimeSpan.FromDays(2));
        if (checker.Violations.Count > 0)
        {
            return;
        }

        session?.Cycle.Seal(session.Now);
        for (var i = 0; i < 20; i++)
        {
            clock.Advance(Outbox.AnswerMsMax);
            link.Move();
            session?.Cycle.Drain(session.Now);
        }

        var status = session?.Status;
        if (status is not { Unanchored: 0, UnanchoredManifests: 0 })
        {
            checker.Violate($"Two days after the last fault {status?.Unanchored} batches wait: {string.Join(" ", status?.Faults ?? [])}"
                + $"{status?.Refused?.Words}");
        }

        checker.Finish();
        Audit();
    }

    public void Dispose()
    {
        EndSession();
        ledger.Dispose();
        wiring.Dispose();
        key.Dispose();
        Directory.Delete(directory, recursive: true);
    }

    private void Turn()
    {
        if (session is null)
        {
            clock.Advance(Math.Max(0, startAtMs - clock.TrueMs));
            Guarded(PowerUp);
            return;
        }

        clock.Advance(session.UntilNextMs);
        BeginAndEndFaults();
        if (session is null)
        {
            return;
        }

        Round();
        clock.Advance(dice.Between(2_000, 20_000));
        link.Move();
        if (session is { } running)
        {
            Guarded(running.Beat);
        }
    }

    private void PowerUp()
    {
        card.PowerOn();
        BootClock();
        session = new(parts, () =>
        {
            if (!card.IsCut && inHand is not null)
            {
                inHand.IsPromised = true;
            }
        });
    }

    private void Round()
    {
        wiring.MoveTo(clock.TrueMs);
        ApplyToBus();
        clock.BeginRound();
        inHand = new(clock.TrueMs, session!.Boot, session.Now.WallMs, [.. TruckWiring.Probes.Select((probe, i) =>
            new ChannelTruth(wiring.Truth(i), probe.ToleranceMilli, IsSound(i)))]);
        checker.Try(inHand);
        Guarded(session.Beat);
        ReleaseBus();
        inHand = null;
    }

    /// <summary>One step of the process. Afterwards it is known whether it lived through it.</summary>
    private void Guarded(Action step)
    {
        try
        {
            step();
        }
        catch (Exception fault) when (fault is NotRecordedException or IOException)
        {
            ReleaseBus();
            EndSession(); // The process ends with an error, and systemd starts it anew.
            startAtMs = clock.TrueMs + dice.Between(5_000, 300_000);
        }
        catch (Exception fault) when (fault is EvidenceBrokenException or InvalidOperationException or ArgumentException
            or MalformedEvidenceException)
        {
            checker.Violate($"{fault.GetType().Name}: {fault.Message}");
            EndSession();
        }

        if (card.IsCut)
        {
            EndSession();
            startAtMs = clock.TrueMs + downMs;
        }
    }

    private void EndSession()
    {
        session?.Dispose();
        session = null;
        link.Reset();
    }

    /// <summary>Both programs' own audits, and windows that a stranger would ask for.</summary>
    private void Audit()
    {
        for (var i = 0; i < 4 && checker.SoundWindows.Count > 0; i++)
        {
            var (from, to) = checker.SoundWindows[(int)dice.Between(0, checker.SoundWindows.Count - 1)];
            new BundleChecker(parts, session!.Extract(from, to), checker, dice).Check(from, to);
        }

        EndSession();
        var report = Fsck.Run(card.Folder(Logbook.JournalFolder), card.Folder(Logbook.BatchesFolder), ledger.Policy.Log);
        foreach (var problem in report.Findings.Select(finding => $"gateway fsck, {finding.Place}: {finding.Fault}")
            .Concat(ledger.Fsck().Select(words => "ledger fsck: " + words)))
        {
            checker.Violate(problem);
        }

        if (report.Batches != Tally.Batches)
        {
            checker.Violate($"{report.Batches} batches are on the card, {Tally.Batches} were sent.");
        }
    }
}
