using System.Collections.Immutable;

namespace Evidence;

/// <summary>The compact proof beside disclosed columns: the reader rebuilds the leaves, so only the hashes it cannot compute
/// travel.</summary>
/// <remarks>
/// Layout: 32-byte hashes, one after another, of the topmost nodes that have no known leaf below, in the depth-first order of BIP 37. No
/// count, no flags:
/// the leaf count is in the signed header and the known leaves say which nodes are missing.
/// </remarks>
public static class SiblingPath
{
    /// <summary>Writes the hashes that a reader who knows these leaves is missing.</summary>
    /// <param name="leafHashes">All leaf hashes of the batch, in order; 1 to 65,536.</param>
    /// <param name="indices">The leaves the reader will know, strictly ascending.</param>
    /// <exception cref="ArgumentException">A leaf is not in the tree, or the order is not ascending.</exception>
    public static byte[] Build(ReadOnlySpan<Digest> leafHashes, ReadOnlySpan<int> indices)
    {
        var rows = new TreeRows(leafHashes);
        rows.RequireLeaves(indices);
        var siblings = new List<byte>();
        Cut(rows, rows.Height, 0, indices, siblings);
        return [.. siblings];
    }

    /// <summary>Joins known leaves and siblings to a root. Gives a fault instead of throwing.</summary>
    /// <param name="siblings">The hashes that <see cref="Build"/> wrote.</param>
    /// <param name="leafCount">The leaf count of the signed header.</param>
    /// <param name="known">The leaves that the reader has rebuilt, strictly ascending by index.</param>
    public static TreeCheck Verify(ReadOnlySpan<byte> siblings, int leafCount, ReadOnlySpan<PlacedHash> known)
    {
        if (CheckForm(siblings, leafCount, known) is { } badForm)
        {
            return badForm;
        }

        var walk = new PathWalk(siblings, leafCount);
        var root = walk.Walk(BatchTree.HeightOf(leafCount), 0, known);
        if (walk.Broken is not null)
        {
            return walk.Broken;
        }

        return walk.Used < siblings.Length
            ? TreeCheck.Broken(TreeFault.SurplusHashes,
                $"{siblings.Length / Digest.Length} siblings are given; the walk used {walk.Used / Digest.Length}.")
            : TreeCheck.WellFormed(root, [.. known]);
    }

    private static TreeCheck? CheckForm(ReadOnlySpan<byte> siblings, int leafCount, ReadOnlySpan<PlacedHash> known)
    {
        if (leafCount is < 1 or > BatchTree.MaxLeaves)
        {
            return TreeCheck.Broken(TreeFault.CommittedCountOutOfRange,
                $"The committed leaf count is {leafCount}; 1 to {BatchTree.MaxLeaves} are possible.");
        }

        if (siblings.Length % Digest.Length != 0)
        {
            return TreeCheck.Broken(TreeFault.NotWholeHashes,
                $"{siblings.Length} bytes of siblings are not a multiple of {Digest.Length}.");
        }

        for (var i = 0; i < known.Length; i++)
        {
            var index = known[i].Index;
            if (index < 0 || index >= leafCount)
            {
                return TreeCheck.Broken(TreeFault.LeafOutsideTree, $"Leaf {index} is not one of {leafCount}.");
            }

            if (i > 0 && known[i - 1].Index >= index)
            {
                return TreeCheck.Broken(TreeFault.LeavesNotAscending,
                    $"Leaf {index} follows leaf {known[i - 1].Index}; the order is strictly ascending.");
            }
        }

        return null;
    }

    private static void Cut(TreeRows rows, int height, int place, ReadOnlySpan<int> known, List<byte> siblings)
    {
        if (known.IsEmpty)
        {
            siblings.AddRange(rows.At(height, place).ToBytes());
            return;
        }

        if (height == 0)
        {
            return;
        }

        var right = 2 * place + 1;
        var split = TreeRows.CountBelow(known, right << (height - 1));
        Cut(rows, height - 1, 2 * place, known[..split], siblings);
        if (rows.Exists(height - 1, right))
        {
            Cut(rows, height - 1, right, known[split..], siblings);
        }
    }

    private ref struct PathWalk(ReadOnlySpan<byte> siblings, int leafCount)
    {
        private readonly ReadOnlySpan<byte> siblings = siblings;

        internal TreeCheck? Broken { get; private set; }

        /// <summary>Bytes of siblings taken so far.</summary>
        internal int Used { get; private set; }

        internal Digest Walk(int height, int place, ReadOnlySpan<PlacedHash> known)
        {
            if (Broken is not null)
            {
                return default;
            }

            if (known.IsEmpty)
            {
                return TakeSibling();
            }

            if (height == 0)
            {
                return known[0].Hash; // Strictly ascending indices leave exactly one in a leaf's own range.
            }

            var split = CountBelow(known, (2 * place + 1) << (height - 1));
            var left = Walk(height - 1, 2 * place, known[..split]);
            if (2 * place + 1 >= BatchTree.WidthAt(leafCount, height - 1))
            {
                return BatchTree.Node(left, left);
            }

            var right = Walk(height - 1, 2 * place + 1, known[split..]);
            if (Broken is null && left == right)
            {
                Broken = TreeCheck.Broken(
                    TreeFault.EqualSiblings, $"Nodes {2 * place} and {2 * place + 1}, {height - 1} rows above the leaves, are equal.");
            }

            return BatchTree.Node(left, right);
        }

        private Digest TakeSibling()
        {
            if (Used == siblings.Length)
            {
                var given = Used / Digest.Length;
                Broken = TreeCheck.Broken(TreeFault.HashesRunOut, $"The walk needs sibling {given}; {given} are given.");
                return default;
            }

            var hash = Digest.FromBytes(siblings.Slice(Used, Digest.Length));
            Used += Digest.Length;
            return hash;
        }

        private static int CountBelow(ReadOnlySpan<PlacedHash> known, int end)
        {
            var (low, high) = (0, known.Length);
            while (low < high)
            {
                var middle = (low + high) / 2;
                (low, high) = known[middle].Index < end ? (middle + 1, high) : (low, middle);
            }

            return low;
        }
    }
}
