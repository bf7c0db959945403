using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;
using Evidence;

namespace Gateway.Tests.Simulation;

/// <summary>What was on a card when an image of it was taken, as far as the record is concerned.</summary>
/// <param name="Expected">Rounds that the ledger did not have then.</param>
/// <param name="Missing">Batches that were not on the card, because it had been put back before.</param>
public sealed record CardMark(ImmutableArray<TrueRound> Expected, ImmutableHashSet<long> Missing)
{
    /// <summary>The first number under which this card has not, or not any more, the batch that the ledger has or will have.</summary>
    public long Next { get; set; }
}

/// <summary>What must hold when an older image of the card is put back: everything the ledger has stays as it is and is followed in order; what was on
/// the image arrives; what was only on the lost card is gone with it, and the record says that there is a break.</summary>
public sealed partial class RecordChecker
{
    [GeneratedRegex("^batch(?:es)? (\\d+)(?: to (\\d+))?: .*an older image of it was put back")]
    private static partial Regex Break { get; }

    private readonly HashSet<long> toldMissing = [];
    private uint? bootShift = 0;
    private uint bootFloor;
    private TrueRound? lastBeforeBreak;
    private long? unsettledFrom; // A card that was put back behind the ledger signs these numbers in vain, until it resumes.

    /// <summary>Batches that the ledger has, and the card has not since an older image of it was put back.</summary>
    public ImmutableHashSet<long> Missing { get; private set; } = [];

    /// <summary>Payload digest of the last manifest that the ledger has logged.</summary>
    public Digest LastManifest { get; private set; }

    /// <summary>Last batches before a break; the window over it must verify like any other.</summary>
    public List<long> Broken { get; } = [];

    /// <summary>An image of the card is taken now.</summary>
    /// <param name="next">The first number that is not signed on it.</param>
    public CardMark Mark(long next) => new([.. expected], Missing) { Next = Math.Min(next, unsettledFrom ?? next) };

    /// <summary>An image is put back: the truck's record goes on from there, the ledger's from where it is.</summary>
    /// <param name="others">Marks of the other images. Numbers that are signed from now on are others than theirs.</param>
    public void RolledBack(CardMark mark, IEnumerable<CardMark> others)
    {
        var next = lastLogged?.Number + 1 ?? 0;
        foreach (var number in headers.Keys.Where(number => number >= next).ToList())
        {
            headers.Remove(number); // It left the truck, the ledger never had it, and the card does not know it any more.
        }

        underWay.Clear();
        (last, lastDigest) = (lastLogged, lastLogged is null ? default : headers[lastLogged.Number]);
        var kept = mark.Expected.Where(round => !round.IsLogged).ToList();
        Tally.GoneWithCard += expected.Except(kept).Count(round => round.IsPromised);
        expected.Clear();
        kept.ForEach(expected.Enqueue);
        Missing = mark.Missing;
        bootShift = null;
        (bootFloor, unsettledFrom) = (0, null);
        if (mark.Next < next)
        {
            Missing = Missing.Union(Enumerable.Range((int)mark.Next, (int)(next - mark.Next)).Select(number => (long)number));
            (bootFloor, unsettledFrom) = (lastLogged!.Clock.Boot + 1, mark.Next);
            Broken.Add(lastLogged.Number);
            lastBeforeBreak = lastRound;
            Excursions.Forgotten();
            Changes.Forgotten();
        }

        foreach (var other in others)
        {
            other.Next = Math.Min(other.Next, Math.Max(next, mark.Next));
        }
    }

    /// <summary>Every batch that the card has lost to an older image is named in the record.</summary>
    private void RequireToldMissing()
    {
        if (Missing.Except(toldMissing) is { Count: > 0 } untold)
        {
            Violate($"Batch {untold.Min()} went with the card, and {untold.Count - 1} others, and no event of the record says so.");
        }
    }

    /// <summary>Whether what follows this round is of a card that was put back. Its clock may have been ahead when the image was taken: then the gap that
    /// it declares begins by that clock, and a stranger reads INCOMPLETE (docs/decisions/0150).</summary>
    private bool MayBeginLate(TrueRound round, long number) => ReferenceEquals(round, lastBeforeBreak) && LateGaps.Add(number);

    /// <summary>Batches behind a break whose gap begins by a clock that was ahead.</summary>
    public HashSet<long> LateGaps { get; } = [];

    private void Told(BatchBody body)
    {
        foreach (var happened in body.Events.Where(happened => happened.Kind == EventKind.StoreBroken))
        {
            if (Break.Match(EventDetail.ReadNote(happened.Detail)?.Text ?? "") is { Success: true, Groups: var groups })
            {
                var first = long.Parse(groups[1].Value, CultureInfo.InvariantCulture);
                var end = groups[2].Success ? long.Parse(groups[2].Value, CultureInfo.InvariantCulture) : first;
                Require(end <= lastLogged!.Number, () => $"The record says that the card lost batches up to {end}, before they were signed.");
                Tally.Breaks++;
                Changes.Broke(happened.TimeMs);
                for (var number = first; number <= end; number++)
                {
                    toldMissing.Add(number);
                }
            }
        }
    }

    /// <summary>A card that was put back counts its boots from the image's on, and its headers add what lifts them above all that the ledger has seen: the
    /// same to each, until a card is put back again.</summary>
    private bool IsSame(TrueRound round, long wallMs, uint boot) => round.WallMs == wallMs && round.Boot + bootShift == boot;

    /// <summary>Which boot of the truck a header means, when a card was put back before it: that of the first whose rounds are the batch's.</summary>
    private void LearnShift(BatchHeader header, BatchBody body)
    {
        if (bootShift is not null || body.Rounds.IsEmpty)
        {
            return;
        }

        unsettledFrom = null;
        var boot = header.Clock.Boot;
        Require(boot >= bootFloor, () => $"Batch {header.Number} is of boot {boot}; the ledger had seen {bootFloor - 1} when the card was put back.");
        var own = expected.Where(round => round.Boot <= boot).GroupBy(round => round.Boot).FirstOrDefault(session => HasRounds(session, body));
        bootShift = own is null ? 0 : boot - own.Key;
    }

    private static bool HasRounds(IEnumerable<TrueRound> session, BatchBody body)
    {
        var found = 0;
        foreach (var round in session)
        {
            found += found < body.Rounds.Length && round.WallMs == body.Rounds[found] && Fits(round, body, found) ? 1 : 0;
        }

        return found == body.Rounds.Length;
    }

    private static bool Fits(TrueRound round, BatchBody body, int index) => body.Channels.Zip(round.Channels).All(pair =>
        pair.First.Samples[index].Temperature is not { } recorded || Math.Abs(recorded.Value - pair.Second.MilliCelsius) <= pair.Second.ToleranceMilli);
}
