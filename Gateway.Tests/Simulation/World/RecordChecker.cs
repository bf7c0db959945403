using System.Collections.Immutable;
using Evidence;
using Evidence.Log;

namespace Gateway.Tests.Simulation;

/// <summary>What was true at one probe in one round.</summary>
/// <param name="IsSound">Nothing stood in the way of measuring it.</param>
/// <param name="Serial">The chip's own number; empty when its kind has none.</param>
public readonly record struct ChannelTruth(int MilliCelsius, int ToleranceMilli, bool IsSound, string Serial = "");

/// <summary>One round that the truck tried.</summary>
public sealed class TrueRound(long trueMs, uint boot, long wallMs, ImmutableArray<ChannelTruth> channels)
{
    public long TrueMs => trueMs;

    public uint Boot => boot;

    public long WallMs => wallMs;

    public ImmutableArray<ChannelTruth> Channels => channels;

    /// <summary>The settings that it was taken under.</summary>
    public string Settings { get; init; } = "";

    /// <summary>The truck's clock was right.</summary>
    public bool IsTimely => Math.Abs(trueMs - wallMs) < 60_000;

    /// <summary>The ledger has the batch that it stands in.</summary>
    public bool IsLogged { get; set; }

    /// <summary>The gateway has said that it is recorded: a power cut must not take it.</summary>
    public bool IsPromised { get; set; }
}

/// <summary>A batch's window whose rounds were all taken by a clock that was right, and what was true in it.</summary>
/// <param name="Number">The batch's number; the first one's where it spans a break.</param>
/// <param name="FromMs">Where it begins, by the truck's clock.</param>
/// <param name="ToMs">Where it ends.</param>
/// <param name="Truths">What was true in each of its rounds.</param>
public sealed record SoundWindow(long Number, long FromMs, long ToMs, ImmutableArray<TrueRound> Truths);

/// <summary>What a year's checking counted.</summary>
public sealed class YearTally
{
    public long Batches { get; set; }

    public long Rounds { get; set; }

    public long Readings { get; set; }

    public long Temperatures { get; set; }

    public long Lost { get; set; }

    public long Invented { get; set; }

    public long UnexplainedMinutes { get; set; }

    public long Checkpoints { get; set; }

    /// <summary>Rounds that were acknowledged as recorded, never reached the ledger, and went with the card when an older image of it was put
    /// back.</summary>
    public long GoneWithCard { get; set; }

    /// <summary>Breaks behind a card that was put back, which the record tells.</summary>
    public long Breaks { get; set; }

    /// <summary>Windows over such a break that a stranger has checked.</summary>
    public long BreaksShown { get; set; }

    /// <summary>How often the authority has enrolled the gateway again.</summary>
    public long Enrolments { get; set; }

    /// <summary>True excursions that are longer than one and a half sampling intervals.</summary>
    public long ExcursionsTrue { get; set; }

    /// <summary>Of these: with a reading out of range.</summary>
    public long ExcursionsFound { get; set; }

    /// <summary>Of these: no reading was possible, and the record says so.</summary>
    public long ExcursionsUnseen { get; set; }

    /// <summary>Alarms that were told, beginnings and ends.</summary>
    public long Alarms { get; set; }

    /// <summary>Swaps of a probe for another of its kind that were told.</summary>
    public long Swaps { get; set; }

    /// <summary>Changes of settings that were told.</summary>
    public long SettingChanges { get; set; }

    /// <summary>Windows that a stranger has checked.</summary>
    public long Windows { get; set; }

    /// <summary>Of these: VERIFIED, the time proven too.</summary>
    public long WindowsVerified { get; set; }

    public SortedDictionary<FaultKind, long> Faults { get; } = [];
}

/// <summary>Compares all that leaves the truck with what was true in it, statement by statement, as a stranger sees them.</summary>
/// <param name="intervalMs">Time from one round to the next.</param>
/// <param name="head">The ledger's newest checkpoint.</param>
/// <param name="entriesFrom">The log's entries from an index on.</param>
/// <param name="limits">Each channel's limits, as the manifest has them.</param>
public sealed partial class RecordChecker(long intervalMs, Func<Checkpoint?> head, Func<long, List<ReadOnlyMemory<byte>>> entriesFrom,
    ImmutableArray<ChannelLimits> limits)
{
    private readonly Queue<TrueRound> expected = new();
    private readonly Dictionary<long, Digest> headers = [];
    private readonly Dictionary<Digest, BatchBody> underWay = [];
    private readonly List<long> nextSequences = [];
    private LogEdge edge = LogEdge.Empty;
    private BatchHeader? last, lastLogged;
    private Digest lastDigest;
    private TrueRound? lastRound;
    private bool bootDeclared;
    private List<EventDetail.GapSpan> gaps = [], gapsBefore = [];

    public YearTally Tally { get; } = new();

    /// <summary>Told what is logged; null for nobody.</summary>
    public Action<string>? Diary { get; set; }

    /// <summary>Wall times of batches whose rounds were all taken by a clock that was right.</summary>
    public List<SoundWindow> SoundWindows { get; } = [];

    public ImmutableArray<ChannelLimits> Limits => limits;

    /// <summary>Holds what the record tells of swapped probes and changed settings against what was done.</summary>
    public ChangeChecker Changes => field ??= new(Violate, Tally);

    /// <summary>Holds the record's excursions against the true ones.</summary>
    public ExcursionChecker Excursions => field ??= new(limits, intervalMs * 3 / 2, Violate, Tally);

    /// <summary>What does not hold, a sentence each; at most 20.</summary>
    public List<string> Violations { get; } = [];

    /// <summary>A round is about to be tried.</summary>
    public void Try(TrueRound round) => expected.Enqueue(round);

    /// <summary>A statement has left the truck.</summary>
    public void Seen(Digest digest, ReadOnlyMemory<byte> uplink)
    {
        var message = Uplink.Decode(uplink);
        var statement = Statement.Decode(message.Statement.AsMemory());
        Require(statement.PayloadDigest == digest, () => $"A statement was sent as {digest}, and is {statement.PayloadDigest}.");
        if (statement.Kind != StatementKind.Batch)
        {
            return;
        }

        var header = BatchHeader.Decode(statement.Payload);
        if (headers.TryGetValue(header.Number, out var known))
        {
            Require(known == digest, () => $"Batch {header.Number} has two signed headers.");
            return;
        }

        headers.Add(header.Number, digest);
        underWay.Add(digest, BatchBody.Decode(message.Body!.Value.AsMemory()));
        Follow(header, digest);
    }

    /// <summary>The ledger may have logged something: its tree must be the one before, and what came after.</summary>
    public void Logged()
    {
        if (head() is not { } newest || (newest.Size == edge.Size && newest.Root == edge.Root))
        {
            return;
        }

        Tally.Checkpoints++;
        if (newest.Size < edge.Size)
        {
            Violate($"The log had {edge.Size} entries and has {newest.Size}.");
            return;
        }

        var fresh = entriesFrom(edge.Size).Take((int)(newest.Size - edge.Size)).ToList();
        edge = edge.Append([.. fresh.Select(entry => LogTree.LeafHash(entry.Span))]).Edge;
        Require(edge.Size == newest.Size && edge.Root == newest.Root, () => $"Checkpoint {newest.Size} is not consistent with the last.");
        foreach (var entry in fresh)
        {
            Logged(Statement.Decode(entry));
        }
    }

    /// <summary>What the ledger has logged stays for ever: it is compared with what was true.</summary>
    private void Logged(Statement entry)
    {
        if (entry.Kind == StatementKind.Conflict)
        {
            Violate($"Entry {edge.Size - 1} of the log says that two headers were signed under one number.");
        }

        LastManifest = entry.Kind == StatementKind.Manifest ? entry.PayloadDigest : LastManifest;
        if (entry.Kind != StatementKind.Batch)
        {
            return;
        }

        var header = BatchHeader.Decode(entry.Payload);
        Require(header.Number == (lastLogged?.Number + 1 ?? 0), () => $"The ledger logged batch {header.Number} after {lastLogged?.Number}.");
        lastLogged = header;
        Diary?.Invoke($"logged {header.Number}, boot {header.Clock.Boot}, up {header.Clock.UptimeMs}, opened {header.OpenedMs}, closed {header.ClosedMs}");
        Tally.Batches++;
        if (underWay.Remove(entry.PayloadDigest, out var body))
        {
            Compare(header, body);
        }
        else
        {
            Violate($"The ledger logged a batch {header.Number} that never left this truck.");
        }
    }

    /// <summary>All has been sent: nothing that was promised may be missing.</summary>
    public void Finish()
    {
        foreach (var round in expected.Where(round => round.IsPromised))
        {
            Tally.Lost++;
            Violate($"The round of {round.WallMs} (boot {round.Boot}) was recorded and is in no batch.");
        }

        RequireToldMissing();
        Excursions.Finish();
    }

    /// <summary>A batch that the truck still has: it must be the one that strangers have seen.</summary>
    public void Kept(Statement statement)
    {
        var number = BatchHeader.Decode(statement.Payload).Number;
        Require(headers.TryGetValue(number, out var known) && known == statement.PayloadDigest,
            () => $"Batch {number} on the card is not the one that was sent.");
    }

    public void Violate(string words)
    {
        if (Violations.Count < 20)
        {
            Violations.Add(words);
        }
    }

    internal void Require(bool holds, Func<string> words)
    {
        if (!holds)
        {
            Violate(words());
        }
    }

    private void Follow(BatchHeader header, Digest digest)
    {
        Require(header.Number == (last?.Number + 1 ?? 0), () => $"Batch {header.Number} follows {last?.Number}.");
        Require(header.Previous == lastDigest, () => $"Batch {header.Number} names another header before it.");
        Require(last is null || header.Clock.Boot > last.Clock.Boot
            || (header.Clock.Boot == last.Clock.Boot && header.Clock.UptimeMs >= last.Clock.UptimeMs),
            () => $"Batch {header.Number} goes back on the gateway's own clock.");
        (last, lastDigest) = (header, digest);
    }

    private void Compare(BatchHeader header, BatchBody body)
    {
        if (Diary is not null)
        {
            Diary($"batch {header.Number}: rounds {string.Join(' ', body.Rounds)}; "
                + string.Join(' ', body.Events.Select(happened => $"{happened.Kind} {happened.TimeMs} {EventDetail.ReadGap(happened.Detail)}")));
        }

        Told(body);
        LearnShift(header, body);
        gaps.AddRange(body.Events.Select(happened => EventDetail.ReadGap(happened.Detail)).OfType<EventDetail.GapSpan>());
        bootDeclared |= body.Events.Any(happened => happened.Kind == EventKind.Boot && EventDetail.ReadGap(happened.Detail) is not null);
        for (var i = 0; i < body.Channels.Length; i++)
        {
            if (i == nextSequences.Count)
            {
                nextSequences.Add(0);
            }

            var first = body.Channels[i].FirstSequence;
            Require(first == nextSequences[i], () => $"Batch {header.Number}, channel {i}: reading {first} is not next.");
            nextSequences[i] = first + body.Rounds.Length;
        }

        var truths = Enumerable.Range(0, body.Rounds.Length).Select(i => Compare(header, body, i)).ToList();
        (gapsBefore, gaps) = truths.Count > 0 ? (gaps, []) : (gapsBefore, gaps);
        Excursions.Batch(header.Number, body, truths);
        Changes.Batch(header.Number, body, truths);
        if (truths.Count > 1 && header.ClosedMs > header.OpenedMs
            && truths.TrueForAll(truth => truth is { IsTimely: true }))
        {
            SoundWindows.Add(new(header.Number, header.OpenedMs, header.ClosedMs, [.. truths.OfType<TrueRound>()]));
        }
    }

    /// <returns>What was true in the round; null when it was never taken.</returns>
    private TrueRound? Compare(BatchHeader header, BatchBody body, int index)
    {
        Tally.Rounds++;
        while (expected.TryPeek(out var next) && !IsSame(next, body.Rounds[index], header.Clock.Boot))
        {
            expected.Dequeue();
            if (next.IsPromised)
            {
                Tally.Lost++;
                Violate($"The round of {next.WallMs} (boot {next.Boot}) was recorded and is in no batch, or not in order.");
            }
        }

        if (!expected.TryDequeue(out var truth))
        {
            Tally.Invented++;
            Violate($"Batch {header.Number} holds a round of {body.Rounds[index]} that was never taken.");
            return null;
        }

        if (lastRound is { } before && truth.TrueMs - before.TrueMs > intervalMs * 3 / 2 && !bootDeclared
            && !body.Events.Any(happened => happened.Kind == EventKind.Gap && EventDetail.ReadGap(happened.Detail)?.ToMs == truth.WallMs))
        {
            Tally.UnexplainedMinutes += (truth.TrueMs - before.TrueMs - intervalMs) / 60_000;
            Violate($"Nothing explains why no round stands in batch {header.Number} before {truth.WallMs}.");
        }
        else if (lastRound is { IsTimely: true } earlier && truth.IsTimely && truth.WallMs - earlier.WallMs > 2 * intervalMs
            && !gapsBefore.Concat(gaps).Any(gap => gap.ToMs >= truth.WallMs - (2 * intervalMs)
                && (gap.FromMs <= earlier.WallMs + (2 * intervalMs) || MayBeginLate(earlier, header.Number))))
        {
            Tally.UnexplainedMinutes += (truth.WallMs - earlier.WallMs - intervalMs) / 60_000;
            Violate($"No event covers the whole hole between {earlier.WallMs} and {truth.WallMs}, in batch {header.Number}.");
        }

        truth.IsLogged = true;
        (lastRound, bootDeclared) = (truth, false); // A gap while running ends at the very round that came too late.
        for (var channel = 0; channel < body.Channels.Length; channel++)
        {
            Compare(truth.Channels[channel], body.Channels[channel].Samples[index], $"Batch {header.Number}, channel {channel}");
        }

        return truth;
    }

    private void Compare(ChannelTruth truth, BatchSample sample, string place)
    {
        Tally.Readings++;
        if (sample.Temperature is { } temperature)
        {
            Tally.Temperatures++;
            if (Math.Abs(temperature.Value - truth.MilliCelsius) > truth.ToleranceMilli)
            {
                Tally.Invented++;
                Violate($"{place}: {temperature.Value} m°C was recorded, {truth.MilliCelsius} was true.");
            }
        }
        else if (truth.IsSound)
        {
            Tally.Lost++;
            Violate($"{place}: {sample.Outcome} was recorded although nothing was wrong.");
        }
    }
}
