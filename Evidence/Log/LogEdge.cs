using System.Collections.Immutable;

namespace Evidence.Log;

/// <summary>Gives the bytes of one tile. A reader may answer a partial tile with the full one that grew out of it.</summary>
/// <param name="tile">A tile that the log's size implies.</param>
/// <returns>At least <see cref="LogTile.ByteCount"/> bytes; what follows them is not looked at.</returns>
public delegate ReadOnlyMemory<byte> TileReader(LogTile tile);

/// <summary>A tile and its hashes, ready to be written.</summary>
/// <param name="Tile">Where it lies.</param>
/// <param name="Bytes">Its hashes, 32 bytes each.</param>
public readonly record struct TileContent(LogTile Tile, ReadOnlyMemory<byte> Bytes);

/// <summary>What appending gave: the new right edge, and the tiles that must be durable before a checkpoint of its size may
/// exist.</summary>
/// <param name="Edge">The log after the appended entries.</param>
/// <param name="Tiles">Every full tile that was completed and every partial tile that changed, level by level.</param>
public sealed record LogGrowth(LogEdge Edge, ImmutableArray<TileContent> Tiles);

/// <summary>The right edge of the log's tree: the hashes of the unfinished tile of each level, which is all that appending needs.</summary>
/// <remarks>Immutable: a write that fails leaves the old edge in hand. At most 255 hashes a level, five levels in a log of 10^12
/// entries.</remarks>
public sealed class LogEdge
{
    private readonly ImmutableArray<ImmutableArray<Digest>> levels;

    private LogEdge(long size, ImmutableArray<ImmutableArray<Digest>> levels)
    {
        Size = size;
        this.levels = levels;
        Root = JoinLevels(levels);
    }

    /// <summary>A log without entries.</summary>
    public static LogEdge Empty { get; } = new(0, []);

    /// <summary>How many entries the log has.</summary>
    public long Size { get; }

    /// <summary>The root over all of them.</summary>
    public Digest Root { get; }

    /// <summary>Reads the edge of a log of this size back from its tiles. The caller compares <see cref="Root"/> with its
    /// checkpoint.</summary>
    /// <exception cref="MalformedEvidenceException">A tile is shorter than the size implies.</exception>
    public static LogEdge Load(long size, TileReader read)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        var levels = ImmutableArray.CreateBuilder<ImmutableArray<Digest>>();
        for (var level = 0; LogTile.HashesAt(level, size) is > 0 and var hashes; level++)
        {
            var complete = hashes / LogTile.FullWidth;
            levels.Add(hashes % LogTile.FullWidth == 0 ? [] : TileHashes.Read(LogTile.At(level, complete, size), read));
        }

        return new(size, levels.ToImmutable());
    }

    /// <summary>Adds entries by their leaf hashes.</summary>
    public LogGrowth Append(ReadOnlySpan<Digest> leafHashes)
    {
        var size = Size + leafHashes.Length;
        var grown = levels.ToBuilder();
        var tiles = ImmutableArray.CreateBuilder<TileContent>();
        var added = leafHashes.ToArray();
        for (var level = 0; added.Length > 0; level++)
        {
            if (level == grown.Count)
            {
                grown.Add([]);
            }

            var first = LogTile.HashesAt(level, Size) / LogTile.FullWidth;
            Digest[] row = [.. grown[level], .. added];
            var complete = row.Length / LogTile.FullWidth;
            added = new Digest[complete];
            for (var i = 0; i < complete; i++)
            {
                var hashes = row.AsSpan(i * LogTile.FullWidth, LogTile.FullWidth);
                tiles.Add(TileHashes.Write(new(level, first + i, LogTile.FullWidth), hashes));
                added[i] = LogTree.Root(hashes);
            }

            grown[level] = [.. row.AsSpan(complete * LogTile.FullWidth)];
            if (!grown[level].IsEmpty)
            {
                tiles.Add(TileHashes.Write(new(level, first + complete, grown[level].Length), grown[level].AsSpan()));
            }
        }

        return new(new(size, grown.ToImmutable()), tiles.ToImmutable());
    }

    private static Digest JoinLevels(ImmutableArray<ImmutableArray<Digest>> levels)
    {
        Digest? below = null; // The root of what is right of this level's hashes and smaller than any of them.
        foreach (var level in levels)
        {
            below = (level, below) switch
            {
                ({ IsEmpty: true }, _) => below,
                (_, null) => LogTree.Root(level.AsSpan()),
                (_, { } rest) => LogTree.Root([.. level, rest]),
            };
        }

        return below ?? LogTree.EmptyRoot;
    }
}
