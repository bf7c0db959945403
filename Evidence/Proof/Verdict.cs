using System.Collections.Immutable;

namespace Evidence;

/// <summary>The one large word. It speaks of the record's integrity only; the temperature is a separate answer.</summary>
public enum VerdictWord
{
    /// <summary>The default: nothing was checked.</summary>
    CannotCheck = 0,

    /// <summary>Whole, unaltered, signed by a gateway of a trusted authority, logged, and its time is proven.</summary>
    Verified,

    /// <summary>All but the log: the last batch has no receipt yet.</summary>
    NotYetAnchored,

    /// <summary>Consistent in itself, but the reader's policy does not know who signed.</summary>
    SignerUnknown,

    /// <summary>Something is not what was signed.</summary>
    Changed,

    /// <summary>Something that must be there is missing.</summary>
    Incomplete,

    /// <summary>Whole and signed, but when it was sealed cannot be narrowed down as far as the policy demands.</summary>
    TimeNotProven,
}

/// <summary>The exact rule that did not hold. Shared by every verifier (C#, browser); the names are stable.</summary>
public enum Fault
{
    None = 0,
    FormUnreadable,
    FormBatch,
    ManifestUnreadable,
    ManifestSignature,
    ManifestMissing,
    ManifestGateway,
    ManifestChain,
    OpeningMissing,
    OpeningMismatch,
    HeaderUnreadable,
    HeaderSignature,
    HeaderGateway,
    LeafUnreadable,
    ColumnUnreadable,
    TreeUnreadable,
    LeafNotInTree,
    RootMismatch,
    PlaceWrong,
    ChannelNotShown,
    OtherChannel,
    BatchMissing,
    BatchRepeated,
    PreviousMismatch,
    BootOrder,
    SequenceHole,
    SequenceRepeated,
    SummaryMissing,
    SummaryContradicted,
    VerdictContradicted,
    LimitsContradicted,
    GapUndeclared,
    WindowStart,
    WindowEnd,
    TimeDisorder,
    AuthorityUnknown,
    KeyRevoked,
    RevocationUnreadable,
    ReceiptMissing,
    ReceiptUnreadable,
    ReceiptOfAnother,
    ReceiptInvalid,
    LogUnknown,
    LogForked,
    QuorumMissing,
    TimeUnattested,
    SealedBeforeBeacon,
    SealedAfterReceipt,
    ReceiptLate,
    BracketWide,

    /// <summary>This and the next two: of a software release, never of the record.</summary>
    ReleaseUnreadable,
    ReleaseSigner,
    ReleaseSignature,
}

public enum CheckState
{
    /// <summary>An earlier check failed, so this one says nothing. The default.</summary>
    NotChecked = 0,
    Ok,
    Failed,
}

/// <summary>One line of the chain of checks.</summary>
/// <param name="Name">Stable machine name: form, gateway, readings, chain, complete, authority, logged, time.</param>
/// <param name="Sentence">What was found, in one English sentence.</param>
/// <param name="Finding">The same for every language, where the check failed; otherwise null.</param>
public sealed record Check(string Name, CheckState State, Fault Fault, string Sentence, Finding? Finding = null);

/// <summary>What must be printed beside the word even when all is well.</summary>
/// <param name="Key">Its sentence in the catalogue of <see cref="Reasons"/>.</param>
/// <param name="Values">What is filled in.</param>
public sealed record VerdictNote(string Key, ImmutableArray<string> Values)
{
    /// <summary>The note in English.</summary>
    public string Sentence => Reasons.Say("en", Key, Values);
}

/// <summary>What the temperature did over an interval.</summary>
public enum Answer
{
    /// <summary>No reading, or nothing proven: never counted as in range. The default.</summary>
    NoData = 0,
    InRange,
    OutOfRange,
}

/// <summary>A stretch of time with one answer.</summary>
/// <param name="FromMs">Its start, wall milliseconds.</param>
/// <param name="ToMs">Its end, where the next one begins or the data end.</param>
/// <param name="Min">Lowest temperature in it, null without data.</param>
/// <param name="Max">Highest temperature in it, null without data.</param>
/// <param name="Readings">How many readings stand in it; at lower disclosure levels, how many the gateway claims.</param>
/// <param name="Cause">For NoData: why, "power loss" or the outcome's name; otherwise null.</param>
public sealed record Interval(long FromMs, long ToMs, Answer Answer, MilliCelsius? Min, MilliCelsius? Max, int Readings, string? Cause);

/// <summary>One shown reading, for tables and charts.</summary>
public readonly record struct ShownReading(long Sequence, long TimeMs, Outcome Outcome, MilliCelsius? Temperature);

/// <summary>One channel's part of a verdict. Meaningful only as far as the checks before it hold.</summary>
/// <param name="Probe">Place, serial number and limits from the manifest in force at the window's end.</param>
/// <param name="Answer">OutOfRange if any interval is, otherwise NoData if any is, otherwise InRange.</param>
/// <param name="Intervals">In order, without overlap in sequence; they cover the window where it is covered at all.</param>
/// <param name="Readings">Empty below <see cref="DisclosureLevel.Readings"/>.</param>
public sealed record ChannelVerdict(ChannelId Channel, ManifestChannel Probe, Answer Answer, ImmutableArray<Interval> Intervals,
    ImmutableArray<ShownReading> Readings);

/// <summary>When a run of batches was sealed, by others' clocks.</summary>
/// <param name="FirstNumber">First batch of the run.</param>
/// <param name="LastNumber">Last batch of the run.</param>
/// <param name="NotBeforeMs">The beacon's time, or when the manifest was issued; null when nothing bounds it.</param>
/// <param name="NotAfterMs">The receipt's time; null when nothing bounds it.</param>
public sealed record Bracket(long FirstNumber, long LastNumber, long? NotBeforeMs, long? NotAfterMs)
{
    /// <summary>NotAfter − NotBefore; null when one side is open.</summary>
    public long? WidthMs => NotAfterMs - NotBeforeMs;
}

/// <summary>The answer to "is this record whole, unaltered, and from when?", with all that led to it. Never a bare boolean.</summary>
/// <param name="Word">The one large word.</param>
/// <param name="Fault">The first rule that did not hold.</param>
/// <param name="Reason">That rule's sentence, naming the exact batch or reading; empty when all held.</param>
/// <param name="Checks">All checks, in order.</param>
/// <param name="Channels">The temperature answer, apart from integrity. Empty when the readings could not be rebuilt.</param>
/// <param name="Brackets">When the batches were sealed, runs with equal bounds joined.</param>
/// <param name="Gateway">Whose record; null when the form could not be read.</param>
/// <param name="Traits">What a reader must be told about the gateway, joined over all manifests.</param>
/// <param name="KeyIds">Gateway keys that signed, as kid in hexadecimal.</param>
/// <param name="Authority">Name, from the reader's own policy, of the authority that enrolled the gateway; null when unknown.</param>
/// <param name="FirstNumber">First batch number shown.</param>
/// <param name="LastNumber">Last batch number shown.</param>
/// <param name="LogSize">Size of the log at the last receipt; null without one.</param>
/// <param name="Witnesses">Independent witnesses that cosigned the last receipt's checkpoint: 0 means that only the ledger vouches for
/// the log.</param>
/// <param name="Notes">What must be printed beside the word even when all is well.</param>
public sealed record Verdict(VerdictWord Word, Fault Fault, string Reason, ImmutableArray<Check> Checks,
    ImmutableArray<ChannelVerdict> Channels,
    ImmutableArray<Bracket> Brackets, GatewayId? Gateway, long FromMs, long ToMs, DisclosureLevel Level, GatewayTraits Traits,
    ImmutableArray<string> KeyIds, string? Authority, long FirstNumber, long LastNumber, long? LogSize, int Witnesses,
        ImmutableArray<VerdictNote> Notes)
{
    /// <summary>Software releases that the bundle carries, checked. They decide nothing above.</summary>
    public ImmutableArray<ProvenRelease> Releases { get; init; } = [];

    /// <summary>The word as it is printed, in English capitals.</summary>
    public string Headline => Word switch
    {
        VerdictWord.Verified => "VERIFIED",
        VerdictWord.NotYetAnchored => "VERIFIED BUT NOT YET ANCHORED",
        VerdictWord.SignerUnknown => "SIGNER UNKNOWN",
        VerdictWord.Changed => "CHANGED",
        VerdictWord.Incomplete => "INCOMPLETE",
        VerdictWord.TimeNotProven => "TIME NOT PROVEN",
        _ => "CANNOT CHECK",
    };

    /// <summary>All channels together: OutOfRange if any is, otherwise NoData if any is or none is shown, otherwise InRange.</summary>
    public Answer Temperature =>
        Channels.Any(channel => channel.Answer == Answer.OutOfRange) ? Answer.OutOfRange
        : Channels.IsEmpty || Channels.Any(channel => channel.Answer == Answer.NoData) ? Answer.NoData
        : Answer.InRange;
}
