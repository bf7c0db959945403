using System.Formats.Cbor;

namespace Evidence;

/// <summary>Deterministic CBOR (RFC 8949, 4.2.1) for evidence: one way to write a thing, and any other way is refused.</summary>
internal static class CborStrict
{
    /// <summary>A writer whose output is deterministic. Canonical (RFC 7049) orders map keys by length first; for our keys, small
    /// integers, that is RFC 8949's order too.</summary>
    public static CborWriter Writer() => new(CborConformanceMode.Canonical, convertIndefiniteLengthEncodings: false,
        allowMultipleRootLevelValues: false, initialCapacity: 64); // A leaf has 35 to 60 bytes; left alone each would begin with 1,024.

    /// <summary>Reads one whole item; whatever does not have its form, or stands after it, is a <see
    /// cref="MalformedEvidenceException"/>.</summary>
    /// <param name="what">The item's name for the message: "leaf", "header".</param>
    /// <param name="bytes">The item's bytes, all of them.</param>
    /// <param name="lengthMax">How many bytes are looked at, at most; checked before anything is parsed.</param>
    /// <param name="read">The layout.</param>
    public static T Read<T>(string what, ReadOnlyMemory<byte> bytes, int lengthMax, Func<CborReader, T> read)
    {
        if (bytes.Length > lengthMax)
        {
            throw new MalformedEvidenceException($"The {what} has {bytes.Length} bytes; at most {lengthMax} are allowed.");
        }

        return ReadBeginning(what, bytes, reader =>
        {
            var item = read(reader);
            return reader.BytesRemaining == 0
                ? item
                : throw new MalformedEvidenceException($"{reader.BytesRemaining} bytes stand after the {what}.");
        });
    }

    /// <summary>Reads what an item begins with, whatever stands after it.</summary>
    public static T ReadBeginning<T>(string what, ReadOnlyMemory<byte> bytes, Func<CborReader, T> read)
    {
        try
        {
            return read(new CborReader(bytes, CborConformanceMode.Canonical));
        }
        catch (Exception fault) when (fault is CborContentException or InvalidOperationException or OverflowException)
        {
            throw new MalformedEvidenceException($"The {what} is not deterministic CBOR of its form: {fault.Message}", fault);
        }
    }

    public static void Array(this CborReader reader, int length, string what)
    {
        var found = reader.ReadStartArray();
        if (found != length)
        {
            throw new MalformedEvidenceException($"The {what} has {found} fields, not {length}.");
        }
    }

    /// <summary>Reads an array's length and refuses more than <paramref name="max"/> before anything is allocated for them.</summary>
    public static int ArrayUpTo(this CborReader reader, int max, string what)
    {
        var found = reader.ReadStartArray() ?? throw new MalformedEvidenceException($"The array of {what} has no stated length.");
        return found <= max ? found : throw new MalformedEvidenceException($"There are {found} {what}; at most {max} are allowed.");
    }

    public static byte[] Bytes(this CborReader reader, int min, int max, string what)
    {
        var bytes = reader.ReadByteString();
        return bytes.Length >= min && bytes.Length <= max
            ? bytes
            : throw new MalformedEvidenceException($"The {what} has {bytes.Length} bytes, not "
                + $"{(min == max ? $"{min}" : $"{min} to {max}")}.");
    }

    public static Digest Digest(this CborReader reader, string what) =>
        Evidence.Digest.FromBytes(reader.Bytes(Evidence.Digest.Length, Evidence.Digest.Length, what));

    public static string Text(this CborReader reader, int max, string what)
    {
        var text = reader.ReadTextString();
        return text.Length <= max
            ? text
            : throw new MalformedEvidenceException($"The {what} has {text.Length} characters; at most {max} are allowed.");
    }

    /// <summary>A whole number from <paramref name="min"/> to <paramref name="max"/>.</summary>
    public static long Integer(this CborReader reader, long min, long max, string what)
    {
        var value = reader.ReadInt64();
        return value >= min && value <= max
            ? value
            : throw new MalformedEvidenceException($"The {what} is {value}; {min} to {max} are allowed.");
    }

    public static long? IntegerOrNull(this CborReader reader, long min, long max, string what)
    {
        if (reader.PeekState() != CborReaderState.Null)
        {
            return reader.Integer(min, max, what);
        }

        reader.ReadNull();
        return null;
    }

    public static void IntegerOrNull(this CborWriter writer, long? value)
    {
        if (value is { } number)
        {
            writer.WriteInt64(number);
        }
        else
        {
            writer.WriteNull();
        }
    }
}
