using System.Collections.Immutable;
using System.Security.Cryptography;

namespace Evidence;

/// <summary>A P-256 public key, held as its SubjectPublicKeyInfo in the one form we accept: uncompressed point, named curve, 91
/// bytes.</summary>
public sealed class PublicKey : IEquatable<PublicKey>
{
    /// <summary>Bytes of the SubjectPublicKeyInfo.</summary>
    public const int SpkiLength = 91;

    // SEQUENCE { SEQUENCE { id-ecPublicKey, prime256v1 }, BIT STRING { 04 x y } }: RFC 5480, the 27 bytes before x.
    private static readonly byte[] Prefix = Convert.FromHexString("3059301306072A8648CE3D020106082A8648CE3D03010703420004");

    private readonly ECDsa key;

    private PublicKey(byte[] spki, ECDsa key)
    {
        Spki = ImmutableArray.Create(spki);
        this.key = key;
        Id = ImmutableArray.Create(SHA256.HashData(spki).AsSpan(0, 16));
    }

    public ImmutableArray<byte> Spki { get; }

    /// <summary>SHA-256(SPKI)[0..16]: the kid of a statement.</summary>
    public ImmutableArray<byte> Id { get; }

    /// <summary>32 lower-case hexadecimal digits.</summary>
    public string IdHex => Convert.ToHexStringLower(Id.AsSpan());

    /// <exception cref="MalformedEvidenceException">Not a P-256 key in the accepted form, or not a point of the curve.</exception>
    public static PublicKey FromSpki(ReadOnlySpan<byte> spki)
    {
        if (spki.Length != SpkiLength || !spki.StartsWith(Prefix))
        {
            throw new MalformedEvidenceException("The key is not a P-256 SubjectPublicKeyInfo with an uncompressed point (91 bytes).");
        }

        try
        {
            var key = ECDsa.Create(new ECParameters
            {
                Curve = ECCurve.NamedCurves.nistP256,
                Q = new ECPoint { X = spki.Slice(27, 32).ToArray(), Y = spki.Slice(59, 32).ToArray() },
            });
            return new(spki.ToArray(), key);
        }
        catch (CryptographicException fault)
        {
            throw new MalformedEvidenceException("The key is not a point of the curve P-256.", fault);
        }
    }

    /// <summary>The public half of a private key.</summary>
    public static PublicKey Of(ECDsa key) => FromSpki(key.ExportSubjectPublicKeyInfo());

    /// <summary>Whether these 64 bytes (r ‖ s, each 32, big-endian) are a signature of this key over SHA-256 of the bytes.</summary>
    public bool Verify(ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature) => signature.Length == 64
        && key.VerifyData(message, signature, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);

    public bool Equals(PublicKey? other) => other is not null && Spki.AsSpan().SequenceEqual(other.Spki.AsSpan());

    public override bool Equals(object? obj) => Equals(obj as PublicKey);

    public override int GetHashCode() => HashCode.Combine(Id[0], Id[1], Id[2], Id[3]);

    public override string ToString() => IdHex;
}
