using System.Collections.Immutable;

namespace Evidence;

/// <summary>RFC 1950 and 1951 in one strict pass: a bound on what comes out, no byte left over, the checksum compared.</summary>
/// <remarks>.NET's own ZLibStream does not say where a stream ended, so bytes behind it would go unseen, and one code would have many
/// spellings. The page's twin is Verifier/src/inputs/inflate.ts.</remarks>
public ref struct Inflate
{
    private const int CodeLengthMax = 15;

    private static readonly ImmutableArray<int> Lengths =
        [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258];

    private static readonly ImmutableArray<int> LengthBits =
        [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];

    private static readonly ImmutableArray<int> Distances =
    [
        1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289,
        16385, 24577,
    ];

    private static readonly ImmutableArray<int> DistanceBits =
        [0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13];

    private static readonly ImmutableArray<int> CodeOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

    private static readonly PrefixCode FixedLiterals = PrefixCode.Of(
        [.. Enumerable.Range(0, 288).Select(i => (byte)(i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8))])!;

    private static readonly PrefixCode FixedDistances = PrefixCode.Of([.. Enumerable.Repeat((byte)5, 32)])!;

    private readonly ReadOnlySpan<byte> packed;
    private readonly byte[] room;
    private int at;
    private int written;
    private int held;
    private int heldBits;

    private Inflate(ReadOnlySpan<byte> packed, int lengthMax)
    {
        this.packed = packed;
        room = new byte[lengthMax];
        at = 2;
    }

    /// <summary>Expands a zlib stream that ends where the bytes end.</summary>
    /// <param name="lengthMax">Most bytes that may come out; this much is set aside, and no more.</param>
    /// <exception cref="MalformedEvidenceException">No zlib stream, cut short, too long, bytes behind it, or a wrong checksum.</exception>
    public static byte[] Zlib(ReadOnlySpan<byte> bytes, int lengthMax)
    {
        // Deflate, a window of at most 32 KiB, no dictionary.
        if (bytes.Length < 8 || (bytes[0] & 15) != 8 || bytes[0] >> 4 > 7 || ((bytes[0] << 8) | bytes[1]) % 31 != 0
            || (bytes[1] & 32) != 0)
        {
            throw new MalformedEvidenceException("The bytes are no zlib stream.");
        }

        var flow = new Inflate(bytes, lengthMax);
        flow.Run();
        var end = flow.at;
        if (end + 4 != bytes.Length)
        {
            throw new MalformedEvidenceException(end + 4 > bytes.Length ? "The zlib stream ends too early."
                : $"{bytes.Length - end - 4} bytes stand behind the zlib stream.");
        }

        var expanded = flow.room.AsSpan(0, flow.written);
        return System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(bytes[end..]) == Adler(expanded)
            ? expanded.ToArray()
            : throw new MalformedEvidenceException("The checksum of the zlib stream does not fit.");
    }

    private static uint Adler(ReadOnlySpan<byte> bytes)
    {
        uint a = 1, b = 0;
        foreach (var value in bytes)
        {
            a = (a + value) % 65_521;
            b = (b + a) % 65_521;
        }

        return (b << 16) | a;
    }

    private void Run()
    {
        bool isLast;
        do
        {
            isLast = Take(1) == 1;
            switch (Take(2))
            {
                case 0:
                    Stored();
                    break;
                case 1:
                    Block(FixedLiterals, FixedDistances);
                    break;
                case 2:
                    Dynamic();
                    break;
                default:
                    throw Broken();
            }
        }
        while (!isLast);
    }

    private int Take(int count)
    {
        while (heldBits < count)
        {
            if (at >= packed.Length)
            {
                throw new MalformedEvidenceException("The zlib stream ends too early.");
            }

            held |= packed[at++] << heldBits;
            heldBits += 8;
        }

        var value = held & ((1 << count) - 1);
        held >>= count;
        heldBits -= count;
        return value;
    }

    private int Symbol(PrefixCode code)
    {
        int value = 0, first = 0, index = 0;
        for (var length = 1; length <= CodeLengthMax; length++)
        {
            value |= Take(1);
            var count = code.Counts[length];
            if (value - count < first)
            {
                return code.Symbols[index + value - first];
            }

            index += count;
            first = (first + count) << 1;
            value <<= 1;
        }

        throw Broken();
    }

    private void Stored()
    {
        held = heldBits = 0; // Never a whole byte: Take reads no further than it must.
        var length = Take(16);
        if (Take(16) != (length ^ 0xffff))
        {
            throw Broken();
        }

        if (at + length > packed.Length)
        {
            throw new MalformedEvidenceException("The zlib stream ends too early.");
        }

        Need(length);
        packed.Slice(at, length).CopyTo(room.AsSpan(written));
        at += length;
        written += length;
    }

    private void Dynamic()
    {
        var (literals, distances, codes) = (Take(5) + 257, Take(5) + 1, Take(4) + 4);
        if (literals > 286 || distances > 30)
        {
            throw Broken();
        }

        var lengths = new byte[19];
        for (var i = 0; i < codes; i++)
        {
            lengths[CodeOrder[i]] = (byte)Take(3);
        }

        var code = PrefixCode.Of(lengths) ?? throw Broken();
        var all = new byte[literals + distances];
        for (var i = 0; i < all.Length;)
        {
            var symbol = Symbol(code);
            if (symbol < 16)
            {
                all[i++] = (byte)symbol;
                continue;
            }

            if (symbol == 16 && i == 0)
            {
                throw Broken();
            }

            var before = symbol == 16 ? all[i - 1] : (byte)0;
            var repeat = symbol == 16 ? 3 + Take(2) : symbol == 17 ? 3 + Take(3) : 11 + Take(7);
            if (i + repeat > all.Length)
            {
                throw Broken();
            }

            all.AsSpan(i, repeat).Fill(before);
            i += repeat;
        }

        if (all[256] == 0)
        {
            throw Broken();
        }

        Block(PrefixCode.Of(all.AsSpan(0, literals)) ?? throw Broken(), PrefixCode.Of(all.AsSpan(literals)) ?? throw Broken());
    }

    private void Block(PrefixCode literals, PrefixCode distances)
    {
        for (; ; )
        {
            var symbol = Symbol(literals);
            if (symbol == 256)
            {
                return;
            }

            if (symbol < 256)
            {
                Need(1);
                room[written++] = (byte)symbol;
                continue;
            }

            if (symbol > 285)
            {
                throw Broken();
            }

            var length = Lengths[symbol - 257] + Take(LengthBits[symbol - 257]);
            var far = Symbol(distances);
            if (far > 29)
            {
                throw Broken();
            }

            var distance = Distances[far] + Take(DistanceBits[far]);
            if (distance > written)
            {
                throw Broken();
            }

            Need(length);
            for (var i = 0; i < length; i++, written++)
            {
                room[written] = room[written - distance];
            }
        }
    }

    /// <summary>Checked before anything is written: a small code cannot make us hold much.</summary>
    private readonly void Need(int more)
    {
        if (written + more > room.Length)
        {
            throw new MalformedEvidenceException($"The zlib stream expands to more than {room.Length} bytes.");
        }
    }

    private static MalformedEvidenceException Broken() => new("The zlib stream is not well compressed.");
}

/// <summary>A canonical prefix code: how many codes there are of each length, and the symbols in the order of their codes.</summary>
internal sealed record PrefixCode(int[] Counts, int[] Symbols)
{
    private const int LengthMax = 15;

    /// <summary>The code of the given lengths; null where more codes are asked for than there are, or fewer (but for a single
    /// one).</summary>
    public static PrefixCode? Of(ReadOnlySpan<byte> lengths)
    {
        var counts = new int[LengthMax + 1];
        foreach (var length in lengths)
        {
            counts[length]++;
        }

        counts[0] = 0;
        var (left, used) = (1, 0);
        var offsets = new int[LengthMax + 2];
        for (var length = 1; length <= LengthMax; length++)
        {
            left = (2 * left) - counts[length];
            if (left < 0)
            {
                return null;
            }

            used += counts[length];
            offsets[length + 1] = offsets[length] + counts[length];
        }

        if (left > 0 && (used > 1 || (used == 1 && counts[1] != 1)))
        {
            return null;
        }

        var symbols = new int[used];
        for (var symbol = 0; symbol < lengths.Length; symbol++)
        {
            if (lengths[symbol] != 0)
            {
                symbols[offsets[lengths[symbol]]++] = symbol;
            }
        }

        return new(counts, symbols);
    }
}
