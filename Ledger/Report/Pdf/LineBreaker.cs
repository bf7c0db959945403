using System.Text;

namespace Ledger.Report.Pdf;

/// <summary>Breaks a text into lines of a width: at spaces, between Chinese characters, and inside a word that is longer than a line.</summary>
internal static class LineBreaker
{
    private const string NeverFirst = "，。、；：？！）》」』】〕…—%,.;:?!)]}";
    private const string NeverLast = "（《「『【〔([{";

    /// <param name="linesMax">Beyond so many lines the last ends with "…".</param>
    public static List<string> Break(Typeface face, double size, string text, double width, int linesMax = int.MaxValue)
    {
        var lines = new List<string>();
        var runes = Typeface.Printable(text).Trim().EnumerateRunes().ToArray();
        for (var from = 0; from < runes.Length;)
        {
            if (lines.Count == linesMax)
            {
                lines[^1] = Shortened(face, size, lines[^1], width);
                return lines;
            }

            var end = EndOfLine(face, size, runes, from, width);
            lines.Add(string.Concat(runes[from..end].Select(rune => rune.ToString())).TrimEnd(' '));
            from = end;
            while (from < runes.Length && runes[from].Value == ' ')
            {
                from++;
            }
        }

        return lines.Count == 0 ? [""] : lines;
    }

    private static int EndOfLine(Typeface face, double size, Rune[] runes, int from, double width)
    {
        var used = 0.0;
        var possible = 0;
        for (var i = from; i < runes.Length; i++)
        {
            used += face.FontOf(runes[i].Value).WidthOf(runes[i].Value) * size;
            if (used > width && runes[i].Value != ' ' && i > from)
            {
                return possible > from ? possible : i;
            }

            if (i + 1 < runes.Length && MayBreak(runes[i], runes[i + 1]))
            {
                possible = i + 1;
            }
        }

        return runes.Length;
    }

    private static bool MayBreak(Rune before, Rune after) =>
        (before.Value == ' ' || IsWide(before) || IsWide(after)) && !Stands(NeverFirst, after) && !Stands(NeverLast, before);

    private static bool Stands(string signs, Rune rune) => rune.IsBmp && signs.Contains((char)rune.Value, StringComparison.Ordinal);

    /// <summary>Characters of scripts that are written without spaces, and their punctuation.</summary>
    private static bool IsWide(Rune rune) => rune.Value is (>= 0x2e80 and <= 0xa4cf) or (>= 0xac00 and <= 0xd7a3) or (>= 0xf900 and <= 0xfaff)
        or (>= 0xff00 and <= 0xff60) or >= 0x20000;

    private static string Shortened(Typeface face, double size, string line, double width)
    {
        var runes = line.EnumerateRunes().ToList();
        while (runes.Count > 0 && face.Width(string.Concat(runes) + "…", size) > width)
        {
            runes.RemoveAt(runes.Count - 1);
        }

        return string.Concat(runes) + "…";
    }
}
