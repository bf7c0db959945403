using System.Collections.Immutable;
using System.Globalization;
using Evidence;
using Evidence.Log;

namespace Anchoring;

/// <summary>A gateway's recording: what the cycle calls. Journal, sealer, outbox and batch store behind one door.</summary>
/// <remarks>
/// One call at a time gets in, from any thread; <see cref="Status"/> can be read without waiting. Every method returns when what it
/// promises is
/// durable. An <see cref="EvidenceBrokenException"/> must end the process.
/// </remarks>
public sealed partial class Logbook : IDisposable
{
    /// <summary>Folders inside the data directory.</summary>
    public const string JournalFolder = "journal";

    public const string BatchesFolder = "batches";

    /// <summary>A wall clock that moved this much against the monotonic one from one round to the next was stepped.</summary>
    public const long ClockStepMsMin = 2_000;

    private readonly Lock gate = new();
    private readonly LogbookOptions options;
    private readonly Chain chain = new();
    private readonly Journal journal;
    private readonly BatchStore store;
    private readonly AbsenceBook absences;
    private readonly SignedMark mark;
    private readonly Sealer sealer;
    private readonly Outbox outbox;
    private readonly BatchReader reader;
    private readonly ILedgerLink link;
    private readonly IDisposable? held;
    private readonly Queue<BatchEvent> breaks = new();
    private readonly List<JournalDamage> damages = [];
    private ImmutableArray<Reading> lastReadings = [];
    private Moment? lastRound;
    private Moment? openedEmpty;
    private EventDetail.GapSpan? startGap;
    private long? lostThrough;
    private string storeFault = "";
    private bool started;

    private Logbook(LogbookOptions options, GatewayKey? key, ILedgerLink link, IFolder journalFolder, IFolder batchesFolder,
        IDisposable? held)
    {
        if (options.Problems() is { Count: > 0 } problems)
        {
            throw new ArgumentException(string.Join(" ", problems), nameof(options));
        }

        (this.options, this.key, this.link, this.held) = (options, key, link, held);
        absences = new(batchesFolder);
        mark = new(batchesFolder);
        store = new(batchesFolder, broken => breaks.Enqueue(Broken("store.aside",
            $"{broken.Name} is kept as {broken.KeptAs}: {broken.Words}")));
        journal = Journal.Open(journalFolder, options.SegmentLength, () => RecordCodec.Encode(chain.Opening()), chain.Apply, damage =>
        {
            damages.Add(damage);
            chain.Damaged();
        }, () => Read(journalFolder));
        sealer = new(journal, chain);
        reader = new(journalFolder, chain);
        outbox = new(link, chain, UplinkOf, TakeReceipt, Hear, EntriesBefore, options.SendWindow);
        if (journal.Segment == 0)
        {
            RefuseLostJournal();
        }

        CloseUp();
        Append(FrameKind.Boot, RecordCodec.Encode(new BootRecord(checked(chain.Boot + 1))));
        Boot = chain.Boot;
        MeasureStore();
        Status = TakeStatus();
    }

    /// <summary>This session's boot number, durable and never used before: what every <see cref="Moment"/> of this session
    /// carries.</summary>
    public uint Boot { get; }

    /// <summary>How things stood after the last piece of work.</summary>
    public LogbookStatus Status { get; private set; }

    /// <summary>The manifest in force for the open batch; null before enrolment.</summary>
    public Manifest? Manifest => chain.ManifestFor(chain.Open.Number)?.Manifest;

    /// <summary>Everything is read and nothing is written yet: what stands against going on is found here.</summary>
    private void Read(IFolder journalFolder)
    {
        RefuseUnreadable(journalFolder);
        chain.FinishReplay();
        RefuseForeignKey();
        HoldLostSeal();
        KeepAside(journalFolder);
    }

    /// <summary>Opens a data directory, alone: reads the whole journal, cuts a torn tail, and counts the boot.</summary>
    /// <exception cref="DirectoryInUseException">Another process has it open.</exception>
    /// <exception cref="EvidenceBrokenException">What is stored contradicts itself.</exception>
    public static Logbook Open(string directory, LogbookOptions options, GatewayKey? key, ILedgerLink link)
    {
        _ = new DiskFolder(directory);
        var held = DirectoryLock.Take(directory);
        try
        {
            return new(options, key, link, new DiskFolder(Path.Combine(directory, JournalFolder)),
                new DiskFolder(Path.Combine(directory, BatchesFolder)), held);
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>Opens folders that are given, for a simulated disk.</summary>
    public static Logbook Open(IFolder journalFolder, IFolder batchesFolder, LogbookOptions options, GatewayKey? key, ILedgerLink link) =>
        new(options, key, link, journalFolder, batchesFolder, held: null);

    /// <summary>Takes a manifest from the authority. One that is known already changes nothing.</summary>
    /// <param name="statement">The signed manifest. Its signature is the caller's to check against the enrolment policy.</param>
    /// <param name="now">The moment; null before <see cref="Start"/>.</param>
    /// <exception cref="MalformedEvidenceException">Not a manifest for this gateway and key, or it does not follow the last
    /// one.</exception>
    public void Enrol(Statement statement, Moment? now = null)
    {
        lock (gate)
        {
            var manifest = statement.Kind == StatementKind.Manifest
                ? Manifest.Decode(statement) : throw new MalformedEvidenceException($"A {statement.Kind} statement is not a "
                    + $"manifest.");
            if (chain.Manifests.Any(known => known.Statement.PayloadDigest == statement.PayloadDigest))
            {
                return;
            }

            if (!started && IsLate(manifest))
            {
                late = statement; // Refused if the ledger's word does not explain it.
                return;
            }

            CheckFollows(manifest);
            if (started && now is { } moment && !chain.Open.IsEmpty && manifest.FirstNumber == chain.Open.Number + 1)
            {
                SealNow(moment); // A batch has one manifest: this one begins with the next batch.
            }

            Append(FrameKind.Manifest, RecordCodec.EncodeManifest(statement));
            Status = TakeStatus();
        }
    }

    /// <summary>The policy under which receipts and the ledger's word are judged. Without one nothing is offered.</summary>
    /// <param name="authorities">Who may revoke this gateway's key; without them a revocation is not believed.</param>
    public void TrustLog(TlogPolicy policy, params ImmutableArray<PublicKey> authorities)
    {
        lock (gate)
        {
            var owner = Owner ?? throw new NotEnrolledException("Neither a key nor a manifest says whose record this is.");
            outbox.Judge(new(policy), new(owner.Gateway, owner.Key, policy, authorities));
        }
    }

    /// <summary>Begins this session's record: seals what an earlier session left open, and declares the gap since then.</summary>
    /// <exception cref="NotEnrolledException">There is no manifest yet.</exception>
    public void Start(Moment now)
    {
        lock (gate)
        {
            _ = Enrolled();
            if (started || now.Boot != Boot)
            {
                throw new InvalidOperationException(started ? "The logbook is started already."
                    : $"The moment is of boot {now.Boot}, this is boot {Boot}.");
            }

            var (last, stopped, untold, before) = (chain.Last, chain.Stopped, UntoldAlarms(), chain.NoRoundSince);
            startedMs = now.UptimeMs;
            if (!chain.Open.IsEmpty)
            {
                DeclareHoles();
                SealNow(now);
            }

            started = true;
            openedEmpty = now;
            var cause = last is null ? GapCause.FirstStart : !unannounced.IsEmpty || breaks.Count > 0 ? GapCause.StoreBroken
                : !stopped || before is { Cause: GapCause.PowerLoss } ? GapCause.PowerLoss : GapCause.Stopped;
            // F-67: sessions that ended before their first round, on a full disk one after the other, are one gap with the one before them:
            // a verifier asks for one event that covers the whole hole between two readings.
            var fromMs = before?.FromMs ?? last?.WallMs ?? now.WallMs;
            Write(new BatchEvent(null, EventKind.Boot, now.WallMs, EventDetail.Gap(fromMs, now.WallMs, cause)), now);
            startGap = last is null ? null : new(fromMs, now.WallMs, cause);
            foreach (var damage in unannounced)
            {
                Write(Broken("journal.damaged", $"{damage.Place}: {damage.Words}") with { TimeMs = now.WallMs }, now);
            }

            unannounced = [];
            WriteBreaks(now);
            DeclareLost(now);
            foreach (var (channel, limits, temperature, wallMs) in untold)
            {
                Write(Alarm(channel, limits, temperature, now.WallMs, string.Create(CultureInfo.InvariantCulture,
                    $" (measured at {DateTimeOffset.FromUnixTimeMilliseconds(wallMs).UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC, before the start)")), now);
            }

            Status = TakeStatus();
        }
    }

    /// <summary>Records one round and returns when it would survive a power cut.</summary>
    /// <param name="now">The round's moment, of this boot, not before the last.</param>
    /// <param name="readings">At most one reading per enrolled channel; a channel without one is recorded as not sampled.</param>
    /// <exception cref="NotRecordedException">It did not become durable.</exception>
    public Recorded Record(Moment now, ImmutableArray<Reading> readings)
    {
        lock (gate)
        {
            CheckMoment(now);
            DeclareStep(now);
            DeclareLate(now);
            WriteBreaks(now);
            DeclareResumed(now);
            var manifest = Enrolled();
            SealIfFull(manifest, manifest.Channels.Length, now);
            manifest = Enrolled();
            var samples = Samples(manifest, readings);
            var record = new RoundRecord(chain.Open.Number, now, samples);
            var sequences = chain.Sequences[..samples.Length].Select(sequence => sequence + chain.Open.RoundCount).ToImmutableArray();
            var place = journal.Append(FrameKind.Round, RecordCodec.Encode(record));
            // From here the round is recorded: a power cut loses nothing of it.
            chain.Apply(record, place);
            lastRound = now;
            lastReadings = readings;
            var recorded = new Recorded(record.Batch, sequences);
            if (WriteAlarms(manifest, samples, now))
            {
                SealNow(now); // An excursion's beginning and end are signed and on their way at once.
            }

            Status = TakeStatus();
            return recorded;
        }
    }

    /// <summary>Records an event and returns when it would survive a power cut. Door, power, custody and stop close the batch.</summary>
    /// <exception cref="NotRecordedException">It did not become durable.</exception>
    public Recorded RecordEvent(BatchEvent happened, Moment now)
    {
        lock (gate)
        {
            CheckMoment(now);
            DeclareStep(now);
            var batch = Write(happened, now);
            if (happened.Kind is EventKind.Door or EventKind.Power or EventKind.Custody or EventKind.Stop)
            {
                SealNow(now);
            }

            Status = TakeStatus();
            return new(batch, []);
        }
    }

    /// <summary>Ends the session in order: the next start declares a stop, not a loss of power.</summary>
    public void Stop(Moment now, string words) =>
        RecordEvent(new(null, EventKind.Stop, now.WallMs, EventDetail.Note("gateway.stop", words)), now);

    /// <summary>Seals the open batch if it is old enough, empty or not.</summary>
    /// <returns>The batch, or null when none was due or its signature has to wait.</returns>
    public SealedBatch? SealIfDue(Moment now)
    {
        lock (gate)
        {
            CheckMoment(now);
            DeclareStep(now);
            var since = chain.Open.First ?? openedEmpty ?? now;
            if (now.UptimeMs - since.UptimeMs < options.SealAgeSeconds * 1000L)
            {
                return null;
            }

            var batch = SealNow(now);
            Status = TakeStatus();
            return batch;
        }
    }

    /// <summary>Seals the open batch now, if anything is in it.</summary>
    public SealedBatch? SealOpen(Moment now)
    {
        lock (gate)
        {
            CheckMoment(now);
            DeclareStep(now);
            var batch = chain.Open.IsEmpty ? null : SealNow(now);
            Status = TakeStatus();
            return batch;
        }
    }

    /// <summary>Takes in the ledger's answers, offers the oldest unanchored statements, and folds what is anchored into the batch
    /// store.</summary>
    public void Offer(Moment now)
    {
        lock (gate)
        {
            outbox.Offer(now);
            AskOnceDrained();
            SignClosed(now);
            FoldOldest(now.WallMs);
            Status = TakeStatus();
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            journal.Dispose();
            held?.Dispose();
        }
    }
}
