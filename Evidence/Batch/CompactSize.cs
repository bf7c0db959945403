using System.Buffers.Binary;

namespace Evidence;

/// <summary>Bitcoin's variable-length count: one byte below 253, else FD + 2, FE + 4 or FF + 8 bytes, little-endian. Only the shortest
/// form is accepted.</summary>
internal static class CompactSize
{
    private const byte TwoBytes = 0xFD;
    private const byte FourBytes = 0xFE;

    /// <summary>Writes a count of at most 65,535 + 1: what a batch tree can need.</summary>
    internal static void Write(List<byte> bytes, int value)
    {
        Span<byte> number = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(number, (uint)value);
        switch (value)
        {
            case < TwoBytes:
                bytes.Add(number[0]);
                break;
            case <= ushort.MaxValue:
                bytes.Add(TwoBytes);
                bytes.AddRange(number[..sizeof(ushort)]);
                break;
            default:
                bytes.Add(FourBytes);
                bytes.AddRange(number);
                break;
        }
    }

    /// <summary>Takes a count off the front of the bytes; null, or why it could not.</summary>
    internal static TreeFault? Read(ref ReadOnlySpan<byte> bytes, out ulong value)
    {
        value = 0;
        if (bytes.IsEmpty)
        {
            return TreeFault.CutShort;
        }

        var first = bytes[0];
        var length = first < TwoBytes ? 0 : 1 << (first - TwoBytes + 1);
        if (bytes.Length < 1 + length)
        {
            return TreeFault.CutShort;
        }

        var number = bytes.Slice(1, length);
        (value, var smallest) = length switch
        {
            0 => ((ulong)first, 0UL),
            sizeof(ushort) => (BinaryPrimitives.ReadUInt16LittleEndian(number), TwoBytes),
            sizeof(uint) => (BinaryPrimitives.ReadUInt32LittleEndian(number), ushort.MaxValue + 1UL),
            _ => (BinaryPrimitives.ReadUInt64LittleEndian(number), uint.MaxValue + 1UL),
        };
        bytes = bytes[(1 + length)..];
        return value < smallest ? TreeFault.SizeNotMinimal : null;
    }

    internal static string Describe(TreeFault fault) => fault == TreeFault.CutShort ? "cut short" : "not written in its shortest form";
}
