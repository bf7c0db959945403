using System.Collections.Immutable;

namespace Evidence.Log;

/// <summary>A log's tree head as its note says it, C2SP tlog-checkpoint. Believe it only as far as the note's signatures are
/// checked.</summary>
/// <param name="Origin">Which log: its identity, by convention a URL without scheme.</param>
/// <param name="Size">How many entries the log has; 0 or more.</param>
/// <param name="Root">The root over all of them.</param>
public sealed record Checkpoint(string Origin, long Size, Digest Root)
{
    private const int FixedLines = 3;

    /// <summary>Lines after the third. They are kept because they are signed; this code gives them no meaning.</summary>
    public ImmutableArray<string> Extensions { get; private init; } = [];

    /// <summary>Reads a note's text.</summary>
    /// <exception cref="MalformedEvidenceException">It is not origin, size, root and non-empty extension lines.</exception>
    public static Checkpoint Parse(string text)
    {
        var lines = text.Split('\n');
        if (lines.Length <= FixedLines || lines[^1].Length > 0)
        {
            throw new MalformedEvidenceException("A checkpoint has at least three lines, each ended by a newline: origin, size, root.");
        }

        var empty = Array.IndexOf(lines, "");
        if (empty < lines.Length - 1)
        {
            throw new MalformedEvidenceException($"Line {empty + 1} of the checkpoint is empty.");
        }

        if (!StrictText.TryDecimal(lines[1], out var size))
        {
            throw new MalformedEvidenceException(
                $"The checkpoint's size is {StrictText.Quote(lines[1])}, not a decimal number below 2^63 in its shortest form.");
        }

        return StrictText.TryDigest(lines[2], out var root)
            ? new(lines[0], size, root) { Extensions = [.. lines.AsSpan(FixedLines, lines.Length - FixedLines - 1)] }
            : throw new MalformedEvidenceException($"The checkpoint's root is {StrictText.Quote(lines[2])}, not the base64 of 32 bytes.");
    }

    /// <summary>The text to sign.</summary>
    /// <exception cref="MalformedEvidenceException">The origin is empty or holds a newline.</exception>
    public string ToText()
    {
        if (Origin.Length == 0 || Origin.Contains('\n'))
        {
            throw new MalformedEvidenceException($"{StrictText.Quote(Origin)} cannot be an origin: it is empty or has a newline.");
        }

        string[] lines = [Origin, StrictText.Decimal(Size), Convert.ToBase64String(Root.ToBytes()), .. Extensions];
        return string.Concat(lines.Select(line => line + "\n"));
    }
}
