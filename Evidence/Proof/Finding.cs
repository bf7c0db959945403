namespace Evidence;

/// <summary>A rule that did not hold, and where. The default is no finding.</summary>
internal readonly record struct Finding(Fault Fault, string Sentence)
{
    public static readonly Finding None = new(Fault.None, "");

    public bool IsNone => Fault == Fault.None;
}

/// <summary>Which large word a fault leads to.</summary>
internal static class Words
{
    public static VerdictWord For(Fault fault) => fault switch
    {
        Fault.None => VerdictWord.Verified,
        Fault.FormUnreadable or Fault.FormBatch or Fault.RevocationUnreadable => VerdictWord.CannotCheck,
        Fault.ManifestMissing or Fault.ChannelNotShown or Fault.BatchMissing or Fault.SequenceHole or Fault.SummaryMissing
            or Fault.GapUndeclared
            or Fault.WindowStart or Fault.WindowEnd or Fault.QuorumMissing => VerdictWord.Incomplete,
        Fault.AuthorityUnknown or Fault.KeyRevoked or Fault.LogUnknown => VerdictWord.SignerUnknown,
        Fault.ReceiptMissing => VerdictWord.NotYetAnchored,
        Fault.TimeDisorder or Fault.TimeUnattested or Fault.SealedBeforeBeacon or Fault.SealedAfterReceipt or Fault.ReceiptLate
            or Fault.BracketWide => VerdictWord.TimeNotProven,
        _ => VerdictWord.Changed,
    };
}
