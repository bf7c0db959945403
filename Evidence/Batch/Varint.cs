namespace Evidence;

/// <summary>Whole numbers in as few bytes as they need: little-endian base 128 (LEB128); signed ones zig-zag first. At most 10 bytes
/// each.</summary>
internal static class Varint
{
    public static void Write(List<byte> to, ulong value)
    {
        while (value >= 0x80)
        {
            to.Add((byte)(value & 0x7F | 0x80));
            value >>= 7;
        }

        to.Add((byte)value);
    }

    public static void WriteSigned(List<byte> to, long value) => Write(to, unchecked((ulong)(value << 1) ^ (ulong)(value >> 63)));

    /// <exception cref="MalformedEvidenceException">The bytes end inside a number, or a number is longer than it need be or than 64
    /// bits.</exception>
    public static ulong Read(ref ReadOnlySpan<byte> from)
    {
        ulong value = 0;
        for (var i = 0; i < from.Length && i < 10; i++)
        {
            var part = from[i];
            if (i == 9 && part > 1)
            {
                break;
            }

            value |= (ulong)(part & 0x7F) << (7 * i);
            if ((part & 0x80) == 0)
            {
                if (part == 0 && i > 0)
                {
                    throw new MalformedEvidenceException("A number in a column is written longer than it need be.");
                }

                from = from[(i + 1)..];
                return value;
            }
        }

        throw new MalformedEvidenceException("A number in a column has no end.");
    }

    public static long ReadSigned(ref ReadOnlySpan<byte> from)
    {
        var value = Read(ref from);
        return unchecked((long)(value >> 1) ^ -(long)(value & 1));
    }
}
