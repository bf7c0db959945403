using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;

namespace Evidence.Log;

/// <summary>One signature line of a note. Nothing is known of it until a key has verified it.</summary>
/// <param name="Name">The key's name.</param>
/// <param name="KeyId">The key's ID; together with the name it says which key to ask.</param>
/// <param name="Bytes">What follows the ID, at least one byte.</param>
public sealed record NoteSignature(string Name, uint KeyId, ImmutableArray<byte> Bytes)
{
    internal bool IsBy(string name, uint keyId) => Name == name && KeyId == keyId;

    internal string ToLine()
    {
        var bytes = new byte[sizeof(uint) + Bytes.Length];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, KeyId);
        Bytes.CopyTo(bytes, sizeof(uint));
        return $"— {Name} {Convert.ToBase64String(bytes)}\n";
    }
}

/// <summary>A signature that a known key has verified.</summary>
/// <param name="Key">The key.</param>
/// <param name="Seconds">For a cosignature, when it was made by the cosigner's clock, in seconds since 1970 UTC; else null.</param>
public sealed record VerifiedSignature(NoteVerifier Key, long? Seconds);

/// <summary>What asking known keys about a note gave.</summary>
/// <param name="Holds">True when at least one known key signed it and no signature of a known key is wrong.</param>
/// <param name="Verified">The verified signatures, one a key, in the note's order.</param>
/// <param name="Reason">Why it does not hold; empty when it does.</param>
public sealed record NoteCheck(bool Holds, ImmutableArray<VerifiedSignature> Verified, string Reason);

/// <summary>A text and its signatures, C2SP signed-note. Ignore the text until <see cref="Check"/> holds.</summary>
public sealed class SignedNote
{
    /// <summary>The most bytes a note may have: room for sixteen post-quantum signatures and more.</summary>
    public const int LengthMax = 256 * 1024;

    /// <summary>The most signature lines a note may have.</summary>
    public const int SignaturesMax = 100;

    private const string LinePrefix = "— ";

    private SignedNote(string text, ImmutableArray<NoteSignature> signatures)
    {
        Text = text;
        TextBytes = StrictText.Utf8.GetBytes(text);
        Signatures = signatures;
    }

    /// <summary>What is signed, with its last newline.</summary>
    public string Text { get; }

    /// <summary>All signature lines, known or not, in order.</summary>
    public ImmutableArray<NoteSignature> Signatures { get; }

    internal byte[] TextBytes { get; }

    /// <summary>A note that nobody has signed yet.</summary>
    /// <exception cref="MalformedEvidenceException">The text does not end with a newline or holds a control character.</exception>
    public static SignedNote Draft(string text)
    {
        RequireText(text);
        return text.EndsWith('\n') ? new(text, [])
            : throw new MalformedEvidenceException("A note's text ends with a newline; this one does not.");
    }

    /// <summary>Reads a note. Verifies nothing.</summary>
    /// <exception cref="MalformedEvidenceException">It is not a note; the message says where.</exception>
    public static SignedNote Parse(ReadOnlySpan<byte> bytes)
    {
        RequireLength(bytes.Length);
        try
        {
            return Parse(StrictText.Utf8.GetString(bytes));
        }
        catch (DecoderFallbackException fault)
        {
            throw new MalformedEvidenceException($"The note is not UTF-8 at byte {fault.Index}.", fault);
        }
    }

    /// <inheritdoc cref="Parse(ReadOnlySpan{byte})"/>
    public static SignedNote Parse(string note)
    {
        RequireLength(note.Length);
        RequireText(note);
        var split = note.LastIndexOf("\n\n", StringComparison.Ordinal);
        if (split < 0 || split + 2 == note.Length || !note.EndsWith('\n'))
        {
            throw new MalformedEvidenceException("The note does not end with an empty line and at least one signature line.");
        }

        var lines = note[(split + 2)..^1].Split('\n');
        if (lines.Length > SignaturesMax)
        {
            throw new MalformedEvidenceException($"The note has {lines.Length} signatures; {SignaturesMax} are allowed.");
        }

        return new(note[..(split + 1)], [.. lines.Select(ReadLine)]);
    }

    /// <summary>Asks the keys that somebody trusts. Signatures of other keys are ignored, whatever they say.</summary>
    public NoteCheck Check(IEnumerable<NoteVerifier> known)
    {
        var keys = known.ToList();
        var verified = ImmutableArray.CreateBuilder<VerifiedSignature>();
        foreach (var signature in Signatures)
        {
            if (keys.Find(key => signature.IsBy(key.Name, key.KeyId)) is not { } key)
            {
                continue;
            }

            if (!key.Verify(TextBytes, signature.Bytes.AsSpan()))
            {
                return new(false, [], $"The signature of {key.Name} (key {key.KeyIdHex}) does not fit the text.");
            }

            if (verified.All(earlier => earlier.Key != key))
            {
                verified.Add(new(key, Cosignature.TryRead(signature.Bytes.AsSpan(), out var seconds, out _) ? seconds : null));
            }
        }

        return verified.Count > 0
            ? new(true, verified.ToImmutable(), "")
            : new(false, [], $"None of the {Signatures.Length} signatures is by a known key.");
    }

    /// <summary>The same text with one more signature, in place of an older one of the same name and key ID.</summary>
    public SignedNote With(NoteSignature signature) =>
        new(Text, [.. Signatures.Where(other => !other.IsBy(signature.Name, signature.KeyId)), signature]);

    /// <summary>The note as it is stored and sent.</summary>
    public override string ToString() => $"{Text}\n{string.Concat(Signatures.Select(signature => signature.ToLine()))}";

    /// <summary>The note as it is stored and sent, in UTF-8.</summary>
    public byte[] ToBytes() => StrictText.Utf8.GetBytes(ToString());

    private static NoteSignature ReadLine(string line, int number)
    {
        var parts = line.Split(' ');
        if (parts.Length != 3 || !line.StartsWith(LinePrefix, StringComparison.Ordinal) || !NoteVerifier.IsName(parts[1]))
        {
            throw new MalformedEvidenceException(
                $"Signature line {number + 1} is not an em dash, a key name and a signature: {StrictText.Quote(line)}.");
        }

        if (!StrictText.TryBase64(parts[2], out var bytes) || bytes.Length <= sizeof(uint))
        {
            throw new MalformedEvidenceException(
                $"The signature of {StrictText.Quote(parts[1])} is not the base64 of a key ID and a signature.");
        }

        return new(parts[1], BinaryPrimitives.ReadUInt32BigEndian(bytes), [.. bytes.AsSpan(sizeof(uint))]);
    }

    private static void RequireLength(int length)
    {
        if (length > LengthMax)
        {
            throw new MalformedEvidenceException($"The note has {length} bytes; {LengthMax} are allowed.");
        }
    }

    private static void RequireText(string text)
    {
        var at = text.AsSpan().IndexOfAnyInRange('\0', '\u001f');
        for (var start = 0; at >= 0; at = text.AsSpan(start).IndexOfAnyInRange('\0', '\u001f'))
        {
            if (text[start + at] != '\n')
            {
                throw new MalformedEvidenceException(
                    $"The note holds the control character U+{(int)text[start + at]:X4} at character {start + at}.");
            }

            start += at + 1;
        }
    }
}
