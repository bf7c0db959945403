using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Evidence.Log;

namespace Evidence;

/// <summary>One software release as a file of its own, <c>*.release.json</c>: the statement, and its receipt once it is logged.</summary>
/// <remarks><code>{"format":"coldproof-release/1","statement":b64,"receipt"?:b64 of the text}</code></remarks>
public static class ReleaseFile
{
    public const string Format = "coldproof-release/1";

    /// <summary>Most bytes that are read.</summary>
    public const int LengthMax = 1024 * 1024;

    /// <summary>Whether a file claims to be one: to tell it from a bundle, nothing more.</summary>
    public static bool Looks(ReadOnlySpan<byte> bytes) => bytes[..Math.Min(bytes.Length, 256)].IndexOf("coldproof-release/"u8) >= 0;

    /// <exception cref="MalformedEvidenceException">Not such a file. What its statement says is not looked at.</exception>
    public static ShownStatement Parse(ReadOnlyMemory<byte> bytes) => JsonFields.Parse(bytes, "software release", Format, LengthMax, root =>
    {
        if (!root.TryGetProperty("receipt", out _))
        {
            root.Exactly("software release", "format", "statement");
            return Read(root, null);
        }

        root.Exactly("software release", "format", "statement", "receipt");
        return Read(root, Encoding.UTF8.GetString(root.Base64("receipt", TlogProof.LengthMax)));
    });

    public static byte[] Write(ReadOnlySpan<byte> statement, string? receipt)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("format", Format);
            WriteFields(json, statement, receipt);
            json.WriteEndObject();
        }

        return [.. buffer.WrittenSpan, (byte)'\n'];
    }

    /// <summary>The statement's two fields, as they stand in a bundle as well.</summary>
    public static void WriteFields(Utf8JsonWriter json, ReadOnlySpan<byte> statement, string? receipt)
    {
        json.WriteBase64String("statement", statement);
        if (receipt is not null)
        {
            json.WriteBase64String("receipt", Encoding.UTF8.GetBytes(receipt));
        }
    }

    private static ShownStatement Read(JsonElement root, string? receipt) =>
        new(ImmutableArray.Create(root.Base64("statement", BatchLimits.StatementLengthMax)), receipt);
}
