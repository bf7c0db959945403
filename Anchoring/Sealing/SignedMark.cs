using System.Buffers.Binary;
using Evidence;

namespace Anchoring;

/// <summary>The highest number that was ever signed here, kept apart from the journal: a journal that has lost its last seal, or that was
/// copied back from an older day, must not sign that number again (docs/decisions/0076).</summary>
/// <remarks>
/// One file of two sectors, written in turn, so that a torn one leaves the other:
/// <code>
/// offset  bytes  what (big-endian)
///      0      8  number
///      8     32  payload digest of its header
///     40      4  CRC-32C of the bytes before
/// </code>
/// </remarks>
/// <param name="folder">The batch store's folder: not the journal's.</param>
internal sealed class SignedMark(IFolder folder)
{
    public const string Name = "signed.mark";
    private const int SectorLength = 512;
    private const int CheckAt = 8 + Digest.Length;

    /// <summary>The newest whole mark; null when there is none.</summary>
    /// <param name="isWithdrawn">F-141: whether the journal says of a header that it was taken back and its number given anew. Such a mark counts
    /// for nothing, and must not hide a lower one in the other sector.</param>
    public (long Number, Digest Digest)? Read(Func<Digest, bool> isWithdrawn)
    {
        if (!folder.Names.Contains(Name))
        {
            return null;
        }

        using var stream = folder.Open(Name);
        var bytes = new byte[2 * SectorLength];
        _ = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        (long Number, Digest Digest)? newest = null;
        foreach (var found in ((long Number, Digest Digest)?[])[Read(bytes.AsSpan(0, SectorLength)), Read(bytes.AsSpan(SectorLength))])
        {
            newest = found is { } mark && !isWithdrawn(mark.Digest) && !(newest?.Number > mark.Number) ? mark : newest;
        }

        return newest;
    }

    /// <summary>Writes the mark of a batch that is sealed and that nobody has seen yet; durable when it returns.</summary>
    public void Write(long number, Digest digest)
    {
        var sector = new byte[SectorLength];
        BinaryPrimitives.WriteInt64BigEndian(sector, number);
        digest.ToBytes().CopyTo(sector, 8);
        BinaryPrimitives.WriteUInt32BigEndian(sector.AsSpan(CheckAt), Crc32C.Of(sector.AsSpan(0, CheckAt)));
        using var stream = folder.OpenWriteThrough(Name);
        stream.Position = number % 2 * SectorLength;
        stream.Write(sector, 0, sector.Length);
        stream.Flush();
    }

    /// <summary>Forgets what was signed: the authority has given those numbers anew.</summary>
    public void Clear()
    {
        using var stream = folder.OpenWriteThrough(Name);
        stream.Write(new byte[2 * SectorLength], 0, 2 * SectorLength);
        stream.Flush();
    }

    private static (long Number, Digest Digest)? Read(ReadOnlySpan<byte> sector) =>
        BinaryPrimitives.ReadUInt32BigEndian(sector[CheckAt..]) is var check and not 0 && check == Crc32C.Of(sector[..CheckAt])
            ? (BinaryPrimitives.ReadInt64BigEndian(sector), Digest.FromBytes(sector.Slice(8, Digest.Length)))
            : null;
}
