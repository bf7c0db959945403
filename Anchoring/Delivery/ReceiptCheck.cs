using Evidence;
using Evidence.Log;

namespace Anchoring;

/// <summary>Decides whether a receipt proves that exactly these bytes are in the log. Only what holds here is called anchored.</summary>
/// <param name="policy">The log's key and the quorum of witnesses that this gateway was given when it was enrolled.</param>
public sealed class ReceiptCheck(TlogPolicy policy)
{
    /// <summary>Checks inclusion of the whole signed statement, the log's signature and the quorum; and, where the receipt carries one, the proof that
    /// the log under it begins with what was verified before. One that does not hold spoils the receipt: nothing of it counts (F-172).</summary>
    /// <param name="statement">What must be logged.</param>
    /// <param name="receipt">A C2SP tlog-proof.</param>
    /// <param name="before">All entries under the head of this origin and size, as it was verified here; null when it is not known.</param>
    /// <returns>Whether it holds, the first reason why not, and the checkpoint inside: the beacon of headers to come.</returns>
    public ReceiptVerdict Check(Statement statement, string receipt, Func<string, long, LogRange?>? before = null)
    {
        var found = Receipt.Check(receipt, statement.Bytes.AsSpan(), policy); // The function that every stranger's verifier uses, too.
        if (!found.Holds)
        {
            return new(false, found.Reason, found.Note, found.LogSize);
        }

        try
        {
            var proof = TlogProof.Parse(receipt);
            _ = HeadLink.In(proof) is { } link
                ? link.Check(proof, LogTree.LeafHash(statement.Bytes.AsSpan()), link.From == 0 ? null : before?.Invoke(found.Origin, link.From))
                : default;
            return new(true, "", found.Note, found.LogSize);
        }
        catch (MalformedEvidenceException broken)
        {
            return new(false, broken.Message, found.Note, found.LogSize);
        }
    }
}

/// <summary>What <see cref="ReceiptCheck"/> found.</summary>
/// <param name="Holds">The receipt proves inclusion under the policy.</param>
/// <param name="Reason">Why not; empty when it holds.</param>
/// <param name="Note">The whole signed checkpoint note; empty when it could not be read.</param>
/// <param name="TreeSize">Entries of the log at that checkpoint.</param>
public readonly record struct ReceiptVerdict(bool Holds, string Reason, string Note, long TreeSize);
