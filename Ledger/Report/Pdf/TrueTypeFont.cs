using System.Buffers.Binary;

namespace Ledger.Report.Pdf;

/// <summary>A TrueType font file, read as far as setting and subsetting text need it. Only fonts that this program ships come here, so
/// a damaged one is a fault of the program.</summary>
internal sealed class TrueTypeFont
{
    private readonly byte[] file;
    private readonly Dictionary<string, Range> tables = [];
    private readonly int cmap;
    private readonly bool isWideCmap;
    private readonly bool isLongLoca;
    private readonly int metrics;

    public TrueTypeFont(byte[] file)
    {
        this.file = file;
        for (var i = 0; i < Word(file, 4); i++)
        {
            var entry = 12 + (16 * i);
            var offset = (int)Long(file, entry + 8);
            tables[System.Text.Encoding.ASCII.GetString(file, entry, 4)] = offset..(offset + (int)Long(file, entry + 12));
        }

        UnitsPerEm = Word(Table("head"), 18);
        isLongLoca = Word(Table("head"), 50) != 0;
        metrics = Word(Table("hhea"), 34);
        (cmap, isWideCmap) = FindCmap();
    }

    public int UnitsPerEm { get; }

    /// <summary>Height above the baseline, in units.</summary>
    public int Ascent => Short(Table("hhea"), 4);

    /// <summary>Depth below the baseline, in units, negative.</summary>
    public int Descent => Short(Table("hhea"), 6);

    /// <summary>The box around all glyphs: left, bottom, right, top, in units.</summary>
    public int[] Bounds => [Short(Table("head"), 36), Short(Table("head"), 38), Short(Table("head"), 40), Short(Table("head"), 42)];

    /// <summary>A table's bytes; empty when the font has none of this name.</summary>
    public ReadOnlySpan<byte> Table(string name) => tables.TryGetValue(name, out var range) ? file.AsSpan(range) : default;

    /// <summary>The glyph of a character; 0, the box for what is missing, when the font has none.</summary>
    public int GlyphOf(int codePoint) => isWideCmap ? WideGlyphOf(codePoint) : codePoint > 0xffff ? 0 : NarrowGlyphOf(codePoint);

    /// <summary>How far a glyph moves the pen, in units.</summary>
    public int AdvanceOf(int glyph) => Word(Table("hmtx"), 4 * Math.Min(glyph, metrics - 1));

    /// <summary>Space left of a glyph's outline, in units.</summary>
    public int BearingOf(int glyph) =>
        Short(Table("hmtx"), glyph < metrics ? (4 * glyph) + 2 : (4 * metrics) + (2 * (glyph - metrics)));

    /// <summary>A glyph's outline as it stands in the file; empty for a space.</summary>
    public ReadOnlySpan<byte> Outline(int glyph)
    {
        var loca = Table("loca");
        var (from, to) = isLongLoca
            ? ((int)Long(loca, 4 * glyph), (int)Long(loca, (4 * glyph) + 4))
            : (2 * Word(loca, 2 * glyph), 2 * Word(loca, (2 * glyph) + 2));
        return Table("glyf")[from..to];
    }

    /// <summary>Where, in the outline of a composed glyph, the numbers of its parts stand.</summary>
    public static List<int> PartsOf(ReadOnlySpan<byte> outline)
    {
        const int WordArguments = 0x01, Scale = 0x08, More = 0x20, TwoScales = 0x40, Matrix = 0x80;
        var places = new List<int>();
        if (outline.Length < 10 || Short(outline, 0) >= 0)
        {
            return places;
        }

        for (var (at, more) = (10, true); more;)
        {
            var flags = Word(outline, at);
            places.Add(at + 2);
            at += 4 + ((flags & WordArguments) != 0 ? 4 : 2)
                + ((flags & Scale) != 0 ? 2 : (flags & TwoScales) != 0 ? 4 : (flags & Matrix) != 0 ? 8 : 0);
            more = (flags & More) != 0;
        }

        return places;
    }

    public static int Word(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16BigEndian(bytes[at..]);

    private static int Short(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadInt16BigEndian(bytes[at..]);

    private static uint Long(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32BigEndian(bytes[at..]);

    private (int Offset, bool IsWide) FindCmap()
    {
        var table = Table("cmap");
        var narrow = -1;
        for (var i = 0; i < Word(table, 2); i++)
        {
            var (platform, encoding, at) = (Word(table, 4 + (8 * i)), Word(table, 6 + (8 * i)), (int)Long(table, 8 + (8 * i)));
            switch (platform, encoding, Word(table, at))
            {
                case (3, 10, 12):
                    return (at, true);
                case (3, 1, 4):
                    narrow = at;
                    break;
                default:
                    break;
            }
        }

        return narrow >= 0 ? (narrow, false) : throw new InvalidOperationException("The font has no table of Unicode characters.");
    }

    private int WideGlyphOf(int codePoint)
    {
        var groups = Table("cmap")[cmap..];
        var (low, high) = (0, (int)Long(groups, 12) - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            var at = 16 + (12 * middle);
            if (codePoint < Long(groups, at))
            {
                high = middle - 1;
            }
            else if (codePoint > Long(groups, at + 4))
            {
                low = middle + 1;
            }
            else
            {
                return (int)(Long(groups, at + 8) + (codePoint - Long(groups, at)));
            }
        }

        return 0;
    }

    private int NarrowGlyphOf(int codePoint)
    {
        var table = Table("cmap")[cmap..];
        var segments = Word(table, 6) / 2;
        var (low, high) = (0, segments - 1);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (Word(table, 14 + (2 * middle)) < codePoint)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        var (starts, deltas, offsets) = (16 + (2 * segments), 16 + (4 * segments), 16 + (6 * segments));
        var start = Word(table, starts + (2 * low));
        if (codePoint < start)
        {
            return 0;
        }

        var delta = Word(table, deltas + (2 * low));
        var offset = Word(table, offsets + (2 * low));
        if (offset == 0)
        {
            return (codePoint + delta) & 0xffff;
        }

        var glyph = Word(table, offsets + (2 * low) + offset + (2 * (codePoint - start)));
        return glyph == 0 ? 0 : (glyph + delta) & 0xffff;
    }
}
