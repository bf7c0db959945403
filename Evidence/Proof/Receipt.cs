using System.Text;
using Evidence.Log;

namespace Evidence;

/// <summary>What a receipt proves about one statement under one policy. The truck's outbox and the stranger's verifier use this one
/// check.</summary>
/// <param name="Fault">None when the statement's exact bytes are in a trusted log under a checkpoint with the quorum.</param>
/// <param name="Reason">One sentence; empty when it holds.</param>
/// <param name="Index">The statement's index in the log.</param>
/// <param name="LogSize">The checkpoint's size.</param>
/// <param name="TimeMs">The latest of the cosigners' times: the statement was logged before it. Null when nobody gave a time.</param>
/// <param name="Witnesses">How many independent witnesses cosigned; the log's own clock is none.</param>
/// <param name="Note">The signed checkpoint's text, as a beacon for what is sealed next.</param>
public sealed record Receipt(Fault Fault, string Reason, long Index, long LogSize, long? TimeMs, int Witnesses, string Note)
{
    public bool Holds => Fault == Fault.None;

    /// <summary>Which log; empty where the receipt does not hold.</summary>
    public string Origin => Holds ? Checkpoint.Parse(SignedNote.Parse(Note).Text).Origin : "";

    /// <summary>Checks a receipt. Never throws for what stands in it.</summary>
    /// <param name="receipt">A C2SP tlog-proof.</param>
    /// <param name="statement">The exact bytes that must be logged.</param>
    /// <param name="policy">The logs and witnesses that the reader trusts.</param>
    public static Receipt Check(string receipt, ReadOnlySpan<byte> statement, TlogPolicy policy)
    {
        TlogProof proof;
        try
        {
            proof = TlogProof.Parse(receipt);
        }
        catch (MalformedEvidenceException malformed)
        {
            return new(Fault.ReceiptUnreadable, malformed.Message, 0, 0, null, 0, "");
        }

        var check = proof.Verify(LogTree.LeafHash(statement), policy);
        var fault = check.Policy.Fault switch
        {
            PolicyFault.LogUnknown => Fault.LogUnknown,
            PolicyFault.NotACheckpoint or PolicyFault.LogDidNotSign or PolicyFault.SignatureWrong => Fault.ReceiptInvalid,
            _ when !check.Inclusion.Holds => Fault.ReceiptOfAnother,
            PolicyFault.QuorumNotReached => Fault.QuorumMissing,
            _ => Fault.None,
        };
        var reason = fault == Fault.ReceiptOfAnother ? check.Inclusion.Reason : check.Policy.Reason;
        return new(fault, reason, proof.Index, proof.Checkpoint.Size, TimeOf(check.Policy, latest: true),
            check.Policy.IndependentCosigners.Count(), proof.Note.ToString());
    }

    /// <summary>When a checkpoint note cannot have been made later than: for a beacon. Null when the note is not trusted or carries no
    /// time.</summary>
    public static long? BeaconTimeMs(string note, TlogPolicy policy)
    {
        try
        {
            var check = policy.Evaluate(SignedNote.Parse(note));
            return check.IsAccepted ? TimeOf(check, latest: false) : null;
        }
        catch (MalformedEvidenceException)
        {
            return null; // Whoever wrote the bundle gains nothing by it: without a beacon the bracket is only wider.
        }
    }

    /// <summary>The hash by which a header names a checkpoint note.</summary>
    public static Digest BeaconOf(string note) => Digest.Of(Encoding.UTF8.GetBytes(note));

    // A cosigner that lies can only be caught by the others, so the cautious end of what they say counts.
    private static long? TimeOf(PolicyCheck check, bool latest)
    {
        var independent = check.IndependentCosigners.ToList();
        var seconds = (independent.Count > 0 ? independent : [.. check.Cosigners]).Select(cosigner => cosigner.Seconds).ToList();
        // A time beyond the ceiling is no time; it is cut so that it cannot overflow, and then judged as far in the future.
        return seconds.Count == 0 ? null : Math.Min(latest ? seconds.Max() : seconds.Min(), Moment.WallCeilingMs / 1000) * 1000;
    }
}
