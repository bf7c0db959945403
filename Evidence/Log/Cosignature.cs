using System.Buffers.Binary;
using System.Collections.Immutable;

namespace Evidence.Log;

/// <summary>The bytes of a timestamped Ed25519 cosignature, C2SP tlog-cosignature v1.</summary>
/// <remarks>Layout: seconds since 1970 UTC (uint64, big-endian, at most 2^63 − 1) ‖ Ed25519 signature (64 bytes) over the
/// message.</remarks>
public static class Cosignature
{
    /// <summary>How many bytes follow the key ID in a cosignature's line.</summary>
    public const int Length = sizeof(ulong) + SignatureLength;

    private const int SignatureLength = 64;

    /// <summary>What a cosigner signs: "cosignature/v1", "time …" and then the checkpoint's whole text.</summary>
    public static byte[] Message(long seconds, ReadOnlySpan<byte> text) =>
        [.. StrictText.Utf8.GetBytes($"cosignature/v1\ntime {StrictText.Decimal(seconds)}\n"), .. text];

    /// <summary>Parts a cosignature into its time and its signature; false when it cannot be one.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out long seconds, out ReadOnlySpan<byte> signature)
    {
        seconds = bytes.Length == Length ? BinaryPrimitives.ReadInt64BigEndian(bytes) : -1; // From 2^63 on it reads as negative.
        signature = seconds >= 0 ? bytes[sizeof(ulong)..] : [];
        return seconds >= 0;
    }

    internal static ImmutableArray<byte> Write(long seconds, ReadOnlySpan<byte> signature)
    {
        var bytes = new byte[Length];
        BinaryPrimitives.WriteInt64BigEndian(bytes, seconds);
        signature.CopyTo(bytes.AsSpan(sizeof(ulong)));
        return [.. bytes];
    }
}
