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
        var found = Receipt.Check(receipt, statement.Bytes.AsSpan(), policy); // The function that every stranger's verifier uses, too.
        return new(found.Holds, found.Reason, found.Note, found.LogSize);
    }
}

/// <summary>What <see cref="ReceiptCheck"/> found.</summary>
/// <param name="Holds">The receipt proves inclusion under the policy.</param>
/// <param name="Reason">Why not; empty when it holds.</param>
/// <param name="Note">The whole signed checkpoint note; empty when it could not be read.</param>
/// <param name="TreeSize">Entries of the log at that checkpoint.</param>
public readonly record struct ReceiptVerdict(bool Holds, string Reason, string Note, long TreeSize);
