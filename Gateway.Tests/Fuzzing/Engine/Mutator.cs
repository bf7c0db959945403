using System.Buffers.Text;
using System.Text;
using Gateway.Tests.Simulation;

namespace Gateway.Tests.Fuzzing;

/// <summary>Bends bytes in the ways in which our formats break: bits and lengths, CBOR heads, JSON and text lines, base64 inside of them.
/// </summary>
/// <remarks>All chance comes from the dice: one seed gives one sequence.</remarks>
public sealed class Mutator(Dice dice)
{
    /// <summary>Nothing longer is made, so that the fuzzer measures the parser and not itself.</summary>
    public const int LengthMax = 256 * 1024;

    private static readonly byte[] OddBytes = [0x00, 0x01, 0x17, 0x18, 0x1F, 0x7F, 0x80, 0xFE, 0xFF];
    private static readonly long[] OddNumbers = [0, 1, -1, 23, 24, 255, 256, 65_535, 65_536, 65_537, int.MaxValue, 1L << 31, uint.MaxValue,
        1L << 32, 1L << 47, (1L << 47) + 1, (1L << 53) + 1, long.MaxValue, long.MinValue];
    private static readonly byte[][] Heads = [[0x9B, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], [0x9A, 0x00, 0x01, 0x00, 0x00],
        [0x5A, 0x7F, 0xFF, 0xFF, 0xFF], [0x5B, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], [0x7A, 0x00, 0x10, 0x00, 0x00], [0x9F],
        [0x5F], [0x7F], [0xBF], [0xFF], [0xF6], [0xF7], [0xF9, 0x7E, 0x00], [0xFB, 0, 0, 0, 0, 0, 0, 0, 0], [0xBB, 0x7F, 0xFF, 0xFF, 0xFF,
        0xFF, 0xFF, 0xFF, 0xFF], [0xD2], [0xC2, 0x49, 1, 0, 0, 0, 0, 0, 0, 0, 0], [0x3B, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
        [0x1B, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], [0x18, 0x00], [0x19, 0x00, 0x01], [0x80], [0xA0], [0x40], [0x60]];
    private static readonly string[] Tokens = ["null", "true", "[]", "{}", "\"\"", "\"\\ud800\"", "\\u0000", "\u0000", "-0", "1e0", "1e400",
        "-1", "0.5", "9223372036854775808", "99999999999999999999999999", "\n\n", "\r\n", "\n", " ", "\t", "\u2014 ", "=", "==", "////",
        "\uFEFF", "\u202E", ",", ":", "..", "/", "%00", "%2F", "?", "&", "#", "+", "<script>", "'", "\"format\":1,", "group g any w1\n",
        "index 0\n", "extra AA==\n", "00000000-0000-0000-0000-000000000000", "\U0001F9CA", "0x7fffffff", "__", ":0:", "1970", "T", "Z"];

    /// <summary>A few changes, seldom many, to one input; sometimes with a piece of another.</summary>
    public byte[] Mutate(byte[] input, IReadOnlyList<byte[]> others)
    {
        var bytes = input;
        for (var left = dice.Spread(1, 12); left > 0; left--)
        {
            bytes = Once(bytes, others);
        }

        return bytes.Length <= LengthMax ? bytes : bytes[..LengthMax];
    }

    private byte[] Once(byte[] bytes, IReadOnlyList<byte[]> others) => bytes.Length == 0
        ? Bytes(dice.Between(0, 64))
        : dice.Between(0, 16) switch
        {
            0 => With(bytes, old => (byte)(old ^ (1 << (int)dice.Between(0, 7)))),
            1 => With(bytes, _ => dice.Of<byte>(OddBytes)),
            2 => With(bytes, _ => Any()),
            3 => Cut(bytes),
            4 => Insert(bytes, Bytes(dice.Spread(1, 64))),
            5 => Insert(bytes, Piece(bytes, 256)),
            6 => Insert(bytes, Piece(dice.Of<byte[]>([.. others]), 4_096)),
            7 => bytes[..(int)dice.Between(0, bytes.Length)],
            8 => Insert(bytes, Repeated(Piece(bytes, 16), dice.Spread(1, 4_096))),
            9 => Number(bytes),
            10 => Replace(bytes, dice.Of<byte[]>(Heads)),
            11 => Insert(bytes, Repeated(dice.Of<byte[]>([[0x81], [0xA1], [0xD2], [(byte)'['], .. new[] { "{\"a\":"u8.ToArray() }]), dice.Spread(1, 8_192))),
            12 => Digits(bytes),
            13 => Lines(bytes),
            14 => Insert(bytes, Encoding.UTF8.GetBytes(dice.Of<string>(Tokens))),
            15 => Replace(bytes, Encoding.UTF8.GetBytes(dice.Of<string>(Tokens))),
            _ => Inside(bytes, others),
        };

    private byte[] With(byte[] bytes, Func<byte, byte> change)
    {
        var changed = (byte[])bytes.Clone();
        var at = (int)dice.Between(0, bytes.Length - 1);
        changed[at] = change(bytes[at]);
        return changed;
    }

    private byte Any() => (byte)dice.Between(0, 255);

    private byte[] Bytes(long count)
    {
        var made = new byte[count];
        for (var i = 0; i < made.Length; i++)
        {
            made[i] = Any();
        }

        return made;
    }

    private byte[] Piece(byte[] bytes, int most)
    {
        var from = (int)dice.Between(0, bytes.Length);
        return bytes.AsSpan(from, (int)dice.Between(0, Math.Min(most, bytes.Length - from))).ToArray();
    }

    private static byte[] Repeated(byte[] piece, long times)
    {
        times = Math.Min(times, piece.Length == 0 ? 0 : 64 * 1024 / piece.Length);
        var many = new byte[piece.Length * times];
        for (var i = 0; i < times; i++)
        {
            piece.CopyTo(many, i * piece.Length);
        }

        return many;
    }

    private byte[] Cut(byte[] bytes)
    {
        var from = (int)dice.Between(0, bytes.Length - 1);
        var to = from + (int)dice.Spread(1, bytes.Length - from);
        return [.. bytes.AsSpan(0, from), .. bytes.AsSpan(Math.Min(to, bytes.Length))];
    }

    private byte[] Insert(byte[] bytes, byte[] piece)
    {
        var at = (int)dice.Between(0, bytes.Length);
        return [.. bytes.AsSpan(0, at), .. piece, .. bytes.AsSpan(at)];
    }

    private byte[] Replace(byte[] bytes, byte[] piece)
    {
        var at = (int)dice.Between(0, bytes.Length - 1);
        var gone = (int)Math.Min(dice.Between(0, piece.Length), bytes.Length - at);
        return [.. bytes.AsSpan(0, at), .. piece, .. bytes.AsSpan(at + gone)];
    }

    /// <summary>An odd number of 1 to 8 bytes, either end first.</summary>
    private byte[] Number(byte[] bytes)
    {
        var number = BitConverter.GetBytes(dice.Of<long>(OddNumbers));
        var piece = number[..(int)dice.Of<long>([1, 2, 4, 8])];
        if (dice.Coin())
        {
            Array.Reverse(piece);
        }

        var at = (int)dice.Between(0, bytes.Length - 1);
        return [.. bytes.AsSpan(0, at), .. piece, .. bytes.AsSpan(Math.Min(bytes.Length, at + piece.Length))];
    }

    /// <summary>A run of digits becomes another number.</summary>
    private byte[] Digits(byte[] bytes)
    {
        var from = Array.FindIndex(bytes, (int)dice.Between(0, bytes.Length - 1), sign => sign is >= (byte)'0' and <= (byte)'9');
        if (from < 0)
        {
            return Insert(bytes, "0"u8.ToArray());
        }

        var rest = bytes.AsSpan(from).IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        var text = Encoding.ASCII.GetBytes($"{dice.Of<long>(OddNumbers)}{(dice.OnceIn(8) ? "e9" : dice.OnceIn(8) ? ".5" : "")}");
        return [.. bytes.AsSpan(0, from), .. text, .. rest < 0 ? [] : bytes.AsSpan(from + rest)];
    }

    /// <summary>A line goes, comes twice, or changes places with its neighbour.</summary>
    private byte[] Lines(byte[] bytes)
    {
        var lines = Encoding.Latin1.GetString(bytes).Split('\n').ToList();
        var at = (int)dice.Between(0, lines.Count - 1);
        switch (dice.Between(0, 2))
        {
            case 0:
                lines.RemoveAt(at);
                break;
            case 1:
                lines.Insert(at, lines[at]);
                break;
            default:
                (lines[at], lines[^1]) = (lines[^1], lines[at]);
                break;
        }

        return Encoding.Latin1.GetBytes(string.Join('\n', lines));
    }

    /// <summary>A run of base64 is decoded, changed once, and written again, so that what lies behind it is reached.</summary>
    private byte[] Inside(byte[] bytes, IReadOnlyList<byte[]> others)
    {
        var runs = Runs(bytes);
        if (runs.Count == 0)
        {
            return Cut(bytes);
        }

        var (from, length) = runs[(int)dice.Between(0, runs.Count - 1)];
        var inner = new byte[Base64.GetMaxDecodedFromUtf8Length(length)];
        if (Base64.DecodeFromUtf8(bytes.AsSpan(from, length), inner, out _, out var written) != System.Buffers.OperationStatus.Done)
        {
            return Cut(bytes);
        }

        var changed = Once(inner[..written], others);
        var text = Encoding.ASCII.GetBytes(Convert.ToBase64String(changed.AsSpan(0, Math.Min(changed.Length, LengthMax / 2))));
        return [.. bytes.AsSpan(0, from), .. text, .. bytes.AsSpan(from + length)];
    }

    private static List<(int From, int Length)> Runs(byte[] bytes)
    {
        var runs = new List<(int, int)>();
        var from = 0;
        for (var i = 0; i <= bytes.Length; i++)
        {
            if (i < bytes.Length && bytes[i] is (>= (byte)'A' and <= (byte)'Z') or (>= (byte)'a' and <= (byte)'z') or (>= (byte)'0' and <= (byte)'9')
                or (byte)'+' or (byte)'/' or (byte)'=')
            {
                continue;
            }

            if (i - from >= 8 && (i - from) % 4 == 0)
            {
                runs.Add((from, i - from));
            }

            from = i + 1;
        }

        return runs;
    }
}
