using System.Collections.Immutable;
using Evidence;

namespace Anchoring;

/// <summary>The batch that is being filled: rounds and events that are recorded and not yet sealed.</summary>
/// <remarks>It is built the same way while recording, at start from the journal, and when a sealed batch is read again.</remarks>
public sealed class OpenBatch
{
    private readonly List<long> rounds = [];
    private readonly List<ImmutableArray<BatchSample>> samples = [];
    private readonly List<BatchEvent> events = [];
    private readonly HashSet<int> alarmsSinceRound = [];

    /// <param name="number">The number it will be sealed under.</param>
    public OpenBatch(long number) => Number = number;

    public long Number { get; internal set; }

    private readonly List<EventDetail.GapSpan> holes = [];

    /// <summary>Some of its records stand in segments that are gone; then it was sealed and is in the batch store.</summary>
    public bool IsPartial { get; init; }

    /// <summary>Some of its records were harmed on disk and are left out.</summary>
    public bool IsDamaged { get; set; }

    /// <summary>Where its first record stands; null while it is empty.</summary>
    public FramePlace? Start { get; private set; }

    /// <summary>Moment of its first round or event; null while it is empty.</summary>
    public Moment? First { get; private set; }

    /// <summary>Moment of its last round or event; null while it is empty.</summary>
    public Moment? Last { get; private set; }

    public int RoundCount => rounds.Count;

    public bool IsEmpty => First is null;

    /// <summary>Wall time of the last round; null before the first.</summary>
    public long? LastRoundMs => rounds.Count > 0 ? rounds[^1] : null;

    /// <summary>Places of the tree when this many channels are enrolled.</summary>
    public int LeafCount(int channels) => (2 + rounds.Count) * channels + events.Count;

    /// <summary>Spans without records because the store lost them, each from the round before to the round after, that no event of this batch
    /// declares yet.</summary>
    internal IEnumerable<EventDetail.GapSpan> Undeclared => holes.Where(hole => !events.Any(happened => happened.Kind == EventKind.Gap
        && EventDetail.ReadGap(happened.Detail) is { } told && told.FromMs <= hole.FromMs && told.ToMs >= hole.ToMs));

    /// <summary>Adds a round before which records were lost.</summary>
    /// <param name="lostFromMs">Wall time of the last round before the loss, in this batch or an earlier one; null when nothing was lost.</param>
    internal void Add(RoundRecord round, FramePlace place, long? lostFromMs)
    {
        if (lostFromMs is { } from && from < round.Moment.WallMs)
        {
            holes.Add(new(from, round.Moment.WallMs, GapCause.StoreBroken));
        }

        Add(round, place);
    }

    public void Add(RoundRecord round, FramePlace place)
    {
        rounds.Add(round.Moment.WallMs);
        samples.Add(round.Samples);
        alarmsSinceRound.Clear();
        Note(round.Moment, place);
    }

    public void Add(EventRecord happened, FramePlace place)
    {
        events.Add(happened.Happened);
        if (happened.Happened is { Kind: EventKind.Alarm, Channel: { } channel })
        {
            alarmsSinceRound.Add(channel.Value);
        }

        Note(happened.Moment, place);
    }

    /// <summary>Whether an alarm of this channel was recorded after the last round.</summary>
    internal bool IsTold(int channel) => alarmsSinceRound.Contains(channel);

    /// <summary>A channel's temperature in the last round, and the newest one before it; null where there is none.</summary>
    internal (MilliCelsius? Last, MilliCelsius? Before) LastTemperatures(int channel)
    {
        var known = samples.Select(round => channel < round.Length ? round[channel].Temperature : null).ToList();
        return known.Count == 0 ? (null, null) : (known[^1], known.SkipLast(1).LastOrDefault(temperature => temperature is not null));
    }

    /// <summary>The body whose leaves are sealed.</summary>
    /// <param name="key">The batch key.</param>
    /// <param name="sequences">Sequence number of each channel's first reading.</param>
    /// <exception cref="EvidenceBrokenException">A round has another number of channels.</exception>
    public BatchBody Body(ImmutableArray<byte> key, ImmutableArray<long> sequences)
    {
        var channels = ImmutableArray.CreateBuilder<BodyChannel>(sequences.Length);
        for (var i = 0; i < sequences.Length; i++)
        {
            var column = ImmutableArray.CreateBuilder<BatchSample>(samples.Count);
            foreach (var round in samples)
            {
                column.Add(round.Length == sequences.Length ? round[i] : throw new EvidenceBrokenException(
                    $"Batch {Number}: a round has {round.Length} channels, the manifest in force {sequences.Length}."));
            }

            channels.Add(new(sequences[i], column.MoveToImmutable()));
        }

        return new(key, [.. rounds], channels.MoveToImmutable(), [.. events]);
    }

    private void Note(Moment moment, FramePlace place)
    {
        Start ??= place;
        First ??= moment;
        Last = moment;
    }
}
