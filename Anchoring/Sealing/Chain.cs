using System.Collections.Immutable;
using Evidence;

namespace Anchoring;

/// <summary>The state that the journal's frames lead to. Recording and start-up apply the same frames by the same method.</summary>
public sealed partial class Chain
{
    private readonly SortedDictionary<long, SealedBatch> sealedBatches = [];
    private readonly Dictionary<Digest, long> numbers = [];
    private readonly Dictionary<Digest, string> notes = [];
    private bool hasOpening;
    private bool lostFrames;
    private long? lastRoundMs, lostFromMs;
    private long openNumberSeen;
    private Digest? beaconDigest;

    /// <summary>Last boot number; 0 before the first.</summary>
    public uint Boot { get; private set; }

    /// <summary>Payload digest of the last header; zero if there is none.</summary>
    public Digest Previous { get; private set; }

    /// <summary>Sequence number of each channel's first reading in the open batch.</summary>
    public ImmutableArray<long> Sequences { get; private set; } = [];

    public OpenBatch Open { get; private set; } = new(0);

    /// <summary>The last recorded moment; null if there is none.</summary>
    public Moment? Last { get; private set; }

    /// <summary>The last thing recorded was an orderly stop.</summary>
    public bool Stopped { get; private set; }

    /// <summary>The gap that the newest start declared, while no round has been recorded since; null otherwise.</summary>
    public EventDetail.GapSpan? NoRoundSince { get; private set; }

    /// <summary>All manifests of this gateway, in order.</summary>
    public ImmutableArray<EnrolledManifest> Manifests { get; private set; } = [];

    /// <summary>The newest verified checkpoint: the beacon of the next header; empty if there is none.</summary>
    public string BeaconNote { get; private set; } = "";

    public long BeaconSize { get; private set; }

    /// <summary>By what a header names it; zero while there is none.</summary>
    public Digest BeaconDigest => beaconDigest ??= BeaconNote.Length == 0 ? default : Digest.Of(System.Text.Encoding.UTF8.GetBytes(BeaconNote));

    /// <summary>The beacon that the last header names.</summary>
    public Digest SealedBeacon { get; private set; }

    /// <summary>Sealed batches of which the journal still has the seal, by number.</summary>
    public IReadOnlyDictionary<long, SealedBatch> Sealed => sealedBatches;

    /// <summary>Texts of the beacons that the journal's seals name, by hash.</summary>
    public IReadOnlyDictionary<Digest, string> Notes => notes;

    /// <summary>The oldest sealed batch without a receipt and all after it, in order.</summary>
    public IEnumerable<SealedBatch> Unanchored => sealedBatches.Values.Where(batch => batch.State != BatchState.Anchored);

    /// <summary>The manifest in force for a batch; null when none is.</summary>
    public EnrolledManifest? ManifestFor(long number)
    {
        for (var i = Manifests.Length - 1; i >= 0; i--)
        {
            if (Manifests[i].Manifest.FirstNumber <= number)
            {
                return Manifests[i];
            }
        }

        return null;
    }

    /// <summary>The sealed and not yet anchored batch whose header has this payload digest; null when there is none.</summary>
    public SealedBatch? FindUnanchored(Digest digest) =>
        numbers.TryGetValue(digest, out var number) && sealedBatches[number] is { State: not BatchState.Anchored } batch ? batch : null;

    /// <summary>What the next segment begins with.</summary>
    public OpeningRecord Opening() => new(Boot, Open.Number, Previous, Sequences, !Open.IsEmpty, Last, Stopped, BeaconNote, BeaconSize,
        SealedBeacon, Manifests, NextToSign, SignedSequences, BootShift);

    /// <summary>Takes over what one frame says.</summary>
    /// <exception cref="EvidenceBrokenException">It contradicts what came before.</exception>
    public void Apply(Frame frame)
    {
        switch (frame.Kind)
        {
            case FrameKind.Opening:
                Apply(RecordCodec.DecodeOpening(frame));
                break;
            case FrameKind.Boot:
                Boot = RecordCodec.DecodeBoot(frame).Boot;
                break;
            case FrameKind.Round:
                Apply(RecordCodec.DecodeRound(frame), frame.Place);
                break;
            case FrameKind.Event:
                Apply(RecordCodec.DecodeEvent(frame), frame.Place);
                break;
            case FrameKind.Seal:
                Apply(RecordCodec.DecodeSeal(frame), frame.Place);
                break;
            case FrameKind.Close:
                Apply(RecordCodec.DecodeClose(frame), frame.Place);
                break;
            case FrameKind.Resume:
                Apply(RecordCodec.DecodeResume(frame));
                break;
            case FrameKind.Receipt:
                Apply(RecordCodec.DecodeReceipt(frame), frame.Place);
                break;
            case FrameKind.Manifest:
                Manifests = Manifests.Add(RecordCodec.DecodeManifest(frame));
                EnsureSequences();
                break;
            default:
                throw new EvidenceBrokenException($"The journal's {frame.Place} is of kind {(byte)frame.Kind}, which this program does not "
                    + "know. Install the newer gateway again; nothing was changed.");
        }
    }

    /// <summary>Frames are lost at this point: the open batch has less than was recorded, and a seal may be missing.</summary>
    public void Damaged()
    {
        lostFrames = true;
        lostFromMs ??= lastRoundMs;
        Open.IsDamaged = true;
    }

    /// <summary>Called once after all frames were applied.</summary>
    /// <exception cref="EvidenceBrokenException">The last header is lost, so that the next cannot name it.</exception>
    public void FinishReplay()
    {
        EnsureSequences();
        if (openNumberSeen > Open.Number)
        {
            throw new EvidenceBrokenException($"Seal {Open.Number} is lost: records of batch {openNumberSeen} follow it and no later "
                + $"header names "
                + "the one before. Signing on would make a second history. Restore the journal from its copy, or enrol this gateway anew.");
        }

        lostFrames = false;
    }

    private void Apply(OpeningRecord opening)
    {
        if (!hasOpening || lostFrames)
        {
            // The first segment that is left, or the first after a harmed one: it knows where the chain stood.
            if (!hasOpening || opening.NextNumber != Open.Number)
            {
                Open = new(opening.NextNumber)
                {
                    IsPartial = !hasOpening && opening.OpenIsSplit,
                    IsDamaged = lostFrames
                    && opening.OpenIsSplit
                };
                Previous = opening.Previous;
                Sequences = opening.Sequences;
                SealedBeacon = opening.SealedBeacon;
                // What was signed in the frames that are lost is never signed again.
                closed.RemoveAll(batch => batch.Number < opening.NextToSign);
                (NextToSign, SignedSequences, BootShift) = (opening.NextToSign, opening.SignedSequences, opening.BootShift);
            }

            (Boot, Last, Stopped, Manifests) = (opening.Boot, opening.Last, opening.Stopped, opening.Manifests);
            (BeaconNote, BeaconSize) = (opening.BeaconNote, opening.BeaconSize);
            beaconDigest = null;
            if (BeaconNote.Length > 0)
            {
                notes.TryAdd(BeaconDigest, BeaconNote);
            }

            hasOpening = true;
            lostFrames = false;
        }
        else if (opening.NextNumber != Open.Number || opening.Previous != Previous)
        {
            throw new EvidenceBrokenException($"A segment begins with batch {opening.NextNumber} after "
                + $"{opening.Previous.ToShortString()}; the one before "
                + $"it ended with batch {Open.Number} after {Previous.ToShortString()}. Run `gateway fsck`.");
        }
    }

    internal void Apply(RoundRecord round, FramePlace place)
    {
        if (Belongs(round.Batch, place))
        {
            Open.Add(round, place, lostFromMs);
            lostFromMs = null;
        }

        lastRoundMs = round.Moment.WallMs;
        NoRoundSince = null;
        Passed(round.Moment, stop: false);
    }

    internal void Apply(EventRecord happened, FramePlace place)
    {
        if (Belongs(happened.Batch, place))
        {
            Open.Add(happened, place);
        }

        NoRoundSince = happened.Happened.Kind == EventKind.Boot ? EventDetail.ReadGap(happened.Happened.Detail) : NoRoundSince;
        Passed(happened.Moment, happened.Happened.Kind == EventKind.Stop);
    }

    /// <summary>Whether a record is of the open batch. After lost frames one may be of a later batch, whose predecessor's seal is
    /// lost.</summary>
    private bool Belongs(long batch, FramePlace place)
    {
        openNumberSeen = Math.Max(openNumberSeen, batch);
        if (batch != Open.Number && (!lostFrames || batch < Open.Number))
        {
            throw new EvidenceBrokenException($"A record at {place} is of batch {batch}, and batch {Open.Number} is open. Run `gateway "
                + $"fsck`.");
        }

        return batch == Open.Number;
    }

    private void Passed(Moment moment, bool stop)
    {
        Last = moment;
        Stopped = stop;
    }

    internal void Apply(SealRecord seal, FramePlace place)
    {
        var header = BatchHeader.Decode(seal.Statement.Payload);
        EnsureSequences();
        if (SealsFolded(seal, header, place) || SealsClosed(seal, header, place))
        {
            return;
        }

        if (header.Number != Open.Number || header.Previous != Previous)
        {
            if (!lostFrames || header.Number <= Open.Number)
            {
                throw new EvidenceBrokenException($"The seal at {place} is number {header.Number} after "
                    + $"{header.Previous.ToShortString()}; number "
                    + $"{Open.Number} after {Previous.ToShortString()} must come. Run `gateway fsck`.");
            }

            Open = new(header.Number) { IsDamaged = true }; // Seals before it are lost; this one tells where the chain stands.
        }

        var clock = header.Clock;
        Add(new(header.Number, seal.Statement.PayloadDigest, header.OpenedMs, header.ClosedMs, Open.Start ?? place, place, Sequences,
            Open.IsDamaged)
        {
            IsPartial = Open.IsPartial,
            End = place,
            Opened = Open.First ?? new(clock.Boot - Math.Min(BootShift, clock.Boot), clock.UptimeMs, header.OpenedMs, clock.Trust, clock.ErrorMs),
            Rounds = Open.RoundCount,
            Beacon = header.Beacon,
        }, seal);
        Sequences = seal.NextSequences;
        Open = new(header.Number + 1);
        lostFrames = false;
        EnsureSequences();
    }

    internal void Apply(ReceiptRecord receipt, FramePlace place)
    {
        if (receipt.TreeSize >= BeaconSize)
        {
            (BeaconNote, BeaconSize) = (receipt.Note, receipt.TreeSize);
            beaconDigest = null;
        }

        for (var i = 0; i < Manifests.Length; i++)
        {
            if (Manifests[i].Statement.PayloadDigest == receipt.Statement)
            {
                Manifests = Manifests.SetItem(i, Manifests[i] with { Receipt = receipt.Text });
                return;
            }
        }

        // The receipt of a batch whose seal is in a deleted segment is in the batch store already.
        if (numbers.TryGetValue(receipt.Statement, out var number))
        {
            sealedBatches[number].Receipt = place;
            sealedBatches[number].State = BatchState.Anchored;
        }
    }

    /// <summary>Forgets batches that are in the batch store and whose segments are gone.</summary>
    internal void Forget(long segment)
    {
        foreach (var batch in sealedBatches.Values.Where(batch => batch.Start.Segment <= segment).ToList())
        {
            batch.IsPartial = batch.IsFolded = true;
            if (batch.Seal.Segment <= segment)
            {
                numbers.Remove(batch.Digest);
                sealedBatches.Remove(batch.Number);
            }
        }
    }

    /// <summary>A manifest with more channels begins the new ones at 0; one with fewer drops the last, whose numbers go on if they come
    /// back.</summary>
    private void EnsureSequences() => EnsureSequences(Open.Number);

    private void EnsureSequences(long number)
    {
        var channels = ManifestFor(number)?.Manifest.Channels.Length ?? 0;
        while (Sequences.Length < channels)
        {
            Sequences = Sequences.Add(0);
        }
    }
}
