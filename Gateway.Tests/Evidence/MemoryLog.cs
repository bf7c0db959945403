using Evidence;
using Evidence.Log;

namespace Gateway.Tests.Evidence;

/// <summary>A log whose tiles lie in memory as a ledger's would lie on disk. Partial tiles that grew stay, as the specification
/// allows.</summary>
internal sealed class MemoryLog
{
    internal Dictionary<LogTile, ReadOnlyMemory<byte>> Tiles { get; } = [];

    internal LogEdge Edge { get; private set; } = LogEdge.Empty;

    internal Digest[] Leaves { get; private set; } = [];

    internal static MemoryLog Of(int size)
    {
        var log = new MemoryLog();
        log.Append(TreeOracle.Leaves(size));
        return log;
    }

    internal void Append(params Digest[] leafHashes)
    {
        var growth = Edge.Append(leafHashes);
        foreach (var content in growth.Tiles)
        {
            Tiles[content.Tile] = content.Bytes;
        }

        Edge = growth.Edge;
        Leaves = [.. Leaves, .. leafHashes];
    }

    /// <summary>The tile of this width, or the widest that has grown out of it.</summary>
    internal ReadOnlyMemory<byte> Read(LogTile tile)
    {
        for (var width = tile.Width; width <= LogTile.FullWidth; width++)
        {
            if (Tiles.TryGetValue(tile with { Width = width }, out var bytes))
            {
                return bytes[..tile.ByteCount];
            }
        }

        throw new KeyNotFoundException(tile.Path);
    }
}
