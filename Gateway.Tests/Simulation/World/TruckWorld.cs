using Anchoring;
using Evidence;
using Gateway.Hosting;
using Sensors.Emulation;

namespace Gateway.Tests.Simulation;

/// <summary>A truck, its ledger and a year of faults, all from one seed. The code that runs is the product's; only the bus, the card, the
/// clocks and the road are made up.</summary>
public sealed partial class TruckWorld : IDisposable
{
    /// <summary>Time from one round to the next when nothing else is asked for: a year in seconds, not in minutes.</summary>
    public const int UsualIntervalMs = 15 * 60_000;

    private const int WindowsChecked = 6;
    private static int made; // A place of its own for each world: the ledger's database keeps connections to a path open.
    private const long NewYearMs = 1_767_225_600_000; // 2026-01-01T00:00:00Z
    private readonly WorldSeed chosen;
    private readonly int intervalMs, density;
    private readonly Dice dice;
    private readonly string directory;
    private readonly WorldClock clock;
    private readonly Card card;
    private readonly TruckWiring wiring;
    private readonly LedgerSide ledger;
    private readonly RoadLink link;
    private readonly GatewayKey key;
    private readonly TruckParts parts;
    private readonly RecordChecker checker;
    private readonly BoundsChecker bounds;
    private readonly LogbookOptions options;
    private readonly HashSet<FaultKind> kinds;
    private TruckSession? session;
    private TrueRound? inHand;
    private long startAtMs, lastTurnMs;

    /// <param name="chosen">All chance of this world; the time from one round to the next is 1 minute to 15.</param>
    public TruckWorld(WorldSeed chosen)
    {
        (this.chosen, intervalMs, density) = (chosen, chosen.IntervalMs, chosen.IsWeek ? 12 : 1);
        var seed = chosen.Seed;
        startAtMs = lastTurnMs = NewYearMs + (chosen.IsWeek ? (long)(seed * 157 % 358) * Day : 0); // Weeks of summer and of winter.
        clock = new(startAtMs);
        // In every other world signing waits for the ledger's word after a start, as it does by default on a truck.
        options = new() { SealAgeSeconds = 3_600, SegmentLength = Journal.SegmentLengthMin, WordPatienceSeconds = seed % 2 == 0 ? 0 : 300 };
        dice = new(seed);
        kinds = FaultKinds.Of(seed, dice);
        directory = Directory.CreateDirectory(Path.Combine(Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath(),
            $"coldproof-year-{Environment.ProcessId}-{Interlocked.Increment(ref made)}-{seed:x}")).FullName;
        card = new(dice.Fork());
        wiring = new(dice.Next());
        ledger = new(directory, clock);
        checker = new(intervalMs, () => ledger.Head, ledger.EntriesFrom, TruckWiring.Limits);
        bounds = new(options, checker.Violate);
        link = new(card, clock, ledger, checker, dice.Fork());
        key = GatewayKey.LoadOrCreate(directory);
        link.Gateway = key.Gateway;
        enrolment = SignManifest(0, default);
        laterDice = new(seed ^ 0xCA4D);
        parts = new(card, wiring, link, clock, key, ledger.Policy, options, directory, intervalMs, () => new(trust, 0),
            () => seed < FaultKinds.AllFromSeed ? 0 : (int)laterDice.Between(0, Moment.UnsetMsMax));
        wiring.Bus.Blocking = clock.Expire;
    }

    public IReadOnlyList<string> Violations => checker.Violations;

    public YearTally Tally => checker.Tally;

    /// <summary>Every fault kind that exists in this year.</summary>
    public IReadOnlyCollection<FaultKind> Kinds => kinds;

    /// <summary>Told what happens in the world, a line each, for whoever looks for a cause; null for nobody.</summary>
    public Action<string>? Diary
    {
        get;
        init
        {
            field = value;
            checker.Diary = Note;
        }
    }

    /// <summary>How long the journey is, before its faults end.</summary>
    public TimeSpan Length => TimeSpan.FromDays(chosen.IsWeek ? 7 : 365);

    /// <summary>The line that runs this journey again.</summary>
    public string Rerun => $"SIM_SEED={chosen} dotnet run -c Release --project Gateway.Tests -- -class '*YearTests'";

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

    /// <summary>All faults end; two days later, or one after a week, everything must have arrived.</summary>
    public void RepairAndFinish()
    {
        kinds.Clear();
        EndAll();
        Drive(TimeSpan.FromDays(chosen.IsWeek ? 1 : 2));
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

        checker.Finish();
        if (AuditChecker.Drained(session?.Status, checker.Violate))
        {
            Audit();
        }
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
        TakeImages();
        LookAtStatus();
        if (session is null)
        {
            return;
        }

        Round();
        clock.Advance(dice.Between(2_000, 20_000));
        link.Move();
        // A machine that was suspended almost up to a slot owes its next round now: that is the next turn's, of which the checker is told.
        if (session is { UntilNextMs: > 0 } running)
        {
            Guarded(running.Beat);
        }

        if (session is not null)
        {
            bounds.Check(session.Status, canFold: !card.IsFull);
            bounds.Within("messages on the road", link.Waiting, RoadLink.QueueMax + RoadLink.InboxMax);
        }
    }

    private void PowerUp()
    {
        card.PowerOn();
        BootClock();
        checker.Changes.Started(SettingsNow);
        session = new(parts, enrolment, SettingsNow, () =>
        {
            if (!card.IsCut && inHand is not null)
            {
                inHand.IsPromised = true;
            }
        });
        Note($"boot {session.Boot}, signed up to {session.Status.Sealed}, {session.Status.ToSign} to sign");
    }

    private void Note(string words) => Diary?.Invoke($"{clock.TrueMs - NewYearMs} {words}");

    private string SettingsNow => $"set {settings}";

    private void Round()
    {
        wiring.MoveTo(clock.TrueMs, at => checker.Excursions.Truth(at, wiring.Truth));
        ApplyToBus();
        clock.BeginRound();
        inHand = new(clock.TrueMs, session!.Boot, session.Now.WallMs, [.. TruckWiring.Probes.Select((probe, i) =>
            new ChannelTruth(wiring.Truth(i), probe.ToleranceMilli, IsSound(i), wiring.Serial(i)))])
        {
            Settings = SettingsNow,
        };
        checker.Try(inHand);
        Guarded(session.Beat);
        ReleaseBus();
        inHand = null;
    }

    /// <summary>One step of the process. Afterwards it is known whether it lived through it.</summary>
    private void Guarded(Action step)
    {
        var seen = File.Exists(SeenPath) ? File.ReadAllBytes(SeenPath) : null;
        try
        {
            step();
        }
        catch (Exception fault) when (fault is NotRecordedException or IOException)
        {
            Note($"ends: {fault.Message}");
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
            Restore(seen);
            EndSession();
            startAtMs = clock.TrueMs + downMs;
            Note($"no power until {startAtMs - NewYearMs}");
        }
    }

    private string SeenPath => Path.Combine(directory, SeenFile.Name);

    /// <summary>The file of what was seen last stands beside the card, and what a process does after its power went never was.</summary>
    private void Restore(byte[]? seen)
    {
        if (seen is null)
        {
            File.Delete(SeenPath);
        }
        else
        {
            File.WriteAllBytes(SeenPath, seen);
        }
    }

    private void EndSession()
    {
        session?.Dispose();
        session = null;
        link.Reset();
    }

    /// <summary>Both programs' own audits, all batches once more, and windows that a stranger would ask for.</summary>
    private void Audit()
    {
        var windows = new BundleChecker(key.Gateway, TruckWiring.Probes.Length, parts.Policy, (bytes, policy) => Verifier.Verify(bytes, policy), checker,
            dice);
        windows.CheckWhole(session!.Extract(0, long.MaxValue));
        for (var i = 0; i < WindowsChecked && checker.SoundWindows.Count > 0; i++)
        {
            Check(windows, checker.SoundWindows[(int)dice.Between(0, checker.SoundWindows.Count - 1)]);
        }

        CheckBreaks(windows);
        EndSession();
        bounds.Check(card.FilesOf(Logbook.BatchesFolder), Tally.Batches);
        var report = Fsck.Run(card.Folder(Logbook.JournalFolder), card.Folder(Logbook.BatchesFolder), ledger.Policy.Log);
        AuditChecker.Gateway(report, Tally.Batches - checker.Missing.Count, checker.Violate);
        AuditChecker.Ledger(ledger.Fsck(), checker.Violate);
    }
}
