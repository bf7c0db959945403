using System.Globalization;
using System.Text;
using QRCoder;

namespace Ledger.Labels;

/// <summary>A QR code at level M: its dark modules, without the quiet zone of four that every drawing adds.</summary>
/// <remarks>Level M restores 15 % of the code: frost and scratches cost less than larger modules would on the same label.</remarks>
public sealed class QrSymbol
{
    /// <summary>Modules of white around the code, as ISO 18004 asks for.</summary>
    public const int Quiet = 4;

    private readonly bool[,] modules;
    private readonly string text;

    private QrSymbol(string text, bool[,] modules, int version) => (this.text, this.modules, Version) = (text, modules, version);

    /// <summary>1 to 40; a phone reads 22 and below at 40 × 40 mm.</summary>
    public int Version { get; }

    /// <summary>Modules a side, without the quiet zone.</summary>
    public int Side => modules.GetLength(0);

    /// <summary>Whether this module is dark; all around the code is white.</summary>
    public bool IsDark(int x, int y) => x >= 0 && y >= 0 && x < Side && y < Side && modules[y, x];

    public static QrSymbol Of(string text)
    {
        using var code = QRCodeGenerator.GenerateQrCode(text, QRCodeGenerator.ECCLevel.M);
        var side = code.ModuleMatrix.Count - (2 * Quiet); // QRCoder's matrix has the quiet zone in it.
        var modules = new bool[side, side];
        for (var y = 0; y < side; y++)
        {
            for (var x = 0; x < side; x++)
            {
                modules[y, x] = code.ModuleMatrix[y + Quiet][x + Quiet];
            }
        }

        return new(text, modules, code.Version);
    }

    /// <summary>Runs of dark modules, row by row: fewer shapes than modules, and no hairlines between neighbours.</summary>
    public IEnumerable<(int X, int Y, int Length)> Runs()
    {
        for (var y = 0; y < Side; y++)
        {
            for (var x = 0; x < Side; x++)
            {
                if (!modules[y, x])
                {
                    continue;
                }

                var start = x;
                while (x + 1 < Side && modules[y, x + 1])
                {
                    x++;
                }

                yield return (start, y, x - start + 1);
            }
        }
    }

    /// <summary>A picture of its own, quiet zone included.</summary>
    /// <param name="moduleMm">Side of a module in millimetres; 0.5 and more scans through frost.</param>
    public string ToSvg(double moduleMm)
    {
        var all = Side + (2 * Quiet);
        var millimetres = (all * moduleMm).ToString("0.##", CultureInfo.InvariantCulture);
        var svg = new StringBuilder().Append(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{millimetres}mm\" height=\"{millimetres}mm\" "
            + $"viewBox=\"0 0 {all} {all}\" shape-rendering=\"crispEdges\"><rect width=\"{all}\" height=\"{all}\" fill=\"#fff\"/><path d=\"{Path()}\"/></svg>\n");
        return svg.ToString();
    }

    /// <summary>The dark modules as one path of SVG, a module one unit, behind the quiet zone.</summary>
    public string Path()
    {
        var path = new StringBuilder();
        foreach (var (x, y, length) in Runs())
        {
            path.Append(CultureInfo.InvariantCulture, $"M{x + Quiet} {y + Quiet}h{length}v1h-{length}z");
        }

        return path.ToString();
    }

    /// <summary>A picture of so many pixels a module, quiet zone included.</summary>
    public byte[] ToPng(int pixelsPerModule)
    {
        using var code = QRCodeGenerator.GenerateQrCode(text, QRCodeGenerator.ECCLevel.M);
        using var drawing = new PngByteQRCode(code);
        return drawing.GetGraphic(pixelsPerModule);
    }
}
