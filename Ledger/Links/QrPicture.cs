using System.Text;
using Ledger.Labels;

namespace Ledger.Links;

/// <summary>A link as a QR code: level M, four modules of quiet around it.</summary>
/// <param name="path">Where it goes; ends with .svg or .png.</param>
internal sealed class QrPicture(string path)
{
    private const int PixelsPerModule = 12;
    private const double ModuleMm = 0.5;

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
        var code = QrSymbol.Of(link);
        if (path.EndsWith(".svg", StringComparison.OrdinalIgnoreCase))
        {
            File.WriteAllText(path, code.ToSvg(ModuleMm));
            return;
        }

        File.WriteAllBytes(path, code.ToPng(PixelsPerModule));
    }

    /// <summary>For a terminal: two modules a character, light on dark as terminals mostly are, with its quiet zone.</summary>
    public static string Blocks(string link)
    {
        var code = QrSymbol.Of(link);
        var text = new StringBuilder();
        for (var y = -QrSymbol.Quiet; y < code.Side + QrSymbol.Quiet; y += 2)
        {
            for (var x = -QrSymbol.Quiet; x < code.Side + QrSymbol.Quiet; x++)
            {
                var (upper, lower) = (!code.IsDark(x, y), !code.IsDark(x, y + 1));
                text.Append((upper, lower) switch { (true, true) => '█', (true, false) => '▀', (false, true) => '▄', _ => ' ' });
            }

            text.Append('\n');
        }

        return text.ToString();
    }
}
