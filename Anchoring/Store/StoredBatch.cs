using System.Text;
using Evidence;

namespace Anchoring;

/// <summary>One anchored batch with all its bytes.</summary>
/// <param name="Statement">The signed header.</param>
/// <param name="Body">The encoded <see cref="BatchBody"/>.</param>
/// <param name="Receipt">The receipt; null while there is none.</param>
/// <param name="BeaconNote">The checkpoint note that its header names; empty when it names none, or the one of the batch before.</param>
/// <param name="NextSequences">Next sequence number of each channel after this batch.</param>
public sealed record StoredBatch(Statement Statement, byte[] Body, string? Receipt, string BeaconNote, IReadOnlyList<long> NextSequences)
{
    public BatchHeader Header { get; } = BatchHeader.Decode(Statement.Payload);

    /// <summary>SHA-256 over all that is stored, so that one wrong bit in any field is found when it is read back.</summary>
    public Digest Check()
    {
        using var bytes = new MemoryStream();
        bytes.Write(Statement.Bytes.AsSpan());
        bytes.Write(Body);
        bytes.Write(Encoding.UTF8.GetBytes(Receipt ?? ""));
        bytes.Write(Encoding.UTF8.GetBytes(BeaconNote));
        foreach (var sequence in NextSequences)
        {
            bytes.Write(BitConverter.GetBytes(sequence));
        }

        return Digest.Of(bytes.ToArray());
    }
}

/// <summary>A database file that did not open or did not give back what was written, and was put aside.</summary>
/// <param name="Name">The file.</param>
/// <param name="KeptAs">Its name now.</param>
/// <param name="Words">What was wrong with it.</param>
public sealed record StoreBreak(string Name, string KeptAs, string Words);
