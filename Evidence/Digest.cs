using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Evidence;

/// <summary>A SHA-256 digest: 32 bytes in the order the hash function gives them ("internal order" in Bitcoin's words).</summary>
/// <remarks>The default value is 32 zero bytes: the "no previous batch" and "no beacon" of a header.</remarks>
public readonly record struct Digest
{
    /// <summary>How many bytes a digest has.</summary>
    public const int Length = 32;

    private readonly ulong a, b, c, d;

    private Digest(ReadOnlySpan<byte> bytes)
    {
        a = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        b = BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]);
        c = BinaryPrimitives.ReadUInt64BigEndian(bytes[16..]);
        d = BinaryPrimitives.ReadUInt64BigEndian(bytes[24..]);
    }

    public bool IsZero => (a | b | c | d) == 0;

    /// <summary>The SHA-256 of these bytes.</summary>
    public static Digest Of(ReadOnlySpan<byte> bytes)
    {
        Span<byte> hash = stackalloc byte[Length];
        SHA256.HashData(bytes, hash);
        return new(hash);
    }

    /// <summary>Reads exactly 32 bytes.</summary>
    /// <exception cref="ArgumentException">There are not 32.</exception>
    public static Digest FromBytes(ReadOnlySpan<byte> bytes) =>
        bytes.Length == Length ? new(bytes) : throw new ArgumentException($"A digest has {Length} bytes, not {bytes.Length}.",
            nameof(bytes));

    /// <summary>Reads 64 hexadecimal digits.</summary>
    public static Digest FromHex(string hex) => FromBytes(Convert.FromHexString(hex));

    public void CopyTo(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination, a);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], b);
        BinaryPrimitives.WriteUInt64BigEndian(destination[16..], c);
        BinaryPrimitives.WriteUInt64BigEndian(destination[24..], d);
    }

    public byte[] ToBytes()
    {
        var bytes = new byte[Length];
        CopyTo(bytes);
        return bytes;
    }

    /// <summary>64 lower-case hexadecimal digits.</summary>
    public override string ToString() => Convert.ToHexStringLower(ToBytes());

    /// <summary>First and last four bytes, "5f3a91c0…0bc0c012": for people; never compared.</summary>
    public string ToShortString() => ToString() is var hex ? $"{hex[..8]}…{hex[^8..]}" : "";
}
