using System.Collections.Immutable;
using System.Globalization;
using Evidence;

namespace Anchoring;

/// <summary>How a round or event gets into the journal: gaps, clock steps, and when a batch is full.</summary>
public sealed partial class Logbook
{
    private const int EventLeavesKept = 8;

    /// <summary>How the copy of a harmed segment ends.</summary>
    internal const string AsideSuffix = ".damaged";

    /// <summary>How a segment ends that could not be read and was moved out of the way.</summary>
    internal const string UnreadableSuffix = ".unreadable";

    private readonly HashSet<Absence> toldHere = [];
    private string toldFault = "";
    private ImmutableArray<JournalDamage> unannounced = [];

    private static BatchEvent Broken(string code, string words) =>
        new(null, EventKind.StoreBroken, Moment.WallFloorMs, EventDetail.Note(code, words));

    private Manifest Enrolled() => chain.ManifestFor(chain.Open.Number)?.Manifest ?? throw new NotEnrolledException(
        "This gateway is not enrolled. Make a request (gateway enrol request), have the authority sign it, and accept its answer "
            + "(gateway enrol accept).");

    private void CheckMoment(Moment now)
    {
        if (!started || now.Boot != Boot)
        {
            throw new InvalidOperationException(started ? $"The moment is of boot {now.Boot}, this is boot {Boot}."
                : "Start the logbook first.");
        }

        if (chain.Last is { } last && last.Boot == now.Boot && now.UptimeMs < last.UptimeMs)
        {
            throw new InvalidOperationException($"Uptime went back from {last.UptimeMs} to {now.UptimeMs} ms; a monotonic clock does not.");
        }
    }

    private void CheckFollows(Manifest manifest)
    {
        var last = chain.Manifests.IsEmpty ? null : chain.Manifests[^1];
        var previous = last?.Statement.PayloadDigest ?? default;
        if (!IsOurs(manifest))
        {
            throw new MalformedEvidenceException($"The manifest is for gateway {manifest.Gateway} with key {manifest.Key}; this is "
                + (Owner is { } owner ? $"{owner.Gateway} with {owner.Key}." : "a data directory without key and record."));
        }

        // A card whose older image was put back may lack manifests in between; the ledger has them and holds the new one against them.
        var isBeyond = last is not null && manifest.FirstNumber > chain.Open.Number + 1;
        if (manifest.Previous != previous && !isBeyond)
        {
            throw new MalformedEvidenceException($"The manifest follows {manifest.Previous.ToShortString()}; the last one here is "
                + $"{previous.ToShortString()}.");
        }

        var first = chain.Open.IsEmpty ? chain.Open.Number : chain.Open.Number + 1;
        if (last is null ? manifest.FirstNumber != 0 : manifest.FirstNumber < first || manifest.FirstNumber < last.Manifest.FirstNumber)
        {
            throw new MalformedEvidenceException(CannotBegin(manifest.FirstNumber, last is null ? 0 : first));
        }
    }

    private static string CannotBegin(long number, long first) => $"The manifest begins with batch {number}; the earliest it may begin with is "
        + $"{first}. Ask the authority for one with a later first number.";

    /// <summary>A wall clock that was stepped since the last record closes the batch; the next one begins with the step.</summary>
    private void DeclareStep(Moment now)
    {
        if (SameBoot(chain.Last) is not { } last)
        {
            return;
        }

        var expectedMs = last.WallMs + (now.UptimeMs - last.UptimeMs);
        if (Math.Abs(now.WallMs - expectedMs) <= ClockStepMsMin && now.WallMs >= (chain.Open.LastRoundMs ?? long.MinValue))
        {
            return;
        }

        if (!chain.Open.IsEmpty)
        {
            // Closed by its own clock: what the wall clock says now belongs to the next batch.
            SealNow(now with
            {
                WallMs = Math.Clamp(expectedMs, Moment.WallFloorMs, Moment.WallCeilingMs),
                Trust = last.Trust,
                ErrorMs = last.ErrorMs
            });
        }

        if (lastRound is { } round)
        {
            // A gap that is found later has both ends by the clock as it is now, so that a step in between does not turn it around.
            lastRound = round with
            {
                WallMs = Math.Clamp(now.WallMs - (now.UptimeMs - round.UptimeMs), Moment.WallFloorMs,
                Moment.WallCeilingMs)
            };
        }

        Write(new(null, EventKind.ClockStep, now.WallMs, EventDetail.ClockStep(expectedMs, now.WallMs, now.Trust)), now);
    }

    /// <summary>Slots that passed without a round while the gateway ran are declared before the round that came too late.</summary>
    private void DeclareLate(Moment now)
    {
        var intervalMs = Enrolled().Channels.Min(channel => channel.IntervalMs);
        if (lastRound is { } round && 2 * (now.UptimeMs - round.UptimeMs) > 3L * intervalMs)
        {
            Write(new(null, EventKind.Gap, now.WallMs, EventDetail.Gap(round.WallMs, now.WallMs, GapCause.Late)), now);
        }
        else if (lastRound is null && chain.NoRoundSince is { } start && 2 * (now.WallMs - start.ToMs) > 3L * intervalMs)
        {
            // F-163: the session's first round came long after its start, or the clock was set in between. A verifier asks for one event that covers the
            // whole hole between two readings.
            Write(new(null, EventKind.Gap, now.WallMs, EventDetail.Gap(start.FromMs, now.WallMs, GapCause.Late)), now);
        }
    }

    private Moment? SameBoot(Moment? moment) => moment is { } known && known.Boot == Boot ? known : null;

    private long Write(BatchEvent happened, Moment now)
    {
        var manifest = Enrolled();
        if (happened.Channel is { } channel && channel.Value >= manifest.Channels.Length)
        {
            throw new ArgumentException($"Channel {channel} is not enrolled; there are {manifest.Channels.Length}.", nameof(happened));
        }

        SealIfFull(manifest, 1, now);
        var record = new EventRecord(chain.Open.Number, now, happened);
        var place = journal.Append(FrameKind.Event, RecordCodec.Encode(record));
        chain.Apply(record, place); // The event is durable.
        return record.Batch;
    }

    /// <summary>F-169: what the store lost between two rounds of the batch that an earlier session left open, or right before it, is declared
    /// inside that batch, where a verifier looks for it; by its own clock, so that the batch ends when it ended.</summary>
    private void DeclareHoles()
    {
        var intervalMs = Enrolled().Channels.Min(channel => channel.IntervalMs);
        foreach (var hole in chain.Open.Undeclared.Where(hole => 2 * (hole.ToMs - hole.FromMs) > 3L * intervalMs).ToList())
        {
            var last = chain.Open.Last!.Value;
            var record = new EventRecord(chain.Open.Number, last, new(null, EventKind.Gap, last.WallMs,
                EventDetail.Gap(hole.FromMs, hole.ToMs, hole.Cause)));
            chain.Apply(record, journal.Append(FrameKind.Event, RecordCodec.Encode(record)));
        }
    }

    private void WriteBreaks(Moment now)
    {
        while (breaks.TryPeek(out var broken))
        {
            Write(broken with { TimeMs = now.WallMs }, now);
            breaks.Dequeue();
        }
    }

    /// <summary>What a repair or a resumption wrote off is said in the chain, once: the event first, then the note that it was said.</summary>
    private void DeclareLost(Moment now)
    {
        var known = absences.Read();
        foreach (var lost in known.Where(absence => absence.Cause == AbsenceCause.Lost
            && !known.Contains(absence with { Cause = AbsenceCause.Declared }) && !toldHere.Contains(absence)))
        {
            Write(Broken("store.lost", $"{lost}: {lost.Words}") with { TimeMs = now.WallMs }, now);
            toldHere.Add(lost);
            try
            {
                absences.Add(lost with { Cause = AbsenceCause.Declared });
                toldFault = "";
            }
            catch (IOException fault)
            {
                toldFault = fault.Message; // F-184: the journal has room where the disk has none. Told once more by the next start, and recording goes on.
            }
        }

        lostThrough = known.Where(absence => absence.Cause == AbsenceCause.Lost).Select(absence => (long?)absence.Last).Max();
    }

    private void SealIfFull(Manifest manifest, int leaves, Moment now)
    {
        if (chain.Open.LeafCount(manifest.Channels.Length) + leaves > options.SealLeavesMax - EventLeavesKept)
        {
            SealNow(now);
        }
    }

    private static ImmutableArray<BatchSample> Samples(Manifest manifest, ImmutableArray<Reading> readings)
    {
        var samples = new BatchSample[manifest.Channels.Length];
        foreach (var reading in readings)
        {
            if (reading.Channel.Value >= samples.Length)
            {
                throw new ArgumentException($"Channel {reading.Channel} is not enrolled; there are {samples.Length}.", nameof(readings));
            }

            samples[reading.Channel.Value] = new(reading.Outcome, reading.Temperature, reading.RawCode);
        }

        return [.. samples];
    }

    private void Append(FrameKind kind, byte[] payload)
    {
        var sequence = journal.NextSequence;
        var place = journal.Append(kind, payload);
        chain.Apply(new Frame(kind, sequence, payload, place));
    }

    /// <summary>Under which name the segment of a damage is kept, as it was found.</summary>
    internal static string AsideName(JournalDamage damage) => damage.IsUnreadable ? Journal.NameOf(damage.Place.Segment) + UnreadableSuffix
        : string.Create(CultureInfo.InvariantCulture, $"{Journal.NameOf(damage.Place.Segment)}.{damage.Place.Offset}{AsideSuffix}");

    /// <summary>Copies a harmed segment once, as it was found; the copy's name says that the harm is known. One that cannot be read is moved out
    /// of the way: if the disk gave it again one day, its records would stand in batches that were signed without them.</summary>
    private void KeepAside(IFolder folder)
    {
        var names = folder.Names;
        var fresh = ImmutableArray.CreateBuilder<JournalDamage>();
        foreach (var damage in damages)
        {
            var name = AsideName(damage);
            if (names.Contains(name))
            {
                continue;
            }

            if (damage.IsUnreadable)
            {
                folder.Move(Journal.NameOf(damage.Place.Segment), name); // F-166
            }
            else
            {
                var bytes = JournalReader.Bytes(folder, damage.Place.Segment);
                using var copy = folder.OpenWriteThrough(name);
                copy.Write(bytes, 0, bytes.Length);
                copy.Flush();
            }

            fresh.Add(damage);
        }

        unannounced = fresh.ToImmutable();
    }

    /// <summary>A moment's trouble must not cost what is written there: whoever opens the logbook tries again before it gives a segment up.
    /// </summary>
    private void RefuseUnreadable(IFolder folder)
    {
        if (damages.Find(damage => damage.IsUnreadable && !folder.Names.Contains(AsideName(damage))) is not { } damage)
        {
            return;
        }

        if (!options.SetsUnreadableAside)
        {
            throw new UnreadableSegmentException($"{damage.Words} Check that it belongs to the gateway's user, and the disk (dmesg).");
        }

        if (chain.Manifests.IsEmpty)
        {
            throw new EvidenceBrokenException($"{damage.Words} Nothing else of the journal says whose record this is and where it stands; nothing "
                + "was changed. Restore the journal folder from its copy, or enrol this gateway anew with an empty data directory and keep this one.");
        }
    }
}

/// <summary>A segment of the journal cannot be read, for now or for ever.</summary>
public sealed class UnreadableSegmentException : IOException
{
    public UnreadableSegmentException() { }

    public UnreadableSegmentException(string message) : base(message) { }

    public UnreadableSegmentException(string message, Exception inner) : base(message, inner) { }
}
