using System.Globalization;
using System.Text;
using QRCoder;

namespace Ledger.Links;

/// <summary>A link as a QR code: level M, four modules of quiet around it.</summary>
/// <param name="path">Where it goes; ends with .svg or .png.</param>
internal sealed class QrPicture(string path)
{
    private const int PixelsPerModule = 12;

    /// <summary>Refuses a file before anything is logged.</summary>
    /// <exception cref="LinkRefusedException">Another kind of file, or one that exists.</exception>
    public static QrPicture Check(string path) =>
        !path.EndsWith(".svg", StringComparison.OrdinalIgnoreCase) && !path.EndsWith(".png", StringComparison.OrdinalIgnoreCase)
            ? throw new LinkRefusedException($"--qr {path}: the file's name has to end with .svg or .png.")
            : File.Exists(path) ? throw new LinkRefusedException($"{path} exists; give another --qr.")
            : Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(path))) ? new(path)
            : throw new LinkRefusedException($"The folder of {path} does not exist; make it first.");

    public void Write(string link)
    {
        using var code = Code(link);
        if (path.EndsWith(".svg", StringComparison.OrdinalIgnoreCase))
        {
            File.WriteAllText(path, Svg(code));
            return;
        }

        using var png = new PngByteQRCode(code);
        File.WriteAllBytes(path, png.GetGraphic(PixelsPerModule));
    }

    /// <summary>For a terminal: two modules a character, light on dark as terminals mostly are, with its quiet zone.</summary>
    public static string Blocks(string link)
    {
        using var code = Code(link);
        var modules = code.ModuleMatrix;
        var text = new StringBuilder();
        for (var y = 0; y < modules.Count; y += 2)
        {
            for (var x = 0; x < modules.Count; x++)
            {
                var (upper, lower) = (!modules[y][x], y + 1 >= modules.Count || !modules[y + 1][x]);
                text.Append((upper, lower) switch { (true, true) => '█', (true, false) => '▀', (false, true) => '▄', _ => ' ' });
            }

            text.Append('\n');
        }

        return text.ToString();
    }

    private static QRCodeData Code(string link) => QRCodeGenerator.GenerateQrCode(link, QRCodeGenerator.ECCLevel.M);

    /// <summary>One path; a module is one unit, printed 0.5 mm wide or wider.</summary>
    private static string Svg(QRCodeData code)
    {
        var modules = code.ModuleMatrix; // With its quiet zone of four.
        var path = new StringBuilder();
        for (var y = 0; y < modules.Count; y++)
        {
            for (var x = 0; x < modules.Count; x++)
            {
                if (modules[y][x])
                {
                    path.Append(CultureInfo.InvariantCulture, $"M{x} {y}h1v1h-1z");
                }
            }
        }

        return string.Create(CultureInfo.InvariantCulture,
            $"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{modules.Count / 2d}mm\" height=\"{modules.Count / 2d}mm\" "
            + $"viewBox=\"0 0 {modules.Count} {modules.Count}\" shape-rendering=\"crispEdges\">"
            + $"<rect width=\"{modules.Count}\" height=\"{modules.Count}\" fill=\"#fff\"/><path d=\"{path}\" fill=\"#000\"/></svg>\n");
    }
}
