using System.Security.Cryptography;
using Evidence;
using Evidence.Log;

namespace Anchoring;

/// <summary>Why the ledger did not log a statement, as it stands now.</summary>
/// <param name="Number">The batch's number; null for a manifest.</param>
/// <param name="Reason">The ledger's reason.</param>
/// <param name="Words">Its sentence.</param>
/// <param name="AtMs">Wall time of the answer.</param>
public sealed record KeptRefusal(long? Number, Refusal Reason, string Words, long AtMs);

/// <summary>Offers what is sealed to the ledger, oldest first, and clears it only when its receipt has verified.</summary>
/// <remarks>
/// At start and later it does the same: look for the oldest unanchored statement and offer it, and a bounded number after it. Nothing is
/// kept
/// in memory but numbers; bytes are read when they are sent. A month without coverage is a month of numbers.
/// </remarks>
/// <param name="link">The way out.</param>
/// <param name="chain">What is sealed.</param>
/// <param name="uplinkOf">Reads a batch's statement and body again and rebuilds its root; null when it cannot be rebuilt.</param>
/// <param name="anchored">Makes a verified receipt durable.</param>
/// <param name="heard">Takes in the ledger's word, verified, before a batch is offered on a connection.</param>
/// <param name="before">All entries under the head that was verified last, when it is of this origin and size; null otherwise.</param>
/// <param name="window">How many statements may be unanswered, 1 to 256.</param>
public sealed class Outbox(ILedgerLink link, Chain chain, Func<SealedBatch, Uplink?> uplinkOf, Action<Statement, ReceiptRecord> anchored,
    Func<LedgerWord, AfterWord> heard, Func<string, long, LogRange?> before, int window)
{
    /// <summary>After this long without an answer a statement is sent again on the same connection.</summary>
    public const long AnswerMsMax = 60_000;

    /// <summary>Wait after the ledger said "later" or named another number.</summary>
    public const long ResyncMs = 10_000;

    /// <summary>Wait after a refusal that only a person can lift: enrolment, form, root.</summary>
    public const long RefusedMs = 300_000;

    /// <summary>Most characters of a receipt: a log of 2^63 entries with forty witnesses needs fewer.</summary>
    public const int ReceiptLengthMax = 12 * 1024;

    private readonly Dictionary<Digest, long> sentAtMs = [];
    private readonly HashSet<Digest> delivered = [];
    private ReceiptCheck? check;
    private WordCheck? wordCheck;
    private LedgerQuestion? question;
    private Digest questionDigest;
    private long askedAtMs;
    private bool hasWord;
    private bool mayOffer;
    private long? askFrom;
    private long connection = -1;
    private long waitUntilMs;

    /// <summary>The ledger's last word, if it was a refusal; null after any receipt.</summary>
    public KeptRefusal? Refused { get; private set; }

    /// <summary>Why nothing is offered any more until a person has acted and the gateway is started anew; empty while offering goes
    /// on.</summary>
    public string StoppedBecause { get; private set; } = "";

    /// <summary>What is wrong with the ledger's log itself; empty while it holds all that was verified before. Nothing is offered then.</summary>
    public string LogTrouble { get; private set; } = "";

    /// <summary>Answers that were no messages of ours, or receipts that did not verify, since the start.</summary>
    public long BadAnswers { get; private set; }

    /// <summary>What was wrong with the last of them; empty when there was none.</summary>
    public string LastBadAnswer { get; private set; } = "";

    public int InFlight => sentAtMs.Count;

    /// <summary>The policy under which receipts are judged; without one nothing can be anchored, so nothing is offered.</summary>
    /// <param name="receipts">Judges receipts.</param>
    /// <param name="words">Judges the ledger's word and its refusals.</param>
    public void Judge(ReceiptCheck receipts, WordCheck words) => (check, wordCheck) = (receipts, words);

    /// <summary>Takes in what the link has received, then offers the oldest. The same at start and at every later cycle; never
    /// waits.</summary>
    public void Offer(Moment now)
    {
        Receive(now);
        if (check is null || StoppedBecause.Length > 0)
        {
            return;
        }

        var state = link.State;
        if (state.Connection != connection)
        {
            // What was in flight on the old connection may be lost: MQTT clients do not send it again, so we do.
            connection = state.Connection;
            sentAtMs.Clear();
            delivered.Clear();
            (question, hasWord, askFrom, LogTrouble) = (null, false, null, "");
        }

        if (!state.Connected || now.UptimeMs < waitUntilMs)
        {
            return;
        }

        if (!hasWord)
        {
            Ask(now.UptimeMs);
            Receive(now);
        }

        if (now.UptimeMs >= waitUntilMs && LogTrouble.Length == 0)
        {
            OfferOldest(now.UptimeMs);
        }
    }

    /// <summary>Whether the ledger has said what it has since the connection was made, or since it was asked anew.</summary>
    public bool HasWord => hasWord;

    /// <summary>Asks anew at the next turn: what the ledger said last is in doubt.</summary>
    public void AskAgain() => (question, hasWord, askFrom) = (null, false, null);

    private void Receive(Moment now)
    {
        // Bounded by what the link's inbox may hold: a flood of answers costs one cycle at most that many.
        for (var left = 4 * window; left > 0 && link.TryReceive(out var news); left--)
        {
            Take(news, now);
        }
    }

    /// <summary>F-59: the ledger is asked what it holds of this gateway before a batch is offered on a new connection, so that an older card
    /// image or a copied gateway finds out before anybody sees a second header.</summary>
    private void Ask(long uptimeMs)
    {
        if (question is not null && uptimeMs - askedAtMs < AnswerMsMax)
        {
            return;
        }

        var asked = new LedgerQuestion([.. RandomNumberGenerator.GetBytes(LedgerQuestion.NonceLength)],
            askFrom ?? chain.Unanchored.FirstOrDefault()?.Number ?? chain.NextToSign, chain.BeaconNote);
        var message = asked.Encode();
        if (link.TrySend(Digest.Of(message), message))
        {
            (question, questionDigest, askedAtMs) = (asked, Digest.Of(message), uptimeMs);
        }
    }

    private void OfferOldest(long uptimeMs)
    {
        var left = window;
        foreach (var manifest in chain.Manifests)
        {
            if (manifest.Receipt is null && left-- > 0
                && !Send(manifest.Statement.PayloadDigest, uptimeMs, () => new(manifest.Statement.Bytes, manifest.Statement.Openings)))
            {
                return;
            }
        }

        long? next = null;
        foreach (var batch in hasWord && mayOffer ? chain.Unanchored : [])
        {
            if (next is { } expected && batch.Number != expected)
            {
                return; // The one between is lost: nothing after it can be logged.
            }

            next = batch.Number + 1;
            if ((batch.IsDamaged || batch.IsPartial) && uplinkOf(batch) is null)
            {
                StopAt(batch, uptimeMs);
                return;
            }

            if (left-- <= 0 || !Send(batch.Digest, uptimeMs, () => uplinkOf(batch)))
            {
                return;
            }

            batch.State = delivered.Contains(batch.Digest) ? BatchState.Delivered : BatchState.Sent;
        }
    }

    /// <returns>False when the link takes nothing more now.</returns>
    private bool Send(Digest statement, long uptimeMs, Func<Uplink?> uplink)
    {
        if (sentAtMs.TryGetValue(statement, out var sent) && uptimeMs - sent < AnswerMsMax)
        {
            return true;
        }

        if (uplink() is not { } message || !link.TrySend(statement, message.Encode()))
        {
            return false;
        }

        sentAtMs[statement] = uptimeMs;
        return true;
    }

    /// <summary>F-12: nothing after it can be logged. Once all before it is, the ledger is asked for its word, which holds the gateway there.</summary>
    private void StopAt(SealedBatch batch, long uptimeMs)
    {
        if (chain.Unanchored.First().Number == batch.Number)
        {
            AskAgain();
            waitUntilMs = uptimeMs + ResyncMs;
        }
    }

    private void Take(LinkNews news, Moment now)
    {
        switch (news.Kind)
        {
            case LinkNewsKind.Delivered:
                delivered.Add(news.Statement);
                break;
            case LinkNewsKind.NotDelivered:
                sentAtMs.Remove(news.Statement);
                question = news.Statement == questionDigest ? null : question;
                waitUntilMs = now.UptimeMs + ResyncMs;
                break;
            default:
                Answer(news.Message, now);
                break;
        }
    }

    private void Answer(ReadOnlyMemory<byte> message, Moment now)
    {
        Downlink answer;
        try
        {
            answer = Downlink.Decode(message);
        }
        catch (MalformedEvidenceException fault)
        {
            Bad(fault.Message);
            return;
        }

        if (question is not null && answer.PayloadDigest == questionDigest)
        {
            TakeWord(answer, now.UptimeMs);
            return;
        }

        var (statement, number, known) = Find(answer.PayloadDigest);
        if (!known)
        {
            return; // Anchored before, or not ours: the ledger may answer twice.
        }

        if (answer.Receipt is { } receipt)
        {
            TakeReceipt(statement, receipt, answer.PayloadDigest);
        }
        else if (answer.Refusal is { } refusal)
        {
            if (IsProven(answer, refusal, number))
            {
                TakeRefusal(new(number, refusal, answer.Words, now.WallMs), answer.PayloadDigest, now.UptimeMs);
            }
        }
    }

    private void TakeWord(Downlink answer, long uptimeMs)
    {
        if (answer.Refusal is not null)
        {
            question = null; // "Later", or a ledger that does not understand: asked again, and until then nothing is offered.
            waitUntilMs = uptimeMs + ResyncMs;
            return;
        }

        try
        {
            var word = wordCheck!.Check(question!, answer);
            LogTrouble = word.Trouble;
            var after = heard(word);
            mayOffer = after == AfterWord.Offer;
            (question, hasWord) = (null, after is AfterWord.Offer or AfterWord.Hold);
            askFrom = after == AfterWord.AskOn ? word.ShownThrough + 1 : null;
        }
        catch (MalformedEvidenceException fault)
        {
            Bad(fault.Message);
        }
    }

    /// <summary>F-40: a refusal that would stop offering counts only with its proof; one that only delays needs none.</summary>
    private bool IsProven(Downlink answer, Refusal refusal, long? number)
    {
        if (refusal is not (Refusal.Conflict or Refusal.Revoked))
        {
            return true;
        }

        try
        {
            wordCheck!.CheckRefusal(answer, number);
            return true;
        }
        catch (MalformedEvidenceException fault)
        {
            Bad(fault.Message);
            return false;
        }
    }

    private void TakeReceipt(Statement? statement, string receipt, Digest digest)
    {
        if (check is null || statement is null)
        {
            return;
        }

        if (receipt.Length > ReceiptLengthMax)
        {
            Bad($"The receipt for {digest.ToShortString()} has {receipt.Length} characters; at most {ReceiptLengthMax} are kept.");
            return;
        }

        var verdict = check.Check(statement, receipt, before);
        if (!verdict.Holds)
        {
            Bad($"The receipt for {digest.ToShortString()} does not verify: {verdict.Reason}");
            return;
        }

        anchored(statement, new(digest, receipt, verdict.Note, verdict.TreeSize));
        // From here it is anchored: the receipt is durable, and no restart offers this statement again.
        sentAtMs.Remove(digest);
        delivered.Remove(digest);
        Refused = null;
    }

    private void TakeRefusal(KeptRefusal refusal, Digest digest, long uptimeMs)
    {
        sentAtMs.Remove(digest);
        switch (refusal.Reason)
        {
            case Refusal.Conflict:
            case Refusal.Revoked:
                Refused = refusal;
                StoppedBecause = refusal.Reason == Refusal.Revoked
                    ? $"The authority has revoked this gateway's key: {refusal.Words} Recording goes on; enrol the gateway anew."
                    : $"The ledger holds another history under number {refusal.Number}: {refusal.Words} Recording goes on; call the "
                        + $"authority.";
                break;
            case Refusal.NumberNotNext or Refusal.PreviousMismatch or Refusal.Unavailable:
                // The ledger lacks something before this one, or cannot log now: all is offered again from the oldest on.
                Refused = Refused is { Reason: not (Refusal.NumberNotNext or Refusal.Unavailable) } older && older.Number < refusal.Number
                    ? older : refusal;
                sentAtMs.Clear();
                waitUntilMs = Math.Max(waitUntilMs, uptimeMs + ResyncMs);
                if (refusal.Reason == Refusal.NumberNotNext)
                {
                    AskAgain(); // It may wait for a batch that this card has lost.
                }

                break;
            default:
                Refused = refusal;
                sentAtMs.Clear();
                waitUntilMs = uptimeMs + RefusedMs;
                break;
        }
    }

    private (Statement? Statement, long? Number, bool Known) Find(Digest digest)
    {
        foreach (var manifest in chain.Manifests)
        {
            if (manifest.Statement.PayloadDigest == digest && manifest.Receipt is null)
            {
                return (manifest.Statement, null, true);
            }
        }

        return chain.FindUnanchored(digest) is { } batch && uplinkOf(batch) is { } uplink
            ? (Statement.Decode(uplink.Statement.AsMemory()), batch.Number, true)
            : (null, null, false);
    }

    private void Bad(string words)
    {
        BadAnswers++;
        LastBadAnswer = words;
    }
}
