using NSec.Cryptography;

namespace Evidence.Log;

/// <summary>A private key that signs notes under a name. Dispose it: the key lies in locked memory.</summary>
public sealed class NoteSigner : IDisposable
{
    /// <summary>How many bytes of randomness a key is made from.</summary>
    public const int SeedLength = 32;

    private const string Prefix = "PRIVATE+KEY+";

    private readonly Key key;

    private NoteSigner(string name, SignatureType type, ReadOnlySpan<byte> seed)
    {
        if (seed.Length != SeedLength)
        {
            throw new MalformedEvidenceException(
                $"The private key of {StrictText.Quote(name)} has {seed.Length} bytes instead of {SeedLength}.");
        }

        key = Key.Import(
            SignatureAlgorithm.Ed25519,
            seed,
            KeyBlobFormat.RawPrivateKey,
            new KeyCreationParameters { ExportPolicy = KeyExportPolicies.AllowPlaintextExport });
        try
        {
            Verifier = NoteVerifier.FromPublicKey(name, type, key.PublicKey.Export(KeyBlobFormat.RawPublicKey));
        }
        catch (MalformedEvidenceException)
        {
            key.Dispose();
            throw;
        }
    }

    /// <summary>The public half, as others trust it.</summary>
    public NoteVerifier Verifier { get; }

    /// <summary>Makes a key from 32 random bytes that the caller drew and will forget.</summary>
    /// <exception cref="MalformedEvidenceException">The name cannot be one, or the seed has not 32 bytes.</exception>
    public static NoteSigner FromSeed(string name, SignatureType type, ReadOnlySpan<byte> seed) => new(name, type, seed);

    /// <summary>Reads the private key text of golang.org/x/mod/sumdb/note: PRIVATE+KEY+name+ID+base64 of type and seed.</summary>
    /// <exception cref="MalformedEvidenceException">It is not one. The message never repeats the key.</exception>
    public static NoteSigner Parse(string privateKeyText)
    {
        var parts = privateKeyText.StartsWith(Prefix, StringComparison.Ordinal) ? privateKeyText[Prefix.Length..].Split('+', 3) : [];
        if (parts.Length != 3 || !StrictText.TryBase64(parts[2], out var bytes) || bytes.Length != 1 + SeedLength)
        {
            throw new MalformedEvidenceException("The text is not a note signing key: PRIVATE+KEY+name+ID+base64 of 33 bytes.");
        }

        var (type, seed) = NoteVerifier.ReadKey(parts[0], parts[2]);
        var signer = new NoteSigner(parts[0], type, seed);
        if (signer.Verifier.KeyIdHex == parts[1])
        {
            return signer;
        }

        signer.Dispose();
        throw new MalformedEvidenceException($"The signing key of {parts[0]} says ID {StrictText.Quote(parts[1])}; its key gives another.");
    }

    /// <summary>The text that <see cref="Parse"/> reads. Whoever sees it can sign as this key.</summary>
    public string ToPrivateKeyText()
    {
        var typeAndSeed = Convert.ToBase64String([(byte)Verifier.Type, .. key.Export(KeyBlobFormat.RawPrivateKey)]);
        return $"{Prefix}{Verifier.Name}+{Verifier.KeyIdHex}+{typeAndSeed}";
    }

    /// <summary>Adds this key's signature to a note, in place of an older one of the same key.</summary>
    /// <exception cref="InvalidOperationException">The key is for cosignatures: those need a time.</exception>
    public SignedNote Sign(SignedNote note)
    {
        RequireType(SignatureType.Ed25519);
        return note.With(new(Verifier.Name, Verifier.KeyId, [.. SignatureAlgorithm.Ed25519.Sign(key, note.TextBytes)]));
    }

    /// <summary>Adds this key's cosignature to a checkpoint, in place of an older one of the same key.</summary>
    /// <param name="note">A checkpoint that the cosigner has found consistent with all it has seen before.</param>
    /// <param name="seconds">When, in seconds since 1970 UTC by the cosigner's own clock; 0 or more.</param>
    /// <exception cref="InvalidOperationException">The key is not for cosignatures.</exception>
    /// <exception cref="MalformedEvidenceException">The note is not a checkpoint.</exception>
    public SignedNote Cosign(SignedNote note, long seconds)
    {
        RequireType(SignatureType.Cosignature);
        ArgumentOutOfRangeException.ThrowIfNegative(seconds);
        _ = Checkpoint.Parse(note.Text);
        var signature = SignatureAlgorithm.Ed25519.Sign(key, Cosignature.Message(seconds, note.TextBytes));
        return note.With(new(Verifier.Name, Verifier.KeyId, Cosignature.Write(seconds, signature)));
    }

    public void Dispose() => key.Dispose();

    private void RequireType(SignatureType needed)
    {
        if (Verifier.Type != needed)
        {
            throw new InvalidOperationException($"The key of {Verifier.Name} makes signatures of type {Verifier.Type}, not {needed}.");
        }
    }
}
