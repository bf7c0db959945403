using System.Collections.Immutable;
using Evidence;

namespace Anchoring;

/// <summary>A batch that is closed and not signed yet: a few words in memory, its records in the journal.</summary>
/// <param name="Number">The number it will be signed under.</param>
/// <param name="Start">Where its first record stands.</param>
/// <param name="End">Where its end stands.</param>
/// <param name="Opened">Moment of its first record; of its closing when it has none.</param>
/// <param name="ClosedMs">What its header will say.</param>
/// <param name="Rounds">Rounds in it.</param>
/// <param name="Beacon">The newest checkpoint that was verified when it was closed.</param>
/// <param name="Sequences">Sequence number of each channel's first reading.</param>
/// <param name="IsDamaged">Some of its records were harmed on disk and are left out.</param>
public sealed record ClosedBatch(long Number, FramePlace Start, FramePlace End, Moment Opened, long ClosedMs, int Rounds, Digest Beacon,
    ImmutableArray<long> Sequences, bool IsDamaged)
{
    /// <summary>Its first records are in deleted segments: it was anchored, and it is in the batch store.</summary>
    public bool IsPartial { get; init; }
}

/// <summary>Batches that are closed before they are signed, and the chain's way on after the ledger was found ahead of this card.</summary>
public sealed partial class Chain
{
    private readonly List<ClosedBatch> closed = [];
    private readonly HashSet<Digest> withdrawn = [];

    /// <summary>Batches that are closed and wait for their signature, in order.</summary>
    public IReadOnlyList<ClosedBatch> Closed => closed;

    /// <summary>Number of the oldest batch that is not signed: the open one when none is closed.</summary>
    public long NextToSign { get; private set; }

    /// <summary>Per channel the sequence number after the last signed batch.</summary>
    public ImmutableArray<long> SignedSequences { get; private set; } = [];

    /// <summary>What a header adds to this card's boot numbers.</summary>
    public uint BootShift { get; private set; }

    /// <summary>Harm took the end of an unsigned batch with it: the numbers of those that are left must be closed up.</summary>
    public bool HasHole => Open.Number != NextToSign + closed.Count || closed.Where((batch, i) => batch.Number != NextToSign + i).Any();

    /// <summary>What closes up the numbers of unsigned batches and changes nothing else.</summary>
    public ResumeRecord ClosingUp() => new(NextToSign, Previous, SignedSequences, BootShift, null, []);

    /// <summary>Whether a header was signed here, shown to nobody, and taken back. Known at least until the first two batches after the resumption
    /// are signed: the segments that hold its seal go when they are anchored.</summary>
    public bool IsWithdrawn(Digest header) => withdrawn.Contains(header);

    /// <summary>The unsigned batches as a resumption would find them: those that are withdrawn, then those that are closed.</summary>
    /// <param name="withdrawnFrom">Batches from this number on are withdrawn; null for none.</param>
    public IEnumerable<ClosedBatch> NotSigned(long? withdrawnFrom) => (withdrawnFrom is { } from
        ? sealedBatches.Values.Where(batch => batch.Number >= from).Select(AsClosed) : []).Concat(closed);

    internal void Apply(CloseRecord close, FramePlace place)
    {
        openNumberSeen = Math.Max(openNumberSeen, close.Batch);
        EnsureSequences();
        if (close.Batch != Open.Number)
        {
            if (!lostFrames || close.Batch < Open.Number)
            {
                throw new EvidenceBrokenException($"The end of batch {close.Batch} stands at {place}, and batch {Open.Number} is open. Run "
                    + "`gateway fsck`.");
            }

            Open = new(close.Batch) { IsDamaged = true };
        }

        var opened = Open.First ?? close.Moment;
        // What an earlier boot left open was closed at no moment of that boot's clock; its last record is the latest that boot can vouch for.
        var closedMs = Math.Max(opened.WallMs, opened.Boot == close.Moment.Boot ? close.Moment.WallMs : Open.Last?.WallMs ?? close.Moment.WallMs);
        closed.Add(new(Open.Number, Open.Start ?? place, place, opened, closedMs, Open.RoundCount, BeaconDigest, Sequences, Open.IsDamaged)
        { IsPartial = Open.IsPartial });
        if (BeaconNote.Length > 0)
        {
            notes.TryAdd(BeaconDigest, BeaconNote); // Its text goes with the first header that names it, however late that is made.
        }

        Advance(Open.Number, Open.RoundCount);
        Open = new(Open.Number + 1);
        lostFrames = false;
        EnsureSequences();
    }

    internal void Apply(ResumeRecord resume)
    {
        var unsigned = NotSigned(resume.WithdrawnFrom).Where(batch => !resume.Covered.Contains(batch.Number)).ToList();
        var first = resume.WithdrawnFrom ?? NextToSign;
        var open = Open.Number;
        var closesUp = resume.WithdrawnFrom is null && resume.Number == NextToSign;
        foreach (var batch in sealedBatches.Values.Where(batch => batch.Number >= resume.WithdrawnFrom).ToList())
        {
            numbers.Remove(batch.Digest);
            sealedBatches.Remove(batch.Number);
            withdrawn.Add(batch.Digest);
        }

        closed.Clear();
        (NextToSign, Previous, BootShift, SealedBeacon) = (resume.Number, resume.Previous, resume.BootShift, default);
        (SignedSequences, Sequences) = (resume.Sequences, resume.Sequences);
        // F-162: some of them may stand in segments that were folded since and are gone; they had numbers all the same, and their seals come. Only what
        // closes up after harm leaves no number to what is not there.
        long NumberOf(long old, int place) => resume.Number + (closesUp ? place : old - first - resume.Covered.Count(covered => covered < old));
        for (var i = 0; i < unsigned.Count; i++)
        {
            var batch = unsigned[i];
            Open.Number = NumberOf(batch.Number, i);
            EnsureSequences();
            closed.Add(batch with { Number = Open.Number, Sequences = Sequences });
            Advance(Open.Number, batch.Rounds);
        }

        Open.Number = NumberOf(open, unsigned.Count);

        openNumberSeen = Open.Number;
        EnsureSequences();
    }

    /// <summary>F-61: the seal of a batch whose records and end stood in segments that have been folded and deleted since: only its seal is
    /// left here, and the batch store has it all. False when the seal is not of one.</summary>
    private bool SealsFolded(SealRecord seal, BatchHeader header, FramePlace place)
    {
        if (header.Number != NextToSign || header.Previous != Previous || header.Number >= (closed is [var oldest, ..] ? oldest.Number : Open.Number))
        {
            return false;
        }

        var clock = header.Clock;
        Add(new(header.Number, seal.Statement.PayloadDigest, header.OpenedMs, header.ClosedMs, place, place, seal.NextSequences, IsDamaged: false)
        {
            IsPartial = true,
            End = place,
            Opened = new(clock.Boot - Math.Min(BootShift, clock.Boot), clock.UptimeMs, header.OpenedMs, clock.Trust, clock.ErrorMs),
            Beacon = header.Beacon,
        }, seal);
        if (header.Number + 1 == (closed is [var next, ..] ? next.Number : Open.Number))
        {
            GoOnFrom(seal.NextSequences); // F-162: a resumption did not know how many readings this one has.
        }

        return true;
    }

    /// <summary>The seal of the oldest closed batch. False when the seal is not of one.</summary>
    private bool SealsClosed(SealRecord seal, BatchHeader header, FramePlace place)
    {
        while (lostFrames && closed.Count > 0 && closed[0].Number < header.Number)
        {
            closed.RemoveAt(0); // Signed, and its seal is lost: this later header names one after it.
        }

        if (header.Number == NextToSign && header.Previous == Previous && header.Number < (closed.Count > 0 ? closed[0].Number : Open.Number))
        {
            // F-84: its end stood in a segment that was folded since and is gone; the batch store has it.
            Add(Elsewhere(seal, header, place), seal);
            return true;
        }

        if (closed.Count == 0)
        {
            return false;
        }

        var oldest = closed[0];
        if (header.Number != oldest.Number || (header.Previous != Previous && !lostFrames))
        {
            throw new EvidenceBrokenException($"The seal at {place} is number {header.Number} after {header.Previous.ToShortString()}; number "
                + $"{oldest.Number} after {Previous.ToShortString()} must come. Run `gateway fsck`.");
        }

        closed.RemoveAt(0);
        Add(new(header.Number, seal.Statement.PayloadDigest, header.OpenedMs, oldest.ClosedMs, oldest.Start, place, oldest.Sequences,
            oldest.IsDamaged)
        { End = oldest.End, Opened = oldest.Opened, Rounds = oldest.Rounds, Beacon = header.Beacon, IsPartial = oldest.IsPartial }, seal);
        GoOnFrom(seal.NextSequences);
        return true;
    }

    /// <summary>F-142: of a batch whose records stood in segments that are gone, or were harmed, only its seal knows how many readings it has; what
    /// was closed and opened behind it goes on from there.</summary>
    private void GoOnFrom(ImmutableArray<long> sequences)
    {
        Sequences = sequences;
        for (var i = 0; i < closed.Count; i++)
        {
            EnsureSequences(closed[i].Number);
            closed[i] = closed[i] with { Sequences = Sequences };
            Advance(closed[i].Number, closed[i].Rounds);
        }

        EnsureSequences();
    }

    private SealedBatch Elsewhere(SealRecord seal, BatchHeader header, FramePlace place)
    {
        var clock = header.Clock;
        return new(header.Number, seal.Statement.PayloadDigest, header.OpenedMs, header.ClosedMs, place, place, SignedSequences, false)
        {
            IsPartial = true,
            End = place,
            Opened = new(clock.Boot - Math.Min(BootShift, clock.Boot), clock.UptimeMs, header.OpenedMs, clock.Trust, clock.ErrorMs),
            Rounds = (int)seal.NextSequences.Zip(SignedSequences, (next, first) => next - first).DefaultIfEmpty(0).Max(),
            Beacon = header.Beacon,
        };
    }

    private void Add(SealedBatch batch, SealRecord seal)
    {
        sealedBatches[batch.Number] = batch;
        numbers[batch.Digest] = batch.Number;
        (Previous, SealedBeacon, NextToSign, SignedSequences) = (batch.Digest, batch.Beacon, batch.Number + 1, seal.NextSequences);
        if (seal.BeaconNote.Length > 0)
        {
            notes[batch.Beacon] = seal.BeaconNote;
        }
    }

    private static ClosedBatch AsClosed(SealedBatch batch) => new(batch.Number, batch.Start, batch.End, batch.Opened, batch.ClosedMs,
        batch.Rounds, batch.Beacon, batch.Sequences, batch.IsDamaged)
    { IsPartial = batch.IsPartial };

    private void Advance(long number, int rounds)
    {
        var channels = ManifestFor(number)?.Manifest.Channels.Length ?? 0;
        Sequences = [.. Sequences.Select((sequence, i) => i < channels ? sequence + rounds : sequence)];
    }
}
