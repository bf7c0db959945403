using System.Collections.Immutable;
using System.Globalization;

namespace Evidence;

/// <summary>A rule that did not hold, and where, in a form that every language can say.</summary>
/// <param name="Fault">Which rule.</param>
/// <param name="Key">Its sentence in the catalogue of <see cref="Reasons"/>: the fault's name, with a variant where it has several.</param>
/// <param name="Values">What is filled in: numbers in digits, times in UTC, hashes in short form, texts as they stand in the bundle.</param>
/// <param name="Detail">The technical rule behind it, in English; empty where the sentence says all.</param>
public sealed record Finding(Fault Fault, string Key, ImmutableArray<string> Values, string Detail)
{
    /// <summary>All rules hold.</summary>
    public static readonly Finding None = new(Fault.None, "", [], "");

    public bool IsNone => Fault == Fault.None;

    /// <summary>In English, with the technical rule behind it.</summary>
    public string Sentence => Detail.Length == 0 ? Say("en") : $"{Say("en")} {Detail}";

    /// <summary>One sentence in one of <see cref="Reasons.Languages"/>, without the technical rule.</summary>
    public string Say(string language) => IsNone ? "" : Reasons.Say(language, Key, Values);

    /// <summary>A finding without technical detail.</summary>
    /// <param name="variant">Which of the fault's sentences; empty where it has one.</param>
    internal static Finding Of(Fault fault, string variant, params ReadOnlySpan<object> values)
    {
        var filled = ImmutableArray.CreateBuilder<string>(values.Length);
        foreach (var value in values)
        {
            filled.Add(Convert.ToString(value, CultureInfo.InvariantCulture) ?? "");
        }

        return new(fault, variant.Length == 0 ? fault.ToString() : $"{fault}.{variant}", filled.MoveToImmutable(), "");
    }
}

/// <summary>Which large word a fault leads to.</summary>
internal static class Words
{
    public static VerdictWord For(Fault fault) => fault switch
    {
        Fault.None => VerdictWord.Verified,
        Fault.FormUnreadable or Fault.FormBatch or Fault.RevocationUnreadable => VerdictWord.CannotCheck,
        Fault.ManifestMissing or Fault.OpeningMissing or Fault.ChannelNotShown or Fault.BatchMissing or Fault.SequenceHole or Fault.SummaryMissing
            or Fault.GapUndeclared
            or Fault.WindowStart or Fault.WindowEnd or Fault.QuorumMissing => VerdictWord.Incomplete,
        Fault.AuthorityUnknown or Fault.KeyRevoked or Fault.LogUnknown => VerdictWord.SignerUnknown,
        Fault.ReceiptMissing => VerdictWord.NotYetAnchored,
        Fault.TimeDisorder or Fault.TimeUnattested or Fault.SealedBeforeBeacon or Fault.SealedAfterReceipt or Fault.ReceiptLate
            or Fault.BracketWide => VerdictWord.TimeNotProven,
        _ => VerdictWord.Changed,
    };
}
