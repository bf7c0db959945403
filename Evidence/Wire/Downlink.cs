namespace Evidence;

/// <summary>Why the ledger does not log a statement. The numbers travel; never reuse one.</summary>
public enum Refusal : byte
{
    /// <summary>The message or the statement in it does not have its form.</summary>
    Malformed = 1,

    /// <summary>No manifest of this gateway is logged, or the statement's key is not the manifest's.</summary>
    NotEnrolled = 2,

    /// <summary>The signature does not verify.</summary>
    BadSignature = 3,

    /// <summary>The key is revoked.</summary>
    Revoked = 4,

    /// <summary>The number is not the one after the last logged; the answer's words name the one expected.</summary>
    NumberNotNext = 5,

    /// <summary>The previous hash is not that of the last logged header.</summary>
    PreviousMismatch = 6,

    /// <summary>Another payload is logged under this number: two histories. Both are now in the log as a conflict.</summary>
    Conflict = 7,

    /// <summary>The body does not give the signed root, or contradicts the header.</summary>
    RootMismatch = 8,

    /// <summary>The manifest is not signed by an authority that the ledger knows.</summary>
    UnknownAuthority = 9,

    /// <summary>The header names a manifest that is not the one in force.</summary>
    ManifestMismatch = 10,

    /// <summary>The ledger cannot log right now; send again later.</summary>
    Unavailable = 11,
}

/// <summary>The ledger's answer to one uplink: a receipt, or a refusal with its reason.</summary>
/// <param name="PayloadDigest">Which statement is answered: SHA-256 of its payload (or of the whole message, if it could not be
/// read).</param>
/// <param name="Receipt">A C2SP tlog-proof of the statement's bytes; null when refused.</param>
/// <param name="Refusal">Null when there is a receipt.</param>
/// <param name="Words">One sentence for the gateway's log, at most 300 characters; empty with a receipt.</param>
/// <remarks><code>downlink = [1, digest: bstr .size 32, receipt: tstr / null, refusal: uint / null, words: tstr]</code></remarks>
public sealed record Downlink(Digest PayloadDigest, string? Receipt, Refusal? Refusal, string Words)
{
    /// <summary>Most bytes of one message on the wire.</summary>
    public const int LengthMax = 64 * 1024;

    public byte[] Encode()
    {
        var writer = CborStrict.Writer();
        writer.WriteStartArray(5);
        writer.WriteInt32(1);
        writer.WriteByteString(PayloadDigest.ToBytes());
        if (Receipt is null)
        {
            writer.WriteNull();
        }
        else
        {
            writer.WriteTextString(Receipt);
        }

        writer.IntegerOrNull((long?)Refusal);
        writer.WriteTextString(Words.Length <= 300 ? Words : Words[..300]);
        writer.WriteEndArray();
        return writer.Encode();
    }

    /// <exception cref="MalformedEvidenceException">Not such a message.</exception>
    public static Downlink Decode(ReadOnlyMemory<byte> bytes) => CborStrict.Read("downlink message", bytes, LengthMax, reader =>
    {
        reader.Array(5, "downlink message");
        reader.Integer(1, 1, "version of the downlink message");
        var digest = reader.Digest("statement's digest");
        string? receipt = null;
        if (reader.PeekState() == System.Formats.Cbor.CborReaderState.Null)
        {
            reader.ReadNull();
        }
        else
        {
            receipt = reader.Text(LengthMax, "receipt");
        }

        var refusal = (Refusal?)(byte?)reader.IntegerOrNull(1, byte.MaxValue, "refusal");
        var words = reader.Text(300, "words");
        reader.ReadEndArray();
        return receipt is null == refusal is null
            ? throw new MalformedEvidenceException("A downlink message has either a receipt or a refusal.")
            : new Downlink(digest, receipt, refusal, words);
    });
}
