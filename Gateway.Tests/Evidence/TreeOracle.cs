using Evidence;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Gateway.Tests.Evidence;

/// <summary>Slow, recursive restatements of both trees, written from their definitions and sharing nothing with the code under
/// test.</summary>
internal static class TreeOracle
{
    internal static Digest Leaf(int index) =>
        BatchTree.LeafHash(
            Encoding.ASCII.GetBytes($"ccv test leaf number {index.ToString("D8", CultureInfo.InvariantCulture)} padded to length"));

    internal static Digest[] Leaves(int count) => [.. Enumerable.Range(0, count).Select(Leaf)];

    /// <summary>Bitcoin's root: hash a row in pairs, the last one with itself if it is alone, until one is left.</summary>
    internal static byte[] BitcoinRoot(IReadOnlyList<byte[]> row) => row.Count == 1
        ? row[0]
        : BitcoinRoot([.. row.Chunk(2).Select(pair => SHA256.HashData(SHA256.HashData([.. pair[0], .. pair[^1]])))]);

    internal static byte[] BitcoinRoot(IEnumerable<Digest> leaves) => BitcoinRoot([.. leaves.Select(leaf => leaf.ToBytes())]);

    /// <summary>MTH of RFC 6962, section 2.1.</summary>
    internal static byte[] LogRoot(ReadOnlySpan<Digest> leaves)
    {
        if (leaves.Length <= 1)
        {
            return leaves.Length == 0 ? SHA256.HashData([]) : leaves[0].ToBytes();
        }

        var split = SplitOf(leaves.Length);
        return SHA256.HashData([0x01, .. LogRoot(leaves[..split]), .. LogRoot(leaves[split..])]);
    }

    /// <summary>PATH of RFC 6962, section 2.1.1.</summary>
    internal static List<byte[]> LogPath(int index, ReadOnlySpan<Digest> leaves)
    {
        if (leaves.Length == 1)
        {
            return [];
        }

        var split = SplitOf(leaves.Length);
        return index < split
            ? [.. LogPath(index, leaves[..split]), LogRoot(leaves[split..])]
            : [.. LogPath(index - split, leaves[split..]), LogRoot(leaves[..split])];
    }

    /// <summary>PROOF of RFC 6962, section 2.1.2.</summary>
    internal static List<byte[]> LogConsistency(int oldSize, ReadOnlySpan<Digest> leaves) => SubProof(oldSize, leaves, true);

    private static List<byte[]> SubProof(int oldSize, ReadOnlySpan<Digest> leaves, bool complete)
    {
        if (oldSize == leaves.Length)
        {
            return complete ? [] : [LogRoot(leaves)];
        }

        var split = SplitOf(leaves.Length);
        return oldSize <= split
            ? [.. SubProof(oldSize, leaves[..split], complete), LogRoot(leaves[split..])]
            : [.. SubProof(oldSize - split, leaves[split..], false), LogRoot(leaves[..split])];
    }

    private static int SplitOf(int count)
    {
        var split = 1;
        while (split * 2 < count)
        {
            split *= 2;
        }

        return split;
    }
}
