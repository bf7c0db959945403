using Evidence;
using Evidence.Log;

namespace Anchoring;

/// <summary>Decides whether a receipt proves that exactly these bytes are in the log. Only what holds here is called anchored.</summary>
/// <param name="policy">The log's key and the quorum of witnesses that this gateway was given when it was enrolled.</param>
public sealed class ReceiptCheck(TlogPolicy policy)
{
    /// <summary>Checks inclusion of the whole signed statement, the log's signature and the quorum.</summary>
    /// <returns>Whether it holds, the first reason why not, and the checkpoint inside: the beacon of headers to come.</returns>
    public ReceiptVerdict Check(Statement statement, string receipt)
    {
        try
        {
            var proof = TlogProof.Parse(receipt);
            var check = proof.Verify(LogTree.LeafHash(statement.Bytes.AsSpan()), policy);
            return new(check.Holds, check.Holds ? "" : check.Reason, proof.Note.ToString(), proof.Checkpoint.Size);
        }
        catch (MalformedEvidenceException fault)
        {
            return new(false, fault.Message, "", 0);
        }
    }
}

/// <summary>What <see cref="ReceiptCheck"/> found.</summary>
/// <param name="Holds">The receipt proves inclusion under the policy.</param>
/// <param name="Reason">Why not; empty when it holds.</param>
/// <param name="Note">The whole signed checkpoint note; empty when it could not be read.</param>
/// <param name="TreeSize">Entries of the log at that checkpoint.</param>
public readonly record struct ReceiptVerdict(bool Holds, string Reason, string Note, long TreeSize);
