using System.Collections.Immutable;
using System.Formats.Cbor;
using System.Security.Cryptography;

namespace Evidence;

/// <summary>What a signed statement is about; its content type.</summary>
public enum StatementKind
{
    Batch,
    Manifest,
    Revocation,
    Conflict,

    /// <summary>A certificate code's claims. It travels in a QR code and is never an entry of the log.</summary>
    Certificate,

    /// <summary>The ledger showed a window to somebody: a salted hash of who, what and until when.</summary>
    Disclosure,

    /// <summary>The authority says that a file is a program of its own: name, version and SHA-256.</summary>
    Release,

    /// <summary>The authority takes such a file back, and says why.</summary>
    Withdrawal,
}

/// <summary>A COSE_Sign1 (RFC 9052) with ES256: one signed payload, and exactly one way to write it.</summary>
/// <remarks>
/// Tagged 18. Protected header, deterministic: 1 alg = −7 (ES256), 3 content type = "application/vnd.coldproof.KIND+cbor", 4 kid =
/// SHA-256(SPKI)[0..16],
/// 15 CWT claims = {1: "urn:uuid:…" or "authority:NAME"}. Unprotected header: empty. Signature: r ‖ s, 64 bytes.
/// Identity, chains and de-duplication use <see cref="PayloadDigest"/>, never the signature, which anyone may malleate.
/// </remarks>
public sealed class Statement
{
    private const int AlgEs256 = -7;
    private readonly byte[] protectedHeader;
    private readonly byte[] payload;

    private Statement(byte[] bytes, byte[] protectedHeader, byte[] payload, byte[] signature, StatementKind kind, byte[] keyId,
        string issuer)
    {
        Bytes = ImmutableArray.Create(bytes);
        this.protectedHeader = protectedHeader;
        this.payload = payload;
        Signature = ImmutableArray.Create(signature);
        Kind = kind;
        KeyId = ImmutableArray.Create(keyId);
        Issuer = issuer;
        PayloadDigest = Digest.Of(payload);
    }

    /// <summary>The whole COSE_Sign1: the entry of the log.</summary>
    public ImmutableArray<byte> Bytes { get; }

    public ReadOnlyMemory<byte> Payload => payload;

    public ImmutableArray<byte> Signature { get; }

    public StatementKind Kind { get; }

    /// <summary>Which key claims to have signed; a hint for finding it, never a proof.</summary>
    public ImmutableArray<byte> KeyId { get; }

    /// <summary>Who claims to have signed: "urn:uuid:…" for a gateway, "authority:NAME" for an authority.</summary>
    public string Issuer { get; }

    /// <summary>SHA-256 of the payload: the statement's identity.</summary>
    public Digest PayloadDigest { get; }

    /// <summary>For a manifest: what opens its channels (<see cref="Manifest.Openings"/>). It travels beside the statement, is not signed and
    /// never logged; empty where it is not known.</summary>
    public ImmutableArray<byte> Openings { get; private init; } = [];

    /// <summary>The same statement with its openings beside it.</summary>
    public Statement With(ImmutableArray<byte> openings) =>
        new([.. Bytes], protectedHeader, payload, [.. Signature], Kind, [.. KeyId], Issuer) { Openings = openings };

    /// <summary>Signs a payload. ECDSA draws a random number: two calls give two signatures, so sign once and keep.</summary>
    /// <exception cref="MalformedEvidenceException">The statement would be longer than 4,096 bytes.</exception>
    public static Statement Sign(StatementKind kind, string issuer, byte[] payload, ECDsa key)
    {
        var header = WriteHeader(kind, PublicKey.Of(key).Id, issuer);
        var signature = key.SignData(SignedBytes(header, payload), HashAlgorithmName.SHA256,
            DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        var writer = CborStrict.Writer();
        writer.WriteTag((CborTag)18);
        writer.WriteStartArray(4);
        writer.WriteByteString(header);
        writer.WriteStartMap(0);
        writer.WriteEndMap();
        writer.WriteByteString(payload);
        writer.WriteByteString(signature);
        writer.WriteEndArray();
        return Decode(writer.Encode());
    }

    /// <summary>Reads a statement strictly. This says nothing about the signature: see <see cref="VerifiedBy"/>.</summary>
    /// <exception cref="MalformedEvidenceException">Too long, not deterministic, not ES256, an unknown content type, or a header we do
    /// not know.</exception>
    public static Statement Decode(ReadOnlyMemory<byte> bytes) =>
        CborStrict.Read("statement", bytes, BatchLimits.StatementLengthMax, reader =>
    {
        if (reader.ReadTag() != (CborTag)18)
        {
            throw new MalformedEvidenceException("The statement is not tagged as COSE_Sign1 (18).");
        }

        reader.Array(4, "statement");
        var header = reader.Bytes(1, 512, "protected header");
        // The unprotected header is not signed: what stands there is skipped and means nothing.
        reader.SkipValue();
        var payload = reader.Bytes(1, BatchLimits.StatementLengthMax, "payload");
        var signature = reader.Bytes(64, 64, "signature");
        reader.ReadEndArray();
        var (kind, keyId, issuer) = ReadHeader(header);
        return new Statement(bytes.ToArray(), header, payload, signature, kind, keyId, issuer);
    });

    /// <summary>Whether this key signed exactly this protected header and payload.</summary>
    public bool VerifiedBy(PublicKey key) =>
        key.Id.AsSpan().SequenceEqual(KeyId.AsSpan()) && key.Verify(ToBeSigned(), Signature.AsSpan());

    /// <summary>The bytes that the signature is over, for other people's programs: the Sig_structure of RFC 9052, 4.4.</summary>
    public byte[] ToBeSigned() => SignedBytes(protectedHeader, payload);

    /// <summary>The name under which a gateway signs.</summary>
    public static string IssuerOf(GatewayId gateway) => $"urn:uuid:{gateway}";

    /// <summary>Sig_structure of RFC 9052, 4.4: ["Signature1", protected, external_aad = empty, payload].</summary>
    private static byte[] SignedBytes(byte[] header, byte[] payload)
    {
        var writer = CborStrict.Writer();
        writer.WriteStartArray(4);
        writer.WriteTextString("Signature1");
        writer.WriteByteString(header);
        writer.WriteByteString([]);
        writer.WriteByteString(payload);
        writer.WriteEndArray();
        return writer.Encode();
    }

    private static byte[] WriteHeader(StatementKind kind, ImmutableArray<byte> keyId, string issuer)
    {
        var writer = CborStrict.Writer();
        writer.WriteStartMap(4);
        writer.WriteInt32(1);
        writer.WriteInt32(AlgEs256);
        writer.WriteInt32(3);
        writer.WriteTextString(ContentType(kind));
        writer.WriteInt32(4);
        writer.WriteByteString(keyId.AsSpan());
        writer.WriteInt32(15);
        writer.WriteStartMap(1);
        writer.WriteInt32(1);
        writer.WriteTextString(issuer);
        writer.WriteEndMap();
        writer.WriteEndMap();
        return writer.Encode();
    }

    private static (StatementKind Kind, byte[] KeyId, string Issuer) ReadHeader(byte[] header) =>
        CborStrict.Read("protected header", header, 512, reader =>
    {
        Label(reader.ReadStartMap(), 4, "number of header fields");
        Label(reader.ReadInt32(), 1, "first header label");
        Label(reader.ReadInt32(), AlgEs256, "algorithm (ES256 is −7)");
        Label(reader.ReadInt32(), 3, "second header label");
        var type = reader.Text(80, "content type");
        Label(reader.ReadInt32(), 4, "third header label");
        var keyId = reader.Bytes(16, 16, "key identifier");
        Label(reader.ReadInt32(), 15, "fourth header label");
        Label(reader.ReadStartMap(), 1, "number of claims");
        Label(reader.ReadInt32(), 1, "claim");
        var issuer = reader.Text(200, "issuer");
        reader.ReadEndMap();
        reader.ReadEndMap();
        foreach (var kind in Enum.GetValues<StatementKind>())
        {
            if (type == ContentType(kind))
            {
                return (kind, keyId, issuer);
            }
        }

        throw new MalformedEvidenceException($"No statement has the content type \"{type}\".");
    });

    private static void Label(int? found, int expected, string what)
    {
        if (found != expected)
        {
            throw new MalformedEvidenceException($"In the protected header the {what} is {found}, not {expected}.");
        }
    }

    private static string ContentType(StatementKind kind) => kind switch
    {
        StatementKind.Batch => "application/vnd.coldproof.batch+cbor",
        StatementKind.Manifest => "application/vnd.coldproof.manifest+cbor",
        StatementKind.Revocation => "application/vnd.coldproof.revocation+cbor",
        StatementKind.Conflict => "application/vnd.coldproof.conflict+cbor",
        StatementKind.Certificate => "application/vnd.coldproof.certificate+cbor",
        StatementKind.Disclosure => "application/vnd.coldproof.disclosure+cbor",
        StatementKind.Release => "application/vnd.coldproof.release+cbor",
        StatementKind.Withdrawal => "application/vnd.coldproof.withdrawal+cbor",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "Not a kind of statement."),
    };
}
