using System.Globalization;
using System.Net;
using System.Text;
using Ledger.Report;
using Ledger.Report.Pdf;

namespace Ledger.Labels;

/// <summary>A label as a file: SVG for office printers and the web, PDF for everyone, ZPL for label printers.</summary>
internal static class LabelFiles
{
    private const double Millimetre = Paper.Millimetre;

    public static string Svg(ShipmentLabel label)
    {
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{ShipmentLabel.WidthMm}mm\" height=\"{ShipmentLabel.HeightMm}mm\" "
            + $"viewBox=\"0 0 {ShipmentLabel.WidthMm} {ShipmentLabel.HeightMm}\"><rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n<path shape-rendering=\"crispEdges\" d=\"");
        foreach (var (x, y, width, height) in Boxes(label))
        {
            svg.Append(CultureInfo.InvariantCulture, $"M{x:0.####} {y:0.####}h{width:0.####}v{height:0.####}h-{width:0.####}z");
        }

        svg.Append("\"/>\n<g font-family=\"'Open Sans','DejaVu Sans',Arial,sans-serif\">\n");
        foreach (var text in label.Texts)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{text.X:0.###}\" y=\"{text.Y + (text.Size * 0.78):0.###}\" font-size=\"{text.Size * ShipmentLabel.FontOfLine:0.###}\""
                + $"{(text.IsBold ? " font-weight=\"bold\"" : "")}{(text.Centred ? " text-anchor=\"middle\"" : "")}>{WebUtility.HtmlEncode(text.Text)}</text>\n");
        }

        return svg.Append("</g></svg>\n").ToString();
    }

    /// <param name="nowMs">What the document says of its own making.</param>
    public static byte[] Pdf(ShipmentLabel label, long nowMs)
    {
        var document = new PdfDocument("Temperature record", "en", Paper.Generator, nowMs);
        var han = document.Add(Paper.HanFont, "DroidSansFallback");
        var (plain, bold) = (new Typeface(document.Add(Paper.LatinFont, "OpenSans"), han), new Typeface(document.Add(Paper.LatinBoldFont, "OpenSans-Bold"), han, IsEmboldened: true));
        var page = new PdfPage(ShipmentLabel.WidthMm * Millimetre, ShipmentLabel.HeightMm * Millimetre);
        document.Pages.Add(page);
        page.Begin(document.Root.Add("Figure", $"QR code of {label.Link}; bar codes of the numbers printed here"));
        page.Fill(Boxes(label).Select(box => (box.X * Millimetre, box.Y * Millimetre, box.Width * Millimetre, box.Height * Millimetre)), 0);
        page.End();
        foreach (var text in label.Texts)
        {
            var (face, size) = (text.IsBold ? bold : plain, text.Size * ShipmentLabel.FontOfLine * Millimetre);
            var x = (text.X * Millimetre) - (text.Centred ? face.Width(text.Text, size) / 2 : 0);
            page.Begin(document.Root.Add("P"));
            page.Text(face, size, x, (text.Y + (text.Size * 0.78)) * Millimetre, text.Text);
            page.End();
        }

        return document.Write();
    }

    /// <summary>ZPL II for 8 dots a millimetre. The printer draws the codes itself, from the same modules' width.</summary>
    public static string Zpl(ShipmentLabel label)
    {
        var zpl = new StringBuilder("^XA\n^CI28\n^LH0,0\n");
        zpl.Append(CultureInfo.InvariantCulture, $"^PW{Dots(ShipmentLabel.WidthMm)}\n^LL{Dots(ShipmentLabel.HeightMm)}\n");
        foreach (var text in label.Texts.Where(text => !text.IsHan))
        {
            var size = Dots(text.Size * ShipmentLabel.FontOfLine);
            // ^FB centres within a block as wide as the label; without it a text begins where it stands.
            zpl.Append(CultureInfo.InvariantCulture, $"^FO{(text.Centred ? 0 : Dots(text.X))},{Dots(text.Y)}^A0N,{size},{size}");
            zpl.Append(text.Centred ? string.Create(CultureInfo.InvariantCulture, $"^FB{Dots(ShipmentLabel.WidthMm)},1,0,C") : "").Append(Field(text.Text));
        }

        zpl.Append(CultureInfo.InvariantCulture, $"^FO{Dots(label.QrX)},{Dots(label.QrY)}^BQN,2,{label.QrDots}").Append(Field("MA," + label.Link));
        foreach (var bars in label.Bars)
        {
            zpl.Append(CultureInfo.InvariantCulture, $"^FO{Dots(bars.X)},{Dots(bars.Y)}^BY{bars.Dots},3,{Dots(bars.Height)}^BCN,{Dots(bars.Height)},N,N,N,N")
                .Append(Field(bars.Symbol.ToZpl()));
        }

        return zpl.Append("^XZ\n").ToString();
    }

    /// <summary>Field data in which no character is a command: what ^FH escapes is the escape sign itself, both command signs, and all that is
    /// not printable ASCII, as UTF-8.</summary>
    internal static string Field(string text)
    {
        var field = new StringBuilder("^FH_^FD");
        foreach (var value in Encoding.UTF8.GetBytes(text))
        {
            if (value is > 0x1f and < 0x7f && (char)value is not ('_' or '^' or '~'))
            {
                field.Append((char)value);
            }
            else
            {
                field.Append('_').Append(value.ToString("X2", CultureInfo.InvariantCulture));
            }
        }

        return field.Append("^FS\n").ToString();
    }

    /// <summary>All that is dark and no text, in millimetres.</summary>
    private static IEnumerable<(double X, double Y, double Width, double Height)> Boxes(ShipmentLabel label)
    {
        foreach (var (x, y, length) in label.Qr.Runs())
        {
            yield return (label.QrX + (x * label.QrModuleMm), label.QrY + (y * label.QrModuleMm), length * label.QrModuleMm, label.QrModuleMm);
        }

        foreach (var bars in label.Bars)
        {
            foreach (var (x, width) in bars.Symbol.Bars())
            {
                yield return (bars.X + (x * bars.ModuleMm), bars.Y, width * bars.ModuleMm, bars.Height);
            }
        }
    }

    private static int Dots(double millimetres) => (int)Math.Round(millimetres / ShipmentLabel.DotMm);
}
