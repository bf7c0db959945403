using Evidence;

namespace Anchoring;

/// <summary>What is done when this card has lost a batch that it had signed and that the ledger does not have: the disk was harmed before it was
/// anchored (docs/decisions/0158). Recording goes on; only the authority can let the chain go on without it.</summary>
public sealed partial class Logbook
{
    private (long Number, Digest Digest)? lostSeal;
    private long? lostAt;

    /// <summary>F-56: a number that was signed once and whose seal the journal does not have is never signed again, unless the authority says so.
    /// </summary>
    /// <exception cref="EvidenceBrokenException">Nothing readable is left of the journal either: nobody knows what to go on with.</exception>
    private void HoldLostSeal()
    {
        lostSeal = mark.Read(chain.IsWithdrawn) is { } signed && signed.Number >= chain.NextToSign ? signed : null;
        if (lostSeal is not { } lost)
        {
            return;
        }

        var words = $"Batch {lost.Number} was signed here (header {lost.Digest.ToShortString()}), and the journal ends before batch "
            + $"{chain.NextToSign}: its last seal is harmed, or an older journal was copied back. ";
        heldBecause = chain.Manifests.IsEmpty ? throw new EvidenceBrokenException(words + "Signing on would make a second history. Restore the journal "
            + "folder from its newest copy, or enrol this gateway anew.") : words + HeldUntilHeard;
    }

    private const string HeldUntilHeard = "Nothing is signed until the ledger has said what it has; recording goes on.";

    /// <summary>The ledger has nothing that this card does not know. Perhaps it waits for something that this card cannot give any more.</summary>
    private AfterWord HearBehind(LedgerWord word, string heldBefore)
    {
        if (word.Trouble.Length > 0)
        {
            heardWord = false;
            heldBecause = lostSeal is null ? "" : heldBefore; // It is no witness; what is missing here stays missing.
            return AfterWord.Hold;
        }

        var isLost = word.Next < chain.NextToSign ? IsLost(word.Next) : lostSeal is not null;
        var again = late is { } statement && Manifest.Decode(statement) is var manifest && manifest.FirstNumber == word.Next
            && manifest.Channels.Length == Manifest?.Channels.Length ? statement : null;
        lostAt = isLost && again is null ? word.Next : null;
        if (lostAt is not null)
        {
            heldBecause = $"The ledger waits for batch {word.Next}. It was signed here, and this card's disk has lost it before it was anchored. "
                + EnrolAgain(word.Next);
            return AfterWord.Hold;
        }

        if (!isLost && lostSeal is not null)
        {
            heldBecause = heldBefore; // What is signed and here goes its way first; then the ledger is asked again.
            return AfterWord.Offer;
        }

        if (isLost)
        {
            // First, so that a start between the two finds the number free and the enrolment still to take. What nothing is left of has no number any more.
            var here = chain.NotSigned(word.Next).Select(batch => batch.Number).ToHashSet();
            Resume(word, word.Next, [.. Numbers(word.Next, chain.Open.Number).Where(number => !here.Contains(number))], isAlone: true);
        }

        if (again is not null && chain.NextToSign == word.Next)
        {
            Append(FrameKind.Manifest, RecordCodec.EncodeManifest(again));
            late = null;
        }

        heardWord = true;
        return AfterWord.Offer;
    }

    private static IEnumerable<long> Numbers(long first, long end)
    {
        for (var number = first; number < end; number++)
        {
            yield return number;
        }
    }

    /// <summary>All that could be offered is anchored, and a batch that was signed after it is lost: now the ledger can say from which number on the
    /// authority must enrol.</summary>
    private void AskOnceDrained()
    {
        if (lostSeal is not null && heldBecause.EndsWith(HeldUntilHeard, StringComparison.Ordinal) && outbox.HasWord && !chain.Unanchored.Any())
        {
            outbox.AskAgain();
        }
    }

    /// <summary>The authority has given the numbers anew that a lost seal had, or that were taken back.</summary>
    private void ForgetMark()
    {
        if (lostSeal is null)
        {
            return; // F-141: a mark of a header that is known to be taken back counts for nothing.
        }

        lostSeal = null;
        try
        {
            mark.Clear();
        }
        catch (IOException fault)
        {
            markFault = fault.Message; // The next seals write over it; a start before that holds once more.
        }
    }

    /// <summary>Whether a batch that was signed here can be given to nobody: its seal or its records are gone or harmed.</summary>
    private bool IsLost(long number) => (!chain.Sealed.TryGetValue(number, out var batch)
        || batch.State != BatchState.Anchored && (batch.IsDamaged || batch.IsPartial) && reader.Read(batch) is null)
        && store.Read(number, number).Count == 0;
}
