using System.Globalization;
using System.Text;

namespace Ledger.Report.Pdf;

/// <summary>A face to set text in: a font for Latin, Greek and Cyrillic, and one for Chinese, Japanese and Korean behind it. What neither
/// has is printed as a box, never left out.</summary>
/// <param name="IsEmboldened">Thickens the second font, which has no bold of its own.</param>
internal sealed record Typeface(EmbeddedFont Font, EmbeddedFont Fallback, bool IsEmboldened = false)
{
    public EmbeddedFont FontOf(int codePoint) => !Font.Has(codePoint) && Fallback.Has(codePoint) ? Fallback : Font;

    /// <summary>Width of a text in points.</summary>
    public double Width(string text, double size)
    {
        var width = 0.0;
        foreach (var rune in text.EnumerateRunes())
        {
            width += FontOf(rune.Value).WidthOf(rune.Value);
        }

        return width * size;
    }

    /// <summary>The text with spaces for white space, and a mark for what steers instead of being read: a name cannot turn a line round,
    /// nor hide a part of itself.</summary>
    public static string Printable(string text)
    {
        var clean = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            _ = Rune.GetUnicodeCategory(rune) switch
            {
                _ when rune.Value is '\u202F' or '\u2009' => clean.Append('\u00A0'),
                _ when rune.Value == '\u2011' => clean.Append('-'),
                _ when Rune.IsWhiteSpace(rune) && rune.Value != '\u00A0' => clean.Append(' '),
                UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned
                    or UnicodeCategory.Surrogate => clean.Append('\uFFFD'),
                _ => clean.Append(rune.ToString()),
            };
        }

        return clean.ToString();
    }
}
