using System.Collections.Immutable;
using Evidence;
using Evidence.Gs1;
using Ledger.Authority;
using Ledger.Report;

namespace Ledger.Labels;

/// <summary>A line of text, by its upper left corner.</summary>
/// <param name="Size">Height of the letters' line in millimetres.</param>
/// <param name="Centred">Whether X is the middle of the line instead.</param>
/// <param name="IsHan">Whether it is Chinese, for which label printers have no letters of their own.</param>
public sealed record LabelText(double X, double Y, double Size, string Text, bool IsBold = false, bool Centred = false, bool IsHan = false);

/// <summary>A GS1-128 symbol, by the upper left corner of its first bar.</summary>
/// <param name="Dots">Width of a module in dots of 0.125 mm.</param>
public sealed record LabelBars(double X, double Y, double Height, int Dots, Code128 Symbol)
{
    public double ModuleMm => Dots * ShipmentLabel.DotMm;
}

/// <summary>What stands on a shipment's label, 100 × 150 mm, which 4 × 6 inch paper holds too: the link as a QR code, and beside it the
/// GS1-128 symbols that every warehouse scanner reads. All lengths are whole dots of 0.125 mm (203 dpi), so that no printer rounds
/// one.</summary>
public sealed class ShipmentLabel
{
    public const double WidthMm = 100, HeightMm = 150, DotMm = 0.125;

    /// <summary>The font's size to the height of the letters' line: capitals and descenders fit it.</summary>
    public const double FontOfLine = 0.86;

    /// <summary>Smallest module of the QR code: 0.5 mm scans through frost.</summary>
    public const int QrDotsMin = 4;

    private const int QrDotsMax = 10; // ZPL's ^BQ draws no larger one.
    private const double Edge = 5, QrBox = 60, BesideLeft = Edge + QrBox + 1;
    private const int BarDotsMin = 2, BarDotsMax = 4; // 0.25 to 0.5 mm.
    private const double BarRoom = WidthMm - 4;
    private const double ValueLeft = 24, ValueSize = 4.5;
    private const int LinkLengthMax = 500;

    private readonly List<LabelText> texts = [];
    private readonly List<LabelBars> bars = [];

    private ShipmentLabel(string link, Gs1Key? key, ExpiryDate? expiry)
    {
        (Link, Qr) = (link, QrSymbol.Of(link));
        QrDots = Math.Min(QrDotsMax, (int)(QrBox / DotMm) / (Qr.Side + (2 * QrSymbol.Quiet)));
        if (QrDots < QrDotsMin)
        {
            throw new AuthorityRefusedException($"The link has {link.Length} characters: its code would have modules under 0.5 mm in {QrBox} mm, too "
                + "fine for a frosted label. Use a shorter address.");
        }

        var y = Head(key, expiry);
        (QrX, QrY) = (Edge + (QrSymbol.Quiet * QrModuleMm), y + (QrSymbol.Quiet * QrModuleMm));
        Beside(y);
        Foot(y + QrBox + 1, key, expiry);
    }

    public string Link { get; }

    public QrSymbol Qr { get; }

    /// <summary>Upper left corner of the QR code's first module, and the width of one.</summary>
    public double QrX { get; }

    public double QrY { get; }

    public int QrDots { get; }

    public double QrModuleMm => QrDots * DotMm;

    public IReadOnlyList<LabelText> Texts => texts;

    public IReadOnlyList<LabelBars> Bars => bars;

    /// <param name="link">Where the code leads, with "#r=" at its end where a root is known.</param>
    /// <param name="key">What the shipment is called; null for a label with a QR code alone.</param>
    /// <exception cref="AuthorityRefusedException">The link is none that may be printed, or too long.</exception>
    public static ShipmentLabel Of(string link, Gs1Key? key, ExpiryDate? expiry) => new(Printable(link), key, expiry);

    /// <summary>A link that many will scan: https, so that nobody on the way changes the page; http only for this machine itself.</summary>
    private static string Printable(string link) => link.Length <= LinkLengthMax && link.All(c => c is > ' ' and < '\u007f')
        && Uri.TryCreate(link, UriKind.Absolute, out var uri) && (uri.Scheme == "https" || (uri.Scheme == "http" && uri.IsLoopback))
            ? link
            : throw new AuthorityRefusedException($"\"{(link.Length <= 60 ? link : link[..60] + "…")}\" cannot be printed as a link: it has to be an https "
                + $"address of at most {LinkLengthMax} characters of ASCII.");

    private double Head(Gs1Key? key, ExpiryDate? expiry)
    {
        texts.Add(new(Edge, 3, 6, "Temperature record", IsBold: true));
        texts.Add(new(Edge, 9.5, 3.4, "Relevé de température"));
        texts.Add(new(WidthMm / 2, 9.5, 3.4, "温度记录", IsHan: true));
        var y = 14.5;
        foreach (var (name, value) in Names(key, expiry))
        {
            texts.Add(new(Edge, y + 1, 3, name));
            texts.Add(new(ValueLeft, y, Math.Min(ValueSize, ValueSize * (WidthMm - ValueLeft - Edge) / Wide(value, ValueSize, isBold: true)), value, IsBold: true));
            y += 5.5;
        }

        return y + 1;
    }

    private static IEnumerable<(string Name, string Value)> Names(Gs1Key? key, ExpiryDate? expiry)
    {
        foreach (var (name, value) in new[]
        {
            ("SSCC", key?.Sscc?.Value), ("GTIN", key?.Gtin?.Value), ("LOT", key?.Lot), ("SERIAL", key?.Serial), ("EXPIRY", Day(expiry)),
        })
        {
            if (value is not null)
            {
                yield return (name, value);
            }
        }
    }

    /// <summary>As on the product's own label: YYYY-MM-DD, or the month where the day is open.</summary>
    private static string? Day(ExpiryDate? expiry) => expiry?.Value is not { } digits ? null
        : $"20{digits[..2]}-{digits[2..4]}" + (digits[4..] == "00" ? "" : $"-{digits[4..]}");

    private void Beside(double y)
    {
        // A pallet crosses borders: the label speaks as the pages do, each language with what is asked and what is not needed.
        (double Down, double Size, string Text, bool IsBold, bool IsHan)[] lines =
        [
            (3, 4, "Scan to check", true, false), (8, 3, "No account, no app.", false, false), (15, 4, "Scanner pour", true, false), (19.5, 4, "vérifier", true, false),
            (24.5, 3, "Sans compte ni appli.", false, false), (31.5, 4, "扫码核验", true, true), (36.5, 3, "无需账户或应用", false, true),
        ];
        foreach (var (down, size, text, isBold, isHan) in lines)
        {
            texts.Add(new(BesideLeft, y + down, size, text, isBold, IsHan: isHan));
        }

        if (Link.Split('#') is [_, ['r', '=', .. var root]] && root.Length > 0)
        {
            texts.Add(new(BesideLeft, y + 44, 2.6, "#r="));
            for (var i = 0; i < root.Length && i < 64; i += 8)
            {
                texts.Add(new(BesideLeft, y + 47.5 + (4 * (i / 8)), 3.4, root[i..Math.Min(root.Length, i + 8)]));
            }
        }
    }

    /// <summary>How wide a text is printed, in millimetres, by the font of the PDF; a label printer's own is narrower.</summary>
    private static double Wide(string text, double size, bool isBold = false)
    {
        var font = isBold ? Paper.LatinBoldFont : Paper.LatinFont;
        return text.Sum(letter => font.AdvanceOf(font.GlyphOf(letter))) * size * FontOfLine / font.UnitsPerEm;
    }

    private void Foot(double y, Gs1Key? key, ExpiryDate? expiry)
    {
        const int LinesMax = 3;
        const double LinkSize = 2.4;
        var rest = Link;
        for (var i = 0; i < LinesMax && rest.Length > 0; i++, y += 3)
        {
            var length = rest.Length;
            while (Wide(rest[..length], LinkSize) > WidthMm - (2 * Edge))
            {
                length--;
            }

            texts.Add(new(Edge, y, LinkSize, rest[..length] + (i == LinesMax - 1 && length < rest.Length ? "…" : "")));
            rest = rest[length..];
        }

        if (key is null)
        {
            return;
        }

        const double TextHeight = 4.5;
        var symbols = Symbols(key, expiry);
        var height = Math.Min(32, Math.Floor((((HeightMm - y - 4) / symbols.Length) - TextHeight) / DotMm) * DotMm);
        foreach (var (symbol, text) in symbols)
        {
            var dots = Math.Clamp((int)(BarRoom / DotMm) / (symbol.Width + (2 * Code128.Quiet)), BarDotsMin, BarDotsMax);
            var left = Math.Round((WidthMm - (symbol.Width * dots * DotMm)) / 2 / DotMm) * DotMm;
            bars.Add(new(left, Math.Round((y + 1) / DotMm) * DotMm, height, dots, symbol));
            texts.Add(new(WidthMm / 2, y + height + 1.2, 3.2, text, Centred: true));
            y += height + TextHeight;
        }
    }

    /// <summary>As few symbols as hold everything: 48 characters each (General Specifications, 5.4), and no wider than the label.</summary>
    private static ImmutableArray<(Code128 Symbol, string Text)> Symbols(Gs1Key key, ExpiryDate? expiry)
    {
        var symbols = ImmutableArray.CreateBuilder<(Code128, string)>();
        var parts = ElementString.Of(key, expiry).Parts;
        for (var from = 0; from < parts.Length;)
        {
            var to = parts.Length;
            while (to > from + 1 && !Fits(parts[from..to]))
            {
                to--;
            }

            var taken = parts[from..to];
            symbols.Add((Code128.Of(Data(taken)), string.Concat(taken.Select(part => $"({part.Identifier}){part.Value}"))));
            from = to;
        }

        return symbols.ToImmutable();
    }

    private static bool Fits(ImmutableArray<(string Identifier, string Value)> parts) => Data(parts) is var data && data.Length <= ElementString.SymbolLengthMax
        && (Code128.Of(data).Width + (2 * Code128.Quiet)) * BarDotsMin * DotMm <= BarRoom;

    /// <summary>FNC1 behind a part of open length, unless it is the last.</summary>
    private static string Data(ImmutableArray<(string Identifier, string Value)> parts) => string.Concat(parts.Select((part, i) =>
        part.Identifier + part.Value + (part.Identifier is "10" or "21" && i < parts.Length - 1 ? ElementString.Separator : "")));
}
