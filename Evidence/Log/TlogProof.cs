using System.Collections.Immutable;
using System.Text;

namespace Evidence.Log;

/// <summary>What checking a receipt gave.</summary>
/// <param name="Inclusion">Whether the path leads from the entry to the checkpoint's root.</param>
/// <param name="Policy">Whether the checkpoint is one that the policy accepts.</param>
public sealed record TlogProofCheck(LogCheck Inclusion, PolicyCheck Policy)
{
    /// <summary>True when the entry is in a log that the policy knows, under a checkpoint with the quorum.</summary>
    public bool Holds => Inclusion.Holds && Policy.IsAccepted;

    /// <summary>The first thing that failed; empty when it holds.</summary>
    public string Reason => Inclusion.Holds ? Policy.Reason : Inclusion.Reason;
}

/// <summary>A proof that an entry is logged, C2SP tlog-proof v1: our receipt. It stands alone; a reader needs the entry and a
/// policy.</summary>
public sealed class TlogProof
{
    /// <summary>The most bytes a proof may have.</summary>
    public const int LengthMax = SignedNote.LengthMax + 32 * 1024;

    /// <summary>The most bytes of extra data, decoded.</summary>
    public const int ExtraMax = 16 * 1024;

    private const string FirstLine = "c2sp.org/tlog-proof@v1";
    private const string ExtraPrefix = "extra ";
    private const string IndexPrefix = "index ";

    /// <summary>Puts a proof together.</summary>
    /// <exception cref="MalformedEvidenceException">The note's text is not a checkpoint.</exception>
    public TlogProof(long index, ImmutableArray<Digest> path, SignedNote note)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        (Index, Path, Note, Checkpoint) = (index, path, note, Checkpoint.Parse(note.Text));
    }

    /// <summary>The entry's place in the log, from 0.</summary>
    public long Index { get; }

    /// <summary>From the leaf's sibling up to the root's child.</summary>
    public ImmutableArray<Digest> Path { get; }

    /// <summary>The signed checkpoint, as the log and its witnesses gave it.</summary>
    public SignedNote Note { get; }

    /// <summary>What the note's text says.</summary>
    public Checkpoint Checkpoint { get; }

    /// <summary>Data that travels along and that nobody has signed; null when there is none.</summary>
    public ImmutableArray<byte>? Extra { get; init; }

    /// <summary>Reads a proof. Verifies nothing.</summary>
    /// <exception cref="MalformedEvidenceException">It is not one; the message says which line.</exception>
    public static TlogProof Parse(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > LengthMax)
        {
            throw new MalformedEvidenceException($"The proof has {bytes.Length} bytes; {LengthMax} are allowed.");
        }

        try
        {
            return Parse(StrictText.Utf8.GetString(bytes));
        }
        catch (DecoderFallbackException fault)
        {
            throw new MalformedEvidenceException($"The proof is not UTF-8 at byte {fault.Index}.", fault);
        }
    }

    /// <inheritdoc cref="Parse(ReadOnlySpan{byte})"/>
    public static TlogProof Parse(string text)
    {
        var split = text.Length > LengthMax ? -1 : text.IndexOf("\n\n", StringComparison.Ordinal);
        if (split < 0)
        {
            throw new MalformedEvidenceException(
                $"The proof has no empty line before its checkpoint, or more than {LengthMax} characters.");
        }

        var lines = new Queue<string>(text[..split].Split('\n'));
        if (lines.Dequeue() is var first && first != FirstLine)
        {
            throw new MalformedEvidenceException($"The proof starts with {StrictText.Quote(first)} instead of \"{FirstLine}\".");
        }

        var extra = ReadExtra(lines);
        var index = ReadIndex(lines);
        var path = ReadPath(lines);
        return new(index, path, SignedNote.Parse(text[(split + 2)..])) { Extra = extra };
    }

    /// <summary>Checks everything: path, log signature, cosignatures, quorum.</summary>
    /// <param name="leafHash">LogTree.LeafHash of the exact entry bytes that the reader holds.</param>
    /// <param name="policy">The logs and witnesses that the reader trusts.</param>
    public TlogProofCheck Verify(Digest leafHash, TlogPolicy policy) =>
        new(LogTree.VerifyInclusion(leafHash, Index, Checkpoint.Size, Path.AsSpan(), Checkpoint.Root), policy.Evaluate(Note));

    /// <summary>The proof as it is stored and sent; what <see cref="Parse(string)"/> read comes out as it was.</summary>
    public override string ToString()
    {
        var text = new StringBuilder(FirstLine).Append('\n');
        if (Extra is { } extra)
        {
            text.Append(ExtraPrefix).Append(Convert.ToBase64String(extra.AsSpan())).Append('\n');
        }

        text.Append(IndexPrefix).Append(StrictText.Decimal(Index)).Append('\n');
        foreach (var hash in Path)
        {
            text.Append(Convert.ToBase64String(hash.ToBytes())).Append('\n');
        }

        return text.Append('\n').Append(Note).ToString();
    }

    /// <summary>The proof as it is stored and sent, in UTF-8.</summary>
    public byte[] ToBytes() => StrictText.Utf8.GetBytes(ToString());

    private static ImmutableArray<byte>? ReadExtra(Queue<string> lines)
    {
        if (!lines.TryPeek(out var line) || !line.StartsWith(ExtraPrefix, StringComparison.Ordinal))
        {
            return null;
        }

        lines.Dequeue();
        return StrictText.TryBase64(line[ExtraPrefix.Length..], out var bytes) && bytes.Length is > 0 and <= ExtraMax
            ? [.. bytes]
            : throw new MalformedEvidenceException($"The proof's extra line is not the base64 of 1 to {ExtraMax} bytes.");
    }

    private static long ReadIndex(Queue<string> lines)
    {
        var line = lines.Count > 0 ? lines.Dequeue() : "";
        return line.StartsWith(IndexPrefix, StringComparison.Ordinal) && StrictText.TryDecimal(line[IndexPrefix.Length..], out var index)
            ? index
            : throw new MalformedEvidenceException($"The proof has {StrictText.Quote(line)} where \"index\" and a decimal number belong.");
    }

    private static ImmutableArray<Digest> ReadPath(Queue<string> lines)
    {
        if (lines.Count > LogTree.PathMax)
        {
            throw new MalformedEvidenceException($"The proof's path has {lines.Count} hashes; no log needs more than {LogTree.PathMax}.");
        }

        return [.. lines.Select(line => StrictText.TryDigest(line, out var hash)
            ? hash
            : throw new MalformedEvidenceException($"The proof's path holds {StrictText.Quote(line)}, not the base64 of 32 bytes."))];
    }
}
