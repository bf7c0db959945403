using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Globalization;
using NSec.Cryptography;
using Ed25519Key = NSec.Cryptography.PublicKey;

namespace Evidence.Log;

/// <summary>What a key's signatures say, as the byte that C2SP signed-note assigns.</summary>
public enum SignatureType : byte
{
    /// <summary>No type; no key has it.</summary>
    None = 0,

    /// <summary>Ed25519 over the note's text: how a log signs its checkpoint.</summary>
    Ed25519 = 0x01,

    /// <summary>Ed25519 over a time and the checkpoint, tlog-cosignature v1: how a witness signs.</summary>
    Cosignature = 0x04,
}

/// <summary>A key that somebody trusts to sign notes: a name, a public key and what its signatures say.</summary>
/// <remarks>ML-DSA-44 keys (type 0x06) are refused by name: silently ignoring a witness would change a policy.</remarks>
public sealed class NoteVerifier
{
    private const int PublicKeyLength = 32;
    private const int TextMax = 1_024;

    private readonly Ed25519Key key;

    private NoteVerifier(string name, SignatureType type, ReadOnlySpan<byte> publicKey)
    {
        if (!IsName(name))
        {
            throw new MalformedEvidenceException(
                $"{StrictText.Quote(name)} is not a key name: it is empty, or has a space, a plus or a control character.");
        }

        if (publicKey.Length != PublicKeyLength)
        {
            throw new MalformedEvidenceException($"The Ed25519 key of {name} has {publicKey.Length} bytes instead of {PublicKeyLength}.");
        }

        key = Ed25519Key.TryImport(SignatureAlgorithm.Ed25519, publicKey, KeyBlobFormat.RawPublicKey, out var imported)
            ? imported!
            : throw new MalformedEvidenceException($"The bytes of the key of {name} are not an Ed25519 public key.");
        Name = name;
        Type = type;
        PublicKey = [.. publicKey];
        KeyId = IdOf(name, type, publicKey);
    }

    /// <summary>The name in the signature lines; for a log, its origin.</summary>
    public string Name { get; }

    /// <summary>SHA-256(name ‖ newline ‖ type ‖ public key), the first four bytes as a big-endian number. Not a fingerprint: it can be
    /// collided.</summary>
    public uint KeyId { get; }

    public SignatureType Type { get; }

    /// <summary>The 32 bytes of RFC 8032.</summary>
    public ImmutableArray<byte> PublicKey { get; }

    /// <summary>Takes a public key under a name.</summary>
    /// <exception cref="MalformedEvidenceException">The name or the key cannot be one.</exception>
    public static NoteVerifier FromPublicKey(string name, SignatureType type, ReadOnlySpan<byte> publicKey) => new(name, type, publicKey);

    /// <summary>Reads a verifier key: name + key ID in hex + base64 of type and public key.</summary>
    /// <exception cref="MalformedEvidenceException">It is not one, its ID does not match, or its type is neither 0x01 nor 0x04.</exception>
    public static NoteVerifier Parse(string vkey)
    {
        string[] parts = vkey.Length > TextMax ? [] : vkey.Split('+', 3); // A plus is a digit of base64 too, so only the first two part.
        if (parts.Length != 3)
        {
            throw new MalformedEvidenceException(
                $"{StrictText.Quote(vkey)} is not a verifier key: name+ID+key, at most {TextMax} characters.");
        }

        var (type, publicKey) = ReadKey(parts[0], parts[2]);
        var verifier = new NoteVerifier(parts[0], type, publicKey);
        return parts[1] == verifier.KeyIdHex
            ? verifier
            : throw new MalformedEvidenceException(
                $"The verifier key of {parts[0]} says ID {StrictText.Quote(parts[1])}; its key gives {verifier.KeyIdHex}.");
    }

    /// <summary>The verifier key: what people exchange and policies list.</summary>
    public override string ToString() => $"{Name}+{KeyIdHex}+{Convert.ToBase64String([(byte)Type, .. PublicKey])}";

    /// <summary>Checks one signature over a note's text.</summary>
    /// <param name="text">The note's text with its last newline.</param>
    /// <param name="signature">What follows the key ID: 64 bytes, with the 8 bytes of time before them for a cosignature.</param>
    public bool Verify(ReadOnlySpan<byte> text, ReadOnlySpan<byte> signature) => Type switch
    {
        SignatureType.Cosignature => Cosignature.TryRead(signature, out var seconds, out var inner)
            && SignatureAlgorithm.Ed25519.Verify(key, Cosignature.Message(seconds, text), inner),
        _ => SignatureAlgorithm.Ed25519.Verify(key, text, signature),
    };

    internal string KeyIdHex => KeyId.ToString("x8", CultureInfo.InvariantCulture);

    /// <summary>Not empty, no Unicode space, no plus, no control character.</summary>
    internal static bool IsName(string name) => name.Length > 0 && !name.Any(c => c == '+' || c < ' ' || char.IsWhiteSpace(c));

    internal static (SignatureType Type, byte[] Key) ReadKey(string name, string base64)
    {
        if (!StrictText.TryBase64(base64, out var bytes) || bytes.Length == 0)
        {
            throw new MalformedEvidenceException($"The key of {StrictText.Quote(name)} is not in base64: {StrictText.Quote(base64)}.");
        }

        var type = (SignatureType)bytes[0];
        return type is SignatureType.Ed25519 or SignatureType.Cosignature
            ? (type, bytes[1..])
            : throw new MalformedEvidenceException(
                $"The key of {StrictText.Quote(name)} has signature type 0x{bytes[0]:x2}; 0x01 and 0x04 are supported.");
    }

    private static uint IdOf(string name, SignatureType type, ReadOnlySpan<byte> publicKey)
    {
        byte[] named = [.. StrictText.Utf8.GetBytes(name), (byte)'\n', (byte)type, .. publicKey];
        return BinaryPrimitives.ReadUInt32BigEndian(Digest.Of(named).ToBytes());
    }
}
