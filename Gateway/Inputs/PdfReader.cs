using System.Globalization;
using System.Text;
using Evidence;

namespace Gateway.Inputs;

internal sealed record PdfName(string Value);

internal sealed record PdfReference(int Number);

/// <summary>A stream's dictionary and its bytes, still packed.</summary>
internal sealed record PdfStream(Dictionary<string, object?> Dictionary, ReadOnlyMemory<byte> Bytes);

/// <summary>Reads the values of a PDF file one after another: null, bool, double, byte[] (a text), <see cref="PdfName"/>,
/// <see cref="PdfReference"/>, List, Dictionary. Bounded in depth; whatever does not keep to the form is malformed.</summary>
internal sealed class PdfReader(ReadOnlyMemory<byte> file)
{
    private const int DepthMax = 40;
    private const int WordMax = 128;
    private const string Delimiters = "()<>[]{}/%";

    public int Place { get; set; }

    private ReadOnlySpan<byte> Bytes => file.Span;

    private bool IsAtEnd => Place >= file.Length;

    /// <summary>The next word of letters or digits; everything between is passed over. Null at the end.</summary>
    public string? Word()
    {
        while (!IsAtEnd && (IsSpace(Bytes[Place]) || IsDelimiter(Bytes[Place])))
        {
            if (Bytes[Place] == '%')
            {
                PassLine();
            }
            else
            {
                Place++;
            }
        }

        return IsAtEnd ? null : Regular();
    }

    /// <summary>The number of the object that begins with this word ("12 0 obj"), or null.</summary>
    public int? ObjectNumber(string word)
    {
        if (!IsDigits(word, 9))
        {
            return null;
        }

        var back = Place;
        PassSpace();
        var generation = Regular();
        PassSpace();
        if (IsDigits(generation, 5) && StartsWith("obj"u8))
        {
            Place += 3;
            return int.Parse(word, NumberStyles.None, CultureInfo.InvariantCulture);
        }

        Place = back;
        return null;
    }

    /// <summary>Where a stream's bytes begin, if the word "stream" comes next.</summary>
    public int? StreamStart()
    {
        PassSpace();
        if (!StartsWith("stream"u8))
        {
            return null;
        }

        Place += 6;
        Place += StartsWith("\r\n"u8) ? 2 : StartsWith("\n"u8) || StartsWith("\r"u8) ? 1 : 0;
        return Place;
    }

    /// <summary>Passes over a stream: by its length where "endstream" stands there, or else to the next "endstream".</summary>
    public int StreamEnd(int start, double? length)
    {
        if (length is >= 0 and var known && start + known <= file.Length)
        {
            Place = start + (int)known;
            PassSpace();
            if (StartsWith("endstream"u8))
            {
                return start + (int)known;
            }
        }

        var found = Bytes[start..].IndexOf("endstream"u8);
        if (found < 0)
        {
            throw new MalformedEvidenceException("The PDF is cut short inside a stream.");
        }

        Place = start + found;
        return Place;
    }

    public object? Value(int depth = 0)
    {
        if (depth == DepthMax)
        {
            throw new MalformedEvidenceException("The PDF is nested too deep.");
        }

        PassSpace();
        switch (IsAtEnd ? throw CutShort() : (char)Bytes[Place])
        {
            case '/':
                Place++;
                return new PdfName(Unescaped(Regular()));
            case '(':
                return Literal();
            case '<':
                return Place + 1 < file.Length && Bytes[Place + 1] == '<' ? Dictionary(depth) : Hexadecimal();
            case '[':
                return Array(depth);
            default:
                return Plain();
        }
    }

    private object? Plain()
    {
        var word = Regular();
        if (word.Length == 0)
        {
            Place++; // A stray delimiter: passed over, so that reading goes on.
            return null;
        }

        if (word is "true" or "false")
        {
            return word == "true";
        }

        return IsDigits(word, 9) ? ReferenceOrNumber(int.Parse(word, NumberStyles.None, CultureInfo.InvariantCulture))
            : double.TryParse(word, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
                ? number : null;
    }

    private object ReferenceOrNumber(int number)
    {
        var back = Place;
        PassSpace();
        var generation = Regular();
        PassSpace();
        if (IsDigits(generation, 5) && StartsWith("R"u8) && (Place + 1 >= file.Length || IsSpace(Bytes[Place + 1]) || IsDelimiter(Bytes[Place + 1])))
        {
            Place++;
            return new PdfReference(number);
        }

        Place = back;
        return (double)number;
    }

    private List<object?> Array(int depth)
    {
        var items = new List<object?>();
        Place++;
        for (PassSpace(); !StartsWith("]"u8); PassSpace())
        {
            items.Add(Value(depth + 1));
        }

        Place++;
        return items;
    }

    private Dictionary<string, object?> Dictionary(int depth)
    {
        var entries = new Dictionary<string, object?>();
        Place += 2;
        for (PassSpace(); !StartsWith(">>"u8); PassSpace())
        {
            entries[Value(depth + 1) is PdfName key ? key.Value : throw new MalformedEvidenceException("A dictionary in the PDF is damaged.")] =
                Value(depth + 1);
        }

        Place += 2;
        return entries;
    }

    private byte[] Literal()
    {
        var text = new List<byte>();
        var open = 1;
        for (Place++; !IsAtEnd; Place++)
        {
            var sign = Bytes[Place];
            open += sign == '(' ? 1 : sign == ')' ? -1 : 0;
            if (open == 0)
            {
                Place++;
                return [.. text];
            }

            text.Add(sign == '\\' ? Escaped() : sign);
        }

        throw CutShort();
    }

    private byte Escaped()
    {
        Place++;
        if (IsAtEnd)
        {
            throw CutShort();
        }

        var (value, digits) = (0, 0);
        for (; digits < 3 && Place < file.Length && Bytes[Place] is >= (byte)'0' and <= (byte)'7'; digits++, Place++)
        {
            value = (8 * value) + Bytes[Place] - '0';
        }

        if (digits > 0)
        {
            Place--;
            return (byte)(value & 0xff);
        }

        return (char)Bytes[Place] switch { 'n' => 10, 'r' => 13, 't' => 9, 'b' => 8, 'f' => 12, var other => (byte)other };
    }

    private byte[] Hexadecimal()
    {
        var end = Bytes[Place..].IndexOf((byte)'>');
        if (end < 0)
        {
            throw CutShort();
        }

        var digits = string.Concat(Encoding.Latin1.GetString(Bytes.Slice(Place + 1, end - 1)).Where(char.IsAsciiHexDigit));
        Place += end + 1;
        return Convert.FromHexString(digits.Length % 2 == 0 ? digits : digits + "0");
    }

    private string Regular()
    {
        var start = Place;
        while (!IsAtEnd && !IsSpace(Bytes[Place]) && !IsDelimiter(Bytes[Place]))
        {
            Place++;
        }

        // Only short words mean anything; a long run of bytes is the inside of something that is passed over.
        return Encoding.Latin1.GetString(Bytes[start..Math.Min(Place, start + WordMax)]);
    }

    private void PassSpace()
    {
        while (!IsAtEnd && (IsSpace(Bytes[Place]) || Bytes[Place] == '%'))
        {
            if (Bytes[Place] == '%')
            {
                PassLine();
            }
            else
            {
                Place++;
            }
        }
    }

    private void PassLine()
    {
        var end = Bytes[Place..].IndexOfAny((byte)10, (byte)13);
        Place = end < 0 ? file.Length : Place + end;
    }

    private bool StartsWith(ReadOnlySpan<byte> word) => Bytes[Place..].StartsWith(word);

    private static string Unescaped(string name)
    {
        var text = new StringBuilder();
        for (var i = 0; i < name.Length; i++)
        {
            if (name[i] == '#' && i + 2 < name.Length && char.IsAsciiHexDigit(name[i + 1]) && char.IsAsciiHexDigit(name[i + 2]))
            {
                text.Append((char)Convert.ToByte(name[(i + 1)..(i + 3)], 16));
                i += 2;
            }
            else
            {
                text.Append(name[i]);
            }
        }

        return text.ToString();
    }

    private static bool IsDigits(string word, int lengthMax) => word.Length > 0 && word.Length <= lengthMax && word.All(char.IsAsciiDigit);

    private static bool IsSpace(byte sign) => sign is 0 or 9 or 10 or 12 or 13 or 32;

    private static bool IsDelimiter(byte sign) => Delimiters.Contains((char)sign, StringComparison.Ordinal);

    private static MalformedEvidenceException CutShort() => new("The PDF is cut short.");
}
