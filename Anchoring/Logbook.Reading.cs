using System.Collections.Immutable;
using System.Globalization;
using Evidence;

namespace Anchoring;

/// <summary>How sealed batches are read again: for the ledger, for the batch store, for a bundle.</summary>
public sealed partial class Logbook
{
    /// <summary>Whole contiguous batches that cover a window, with the manifests and beacon notes that a bundle needs.</summary>
    /// <param name="fromMs">First wall millisecond, included.</param>
    /// <param name="toMs">Last wall millisecond, included.</param>
    public LogbookExtract Extract(long fromMs, long toMs)
    {
        lock (gate)
        {
            var extract = Cover(fromMs, toMs) is { } numbers ? Extract(numbers.First, numbers.Last, numbers) : new([], [], [], []);
            return extract with { Removed = RemovedFrom(fromMs, toMs) };
        }
    }

    /// <summary>
    /// Rounds of the batches that <see cref="Extract(long, long)"/> would give, each with how many channels the batch has: what a window
    /// would weigh, found out without holding more than a few of its batches at a time.
    /// </summary>
    public IReadOnlyList<(int Channels, long Rounds)> CountRounds(long fromMs, long toMs)
    {
        const int Step = 64;
        lock (gate)
        {
            if (Cover(fromMs, toMs) is not { } span)
            {
                return [];
            }

            var counted = new SortedDictionary<int, long>();
            var stored = new HashSet<long>();
            for (var first = span.First; first <= span.Last; first += Step)
            {
                foreach (var batch in store.Read(first, Math.Min(span.Last, first + Step - 1)).Where(batch => stored.Add(batch.Header.Number)))
                {
                    Count(batch.Header.ChannelCount, BatchBody.CountRounds(batch.Body));
                }
            }

            foreach (var batch in chain.Sealed.Values.Where(batch => batch.Number >= span.First && batch.Number <= span.Last && !stored.Contains(batch.Number)))
            {
                Count(chain.ManifestFor(batch.Number)?.Manifest.ChannelCount ?? 0, batch.Rounds);
            }

            void Count(int channels, int rounds) => counted[channels] = counted.GetValueOrDefault(channels) + rounds;

            return [.. counted.Select(some => (some.Key, some.Value))];
        }
    }

    private (long First, long Last)? Cover(long fromMs, long toMs)
    {
        var span = store.Find(fromMs, toMs);
        foreach (var batch in chain.Sealed.Values.Where(batch => batch.ClosedMs >= fromMs && batch.OpenedMs <= toMs))
        {
            span = span is { } known ? (Math.Min(known.First, batch.Number), Math.Max(known.Last, batch.Number)) : (batch.Number,
                batch.Number);
        }

        return span;
    }

    private LogbookExtract Extract(long first, long last, (long First, long Last) span)
    {
        var stored = store.Read(first, last).ToDictionary(batch => batch.Header.Number);
        var batches = ImmutableArray.CreateBuilder<ExtractedBatch>();
        var missing = ImmutableArray.CreateBuilder<long>();
        HashSet<EnrolledManifest> manifests = [];
        Dictionary<Digest, string> notes = new(chain.Notes);
        List<Digest> beacons = [];
        for (var number = span.First; number <= span.Last; number++)
        {
            if ((stored.GetValueOrDefault(number) ?? FromJournal(number)) is not { } batch)
            {
                missing.Add(number);
                continue;
            }

            batches.Add(new(batch.Statement, BatchBody.Decode(batch.Body), batch.Receipt));
            if (chain.ManifestFor(number) is { } enrolled)
            {
                manifests.Add(enrolled);
            }

            if (!batch.Header.Beacon.IsZero && (beacons.Count == 0 || beacons[^1] != batch.Header.Beacon))
            {
                beacons.Add(batch.Header.Beacon); // They only ever grow newer, so equal ones stand together.
            }

            if (batch.BeaconNote.Length > 0)
            {
                notes[batch.Header.Beacon] = batch.BeaconNote;
            }
        }

        // A beacon's text is kept with the first batch that names it: only the one in force when the window begins may stand before it.
        foreach (var beacon in beacons.Where(beacon => !notes.ContainsKey(beacon)).Take(1))
        {
            notes[beacon] = NoteOf(beacon, span.First) ?? "";
        }

        ImmutableArray<string> shown = [.. beacons.Select(named => notes.GetValueOrDefault(named, "")).Where(note => note.Length > 0).Distinct()];
        return new(batches.ToImmutable(), [.. chain.Manifests.Where(manifests.Contains)], shown, missing.ToImmutable())
        {
            Earlier = shown.IsEmpty ? [] : Earlier(shown[0], span.First),
        };
    }

    /// <summary>The text of a beacon that is first named at or before a batch, searched backwards from there.</summary>
    private string? NoteOf(Digest beacon, long from)
    {
        if (chain.Notes.TryGetValue(beacon, out var note))
        {
            return note;
        }

        const int Step = 256;
        for (var last = from; last >= 0; last -= Step)
        {
            if (store.Read(Math.Max(0, last - Step + 1), last).LastOrDefault(batch => batch.BeaconNote.Length > 0 && batch.Header.Beacon == beacon)
                is { } named)
            {
                return named.BeaconNote;
            }
        }

        return null;
    }

    private StoredBatch? FromJournal(long number) => chain.Sealed.TryGetValue(number, out var batch) ? reader.Read(batch) : null;

    private Uplink? UplinkOf(SealedBatch batch) => reader.Read(batch) is { } stored ? new(stored.Statement.Bytes, [.. stored.Body]) : null;

    /// <summary>
    /// Folds the oldest whole segment once everything in it is anchored: its batches go into the batch store and are read back there, and
    /// only
    /// then is the segment deleted. A power cut anywhere in here leaves the segment, and the next fold writes the same again.
    /// </summary>
    private void FoldOldest(long nowMs)
    {
        if (journal.OldestSegment >= journal.Segment || storeFault.Length > 0 && chain.Open.RoundCount > 0)
        {
            return; // A store that failed is tried again when the next batch is opened, not in every cycle.
        }

        var segment = journal.OldestSegment;
        var touching = chain.Sealed.Values.Where(batch => batch.Start.Segment <= segment).ToList();
        if (touching.Any(batch => batch.State != BatchState.Anchored) || chain.Open.Start is { } start && start.Segment <= segment
            || chain.Closed is [var closed, ..] && closed.Start.Segment <= segment)
        {
            return;
        }

        try
        {
            storeFault = store.Put([.. touching.Select(reader.Read).OfType<StoredBatch>()]) ?? "";
            if (storeFault.Length == 0)
            {
                journal.DeleteThrough(segment);
            }
        }
        catch (IOException fault)
        {
            // F-80, F-113: a full disk, a sector that cannot be read, a name that cannot be taken away. The journal keeps everything, recording goes
            // on, and folding is tried again.
            storeFault = fault.Message;
        }

        if (storeFault.Length == 0)
        {
            // Batches whose seal is still in the journal stay known; all that lost a record are found in the store from now on.
            chain.Forget(segment);
            KeepInsideBudget(nowMs);
        }
    }

    /// <summary>A journal that is gone took the last header with it, and batches after those that are stored may be known to the
    /// ledger.</summary>
    private void RefuseLostJournal()
    {
        if (store.Span() is { } span)
        {
            throw new EvidenceBrokenException($"The journal is gone, but batches up to {span.Last} are in the batch store. Batches "
                + $"after it may have "
                + "been signed and sent; signing on would make a second history. Restore the journal folder from its copy, or enrol "
                    + "this gateway anew.");
        }
    }

    private LogbookStatus TakeStatus()
    {
        var unanchored = chain.Closed.Count;
        long? oldest = null;
        foreach (var batch in chain.Unanchored)
        {
            unanchored++;
            oldest ??= batch.Number;
        }

        var faults = ImmutableArray.CreateBuilder<string>();
        AddIf(faults, journal.SpareFault, "The disk has no room for the next journal segment; recording stops when this one is full: ");
        AddIf(faults, storeFault, "Anchored batches stay in the journal because the batch store failed: ");
        AddIf(faults, keyTrouble, "");
        AddIf(faults, markFault, "The mark of the last signed batch could not be written beside the batch store: ");
        AddIf(faults, keepingFault, "The oldest month of anchored batches could not be removed to keep inside the disk budget: ");
        AddIf(faults, toldFault, "The record tells which batches this card does not have, and it could not be noted that it does; the next start tells it again: ");
        AddIf(faults, heldBecause, "");
        AddIf(faults, late is null ? "" : CannotBegin(Manifest.Decode(late.Payload).FirstNumber, chain.Open.Number), "");
        AddIf(faults, outbox.LogTrouble, "");
        AddIf(faults, outbox.StoppedBecause, "");
        AddIf(faults, outbox.LastBadAnswer, string.Create(CultureInfo.InvariantCulture,
            $"{outbox.BadAnswers} answers did not hold; the last: "));
        if (damages.Count > 0)
        {
            faults.Add(string.Create(CultureInfo.InvariantCulture,
                $"{damages.Count} places of the journal are harmed; run `gateway fsck`. The first: {damages[0].Words}"));
        }

        return new(Boot, chain.Open.Number, chain.Open.RoundCount, chain.Last, lastReadings, chain.NextToSign > 0 ? chain.NextToSign - 1
            : null,
            Math.Min(oldest ?? chain.NextToSign, lostAt ?? long.MaxValue) - 1 is >= 0 and var anchored ? anchored : null, unanchored,
            chain.Manifests.Count(manifest => manifest.Receipt is null), outbox.InFlight, journal.Length, link.State, outbox.Refused,
                faults.ToImmutable())
        {
            UsedBytes = journal.Length + storedBytes,
            BudgetBytes = options.DiskBudgetBytes,
            OldestKept = oldestStored ?? (chain.Sealed.Count > 0 ? chain.Sealed.First().Key : null),
            BytesPerDay = BytesPerDay(),
            ToSign = chain.Closed.Count,
            StartGap = startGap,
            LostThrough = lostThrough,
        };
    }

    private static void AddIf(ImmutableArray<string>.Builder faults, string words, string before)
    {
        if (words.Length > 0)
        {
            faults.Add(before + words);
        }
    }
}
