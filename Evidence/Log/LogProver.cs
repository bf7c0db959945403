using System.Collections.Immutable;
using System.Numerics;

namespace Evidence.Log;

/// <summary>Writes inclusion and consistency proofs of one log size from its tiles, reading only the few tiles that each proof
/// needs.</summary>
/// <remarks>It believes the tiles. Hold every proof against the checkpoint before it leaves the house (LogTree.VerifyInclusion).</remarks>
public sealed class LogProver
{
    private readonly Func<int, long, Digest> subtree;

    /// <param name="size">How many entries the log has; 0 or more.</param>
    /// <param name="read">Gives tiles. Each is asked for once in the prover's life, so make a new prover for each checkpoint.</param>
    public LogProver(long size, TileReader read)
        : this(size, new Tiles(size, read).CompleteSubtree)
    {
    }

    /// <summary>Writes proofs from what is known of the log otherwise.</summary>
    /// <param name="subtree">Gives the root over 2^row entries from place·2^row on.</param>
    internal LogProver(long size, Func<int, long, Digest> subtree)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        (Size, this.subtree) = (size, subtree);
    }

    public long Size { get; }

    /// <summary>The root as the tiles give it.</summary>
    /// <exception cref="MalformedEvidenceException">A tile is shorter than the size implies.</exception>
    public Digest Root() => Size == 0 ? LogTree.EmptyRoot : RangeRoot(0, Size);

    /// <summary>The path from an entry's sibling up to the root's child.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The log has no such entry.</exception>
    /// <exception cref="MalformedEvidenceException">A tile is shorter than the size implies.</exception>
    public ImmutableArray<Digest> Inclusion(long index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Size);
        var path = ImmutableArray.CreateBuilder<Digest>();
        AddInclusion(index, 0, Size, path);
        return path.ToImmutable();
    }

    /// <summary>The proof that this log starts with all entries of an older size; empty when that size is 0 or this one.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The older size is the larger one, or negative.</exception>
    /// <exception cref="MalformedEvidenceException">A tile is shorter than the size implies.</exception>
    public ImmutableArray<Digest> Consistency(long oldSize)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(oldSize);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(oldSize, Size);
        var path = ImmutableArray.CreateBuilder<Digest>();
        if (oldSize > 0)
        {
            AddConsistency(oldSize, 0, Size, path);
        }

        return path.ToImmutable();
    }

    /// <summary>A stretch of the log's entries.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The log does not have it.</exception>
    /// <exception cref="MalformedEvidenceException">A tile is shorter than the size implies.</exception>
    public LogRange Range(long from, long to)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(from);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(from, to);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(to, Size);
        return new(from, to, [.. LogRange.Parts(from, to).Select(part => subtree(part.Row, part.Place))]);
    }

    private void AddInclusion(long index, long low, long high, ImmutableArray<Digest>.Builder path)
    {
        if (high - low == 1)
        {
            return;
        }

        var middle = low + LogTree.SplitOf(high - low);
        var left = index < middle;
        AddInclusion(index, left ? low : middle, left ? middle : high, path);
        path.Add(left ? RangeRoot(middle, high) : RangeRoot(low, middle));
    }

    private void AddConsistency(long oldSize, long low, long high, ImmutableArray<Digest>.Builder path)
    {
        if (oldSize == high)
        {
            if (low > 0)
            {
                path.Add(RangeRoot(low, high)); // With low 0 this is the older root, which the verifier holds.
            }

            return;
        }

        var middle = low + LogTree.SplitOf(high - low);
        var left = oldSize <= middle;
        AddConsistency(oldSize, left ? low : middle, left ? middle : high, path);
        path.Add(left ? RangeRoot(middle, high) : RangeRoot(low, middle));
    }

    private Digest RangeRoot(long low, long high)
    {
        var length = high - low;
        if (BitOperations.IsPow2(length))
        {
            return subtree(BitOperations.Log2((ulong)length), low / length);
        }

        var middle = low + LogTree.SplitOf(length);
        return LogTree.Node(RangeRoot(low, middle), RangeRoot(middle, high));
    }

    private sealed class Tiles(long size, TileReader read)
    {
        private readonly Dictionary<(int Level, long Index), ImmutableArray<Digest>> tiles = [];

        /// <summary>The root over 2^row entries: folded from the hashes of one tile, in which all of them lie.</summary>
        public Digest CompleteSubtree(int row, long place)
        {
            var (level, rowInTile) = Math.DivRem(row, LogTile.RowsPerLevel);
            var first = place << rowInTile;
            var (index, offset) = Math.DivRem(first, LogTile.FullWidth);
            if (!tiles.TryGetValue((level, index), out var hashes))
            {
                hashes = TileHashes.Read(LogTile.At(level, index, size), read);
                tiles.Add((level, index), hashes);
            }

            return LogTree.Root(hashes.AsSpan((int)offset, 1 << rowInTile));
        }
    }
}
