namespace Evidence;

/// <summary>Base45 (RFC 9285): bytes in the 45 characters of a QR code's alphanumeric mode. One text for one run of bytes.</summary>
public static class Base45
{
    private const string Alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

    public static string Encode(ReadOnlySpan<byte> bytes)
    {
        var text = new System.Text.StringBuilder((bytes.Length / 2 * 3) + 2);
        for (var i = 0; i < bytes.Length; i += 2)
        {
            var isPair = i + 1 < bytes.Length;
            var value = isPair ? (bytes[i] << 8) | bytes[i + 1] : bytes[i];
            text.Append(Alphabet[value % 45]).Append(Alphabet[value / 45 % 45]);
            if (isPair)
            {
                text.Append(Alphabet[value / 2025]);
            }
        }

        return text.ToString();
    }

    /// <exception cref="MalformedEvidenceException">Another character, a length that no bytes give, or a group beyond its bytes.</exception>
    public static byte[] Decode(ReadOnlySpan<char> text)
    {
        if (text.Length % 3 == 1)
        {
            throw new MalformedEvidenceException($"Base45 of {text.Length} characters does not exist: one is missing or too many.");
        }

        var bytes = new byte[(text.Length / 3 * 2) + (text.Length % 3 / 2)];
        for (int i = 0, at = 0; i < text.Length; i += 3)
        {
            var isPair = i + 2 < text.Length;
            var value = Digit(text, i) + (45 * Digit(text, i + 1)) + (isPair ? 2025 * Digit(text, i + 2) : 0);
            if (value > (isPair ? ushort.MaxValue : byte.MaxValue))
            {
                throw new MalformedEvidenceException($"The Base45 group at character {i} stands for {value}, more than its bytes hold.");
            }

            if (isPair)
            {
                bytes[at++] = (byte)(value >> 8);
            }

            bytes[at++] = (byte)(value & byte.MaxValue);
        }

        return bytes;
    }

    private static int Digit(ReadOnlySpan<char> text, int at) => Alphabet.IndexOf(text[at], StringComparison.Ordinal) is >= 0 and var digit
        ? digit
        : throw new MalformedEvidenceException($"Character {at} is none of Base45.");
}
