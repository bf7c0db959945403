using System.Collections.Immutable;
using System.IO.Compression;

namespace Evidence;

/// <summary>What a gateway sends to the ledger: one signed statement and, for a batch, its body, compressed.</summary>
/// <param name="Statement">The whole COSE_Sign1.</param>
/// <param name="Body">The batch's body, uncompressed; null for other statements.</param>
/// <remarks><code>uplink = [1, statement: bstr, body: bstr / null]   ; body = Brotli of the body's CBOR</code></remarks>
public sealed record Uplink(ImmutableArray<byte> Statement, ImmutableArray<byte>? Body)
{
    /// <summary>Most bytes of one message on the wire.</summary>
    public const int LengthMax = 1024 * 1024;

    public byte[] Encode()
    {
        var writer = CborStrict.Writer();
        writer.WriteStartArray(3);
        writer.WriteInt32(1);
        writer.WriteByteString(Statement.AsSpan());
        if (Body is { } body)
        {
            writer.WriteByteString(Compress(body.AsSpan()));
        }
        else
        {
            writer.WriteNull();
        }

        writer.WriteEndArray();
        return writer.Encode();
    }

    /// <exception cref="MalformedEvidenceException">Not such a message, too long, or its body expands beyond <see
    /// cref="BatchLimits.BodyLengthMax"/>.</exception>
    public static Uplink Decode(ReadOnlyMemory<byte> bytes) => CborStrict.Read("uplink message", bytes, LengthMax, reader =>
    {
        reader.Array(3, "uplink message");
        reader.Integer(1, 1, "version of the uplink message");
        var statement = ImmutableArray.Create(reader.Bytes(1, BatchLimits.StatementLengthMax, "statement"));
        ImmutableArray<byte>? body = null;
        if (reader.PeekState() == System.Formats.Cbor.CborReaderState.Null)
        {
            reader.ReadNull();
        }
        else
        {
            body = Expand(reader.ReadByteString());
        }

        reader.ReadEndArray();
        return new Uplink(statement, body);
    });

    private static byte[] Compress(ReadOnlySpan<byte> bytes)
    {
        var packed = new byte[BrotliEncoder.GetMaxCompressedLength(bytes.Length)];
        // Quality 9, window 2^18: bodies are small and metered LTE is dear; it still takes well under a millisecond.
        return BrotliEncoder.TryCompress(bytes, packed, out var written, 9, 18)
            ? packed[..written]
            : throw new InvalidOperationException($"Brotli could not pack {bytes.Length} bytes into {packed.Length}.");
    }

    private static ImmutableArray<byte> Expand(byte[] packed)
    {
        using var brotli = new BrotliStream(new MemoryStream(packed, writable: false), CompressionMode.Decompress);
        using var body = new MemoryStream();
        var part = new byte[16 * 1024];
        try
        {
            for (var read = brotli.Read(part); read > 0; read = brotli.Read(part))
            {
                if (body.Length + read > BatchLimits.BodyLengthMax)
                {
                    throw new MalformedEvidenceException($"The body expands beyond {BatchLimits.BodyLengthMax} bytes.");
                }

                body.Write(part, 0, read);
            }
        }
        catch (Exception fault) when (fault is InvalidDataException or InvalidOperationException)
        {
            throw new MalformedEvidenceException("The body is not a Brotli stream.", fault);
        }

        return ImmutableArray.Create(body.ToArray());
    }
}
