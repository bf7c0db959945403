using System.Buffers.Binary;
using System.Numerics;

namespace Anchoring;

/// <summary>CRC-32C (Castagnoli, RFC 3720 appendix B.4): finds torn and flipped frames; guards against accidents, not against
/// people.</summary>
internal static class Crc32C
{
    public static uint Of(ReadOnlySpan<byte> bytes, uint seed = 0)
    {
        var crc = ~seed;
        while (bytes.Length >= sizeof(ulong))
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[sizeof(ulong)..];
        }

        foreach (var part in bytes)
        {
            crc = BitOperations.Crc32C(crc, part);
        }

        return ~crc;
    }
}
