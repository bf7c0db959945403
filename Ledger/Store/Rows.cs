using Evidence;

namespace Ledger.Store;

/// <summary>One entry of the log, in the order in which it was sequenced. A row here is what makes a statement accepted: the tiles follow
/// from it.</summary>
public sealed class EntryRow
{
    /// <summary>Its place in the log, from 0, without holes.</summary>
    public long LogIndex { get; init; }

    public StatementKind Kind { get; init; }

    /// <summary>Whose link it came over; null for what the ledger itself logs.</summary>
    public Guid? Gateway { get; init; }

    public Digest PayloadDigest { get; init; }

    /// <summary>The whole COSE_Sign1, exactly as it stands in the log.</summary>
    public required byte[] Statement { get; init; }
}

/// <summary>The enrolment register: one row per manifest, old ones included.</summary>
public sealed class ManifestRow
{
    public Digest PayloadDigest { get; init; }

    public Guid Gateway { get; init; }

    /// <summary>First batch number for which it holds.</summary>
    public long FirstNumber { get; init; }

    public long IssuedMs { get; init; }

    /// <summary>What opens its channels: kept here, never in the log.</summary>
    public required byte[] Openings { get; init; }

    public long LogIndex { get; init; }
}

/// <summary>One logged batch with its body. The signed header is the entry's statement.</summary>
public sealed class BatchRow
{
    public Guid Gateway { get; init; }

    public long Number { get; init; }

    public Digest PayloadDigest { get; init; }

    public Digest Manifest { get; init; }

    /// <summary>Hash of the checkpoint note that the gateway had seen when it sealed.</summary>
    public Digest Beacon { get; init; }

    public long LogIndex { get; init; }

    public long OpenedMs { get; init; }

    public long ClosedMs { get; init; }

    /// <summary>Rounds in the body; each holds one reading per channel.</summary>
    public int Rounds { get; init; }

    /// <summary>Per channel the sequence number that must come next, joined by commas. Channels that a later manifest dropped keep
    /// theirs.</summary>
    public required string NextSequences { get; init; }

    /// <summary>What stands where retention has removed the readings.</summary>
    public static readonly byte[] NoBody = [];

    /// <summary>The body, packed with Brotli; <see cref="NoBody"/> when retention has removed it.</summary>
    public required byte[] Body { get; init; }
}

/// <summary>A number under which a gateway signed two different batches. Only the first such pair is logged.</summary>
public sealed class ConflictRow
{
    public Guid Gateway { get; init; }

    public long Number { get; init; }

    /// <summary>The refused batch's payload digest.</summary>
    public Digest OtherDigest { get; init; }

    public long LogIndex { get; init; }
}

/// <summary>A key that the authority took back.</summary>
public sealed class RevocationRow
{
    public long LogIndex { get; init; }

    /// <summary>kid, 32 hexadecimal digits.</summary>
    public required string KeyId { get; init; }

    public long FromIndex { get; init; }
}

/// <summary>A software release of the authority, or its withdrawal; the entry says which. What it says stands in the entry's statement.</summary>
public sealed class ReleaseRow
{
    public long LogIndex { get; init; }

    public Digest PayloadDigest { get; init; }

    /// <summary>The released file's name.</summary>
    public required string Name { get; init; }
}

/// <summary>A checkpoint that was published. The newest one is only in the log's directory until its successor is sequenced.</summary>
public sealed class CheckpointRow
{
    public long Size { get; init; }

    /// <summary>SHA-256 of the note: what headers carry as their beacon.</summary>
    public Digest NoteDigest { get; init; }

    public required string Note { get; init; }
}

/// <summary>A message that was refused, kept with the reason so that a person can see what a gateway really sent.</summary>
public sealed class QuarantineRow
{
    public long Id { get; init; }

    public Guid Gateway { get; init; }

    public long ReceivedMs { get; init; }

    public Refusal Refusal { get; init; }

    public required string Words { get; init; }

    public Digest MessageDigest { get; init; }

    /// <summary>The message; cut at <see cref="Quarantine.MessageLengthMax"/> bytes.</summary>
    public required byte[] Message { get; init; }
}

/// <summary>How many messages of a gateway were ever refused, kept or not.</summary>
public sealed class RefusalCount
{
    public Guid Gateway { get; init; }

    public long Count { get; set; }
}
