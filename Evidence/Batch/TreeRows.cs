namespace Evidence;

/// <summary>Every node of one batch tree, row by row from the leaves: what a proof is cut from.</summary>
internal sealed class TreeRows
{
    private readonly Digest[][] rows;

    internal TreeRows(ReadOnlySpan<Digest> leafHashes)
    {
        ArgumentOutOfRangeException.ThrowIfZero(leafHashes.Length, nameof(leafHashes));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(leafHashes.Length, BatchTree.MaxLeaves, nameof(leafHashes));
        LeafCount = leafHashes.Length;
        rows = new Digest[BatchTree.HeightOf(LeafCount) + 1][];
        rows[0] = leafHashes.ToArray();
        for (var height = 1; height < rows.Length; height++)
        {
            rows[height] = RowAbove(rows[height - 1]);
        }
    }

    internal int LeafCount { get; }

    /// <summary>The root's row.</summary>
    internal int Height => rows.Length - 1;

    internal Digest Root => rows[^1][0];

    internal Digest At(int height, int place) => rows[height][place];

    internal bool Exists(int height, int place) => place < rows[height].Length;

    /// <summary>The leaves to prove, checked: a proof for a leaf that is not there, or in a wrong order, is our own mistake.</summary>
    /// <exception cref="ArgumentException">They are not strictly ascending, or one is not in the tree.</exception>
    internal void RequireLeaves(ReadOnlySpan<int> indices)
    {
        for (var i = 0; i < indices.Length; i++)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(indices[i], nameof(indices));
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(indices[i], LeafCount, nameof(indices));
            if (i > 0 && indices[i - 1] >= indices[i])
            {
                throw new ArgumentException($"Leaf {indices[i]} follows leaf {indices[i - 1]}; the order is strictly ascending.",
                    nameof(indices));
            }
        }
    }

    /// <summary>How many of these ascending leaves lie left of the right child of a node: where the list parts.</summary>
    internal static int CountBelow(ReadOnlySpan<int> indices, int end)
    {
        var found = indices.BinarySearch(end);
        return found < 0 ? ~found : found;
    }

    private static Digest[] RowAbove(Digest[] row)
    {
        var above = new Digest[(row.Length + 1) / 2];
        for (var i = 0; i < above.Length; i++)
        {
            var left = row[2 * i];
            above[i] = BatchTree.Node(left, 2 * i + 1 < row.Length ? row[2 * i + 1] : left);
        }

        return above;
    }
}
