using System.Collections.Immutable;
using Evidence;
using Evidence.Log;

namespace Anchoring;

/// <summary>A header that this gateway's own key has signed and that the ledger holds.</summary>
/// <param name="Digest">Its payload digest.</param>
/// <param name="Header">What it says.</param>
public sealed record ShownHeader(Digest Digest, BatchHeader Header);

/// <summary>What the ledger has said about this gateway's record, verified: fresh, signed by the log's key, and nothing in it that this
/// gateway's own key has not signed.</summary>
/// <param name="Next">The batch number that must come next at the ledger.</param>
/// <param name="Last">Payload digest of the last logged header; zero while there is none.</param>
/// <param name="Sequences">Per channel the sequence number that must come next; empty while no batch is logged.</param>
/// <param name="Shown">Headers from the asked number on, at most 16, and the newest, by rising number.</param>
/// <param name="ShownThrough">Of these the last one without a hole before it; what comes between it and the newest is shown when it is asked for.</param>
/// <param name="Trouble">What is wrong with the log itself, in a sentence with the next step; empty when it holds all that was verified
/// before.</param>
public sealed record LedgerWord(long Next, Digest Last, ImmutableArray<long> Sequences, ImmutableArray<ShownHeader> Shown,
    long ShownThrough, string Trouble);

/// <summary>What the gateway makes of the ledger's word.</summary>
public enum AfterWord
{
    /// <summary>No batch is offered on this connection.</summary>
    Hold,

    /// <summary>Batches are offered.</summary>
    Offer,

    /// <summary>It is asked for the headers behind those that were shown.</summary>
    AskOn,

    /// <summary>It is asked from the beginning.</summary>
    AskAnew,
}

/// <summary>Verifies the ledger's answers to questions, and the refusals that would stop a gateway. What does not verify counts for
/// nothing: a broker that forges answers can neither stop a gateway nor let it sign.</summary>
/// <param name="gateway">This gateway.</param>
/// <param name="key">Its own key.</param>
/// <param name="policy">The logs that it trusts.</param>
/// <param name="authorities">Who may revoke its key.</param>
public sealed class WordCheck(GatewayId gateway, PublicKey key, TlogPolicy policy, ImmutableArray<PublicKey> authorities)
{
    /// <summary>Checks the answer to a question.</summary>
    /// <param name="asked">The question.</param>
    /// <param name="answer">What came.</param>
    /// <exception cref="MalformedEvidenceException">It proves nothing; the message says why.</exception>
    public LedgerWord Check(LedgerQuestion asked, Downlink answer)
    {
        var proof = answer.Proof ?? throw new MalformedEvidenceException("The ledger's word comes without its note.");
        var standing = Verified(proof, answer.PayloadDigest);
        var shown = proof.Shown.Select(Own).ToImmutableArray();
        if (standing.Refusal is not null)
        {
            throw new MalformedEvidenceException("The ledger's word answers a question with a refusal.");
        }

        // Without the newest header itself the number would be only the ledger's claim, and it could hold a gateway up by a lie.
        if (!standing.Last.IsZero && (shown.IsEmpty || shown[^1].Digest != standing.Last || shown[^1].Header.Number != standing.Next - 1))
        {
            throw new MalformedEvidenceException($"The ledger's word names batch {standing.Next - 1} as logged and does not show it.");
        }

        var through = shown.Aggregate(asked.From - 1, (last, header) => header.Header.Number == last + 1 ? last + 1 : last);
        return new(standing.Next, standing.Last, standing.Sequences, shown, through, Trouble(asked, proof, standing));
    }

    /// <summary>Checks a refusal that stops offering: another batch under the number, signed by this gateway's own key; or a revocation of
    /// that key, signed by the authority.</summary>
    /// <exception cref="MalformedEvidenceException">It proves nothing; the message says why.</exception>
    public void CheckRefusal(Downlink answer, long? number)
    {
        if (answer.Proof is not { Shown: [var bytes, ..] } proof || Verified(proof, answer.PayloadDigest).Refusal != answer.Refusal)
        {
            throw new MalformedEvidenceException($"A refusal ({answer.Refusal}) came without the ledger's signed word for it.");
        }

        if (answer.Refusal == Refusal.Conflict)
        {
            var other = Own(bytes);
            if (other.Header.Number != number || other.Digest == answer.PayloadDigest)
            {
                throw new MalformedEvidenceException($"The conflict over batch {number} shows batch {other.Header.Number}, not another one under "
                    + "its number.");
            }

            return;
        }

        var revocation = Statement.Decode(bytes.AsMemory());
        if (revocation.Kind != StatementKind.Revocation || !authorities.Any(revocation.VerifiedBy)
            || Revocation.Decode(revocation.Payload).KeyId != key.IdHex)
        {
            throw new MalformedEvidenceException("The revocation shown is not one of this gateway's key, signed by its authority.");
        }
    }

    private Standing Verified(AnswerProof proof, Digest answers)
    {
        var standing = Standing.Verified(proof.Standing, policy);
        return standing.Gateway == gateway && standing.Answers == answers ? standing : throw new MalformedEvidenceException(
            "The ledger's word is about another gateway, or answers another message.");
    }

    private ShownHeader Own(ImmutableArray<byte> bytes)
    {
        var statement = Statement.Decode(bytes.AsMemory());
        var header = statement.Kind == StatementKind.Batch ? BatchHeader.Decode(statement.Payload)
            : throw new MalformedEvidenceException($"The ledger shows a {statement.Kind} where one of this gateway's batches belongs.");
        return header.Gateway == gateway && statement.VerifiedBy(key) ? new(statement.PayloadDigest, header)
            : throw new MalformedEvidenceException($"The ledger shows a batch {header.Number} that this gateway's key has not signed.");
    }

    /// <summary>F-91: holds the log's head against the newest checkpoint that was verified here: a log that lost or changed what it had
    /// published is no witness any more.</summary>
    private string Trouble(LedgerQuestion asked, AnswerProof proof, Standing standing)
    {
        if (asked.Checkpoint.Length == 0)
        {
            return "";
        }

        var seen = Checkpoint.Parse(SignedNote.Parse(asked.Checkpoint).Text);
        if (seen.Origin != standing.Origin)
        {
            return ""; // Another log than before: the enrolment says which one to trust.
        }

        if (standing.LogSize < seen.Size)
        {
            return $"The ledger's log has {standing.LogSize} entries; a checkpoint of {seen.Size} that it signed was verified here. It has lost "
                + "entries that it had published: an old copy was restored. Nothing is offered to it; recording goes on. Whoever runs the "
                + "ledger must restore the newest copy, or have it recovered (docs/operation.md).";
        }

        var head = SignedNote.Parse(proof.Head);
        var check = policy.Evaluate(head);
        if (!check.IsSignedByLog || check.Checkpoint is not { } checkpoint || checkpoint.Size != standing.LogSize)
        {
            throw new MalformedEvidenceException($"The head beside the ledger's word is not its log's: {check.Reason}");
        }

        var consistent = LogTree.VerifyConsistency(seen.Size, seen.Root, checkpoint.Size, checkpoint.Root, proof.Path.AsSpan());
        return consistent.Holds ? "" : $"The ledger's log of {checkpoint.Size} entries does not begin with the {seen.Size} that it had published "
            + $"before: {consistent.Reason} It shows two histories. Nothing is offered to it; recording goes on. Keep the data directory and "
            + "call the authority.";
    }
}
