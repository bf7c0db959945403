using System.Globalization;

namespace Evidence.Log;

/// <summary>One tile of the log's tree, C2SP tlog-tiles: up to 256 neighbouring hashes of one level, eight rows of the tree at a
/// time.</summary>
/// <param name="Level">0 holds leaf hashes; each hash of level L+1 is the root over a full tile of level L. 0 to 63.</param>
/// <param name="Index">The tile's place in its level, from 0.</param>
/// <param name="Width">How many hashes it holds: 256 when full, 1 to 255 when partial.</param>
public readonly record struct LogTile(int Level, long Index, int Width)
{
    /// <summary>How many hashes a full tile holds, and how many entries a full bundle.</summary>
    public const int FullWidth = 256;

    /// <summary>log2 of <see cref="FullWidth"/>: the rows of the tree that one level of tiles spans.</summary>
    internal const int RowsPerLevel = 8;

    private const string Root = "tile/";
    private const string EntriesRoot = "tile/entries/";
    private const int LevelMax = 63;
    private const int IndexPartsMax = 6;
    private const long IndexMax = long.MaxValue / FullWidth; // Beyond it a tile would hold entries that no int64 counts.

    public bool IsPartial => Width < FullWidth;

    /// <summary>The bytes a tile of this width has: 32 for each hash.</summary>
    public int ByteCount => Width * Digest.Length;

    /// <summary>Where the tile lies below the log's prefix: "tile/0/x001/234" or "tile/0/x001/234.p/17".</summary>
    public string Path => $"{Root}{Level.ToString(CultureInfo.InvariantCulture)}/{IndexPath}";

    /// <summary>Where the bundle with this level-0 tile's entries lies: "tile/entries/x001/234.p/17".</summary>
    /// <exception cref="InvalidOperationException">The tile is not on level 0: only leaf hashes have entries.</exception>
    public string EntriesPath => Level == 0 ? EntriesRoot + IndexPath
        : throw new InvalidOperationException($"A level {Level} tile has no entries.");

    private string IndexPath
    {
        get
        {
            var path = (Index % 1000).ToString("000", CultureInfo.InvariantCulture);
            for (var rest = Index / 1000; rest > 0; rest /= 1000)
            {
                path = $"x{(rest % 1000).ToString("000", CultureInfo.InvariantCulture)}/{path}";
            }

            return IsPartial ? $"{path}.p/{Width.ToString(CultureInfo.InvariantCulture)}" : path;
        }
    }

    /// <summary>The tile at a place, as wide as a log of this size makes it.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A log of this size has no such tile.</exception>
    public static LogTile At(int level, long index, long size)
    {
        var width = HashesAt(level, size) - index * FullWidth;
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width, nameof(index));
        return new(level, index, (int)Math.Min(width, FullWidth));
    }

    /// <summary>Every tile of a log of this size, level by level from the leaves: what must be on disk under its checkpoint.</summary>
    public static IEnumerable<LogTile> AllOf(long size)
    {
        for (var level = 0; HashesAt(level, size) > 0; level++)
        {
            for (long index = 0; index * FullWidth < HashesAt(level, size); index++)
            {
                yield return At(level, index, size);
            }
        }
    }

    /// <summary>Reads a path that a client asks for, below the log's prefix. Only the one right spelling of a tile is accepted.</summary>
    /// <param name="path">For example "tile/1/000.p/3" or "tile/entries/x012/345".</param>
    /// <param name="tile">The tile, of level 0 for entries.</param>
    /// <param name="entries">True when the path names the entry bundle and not the tile.</param>
    public static bool TryParsePath(string path, out LogTile tile, out bool entries)
    {
        tile = default;
        entries = path.StartsWith(EntriesRoot, StringComparison.Ordinal);
        var parts = path.Split('/');
        var level = 0;
        if (parts.Length < 3 || (!entries && !TryNumber(parts[1], out level)) || level > LevelMax)
        {
            return false;
        }

        var width = FullWidth;
        var last = parts.Length - 1;
        if (parts[last - 1].EndsWith(".p", StringComparison.Ordinal))
        {
            if (!TryNumber(parts[last], out width) || width is 0 or >= FullWidth)
            {
                return false;
            }

            last--;
            parts[last] = parts[last][..^2];
        }

        if (last - 1 > IndexPartsMax || !TryIndex(parts.AsSpan(2, last - 1), out var index) || index > IndexMax)
        {
            return false;
        }

        tile = new(level, index, width);
        return path == (entries ? tile.EntriesPath : tile.Path); // Leading zeroes, a missing x, a short part: all are another spelling.
    }

    internal static long HashesAt(int level, long size) => level * RowsPerLevel > LevelMax ? 0 : size >> (level * RowsPerLevel);

    private static bool TryIndex(ReadOnlySpan<string> parts, out long index)
    {
        index = 0;
        foreach (var part in parts)
        {
            if (!TryNumber(part.StartsWith('x') ? part[1..] : part, out var number))
            {
                return false;
            }

            index = index * 1000 + number;
        }

        return !parts.IsEmpty;
    }

    private static bool TryNumber(string text, out int number)
    {
        number = 0;
        return text.Length is 1 or 2 or 3 && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }
}
