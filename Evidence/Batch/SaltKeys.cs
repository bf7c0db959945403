using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Security.Cryptography;

namespace Evidence;

/// <summary>How salts come from a batch's key, so that one 32-byte key discloses one channel's readings and nothing else.</summary>
/// <remarks>
/// K = HKDF-SHA-256(ikm = batch key, salt = empty, info = "coldproof/1 salt" ‖ kind (1 byte) ‖ channel (2 bytes, big-endian; FFFF for
/// none),
/// 32 bytes); salt = HMAC-SHA-256(K, place as 4 bytes big-endian)[0..16].
/// Unsalted, a value between 2 and 8 °C is guessed from its sibling's hash in seconds.
/// </remarks>
public static class SaltKeys
{
    /// <summary>Bytes of a batch key and of a salt key.</summary>
    public const int Length = 32;

    private const ushort NoChannel = 0xFFFF;

    /// <summary>The key from which all salts of one kind of leaf of one channel come.</summary>
    public static byte[] Derive(ReadOnlySpan<byte> batchKey, LeafKind kind, ChannelId? channel)
    {
        Span<byte> purpose = stackalloc byte[19];
        "coldproof/1 salt"u8.CopyTo(purpose);
        purpose[16] = (byte)kind;
        BinaryPrimitives.WriteUInt16BigEndian(purpose[17..], channel?.Value ?? NoChannel);
        var key = new byte[Length];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, batchKey, key, [], purpose);
        return key;
    }

    /// <summary>The salt of the leaf at one place.</summary>
    public static ImmutableArray<byte> Salt(ReadOnlySpan<byte> saltKey, int place)
    {
        using var salts = new ColumnSalts(saltKey);
        return salts.At(place);
    }
}

/// <summary>The salts of one kind of leaf of one channel. Keeps the keyed hash, which is half the cost of a salt.</summary>
internal sealed class ColumnSalts(ReadOnlySpan<byte> saltKey) : IDisposable
{
    private readonly HMACSHA256 mac = new(saltKey.ToArray());

    public ImmutableArray<byte> At(int place)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, place);
        Span<byte> salt = stackalloc byte[32];
        return mac.TryComputeHash(number, salt, out _)
            ? ImmutableArray.Create(salt[..Leaf.SaltLength])
            : throw new CryptographicException("HMAC-SHA-256 did not give 32 bytes.");
    }

    public void Dispose() => mac.Dispose();
}
