using System.Text;
using QRCoder;

namespace Gateway.Terminal;

/// <summary>A QR code of half blocks: two rows of modules a line, dark on light whatever the terminal's colours are.</summary>
public static class QrBlocks
{
    private const int Quiet = 2;

    /// <summary>The code's lines. Light modules are drawn and dark ones left out, so it reads on a dark terminal; scanners take
    /// both.</summary>
    public static IEnumerable<string> Draw(string text)
    {
        using var code = QRCodeGenerator.GenerateQrCode(text, QRCodeGenerator.ECCLevel.L);
        var rows = code.ModuleMatrix; // QRCoder's matrix has a quiet zone of four modules; two are enough on a screen.
        var first = 4 - Quiet;
        var last = rows.Count - first;
        for (var y = first; y < last; y += 2)
        {
            var line = new StringBuilder();
            for (var x = first; x < last; x++)
            {
                var upper = !rows[y][x];
                var lower = y + 1 < last && !rows[y + 1][x];
                line.Append((upper, lower) switch { (true, true) => '█', (true, false) => '▀', (false, true) => '▄', _ => ' ' });
            }

            yield return line.ToString();
        }
    }
}
