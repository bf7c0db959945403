using System.Collections.Immutable;
using System.Formats.Cbor;
using Evidence.Log;

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

/// <summary>What makes an answer of the ledger verifiable, whoever carried it.</summary>
/// <param name="Standing">A <see cref="Evidence.Standing"/> as a note signed by the log's key.</param>
/// <param name="Shown">Whole statements that prove by themselves: headers that this gateway's own key has signed, or a revocation.</param>
/// <param name="Head">The newest published checkpoint note; empty while there is none, and with a refusal.</param>
/// <param name="Path">Proof that the log under <paramref name="Head"/> begins with all of the checkpoint in the question.</param>
public sealed record AnswerProof(string Standing, ImmutableArray<ImmutableArray<byte>> Shown, string Head, ImmutableArray<Digest> Path)
{
    /// <summary>Most statements in one answer.</summary>
    public const int ShownMax = 17;
}

/// <summary>The ledger's answer to one message: a receipt, a refusal with its reason, or its word about the gateway.</summary>
/// <param name="PayloadDigest">Which statement is answered: SHA-256 of its payload (or of the whole message, if it could not be
/// read or is a question).</param>
/// <param name="Receipt">A C2SP tlog-proof of the statement's bytes; null when refused, or when a question is answered.</param>
/// <param name="Refusal">Null when there is a receipt, or when a question is answered.</param>
/// <param name="Words">One sentence for the gateway's log, at most 300 characters; empty with a receipt.</param>
/// <remarks>
/// <code>
/// downlink = [1, digest: bstr .size 32, receipt: tstr / null, refusal: uint / null, words: tstr]     ; receipt or refusal
///          / [2, digest: bstr .size 32, refusal: uint / null, words: tstr, standing: tstr, shown: [* bstr], head: tstr,
///             path: [* bstr .size 32]]                                                                ; null refusal: a question's answer
/// </code>
/// </remarks>
public sealed record Downlink(Digest PayloadDigest, string? Receipt, Refusal? Refusal, string Words)
{
    /// <summary>Most bytes of one message on the wire.</summary>
    public const int LengthMax = 64 * 1024;

    private const int WordsMax = 300;

    /// <summary>What makes it verifiable; null for a receipt, which is its own proof, and for a refusal that stops nothing.</summary>
    public AnswerProof? Proof { get; init; }

    public byte[] Encode()
    {
        var writer = CborStrict.Writer();
        if (Proof is not null)
        {
            EncodeProven(writer, Proof);
            return writer.Encode();
        }

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
        writer.WriteTextString(Cut(Words));
        writer.WriteEndArray();
        return writer.Encode();
    }

    /// <exception cref="MalformedEvidenceException">Not such a message.</exception>
    public static Downlink Decode(ReadOnlyMemory<byte> bytes) => CborStrict.Read("downlink message", bytes, LengthMax, reader =>
    {
        var fields = reader.ReadStartArray();
        var version = reader.Integer(1, 2, "version of the downlink message");
        if (fields != (version == 1 ? 5 : 8))
        {
            throw new MalformedEvidenceException($"The downlink message of version {version} has {fields} fields.");
        }

        var digest = reader.Digest("statement's digest");
        var answer = version == 1 ? DecodePlain(reader, digest) : DecodeProven(reader, digest);
        reader.ReadEndArray();
        return answer;
    });

    private static Downlink DecodePlain(CborReader reader, Digest digest)
    {
        string? receipt = null;
        if (reader.PeekState() == CborReaderState.Null)
        {
            reader.ReadNull();
        }
        else
        {
            receipt = reader.Text(LengthMax, "receipt");
        }

        var refusal = (Refusal?)(byte?)reader.IntegerOrNull(1, byte.MaxValue, "refusal");
        var words = reader.Text(WordsMax, "words");
        return receipt is null == refusal is null
            ? throw new MalformedEvidenceException("A downlink message of version 1 has either a receipt or a refusal.")
            : new(digest, receipt, refusal, words);
    }

    private static Downlink DecodeProven(CborReader reader, Digest digest)
    {
        var refusal = (Refusal?)(byte?)reader.IntegerOrNull(1, byte.MaxValue, "refusal");
        var (words, standing) = (reader.Text(WordsMax, "words"), reader.Text(LengthMax, "standing"));
        var shown = ImmutableArray.CreateBuilder<ImmutableArray<byte>>();
        for (var left = reader.ArrayUpTo(AnswerProof.ShownMax, "statements shown"); left > 0; left--)
        {
            shown.Add([.. reader.Bytes(1, BatchLimits.StatementLengthMax, "statement")]);
        }

        reader.ReadEndArray();
        var head = reader.Text(LengthMax, "head");
        var path = ImmutableArray.CreateBuilder<Digest>();
        for (var left = reader.ArrayUpTo(2 * LogTree.PathMax, "hashes"); left > 0; left--)
        {
            path.Add(reader.Digest("hash of the proof"));
        }

        reader.ReadEndArray();
        return new(digest, null, refusal, words) { Proof = new(standing, shown.ToImmutable(), head, path.ToImmutable()) };
    }

    private void EncodeProven(CborWriter writer, AnswerProof proof)
    {
        writer.WriteStartArray(8);
        writer.WriteInt32(2);
        writer.WriteByteString(PayloadDigest.ToBytes());
        writer.IntegerOrNull((long?)Refusal);
        writer.WriteTextString(Cut(Words));
        writer.WriteTextString(proof.Standing);
        writer.WriteStartArray(proof.Shown.Length);
        foreach (var statement in proof.Shown)
        {
            writer.WriteByteString(statement.AsSpan());
        }

        writer.WriteEndArray();
        writer.WriteTextString(proof.Head);
        writer.WriteStartArray(proof.Path.Length);
        foreach (var hash in proof.Path)
        {
            writer.WriteByteString(hash.ToBytes());
        }

        writer.WriteEndArray();
        writer.WriteEndArray();
    }

    private static string Cut(string words) => words.Length <= WordsMax ? words : words[..WordsMax];
}
