using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Evidence.Log;

/// <summary>The three encodings that C2SP's texts are made of, each with one spelling for one value.</summary>
internal static class StrictText
{
    /// <summary>UTF-8 that throws instead of replacing what is not UTF-8.</summary>
    internal static UTF8Encoding Utf8 { get; } = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Standard base64 with padding, decoded and encoded again: white space and stray bits in the last digit are another
    /// spelling.</summary>
    internal static bool TryBase64(string text, out byte[] bytes)
    {
        bytes = new byte[Base64.GetMaxDecodedFromUtf8Length(text.Length)];
        if (!Convert.TryFromBase64String(text, bytes, out var length))
        {
            return false;
        }

        bytes = bytes[..length];
        return Convert.ToBase64String(bytes) == text;
    }

    internal static bool TryDigest(string base64, out Digest digest)
    {
        var read = TryBase64(base64, out var bytes) && bytes.Length == Digest.Length;
        digest = read ? Digest.FromBytes(bytes) : default;
        return read;
    }

    /// <summary>ASCII digits without sign or leading zeroes, 0 to 2^63 − 1.</summary>
    internal static bool TryDecimal(string text, out long number) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && text == Decimal(number);

    internal static string Decimal(long number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>A piece of untrusted text for an error sentence: cut short, so that a message stays a message.</summary>
    internal static string Quote(string text) => text.Length <= 80 ? $"\"{text}\"" : $"\"{text[..80]}…\"";
}
