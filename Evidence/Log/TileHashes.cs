using System.Collections.Immutable;

namespace Evidence.Log;

/// <summary>The hashes of a tile as bytes, and back.</summary>
internal static class TileHashes
{
    internal static ImmutableArray<Digest> Read(LogTile tile, TileReader read)
    {
        var bytes = read(tile).Span;
        if (bytes.Length < tile.ByteCount)
        {
            throw new MalformedEvidenceException($"{tile.Path} has {bytes.Length} bytes; {tile.Width} hashes need {tile.ByteCount}.");
        }

        var hashes = ImmutableArray.CreateBuilder<Digest>(tile.Width);
        for (var i = 0; i < tile.Width; i++)
        {
            hashes.Add(Digest.FromBytes(bytes.Slice(i * Digest.Length, Digest.Length)));
        }

        return hashes.MoveToImmutable();
    }

    internal static TileContent Write(LogTile tile, ReadOnlySpan<Digest> hashes)
    {
        var bytes = new byte[tile.ByteCount];
        for (var i = 0; i < hashes.Length; i++)
        {
            hashes[i].CopyTo(bytes.AsSpan(i * Digest.Length));
        }

        return new(tile, bytes);
    }
}
