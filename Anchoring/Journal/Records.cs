using System.Collections.Immutable;
using Evidence;

namespace Anchoring;

/// <summary>One round as the journal keeps it.</summary>
/// <param name="Batch">Number of the batch that was open.</param>
/// <param name="Moment">When.</param>
/// <param name="Samples">One per channel of the manifest in force.</param>
public sealed record RoundRecord(long Batch, Moment Moment, ImmutableArray<BatchSample> Samples);

/// <summary>One event as the journal keeps it.</summary>
/// <param name="Batch">Number of the batch that was open.</param>
/// <param name="Moment">When it was recorded.</param>
/// <param name="Happened">What.</param>
public sealed record EventRecord(long Batch, Moment Moment, BatchEvent Happened);

/// <summary>A start.</summary>
/// <param name="Boot">The boot number, one more than the last.</param>
public sealed record BootRecord(uint Boot);

/// <summary>A signed header, with what is needed to rebuild its batch from the rounds and events before it.</summary>
/// <param name="Statement">The whole COSE_Sign1.</param>
/// <param name="Key">The batch key.</param>
/// <param name="BeaconNote">The text whose hash the header names as its beacon, if the header before names another; else empty.</param>
/// <param name="NextSequences">Sequence number of each channel's next reading, after this batch.</param>
public sealed record SealRecord(Statement Statement, ImmutableArray<byte> Key, string BeaconNote, ImmutableArray<long> NextSequences);

/// <summary>The end of a batch that is not signed yet: its header is made when the ledger's word is known (docs/decisions/0077).</summary>
/// <param name="Batch">Number of the batch.</param>
/// <param name="Moment">When it was closed.</param>
public sealed record CloseRecord(long Batch, Moment Moment);

/// <summary>The chain goes on where the ledger stands, not where this card stands: an older image of it was put back.</summary>
/// <param name="Number">The number that comes next.</param>
/// <param name="Previous">Payload digest of the header before it, which the ledger has and this card has not.</param>
/// <param name="Sequences">Per channel the sequence number that comes next.</param>
/// <param name="BootShift">What is added to this card's boot numbers, so that they go on above those that the ledger has seen.</param>
/// <param name="WithdrawnFrom">Batches from this number on were signed here, offered to nobody, and are signed anew; null when there are none.
/// </param>
/// <param name="Covered">Numbers of unsigned or withdrawn batches whose records the ledger has in batches of its own, or of which nothing is left: signed
/// no more.</param>
public sealed record ResumeRecord(long Number, Digest Previous, ImmutableArray<long> Sequences, uint BootShift, long? WithdrawnFrom,
    ImmutableArray<long> Covered);

/// <summary>A receipt that has verified.</summary>
/// <param name="Statement">Payload digest of the statement that is in the log.</param>
/// <param name="Text">The C2SP tlog-proof.</param>
/// <param name="Note">The checkpoint inside it, the beacon of headers to come.</param>
/// <param name="TreeSize">Entries of the log at that checkpoint.</param>
public sealed record ReceiptRecord(Digest Statement, string Text, string Note, long TreeSize);

/// <summary>A manifest and its receipt, if it has one.</summary>
public sealed record EnrolledManifest(Statement Statement, Manifest Manifest, string? Receipt);

/// <summary>All that recording needs to go on if every older segment is gone.</summary>
/// <param name="Boot">Last boot number.</param>
/// <param name="NextNumber">Number of the open batch.</param>
/// <param name="Previous">Payload digest of the last header; zero if there is none.</param>
/// <param name="Sequences">Next sequence number of each channel at the open batch's start.</param>
/// <param name="OpenIsSplit">The open batch has records in segments before this one.</param>
/// <param name="Last">The last recorded moment; null if there is none.</param>
/// <param name="Stopped">The last thing recorded was an orderly stop.</param>
/// <param name="BeaconNote">The newest verified checkpoint; empty if there is none.</param>
/// <param name="BeaconSize">Its size.</param>
/// <param name="SealedBeacon">The beacon that the last header names.</param>
/// <param name="Manifests">All manifests of this gateway, in order.</param>
/// <param name="NextToSign">Number of the oldest batch that is not signed.</param>
/// <param name="SignedSequences">Per channel the sequence number after the last signed batch.</param>
/// <param name="BootShift">See <see cref="ResumeRecord"/>.</param>
public sealed record OpeningRecord(uint Boot, long NextNumber, Digest Previous, ImmutableArray<long> Sequences, bool OpenIsSplit,
    Moment? Last,
    bool Stopped, string BeaconNote, long BeaconSize, Digest SealedBeacon, ImmutableArray<EnrolledManifest> Manifests, long NextToSign,
    ImmutableArray<long> SignedSequences, uint BootShift);
