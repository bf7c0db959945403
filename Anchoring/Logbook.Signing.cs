using System.Collections.Immutable;
using Evidence;

namespace Anchoring;

/// <summary>When a batch may be signed: not before the ledger's word is known or enough time has passed for it to come, and never while the
/// ledger is known to be ahead of this card (docs/decisions/0077).</summary>
public sealed partial class Logbook
{
    /// <summary>Batches signed in one turn after their wait: a backlog of weeks must not hold up recording.</summary>
    private const int SignAtOnceMax = 16;

    private bool heardWord;
    private bool isResumed;
    private Statement? late;
    private CardComparison? comparing;
    private string heldBecause = "";
    private string markFault = "";
    private long startedMs;

    /// <summary>Closes the open batch, and signs it at once when that is allowed and none waits before it.</summary>
    /// <returns>The sealed batch; null when its signature has to wait.</returns>
    private SealedBatch? SealNow(Moment now)
    {
        openedEmpty = now;
        if (key is not { } signer || !MaySign(now) || chain.Closed.Count > 0)
        {
            sealer.Close(now);
            return null;
        }

        return Marked(sealer.Seal(now, signer));
    }

    private bool MaySign(Moment now) => heldBecause.Length == 0 && lostSeal is null && comparing is null && outbox.Refused?.Reason != Refusal.Conflict
        && (heardWord || Math.Max(now.UptimeMs, SameBoot(chain.Last)?.UptimeMs ?? 0) - startedMs >= options.WordPatienceSeconds * 1000L);

    private void SignClosed(Moment now)
    {
        if (key is not { } signer || !started || !MaySign(now))
        {
            return;
        }

        for (var left = SignAtOnceMax; left > 0 && chain.Closed is [var oldest, ..]; left--)
        {
            Marked(sealer.Sign(oldest, reader.Records(oldest), signer));
        }
    }

    private SealedBatch Marked(SealedBatch batch)
    {
        try
        {
            mark.Write(batch.Number, batch.Digest);
            markFault = "";
        }
        catch (IOException fault)
        {
            markFault = fault.Message; // The seal is durable in the journal; only the second place does not know of it.
        }

        return batch;
    }

    /// <summary>Harm may have taken the end of a batch that was not signed; nobody has seen its number, so the later ones move up.</summary>
    private void CloseUp()
    {
        if (chain.HasHole)
        {
            Append(FrameKind.Resume, RecordCodec.Encode(chain.ClosingUp()));
        }
    }

    /// <summary>Compares the ledger's word with this card.</summary>
    private AfterWord Hear(LedgerWord word)
    {
        var held = heldBecause;
        heldBecause = "";
        if (comparing is { } before && !before.IsOf(word))
        {
            comparing = null; // The ledger has gone on since the last part of its word.
            return AfterWord.AskAnew;
        }

        var fork = comparing is { } known ? known.WithdrawnFrom : word.Shown.FirstOrDefault(shown =>
            chain.Sealed.TryGetValue(shown.Header.Number, out var mine) && mine.Digest != shown.Digest)?.Header.Number;
        var isAhead = word.Shown is [.., var newest] && newest.Header.Number >= chain.NextToSign;
        if (fork is null && !isAhead)
        {
            return HearBehind(word, held);
        }

        if (late is not null && Manifest.Decode(late.Payload).FirstNumber == word.Next && word.Next > (fork ?? -1))
        {
            Append(FrameKind.Manifest, RecordCodec.EncodeManifest(late));
            late = null;
        }

        var again = chain.Manifests.LastOrDefault(known => known.Manifest.FirstNumber == word.Next && word.Next > (fork ?? -1))?.Manifest;
        if (again is not null && again.Channels.Length == Manifest?.Channels.Length)
        {
            return ResumeOrAskOn(word, fork);
        }

        // F-59: an older image of the card was put back, or the gateway was copied. Only the authority can tell which one goes on.
        heldBecause = fork is null
            ? $"The ledger has batches up to {word.Next - 1} that this gateway's key has signed; this card ends with batch {chain.NextToSign - 1}. "
                + "An older image of the card was put back, or the gateway was copied. "
            : $"The ledger has another batch {fork} that this gateway's key has signed than this card has: an older image of the "
                + "card was put back, or the gateway was copied. ";
        heldBecause += EnrolAgain(word.Next)
            + (again is null ? "" : $" The new enrolment has {again.Channels.Length} channels, what waits here has {Manifest?.Channels.Length}: keep "
                + "them as they are for now.");
        return AfterWord.Hold;
    }

    /// <summary>F-161: what waits here may be signed already, under whatever number: the image may be of a card that waited and went on. So all headers
    /// that this card has not are looked through before it resumes.</summary>
    private AfterWord ResumeOrAskOn(LedgerWord word, long? withdrawnFrom)
    {
        comparing ??= new(word.Next, word.Last, withdrawnFrom);
        // What this very session records, the ledger cannot have.
        var waiting = chain.NotSigned(withdrawnFrom).Where(batch => batch.Opened.Boot < Boot).ToList();
        comparing.Cover(waiting, word.Shown, chain.BootShift);
        if (word.ShownThrough < word.Next - 1 && waiting.Any(batch => !comparing.Covered.Contains(batch.Number)))
        {
            return AfterWord.AskOn;
        }

        Resume(word, withdrawnFrom, [.. comparing.Covered]);
        comparing = null;
        heardWord = true;
        return AfterWord.Offer;
    }

    private static string EnrolAgain(long first) => "Nothing is signed or offered; recording goes on and nothing is lost. Enrol this gateway again from batch "
        + $"{first} on: here `gateway enrol request --out request.json`, at the authority `ledger authority enrol request.json --first "
        + $"{first} --dir AUTHORITY --out enrolment.json`, here `gateway enrol accept enrolment.json`, and restart it.";

    /// <summary>The authority has enrolled this card from the ledger's next number on: what is unsigned here goes on behind what the ledger
    /// has, and what the ledger has and this card has not is written down and declared.</summary>
    /// <param name="covered">Numbers of unsigned or withdrawn batches that the ledger has as its own.</param>
    /// <param name="isAlone">No other life of this card has signed anything: it only lost what it had.</param>
    private void Resume(LedgerWord word, long? withdrawnFrom, ImmutableArray<long> covered, bool isAlone = false)
    {
        var withdrawn = chain.Sealed.Keys.Count(number => number >= withdrawnFrom);
        var unsigned = chain.NotSigned(withdrawnFrom).ToList();
        var firstBoot = unsigned.FirstOrDefault(batch => !covered.Contains(batch.Number))?.Opened.Boot ?? Boot;
        var lastBoot = isAlone ? 0 : word.Shown[^1].Header.Clock.Boot;
        var shift = firstBoot + chain.BootShift > lastBoot ? chain.BootShift : lastBoot + 1 - firstBoot;
        var (first, last) = (withdrawnFrom ?? chain.NextToSign, word.Next - 1);
        var text = "this card did not have them: an older image of it was put back, or the gateway was copied. The ledger has them. The authority "
            + $"has enrolled this card from batch {word.Next} on; {withdrawn} headers that it had signed under their numbers were shown to nobody "
            + "and are signed anew";
        var absence = new Absence(first, last, AbsenceCause.Lost, chain.Last?.WallMs ?? 0, text);
        if (first <= last && !absences.Read().Any(known => known.First == first && known.Last == last && known.Cause == AbsenceCause.Lost))
        {
            absences.Add(absence); // Before the chain goes on: a start after a power cut right here declares it.
        }

        var sequences = word.Sequences;
        while (sequences.Length < (Manifest?.Channels.Length ?? 0))
        {
            sequences = sequences.Add(0);
        }

        Append(FrameKind.Resume, RecordCodec.Encode(new ResumeRecord(word.Next, word.Last, sequences, shift, withdrawnFrom, covered)));
        isResumed = true;
        ForgetMark();
    }

    /// <summary>A manifest that begins with a number which is signed here already, and with none whose receipt is known: the authority may
    /// know from the ledger that this card is behind.</summary>
    private bool IsLate(Manifest manifest) => IsOurs(manifest) && (manifest.FirstNumber <= lostSeal?.Number || IsBehind(manifest));

    private bool IsBehind(Manifest manifest) => chain.Manifests is [.., var last]
        && manifest.FirstNumber > last.Manifest.FirstNumber && manifest.FirstNumber < chain.Open.Number
        && (manifest.FirstNumber >= (chain.Sealed.Count > 0 ? chain.Sealed.Keys.First() : chain.NextToSign)
            || store.Read(manifest.FirstNumber, manifest.FirstNumber).Count == 0)
        && chain.Sealed.Values.All(batch => batch.Number < manifest.FirstNumber || batch.State != BatchState.Anchored);

    private void DeclareResumed(Moment now)
    {
        if (isResumed)
        {
            DeclareLost(now);
            isResumed = false;
        }
    }
}
