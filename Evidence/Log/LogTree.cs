using System.Numerics;
using System.Security.Cryptography;

namespace Evidence.Log;

/// <summary>What checking a log proof gave.</summary>
/// <param name="Holds">True when the proof leads from what was asked about to the root it was held against.</param>
/// <param name="Reason">Why it does not hold, in one sentence with the numbers; empty when it does.</param>
/// <remarks>The default value is a proof that does not hold.</remarks>
public readonly record struct LogCheck(bool Holds, string Reason)
{
    internal static LogCheck Yes => new(true, "");

    internal static LogCheck No(string reason) => new(false, reason);
}

/// <summary>The ledger's Merkle tree, RFC 6962 section 2.1: leaf hash = SHA-256(0x00 ‖ entry), node = SHA-256(0x01 ‖ left ‖ right),
/// nothing repeated.</summary>
/// <remarks>The proofs are checked with the algorithms of RFC 9162, sections 2.1.3.2 and 2.1.4.2. <see cref="LogProver"/> writes
/// them.</remarks>
public static class LogTree
{
    /// <summary>The most hashes a proof can need in a tree of fewer than 2^63 entries.</summary>
    public const int PathMax = 63;

    /// <summary>The root of a log without entries: the SHA-256 of nothing.</summary>
    public static Digest EmptyRoot { get; } = Digest.Of([]);

    /// <summary>The hash that stands in the tree for these entry bytes.</summary>
    public static Digest LeafHash(ReadOnlySpan<byte> entry) =>
        BatchTree.LeafHash(entry); // One rule for both trees; only their nodes differ.

    /// <summary>The node above two others.</summary>
    public static Digest Node(Digest left, Digest right)
    {
        Span<byte> node = stackalloc byte[1 + 2 * Digest.Length];
        node[0] = 0x01;
        left.CopyTo(node[1..]);
        right.CopyTo(node[(1 + Digest.Length)..]);
        return Digest.Of(node);
    }

    /// <summary>The root over these leaf hashes, in order; none gives <see cref="EmptyRoot"/>.</summary>
    /// <remarks>The same rule joins complete subtrees of one size, of which only the last may be smaller.</remarks>
    public static Digest Root(ReadOnlySpan<Digest> leafHashes)
    {
        if (leafHashes.Length <= 1)
        {
            return leafHashes.IsEmpty ? EmptyRoot : leafHashes[0];
        }

        var split = (int)SplitOf(leafHashes.Length);
        return Node(Root(leafHashes[..split]), Root(leafHashes[split..]));
    }

    /// <summary>Checks that an entry stands in a tree.</summary>
    /// <param name="leafHash">The entry's <see cref="LeafHash"/>.</param>
    /// <param name="index">The entry's place, from 0.</param>
    /// <param name="size">How many entries the tree has.</param>
    /// <param name="path">From the leaf's sibling up to the root's child.</param>
    /// <param name="root">The root of a checkpoint that the caller trusts.</param>
    public static LogCheck VerifyInclusion(Digest leafHash, long index, long size, ReadOnlySpan<Digest> path, Digest root)
    {
        if (index < 0 || index >= size)
        {
            return LogCheck.No($"Entry {index} is not one of {size}.");
        }

        var (node, last, hash) = (index, size - 1, leafHash);
        foreach (var sibling in path)
        {
            if (last == 0)
            {
                return LogCheck.No($"The inclusion path of entry {index} of {size} has {path.Length} hashes, more than the tree is high.");
            }

            if ((node & 1) == 1 || node == last)
            {
                hash = Node(sibling, hash);
                var unpaired = (node & 1) == 1 ? 0 : BitOperations.TrailingZeroCount(node); // Rows in which this node stands alone.
                (node, last) = (node >> unpaired, last >> unpaired);
            }
            else
            {
                hash = Node(hash, sibling);
            }

            (node, last) = (node >> 1, last >> 1);
        }

        if (last != 0)
        {
            return LogCheck.No($"The inclusion path of entry {index} of {size} ends below the root: {path.Length} hashes.");
        }

        return hash == root
            ? LogCheck.Yes
            : LogCheck.No(
                $"The inclusion path of entry {index} of {size} leads to {hash.ToShortString()}; the root is {root.ToShortString()}.");
    }

    /// <summary>Checks that the newer tree starts with all entries of the older one, unchanged.</summary>
    /// <param name="oldSize">Entries in the older tree; 0 is consistent with everything.</param>
    /// <param name="oldRoot">Its root.</param>
    /// <param name="newSize">Entries in the newer tree.</param>
    /// <param name="newRoot">Its root.</param>
    /// <param name="path">The consistency proof; empty when either tree decides by itself.</param>
    public static LogCheck VerifyConsistency(long oldSize, Digest oldRoot, long newSize, Digest newRoot, ReadOnlySpan<Digest> path)
    {
        if (oldSize < 0 || oldSize > newSize)
        {
            return LogCheck.No($"A log of {newSize} entries cannot follow one of {oldSize}.");
        }

        if (oldSize == 0 || oldSize == newSize)
        {
            return VerifyTrivial(oldSize, oldRoot, newSize, newRoot, path);
        }

        var start = BitOperations.TrailingZeroCount(oldSize);
        var (node, last) = ((oldSize - 1) >> start, (newSize - 1) >> start);
        var fromOldRoot = node == 0; // The older tree is one complete subtree: its root is the first hash, and is not sent.
        if (path.IsEmpty)
        {
            return LogCheck.No($"The consistency proof from {oldSize} to {newSize} is empty.");
        }

        var oldHash = fromOldRoot ? oldRoot : path[0];
        var newHash = oldHash;
        foreach (var sibling in path[(fromOldRoot ? 0 : 1)..])
        {
            if (last == 0)
            {
                return LogCheck.No(
                    $"The consistency proof from {oldSize} to {newSize} has {path.Length} hashes, more than the tree is high.");
            }

            if ((node & 1) == 1 || node == last)
            {
                oldHash = Node(sibling, oldHash);
                newHash = Node(sibling, newHash);
                var unpaired = (node & 1) == 1 ? 0 : BitOperations.TrailingZeroCount(node);
                (node, last) = (node >> unpaired, last >> unpaired);
            }
            else
            {
                newHash = Node(newHash, sibling);
            }

            (node, last) = (node >> 1, last >> 1);
        }

        return last != 0
            ? LogCheck.No($"The consistency proof from {oldSize} to {newSize} ends below the root: {path.Length} hashes.")
            : VerifyRoots(oldSize, oldRoot, oldHash, newSize, newRoot, newHash);
    }

    /// <summary>The largest power of two below n: where RFC 6962 parts a tree of n &gt; 1 entries.</summary>
    internal static long SplitOf(long n) => 1L << BitOperations.Log2((ulong)(n - 1));

    private static LogCheck VerifyTrivial(long oldSize, Digest oldRoot, long newSize, Digest newRoot, ReadOnlySpan<Digest> path)
    {
        if (!path.IsEmpty)
        {
            return LogCheck.No($"A consistency proof from {oldSize} to {newSize} needs no hashes; {path.Length} are given.");
        }

        var expected = oldSize == newSize ? newRoot : EmptyRoot;
        return oldRoot == expected
            ? LogCheck.Yes
            : LogCheck.No($"The root of {oldSize} entries is {oldRoot.ToShortString()} and {expected.ToShortString()}: two logs.");
    }

    private static LogCheck VerifyRoots(long oldSize, Digest oldRoot, Digest oldHash, long newSize, Digest newRoot, Digest newHash)
    {
        if (oldHash != oldRoot)
        {
            return LogCheck.No(
                $"The consistency proof leads to {oldHash.ToShortString()} for {oldSize} entries; the root is {oldRoot.ToShortString()}.");
        }

        return newHash == newRoot
            ? LogCheck.Yes
            : LogCheck.No(
                $"The consistency proof leads to {newHash.ToShortString()} for {newSize} entries; the root is {newRoot.ToShortString()}.");
    }
}
