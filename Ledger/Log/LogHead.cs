using Evidence;
using Evidence.Log;

namespace Ledger.Log;

/// <summary>A published checkpoint of this log, signature checked.</summary>
/// <param name="Note">The signed note; null while nothing was ever published.</param>
/// <param name="Checkpoint">What it says.</param>
/// <param name="Bytes">Exactly what stands in the file: what the compare-and-swap expects there.</param>
public sealed record LogHead(SignedNote? Note, Checkpoint? Checkpoint, byte[]? Bytes)
{
    /// <summary>Before the first publication.</summary>
    public static LogHead None { get; } = new(null, null, null);

    /// <summary>How many entries it covers.</summary>
    public long Size => Checkpoint?.Size ?? 0;

    /// <exception cref="EvidenceBrokenException">Not a checkpoint of this log, or not signed by its key.</exception>
    public static LogHead Read(byte[] bytes, LogKeys keys)
    {
        try
        {
            var note = SignedNote.Parse(bytes);
            var checkpoint = Checkpoint.Parse(note.Text);
            var check = note.Check([keys.Log.Verifier]);
            return checkpoint.Origin == keys.Origin && check.Holds
                ? new(note, checkpoint, bytes)
                : throw new EvidenceBrokenException($"The checkpoint of {checkpoint.Origin} is not signed by the key of {keys.Origin}. " +
                    $"{check.Reason} " +
                    "Give this ledger the keys that made its log; a new key needs a new, empty data directory.");
        }
        catch (MalformedEvidenceException fault)
        {
            throw new EvidenceBrokenException($"The log's checkpoint file cannot be read: {fault.Message} Run `ledger fsck`.", fault);
        }
    }
}
