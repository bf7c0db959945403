using System.Buffers.Binary;
using System.Collections.Immutable;

namespace Evidence.Log;

/// <summary>The entries below one level-0 tile, C2SP tlog-tiles: each entry behind its length (uint16, big-endian), nothing between,
/// nothing behind.</summary>
public static class EntryBundle
{
    /// <summary>The most bytes the format lets one entry have. Our ledger admits far less.</summary>
    public const int EntryMaxBytes = ushort.MaxValue;

    /// <summary>Writes a bundle, or the piece that is appended to one.</summary>
    /// <exception cref="ArgumentException">An entry is longer than <see cref="EntryMaxBytes"/>.</exception>
    public static byte[] Write(IEnumerable<ReadOnlyMemory<byte>> entries)
    {
        var bytes = new List<byte>();
        Span<byte> length = stackalloc byte[sizeof(ushort)];
        foreach (var entry in entries)
        {
            if (entry.Length > EntryMaxBytes)
            {
                throw new ArgumentException($"An entry of {entry.Length} bytes does not fit; {EntryMaxBytes} do.", nameof(entries));
            }

            BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)entry.Length);
            bytes.AddRange(length);
            bytes.AddRange(entry.Span);
        }

        return [.. bytes];
    }

    /// <summary>Reads a bundle of a known width.</summary>
    /// <param name="bytes">The bundle; the entries given back point into it.</param>
    /// <param name="width">How many entries it must hold, 1 to 256.</param>
    /// <exception cref="MalformedEvidenceException">It holds fewer or more, or ends inside one.</exception>
    public static ImmutableArray<ReadOnlyMemory<byte>> Read(ReadOnlyMemory<byte> bytes, int width)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(width, LogTile.FullWidth);
        var entries = ImmutableArray.CreateBuilder<ReadOnlyMemory<byte>>(width);
        var offset = 0;
        while (entries.Count < width)
        {
            var rest = bytes[offset..];
            var length = rest.Length < sizeof(ushort) ? int.MaxValue : BinaryPrimitives.ReadUInt16BigEndian(rest.Span);
            if (length > rest.Length - sizeof(ushort))
            {
                throw new MalformedEvidenceException(
                    $"The bundle of {width} entries ends inside entry {entries.Count}, at byte {bytes.Length}.");
            }

            entries.Add(rest.Slice(sizeof(ushort), length));
            offset += sizeof(ushort) + length;
        }

        return offset == bytes.Length
            ? entries.MoveToImmutable()
            : throw new MalformedEvidenceException($"{bytes.Length - offset} bytes follow the {width} entries of the bundle.");
    }
}
