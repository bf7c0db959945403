using System.Collections.Immutable;
using System.Formats.Cbor;
using System.IO.Compression;
using System.Numerics;
using System.Security.Cryptography;
using Evidence;

namespace Gateway.Tests.Evidence;

/// <summary>One certificate code, and the answer that every reader of ours must give at a given time.</summary>
/// <param name="Name">What was done, in words joined by hyphens.</param>
public sealed record CertificateVector(string Name, string Code, long NowMs, CertificateWord Word, CertificateFault Fault);

/// <summary>Every way we know to bend a certificate code. A new one found is added here and never taken out.</summary>
public sealed class CertificateVectors : IDisposable
{
    public const long NowMs = 1_767_571_200_000; // 2026-01-05T00:00:00Z
    private const long Hour = 3_600_000;
    private const string Issuer = "issuer:Ministry of Health, Utopia";
    private const string Markup = "<img src=x onerror=alert(1)>";

    private static readonly BigInteger P256Order = BigInteger.Parse(
        "0FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551", System.Globalization.NumberStyles.HexNumber, null);

    private readonly ECDsa utopia = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly ECDsa atlantis = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly ECDsa late = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly ECDsa gone = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly ECDsa stranger = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    /// <summary>Two jurisdictions, one key that is not listed yet, and one that is listed no longer.</summary>
    public TrustList Trust => new(
    [
        new("Ministry of Health", "Utopia", PublicKey.Of(utopia), NowMs - (1000 * Hour), NowMs + (10_000 * Hour)),
        new("Medicines Agency", "Atlantis", PublicKey.Of(atlantis), NowMs - (1000 * Hour), NowMs + (10_000 * Hour)),
        new("New laboratory", "Utopia", PublicKey.Of(late), NowMs + (24 * Hour), NowMs + (10_000 * Hour)),
        new("Old laboratory", "Utopia", PublicKey.Of(gone), NowMs - (1000 * Hour), NowMs - (24 * Hour)),
    ]);

    /// <summary>A certificate of fixed content: the example of docs/formats.md.</summary>
    public static Certificate Example => new(new(new Guid("5f3a91c0-0bc0-4012-8a55-0123456789ab")), NowMs - (72 * Hour), NowMs - (3 * Hour),
        VerdictWord.Verified, GatewayTraits.SoftwareKey, 41,
        [.. Convert.FromHexString("0e52d9c508c50234")], new("log.example/coldproof", 8,
            Digest.FromHex("5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328")), 3,
        [new(new(0), "rear, top", new(2_000), new(8_000), new(2_402), new(7_610), 4_138, 0, 0, 0),
            new(new(2), "door", new(2_000), new(8_000), new(-500), new(9_300), 4_120, 17, 1, 352)],
        NowMs - Hour, NowMs + (90 * 24 * Hour), "(00)106141411234567897");

    public IEnumerable<CertificateVector> All() => [.. Good(), .. Times(), .. Signatures(), .. Texts(), .. Streams(), .. Claims()];

    public void Dispose()
    {
        foreach (var key in new[] { utopia, atlantis, late, gone, stranger })
        {
            key.Dispose();
        }
    }

    private IEnumerable<CertificateVector> Good()
    {
        const CertificateWord valid = CertificateWord.Valid;
        yield return Of("valid", Code(Example), valid, CertificateFault.None);
        yield return Of("valid-of-the-other-jurisdiction",
            CertificateCode.Write(Statement.Sign(StatementKind.Certificate, "issuer:Medicines Agency", Example.Encode(), atlantis)), valid,
            CertificateFault.None);
        yield return Of("valid-without-shipment", Code(Example with { Shipment = null }), valid, CertificateFault.None);
        yield return Of("time-not-proven", Code(Example with { Word = VerdictWord.TimeNotProven }), valid, CertificateFault.None);
        yield return Of("nothing-read", Code(Example with
        {
            Channels = [Example.Channels[0] with { Min = null, Max = null, Readings = 0, Gaps = 1, GapMinutes = 4_140 }],
        }), valid, CertificateFault.None);
        yield return Of("markup-in-every-text", CertificateCode.Write(Statement.Sign(StatementKind.Certificate, "issuer:" + Markup,
            WithTexts(Markup).Encode(), utopia)), valid, CertificateFault.None);
        yield return Of("other-scripts-in-every-text", CertificateCode.Write(Statement.Sign(StatementKind.Certificate,
            "issuer:وزارة الصحة", WithTexts("疫苗 \u202egnp.exe\u202c 💉\n\u001b[31m").Encode(), utopia)), valid, CertificateFault.None);
    }

    private IEnumerable<CertificateVector> Times()
    {
        yield return Of("last-moment", Code(Example), CertificateWord.Valid, CertificateFault.None, Example.ExpiresMs - 1);
        yield return Of("expires-this-moment", Code(Example), CertificateWord.Expired, CertificateFault.Expired, Example.ExpiresMs);
        yield return Of("expired", Code(Example), CertificateWord.Expired, CertificateFault.Expired, Example.ExpiresMs + (24 * Hour));
        yield return Of("clock-behind-within-tolerance", Code(Example), CertificateWord.Valid, CertificateFault.None,
            Example.IssuedMs - VerifierPolicy.ClockToleranceMs);
        yield return Of("not-yet-valid", Code(Example), CertificateWord.CannotCheck, CertificateFault.NotYetValid,
            Example.IssuedMs - VerifierPolicy.ClockToleranceMs - 1);
        yield return Of("issuer-listed-later", CertificateCode.Write(Sign(Example.Encode(), late)), CertificateWord.IssuerUnknown,
            CertificateFault.IssuerNotListedThen);
        yield return Of("issuer-listed-no-longer", CertificateCode.Write(Sign(Example.Encode(), gone)), CertificateWord.IssuerUnknown,
            CertificateFault.IssuerNotListedThen);
    }

    private IEnumerable<CertificateVector> Signatures()
    {
        const CertificateFault wrong = CertificateFault.SignatureWrong;
        var (header, payload, signature) = Parts(Sign(Example.Encode(), utopia));
        yield return Of("unknown-issuer", CertificateCode.Write(Sign(Example.Encode(), stranger)), CertificateWord.IssuerUnknown,
            CertificateFault.IssuerUnknown);
        yield return Of("changed-claim", Pack(Cose(header, (Example with { ExpiresMs = Example.ExpiresMs + Hour }).Encode(), signature)),
            CertificateWord.Changed, wrong);
        yield return Of("changed-shipment", Pack(Cose(header, (Example with { Shipment = "(00)106141411234567903" }).Encode(), signature)),
            CertificateWord.Changed, wrong);
        yield return Of("changed-signature", Pack(Cose(header, payload, [.. signature[..63], (byte)(signature[63] ^ 1)])),
            CertificateWord.Changed, wrong);
        yield return Of("signature-of-zeros", Pack(Cose(header, payload, new byte[64])), CertificateWord.Changed, wrong);
        yield return Of("signed-by-another-under-this-key", Pack(Cose(header, payload, Parts(Sign(Example.Encode(), stranger)).Signature)),
            CertificateWord.Changed, wrong);
        var s = new BigInteger(signature.AsSpan(32), isUnsigned: true, isBigEndian: true);
        var other = (P256Order - s).ToByteArray(isUnsigned: true, isBigEndian: true);
        yield return Of("malleated-signature", Pack(Cose(header, payload, [.. signature[..32], .. new byte[32 - other.Length], .. other])),
            CertificateWord.Valid, CertificateFault.None);
        yield return Of("unprotected-header-added", Pack(Cose(header, payload, signature, unprotected: true)), CertificateWord.Valid,
            CertificateFault.None);
        yield return Of("another-algorithm", Pack(Cose([header[0], header[1], 0x27, .. header[3..]], payload, signature)),
            CertificateWord.CannotCheck, CertificateFault.StatementUnreadable);
        yield return Of("no-algorithm", Pack(Cose([0xa0], payload, signature)), CertificateWord.CannotCheck,
            CertificateFault.StatementUnreadable);
        yield return Of("signature-in-der", Pack(Cose(header, payload,
            utopia.SignData(payload, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence))), CertificateWord.CannotCheck,
            CertificateFault.StatementUnreadable);
        yield return Of("without-its-tag", Pack(Cose(header, payload, signature)[1..]), CertificateWord.CannotCheck,
            CertificateFault.StatementUnreadable);
        yield return Of("another-kind-of-statement", CertificateCode.Write(Statement.Sign(StatementKind.Revocation, Issuer,
            Example.Encode(), utopia)), CertificateWord.CannotCheck, CertificateFault.StatementUnreadable);
        yield return Of("bytes-after-the-statement", Pack([.. Cose(header, payload, signature), 0]), CertificateWord.CannotCheck,
            CertificateFault.StatementUnreadable);
    }

    private IEnumerable<CertificateVector> Texts()
    {
        const CertificateFault base45 = CertificateFault.Base45Broken, prefix = CertificateFault.PrefixUnknown;
        var code = Code(Example);
        var body = code[4..];
        yield return Cannot("empty", "", prefix);
        yield return Cannot("prefix-alone", "CP1:", CertificateFault.CompressionBroken);
        yield return Cannot("health-certificate", "HC1:" + body, prefix);
        yield return Cannot("version-two", "CP2:" + body, prefix);
        yield return Cannot("prefix-in-lower-case", "cp1:" + body, prefix);
        yield return Cannot("a-link-instead", "https://ledger.example/00/106141411234567897#r=0e52d9c508c50234", prefix);
        yield return Cannot("space-before", " " + code, prefix);
        yield return Cannot("base45-in-lower-case", "CP1:" + body.ToLowerInvariant(), base45);
        yield return Cannot("base45-cut-by-one", "CP1:" + body[..(body.Length / 3 * 3)] + "0", base45);
        yield return Cannot("base45-group-too-large", "CP1:" + body[..30] + ":::" + body[33..], base45);
        yield return Cannot("base45-tail-too-large", "CP1:" + body[..30] + "::", base45);
        yield return Cannot("base45-accent", "CP1:" + body[..30] + "É" + body[31..], base45);
        yield return Cannot("base45-line-break", "CP1:" + body[..30] + "\n" + body[31..], base45);
        yield return Cannot("changed-character", "CP1:" + body[..60] + (body[60] == '0' ? '1' : '0') + body[61..],
            CertificateFault.CompressionBroken);
        yield return Cannot("too-long", "CP1:" + new string('0', CertificateCode.LengthMax - 3), CertificateFault.CodeTooLong);
    }

    private IEnumerable<CertificateVector> Streams()
    {
        const CertificateFault zlib = CertificateFault.CompressionBroken;
        var statement = Sign(Example.Encode(), utopia).Bytes.ToArray();
        var packed = Zlib(statement, CompressionLevel.Optimal);
        yield return Of("packed-without-compression", "CP1:" + Base45.Encode(Zlib(statement, CompressionLevel.NoCompression)),
            CertificateWord.Valid, CertificateFault.None);
        yield return Cannot("zlib-bomb", "CP1:" + Base45.Encode(Zlib(new byte[2_000_000], CompressionLevel.SmallestSize)), zlib);
        yield return Cannot("zlib-one-byte-too-long", "CP1:" + Base45.Encode(Zlib(new byte[4_097], CompressionLevel.SmallestSize)), zlib);
        yield return Cannot("zlib-bytes-behind", "CP1:" + Base45.Encode([.. packed, 0]), zlib);
        yield return Cannot("zlib-twice", "CP1:" + Base45.Encode([.. packed, .. packed]), zlib);
        yield return Cannot("zlib-cut", "CP1:" + Base45.Encode(packed.AsSpan(0, packed.Length - 6)), zlib);
        yield return Cannot("zlib-wrong-checksum", "CP1:" + Base45.Encode([.. packed[..^1], (byte)(packed[^1] ^ 1)]), zlib);
        yield return Cannot("zlib-with-a-dictionary", "CP1:" + Base45.Encode([0x78, 0xbb, .. packed[2..]]), zlib);
        yield return Cannot("not-compressed", "CP1:" + Base45.Encode(statement), zlib);
        yield return Cannot("raw-deflate", "CP1:" + Base45.Encode(packed.AsSpan(2, packed.Length - 6)), zlib);
        yield return Cannot("nothing-inside", "CP1:" + Base45.Encode(Convert.FromHexString("789c030000000001")),
            CertificateFault.StatementUnreadable);
    }

    /// <summary>The issuer signs what no certificate may be.</summary>
    private IEnumerable<CertificateVector> Claims()
    {
        var payload = Example.Encode();
        yield return Signed("claims-of-indefinite-length", [0x9f, .. payload[1..], 0xff]);
        yield return Signed("claims-with-a-long-integer", [payload[0], 0x18, .. payload[1..]]);
        yield return Signed("claims-of-version-two", [payload[0], 2, .. payload[2..]]);
        yield return Signed("claims-with-one-more-field", [(byte)(payload[0] + 1), .. payload[1..], 0]);
        yield return Signed("claims-cut", payload[..^3]);
        yield return Signed("claims-with-bytes-behind", [.. payload, 0xf6]);
        yield return Signed("claims-with-a-float", Replace(payload, [0x19, 0x07, 0xd0], [0xf9, 0x67, 0xd0]));
        yield return Signed("text-that-is-no-utf-8", Replace(payload, "rear, top"u8, [.. "rear, to"u8, 0xff]));
        yield return Signed("certifies-a-changed-record", (Example with { Word = VerdictWord.Changed }).Encode());
        yield return Signed("no-channel", (Example with { Channels = [] }).Encode());
        yield return Signed("channel-twice", (Example with { Channels = [Example.Channels[0], Example.Channels[0]] }).Encode());
        yield return Signed("lowest-above-highest",
            (Example with { Channels = [Example.Channels[0] with { Min = new(7_700) }] }).Encode());
        yield return Signed("limits-crossed", (Example with { Channels = [Example.Channels[0] with { Low = new(8_001) }] }).Encode());
        yield return Signed("window-backwards", (Example with { ToMs = Example.FromMs - 1 }).Encode());
        yield return Signed("expires-before-its-issue", (Example with { ExpiresMs = Example.IssuedMs - 1 }).Encode());
        yield return Signed("valid-for-a-century", (Example with { ExpiresMs = Example.IssuedMs + (100L * 365 * 24 * Hour) }).Encode());
        yield return Signed("short-root-of-32-bytes", (Example with { Root = [.. new byte[32]] }).Encode());
        yield return Signed("place-of-a-thousand-letters",
            (Example with { Channels = [Example.Channels[0] with { Place = new('x', 1_000) }] }).Encode());
    }

    private static Certificate WithTexts(string text) => Example with
    {
        Log = Example.Log with { Origin = text },
        Shipment = text,
        Channels = [Example.Channels[0] with { Place = text }],
    };

    private static CertificateVector Of(string name, string code, CertificateWord word, CertificateFault fault, long nowMs = NowMs) =>
        new(name, code, nowMs, word, fault);

    private static CertificateVector Cannot(string name, string code, CertificateFault fault) =>
        Of(name, code, CertificateWord.CannotCheck, fault);

    private CertificateVector Signed(string name, byte[] payload) =>
        Cannot(name, CertificateCode.Write(Sign(payload, utopia)), CertificateFault.ClaimsUnreadable);

    private string Code(Certificate certificate) => CertificateCode.Write(Sign(certificate.Encode(), utopia));

    private static Statement Sign(byte[] payload, ECDsa key) => Statement.Sign(StatementKind.Certificate, Issuer, payload, key);

    private static string Pack(byte[] bytes) => "CP1:" + Base45.Encode(Zlib(bytes, CompressionLevel.SmallestSize));

    private static byte[] Zlib(byte[] bytes, CompressionLevel level)
    {
        using var packed = new MemoryStream();
        using (var stream = new ZLibStream(packed, level, leaveOpen: true))
        {
            stream.Write(bytes);
        }

        return packed.ToArray();
    }

    private static byte[] Replace(byte[] bytes, ReadOnlySpan<byte> old, ReadOnlySpan<byte> by)
    {
        var at = bytes.AsSpan().IndexOf(old);
        return at < 0 ? throw new InvalidOperationException("The example no longer holds these bytes.")
            : [.. bytes[..at], .. by, .. bytes[(at + old.Length)..]];
    }

    private static (byte[] Header, byte[] Payload, byte[] Signature) Parts(Statement statement)
    {
        var reader = new CborReader(statement.Bytes.ToArray());
        reader.ReadTag();
        reader.ReadStartArray();
        var header = reader.ReadByteString();
        return (header, statement.Payload.ToArray(), [.. statement.Signature]);
    }

    private static byte[] Cose(byte[] header, byte[] payload, byte[] signature, bool unprotected = false)
    {
        var writer = new CborWriter();
        writer.WriteTag((CborTag)18);
        writer.WriteStartArray(4);
        writer.WriteByteString(header);
        writer.WriteStartMap(unprotected ? 1 : 0);
        if (unprotected)
        {
            writer.WriteInt32(4);
            writer.WriteByteString([1, 2, 3]);
        }

        writer.WriteEndMap();
        writer.WriteByteString(payload);
        writer.WriteByteString(signature);
        writer.WriteEndArray();
        return writer.Encode();
    }
}
