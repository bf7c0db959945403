using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Ledger.Report.Pdf;

/// <summary>A font in one document: remembers which characters were set in it, and is written with no others.</summary>
/// <remarks>Each character has a number of its own, even where two share a glyph or have none: what a reader copies out of the document is
/// the text that stands there.</remarks>
internal sealed class EmbeddedFont(TrueTypeFont font, string name, string resource)
{
    private const int Regular = 0;
    private readonly Dictionary<int, int> numbers = [];
    private readonly List<int> codePoints = [];

    /// <summary>The name that pages call it by.</summary>
    public string Resource => resource;

    public bool IsUsed => codePoints.Count > 0;

    public bool Has(int codePoint) => font.GlyphOf(codePoint) != 0;

    /// <summary>Width of a character, for a font size of 1.</summary>
    public double WidthOf(int codePoint) => font.AdvanceOf(font.GlyphOf(codePoint)) / (double)font.UnitsPerEm;

    /// <summary>The number under which a page shows a character.</summary>
    public int NumberOf(int codePoint)
    {
        if (!numbers.TryGetValue(codePoint, out var number))
        {
            codePoints.Add(codePoint);
            number = codePoints.Count; // 0 is the box for what is missing.
            numbers.Add(codePoint, number);
        }

        return number;
    }

    /// <summary>Writes the font as object <paramref name="id"/>: a composite font, two bytes a character.</summary>
    public void Write(PdfObjects objects, int id)
    {
        var subset = FontSubset.Write(font, [0, .. codePoints.Select(font.GlyphOf)]);
        var tag = string.Concat(SHA256.HashData(subset).Take(6).Select(value => (char)('A' + (value % 26))));
        var (program, descriptor, descendant, unicode) = (objects.Reserve(), objects.Reserve(), objects.Reserve(), objects.Reserve());
        var bounds = string.Join(' ', font.Bounds.Select(Thousandths));
        var widths = string.Join(' ', codePoints.Select(codePoint => Thousandths(font.AdvanceOf(font.GlyphOf(codePoint)))));
        objects.Stream(program, $"/Length1 {subset.Length}", subset);
        objects.Write(descriptor, $"<< /Type /FontDescriptor /FontName /{tag}+{name} /Flags 4 /FontBBox [{bounds}] /ItalicAngle {Regular} " +
            $"/Ascent {Thousandths(font.Ascent)} /Descent {Thousandths(font.Descent)} /CapHeight {Thousandths(font.Ascent)} /StemV 80 " +
            $"/FontFile2 {program} 0 R >>");
        objects.Write(descendant, $"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /{tag}+{name} " +
            $"/CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> /CIDToGIDMap /Identity " +
            $"/FontDescriptor {descriptor} 0 R /DW {Thousandths(font.AdvanceOf(0))} /W [1 [{widths}]] >>");
        objects.Stream(unicode, "", Encoding.ASCII.GetBytes(ToUnicode()));
        objects.Write(id, $"<< /Type /Font /Subtype /Type0 /BaseFont /{tag}+{name} /Encoding /Identity-H " +
            $"/DescendantFonts [{descendant} 0 R] /ToUnicode {unicode} 0 R >>");
    }

    private string Thousandths(int units) => Math.Round(units * 1000.0 / font.UnitsPerEm).ToString("0", CultureInfo.InvariantCulture);

    private string ToUnicode()
    {
        const int RowsMax = 100; // As many as a CMap may have in one block.
        var map = new StringBuilder("/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n" +
            "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n" +
            "1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n");
        foreach (var block in codePoints.Index().Chunk(RowsMax))
        {
            map.Append(CultureInfo.InvariantCulture, $"{block.Length} beginbfchar\n");
            foreach (var (i, codePoint) in block)
            {
                var utf16 = Convert.ToHexString(Encoding.BigEndianUnicode.GetBytes(char.ConvertFromUtf32(codePoint)));
                map.Append(CultureInfo.InvariantCulture, $"<{i + 1:X4}> <{utf16}>\n");
            }

            map.Append("endbfchar\n");
        }

        return map.Append("endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n").ToString();
    }
}
