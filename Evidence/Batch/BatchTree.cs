using System.Security.Cryptography;

namespace Evidence;

/// <summary>The tree over the leaves of one batch, in Bitcoin's format: a signed header commits to its root and to its leaf
/// count.</summary>
/// <remarks>
/// Leaf hash = SHA-256(0x00 ‖ leaf). Interior node = SHA-256(SHA-256(left ‖ right)). A row with an odd number of nodes repeats its last
/// one.
/// That repetition lets two different leaf lists have one root, so a root means nothing without the leaf count that was signed beside it.
/// </remarks>
public static class BatchTree
{
    /// <summary>The most leaves one batch may have; a batch has at least one.</summary>
    public const int MaxLeaves = 65_536;

    private const int LeafOnStackMax = 1_024;

    /// <summary>The hash that stands in the tree for these leaf bytes.</summary>
    public static Digest LeafHash(ReadOnlySpan<byte> leaf)
    {
        Span<byte> prefixed = leaf.Length <= LeafOnStackMax ? stackalloc byte[1 + leaf.Length] : new byte[1 + leaf.Length];
        prefixed[0] = 0x00;
        leaf.CopyTo(prefixed[1..]);
        return Digest.Of(prefixed);
    }

    /// <summary>The node above two others; where the row ends with <paramref name="left"/>, both are the same.</summary>
    public static Digest Node(Digest left, Digest right)
    {
        Span<byte> pair = stackalloc byte[2 * Digest.Length];
        left.CopyTo(pair);
        right.CopyTo(pair[Digest.Length..]);
        Span<byte> once = stackalloc byte[Digest.Length];
        SHA256.HashData(pair, once);
        return Digest.Of(once);
    }

    /// <summary>The root over these leaf hashes, in leaf order. The root of one leaf is its leaf hash.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no leaf, or more than <see cref="MaxLeaves"/>.</exception>
    public static Digest Root(ReadOnlySpan<Digest> leafHashes) => new TreeRows(leafHashes).Root;

    /// <summary>How many rows lie above the leaves: 0 for one leaf, 16 for 65,536.</summary>
    internal static int HeightOf(int leafCount)
    {
        var height = 0;
        while (WidthAt(leafCount, height) > 1)
        {
            height++;
        }

        return height;
    }

    /// <summary>How many nodes the row has that lies <paramref name="height"/> rows above the leaves.</summary>
    internal static int WidthAt(int leafCount, int height) => (leafCount + (1 << height) - 1) >> height;
}
