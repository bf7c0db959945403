using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Evidence;

/// <summary>A copy of the regulator's page, filled or not (docs/formats.md, "The page"). Its program is not run; only its blocks are
/// read.</summary>
/// <param name="Sum">SHA-256 of the page with its blocks empty: what a software release names.</param>
/// <param name="Bundle">What stands in the block of the bundle; empty when nothing does.</param>
/// <param name="Releases">Software releases that stand in the block of the context. Nothing in them is believed yet.</param>
public sealed record SavedPage(Digest Sum, ReadOnlyMemory<byte> Bundle, ImmutableArray<ShownStatement> Releases)
{
    private static readonly ImmutableArray<string> Blocks = ["bundle", "policy", "context"];

    /// <summary>Null when the file does not have each of the page's blocks exactly once, one behind the other.</summary>
    public static SavedPage? Read(ReadOnlyMemory<byte> file)
    {
        var spans = new List<(int Start, int Length)>();
        foreach (var block in Blocks)
        {
            var open = Encoding.ASCII.GetBytes($"<script type=\"application/json\" id=\"coldproof-{block}\">");
            var start = file.Span.IndexOf(open) + open.Length;
            var length = start < open.Length ? -1 : file.Span[start..].IndexOf("</script>"u8);
            if (length < 0 || file.Span[start..].IndexOf(open) >= 0)
            {
                return null;
            }

            spans.Add((start, length));
        }

        var sorted = spans.Order().ToList();
        if (sorted.Zip(sorted.Skip(1)).Any(pair => pair.First.Start + pair.First.Length > pair.Second.Start))
        {
            return null; // F-133: one block begins inside another.
        }

        return new(SumWithout(file.Span, sorted), file.Slice(spans[0].Start, spans[0].Length),
            ReleasesIn(file.Slice(spans[2].Start, spans[2].Length)));
    }

    private static Digest SumWithout(ReadOnlySpan<byte> file, List<(int Start, int Length)> spans)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var at = 0;
        foreach (var (start, length) in spans)
        {
            hash.AppendData(file[at..start]);
            at = start + length;
        }

        hash.AppendData(file[at..]);
        return Digest.FromBytes(hash.GetHashAndReset());
    }

    /// <summary>The context is text for people; what in it cannot be read as a release is passed over, as no check rests on it.</summary>
    private static ImmutableArray<ShownStatement> ReleasesIn(ReadOnlyMemory<byte> context)
    {
        try
        {
            using var document = JsonDocument.Parse(context);
            return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("releases", out var list)
                && list.ValueKind == JsonValueKind.Array && list.GetArrayLength() <= Evidence.Bundle.ReleasesMax
                ? [.. list.EnumerateArray().Select(item => ReleaseFile.Parse(Encoding.UTF8.GetBytes(item.GetRawText())))]
                : [];
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException or MalformedEvidenceException) // F-133: text that is no UTF-8.
        {
            return [];
        }
    }
}
