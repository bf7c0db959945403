using System.Text;
using System.Text.RegularExpressions;
using Evidence.Gs1;
using Gateway.Tests.House;
using global::Ledger.Authority;
using global::Ledger.Labels;

namespace Gateway.Tests.Ledger;

/// <summary>Goal: what is printed is what a warehouse's scanner and a regulator's phone read. Method: zint as another encoder of the same bars,
/// zbarimg on pictures of the SVG and the PDF, ZPL read back strictly here and drawn by another's renderer in Verifier/test.</summary>
public sealed partial class LabelTests : IDisposable
{
    private const string Link = "https://ledger.example/00/106141411234567897#r=0e52d9c508c50234";
    private static readonly Gs1Key Pallet = Gs1Key.Pallet(Sscc.Parse("106141411234567897"));
    private static readonly Gs1Key Vaccine = Gs1Key.Product(Gtin.Parse("09521234543213"), "ABC123", "12345");
    private static readonly Gs1Key Longest = Gs1Key.Product(Gtin.Parse("09521234543213"), "LOT_>%&x/0123456789a", "serial-<0>&\"+_abcdef");

    private readonly string folder = Directory.CreateTempSubdirectory("coldproof-label-").FullName;

    public static TheoryData<string> Symbols =>
    [
        "00106141411234567897", "0109521234543213", "010952123454321317271231", "10ABC123", "10A1", "1012345", "21123456789", "10abcDEF0123456789xyz",
        "010952123454321310ABC123\u001D2112345", "10X12345678Y1234Z", "211", "10LOT-0123456", "21!\"%&'()*+,-./:;<=>?_",
    ];

    [Theory, MemberData(nameof(Symbols))]
    public async Task Our_bars_are_no_wider_than_zints_and_zbarimg_reads_the_data(string data)
    {
        var ours = Code128.Of(data);
        var zint = await Zint(data);
        Assert.True(ours.Width <= zint.Length, $"{ours.Width} modules, zint {zint.Length}");
        var svg = new StringBuilder($"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{ours.Width + 40}\" height=\"80\"><rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>");
        foreach (var (x, width) in ours.Bars())
        {
            svg.Append($"<rect x=\"{x + 20}\" y=\"10\" width=\"{width}\" height=\"60\"/>");
        }

        Assert.Equal([$"CODE-128:{data}"], await Scan(await Draw(svg.Append("</svg>").ToString(), 288)));
    }

    [Theory] // Where there is one shortest way only; where there are several, zint takes another one now and then.
    [InlineData("00106141411234567897"), InlineData("0109521234543213"), InlineData("010952123454321317271231"), InlineData("10ABC123"), InlineData("10A1")]
    [InlineData("1012345"), InlineData("211"), InlineData("10LOT-0123456")]
    public async Task Our_bars_are_zints_to_the_module(string data) => Assert.Equal(await Zint(data), Modules(Code128.Of(data)));

    [Fact]
    public void The_pallets_symbol_has_the_width_and_the_zpl_that_gs1_gives()
    {
        var ours = Code128.Of("00106141411234567897");
        Assert.Equal((156, ">;>800106141411234567897"), (ours.Width, ours.ToZpl()));
    }

    [Theory, InlineData(0), InlineData(1), InlineData(2)]
    public async Task A_label_as_svg_and_as_pdf_is_read_whole(int which)
    {
        var label = ShipmentLabel.Of(Link, which == 0 ? Pallet : which == 1 ? Vaccine : Longest, which == 0 ? null : ExpiryDate.Parse("271231"));
        string[] expected = [.. label.Bars.Select(bars => $"CODE-128:{bars.Symbol.Data}").Append($"QR-Code:{Link}").Order(StringComparer.Ordinal)];
        Assert.Equal(which == 2 ? 3 : 1, label.Bars.Count);
        Assert.All(label.Bars, bars => Assert.True(bars.X >= bars.ModuleMm * Code128.Quiet && bars.Y + bars.Height < ShipmentLabel.HeightMm - 3));
        Assert.True(label.QrModuleMm >= 0.5);
        Assert.Equal(expected, await Scan(await Draw(LabelFiles.Svg(label), 300)));
        File.WriteAllBytes(At("label.pdf"), LabelFiles.Pdf(label, 1_767_571_200_000));
        var check = await Tool.Run("qpdf", "qpdf", ["--check", At("label.pdf")]);
        Assert.True(check.ExitCode == 0, check.ToString());
        await Tool.Run("poppler-utils", "pdftoppm", ["-r", "300", "-png", "-singlefile", At("label.pdf"), At("pdf")]);
        Assert.Equal(expected, await Scan(At("pdf.png")));
        var size = (await Tool.Run("poppler-utils", "pdfinfo", [At("label.pdf")])).Output;
        Assert.Matches(@"Page size:\s+283\.\d+ x 425\.\d+ pts", size);
        var fonts = (await Tool.Run("poppler-utils", "pdffonts", [At("label.pdf")])).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)[2..];
        Assert.All(fonts, font => Assert.Matches(@"\byes\b", font));
    }

    [Theory, InlineData("en", "Scan to check"), InlineData("fr", "Sans compte ni appli."), InlineData("zh", "扫码核验")]
    public async Task A_label_speaks_the_languages_of_the_pages(string language, string words)
    {
        Assert.Contains(language, global::Ledger.Pages.Texts.Languages);
        var label = ShipmentLabel.Of(Link, Pallet, null);
        File.WriteAllBytes(At("label.pdf"), LabelFiles.Pdf(label, 1_767_571_200_000));
        Assert.Contains(words, (await Tool.Run("poppler-utils", "pdftotext", [At("label.pdf"), "-"])).Output, StringComparison.Ordinal);
        Assert.Contains(words, LabelFiles.Svg(label), StringComparison.Ordinal);
    }

    [Theory, InlineData('W'), InlineData('%'), InlineData('i')]
    public async Task No_text_of_a_label_is_cut_at_its_edge(char wide)
    {
        var key = Gs1Key.Product(Gtin.Parse("09521234543213"), new(wide, 20), new(wide, 20));
        var label = ShipmentLabel.Of("https://ledger.example" + DigitalLink.Write(key) + "#r=0e52d9c508c50234", key, ExpiryDate.Parse("271231"));
        File.WriteAllBytes(At("label.pdf"), LabelFiles.Pdf(label, 1_767_571_200_000));
        var boxes = (await Tool.Run("poppler-utils", "pdftotext", ["-bbox", At("label.pdf"), "-"])).Output;
        var words = Words().Matches(boxes).Select(word => double.Parse(word.Groups["right"].ValueSpan, System.Globalization.CultureInfo.InvariantCulture)).ToList();
        Assert.True(words.Count > 20, boxes);
        Assert.All(words, right => Assert.InRange(right, 0, (ShipmentLabel.WidthMm - 2) / 25.4 * 72));
    }

    [Fact]
    public void Zpl_reads_back_to_the_same_label_and_no_text_becomes_a_command()
    {
        var label = ShipmentLabel.Of(Link, Longest, ExpiryDate.Parse("271200"));
        var zpl = LabelFiles.Zpl(label);
        Assert.StartsWith("^XA\n^CI28\n^LH0,0\n^PW800\n^LL1200\n", zpl, StringComparison.Ordinal);
        Assert.EndsWith("^XZ\n", zpl, StringComparison.Ordinal);
        var fields = Field().Matches(zpl).ToList();
        Assert.Equal(zpl.Split('\n').Length - 7, fields.Count); // Nothing stands on the label but what has this form.
        var texts = fields.Where(field => field.Groups["kind"].Value.StartsWith("A0N", StringComparison.Ordinal)).Select(Value).ToList();
        Assert.Equal(label.Texts.Where(text => !text.IsHan).Select(text => text.Text), texts); // Label printers have no Chinese letters of their own.
        var bars = fields.Where(field => field.Groups["kind"].Value.StartsWith("BY", StringComparison.Ordinal)).ToList();
        Assert.Equal(label.Bars.Select(item => item.Symbol.Data), bars.Select(field => Data(Value(field))));
        Assert.Equal("MA," + Link, Value(Assert.Single(fields, field => field.Groups["kind"].Value.StartsWith("BQN,2,", StringComparison.Ordinal))));
        Assert.All(fields, field => Assert.True(int.Parse(field.Groups["x"].ValueSpan, null) < 800 && int.Parse(field.Groups["y"].ValueSpan, null) < 1_200));
        Assert.Equal("^FH_^FDa_5Eb_7Ec_5Fd_C3_A9_0A^FS\n", LabelFiles.Field("a^b~c_dé\n"));
    }

    [Fact]
    public void The_golden_labels_stay_what_they_are()
    {
        foreach (var (name, key, expiry) in new[] { ("pallet", Pallet, null), ("product", Vaccine, ExpiryDate.Parse("271231")) })
        {
            var zpl = LabelFiles.Zpl(ShipmentLabel.Of(Link, key, expiry));
            if (Environment.GetEnvironmentVariable(Evidence.AttackTests.WriteSwitch) is { Length: > 0 } attacks)
            {
                Directory.CreateDirectory(Path.Combine(attacks, "..", "labels"));
                File.WriteAllText(Path.Combine(attacks, "..", "labels", name + ".zpl"), zpl);
            }

            Assert.Equal(File.ReadAllText(Repository.At("Gateway.Tests", "Golden", "labels", name + ".zpl")), zpl);
        }
    }

    [Theory]
    [InlineData("http://ledger.example/00/106141411234567897"), InlineData("javascript:alert(1)"), InlineData("https://ledger.example/a b")]
    [InlineData("https://ledger.example/é"), InlineData("ledger.example"), InlineData("")]
    public void A_link_that_may_not_be_printed_is_refused(string link) =>
        Assert.Contains("cannot be printed", Assert.Throws<AuthorityRefusedException>(() => ShipmentLabel.Of(link, Pallet, null)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_link_too_long_for_modules_that_scan_is_refused_and_the_longest_that_fits_is_not()
    {
        var address = "https://ledger.example/" + new string('x', 470);
        Assert.True(ShipmentLabel.Of(address, Pallet, null).QrModuleMm >= 0.5);
        Assert.Throws<AuthorityRefusedException>(() => ShipmentLabel.Of(address + new string('x', 100), Pallet, null));
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private string At(string name) => Path.Combine(folder, name);

    /// <summary>The bars as another encoder draws them: hexadecimal digits of modules, of which the last one may be filled up.</summary>
    private static async Task<string> Zint(string data)
    {
        var brackets = new StringBuilder();
        for (var rest = data; rest.Length > 0;)
        {
            var length = rest[..2] switch { "00" => 20, "01" => 16, "17" => 8, _ => rest.IndexOf(ElementString.Separator) is >= 0 and var at ? at : rest.Length };
            brackets.Append($"[{rest[..2]}]{rest[2..length]}");
            rest = rest[length..].TrimStart(ElementString.Separator);
        }

        var run = await Tool.Run("zint", "zint", ["--barcode=16", "--dump", "--data=" + brackets]);
        Assert.True(run.ExitCode == 0, run.ToString());
        var bits = string.Concat(run.Output.Where(char.IsAsciiHexDigit).Select(digit => Convert.ToString(Convert.ToInt32(digit.ToString(), 16), 2).PadLeft(4, '0')));
        return bits.TrimEnd('0'); // A symbol ends with a bar.
    }

    private static string Modules(Code128 symbol)
    {
        var modules = new char[symbol.Width];
        Array.Fill(modules, '0');
        foreach (var (x, width) in symbol.Bars())
        {
            Array.Fill(modules, '1', x, width);
        }

        return new(modules);
    }

    private async Task<string> Draw(string svg, int dpi)
    {
        File.WriteAllText(At("label.svg"), svg);
        var run = await Tool.Run("librsvg2-bin", "rsvg-convert", ["-d", $"{dpi}", "-p", $"{dpi}", "-o", At("svg.png"), At("label.svg")]);
        Assert.True(run.ExitCode == 0, run.ToString());
        return At("svg.png");
    }

    private static async Task<string[]> Scan(string picture)
    {
        var run = await Tool.Run("zbar-tools", "zbarimg", ["-q", picture]);
        return [.. run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal)];
    }

    private static string Value(Match field) => Encoding.UTF8.GetString([.. Escaped().Matches(field.Groups["data"].Value)
        .Select(piece => piece.Value.Length == 3 ? Convert.ToByte(piece.Value[1..], 16) : (byte)piece.Value[0])]);

    /// <summary>^BC's invocation codes read back: what the printer would encode.</summary>
    private static string Data(string zpl)
    {
        Assert.Matches("^>[;:]>8", zpl);
        return zpl[4..].Replace(">8", "\u001D", StringComparison.Ordinal).Replace(">5", "", StringComparison.Ordinal).Replace(">6", "", StringComparison.Ordinal)
            .Replace(">0", ">", StringComparison.Ordinal);
    }

    [GeneratedRegex(@"^\^FO(?<x>[0-9]+),(?<y>[0-9]+)\^(?<kind>A0N,[0-9]+,[0-9]+(\^FB800,1,0,C)?|BQN,2,[0-9]+|BY[2-4],3,[0-9]+\^BCN,[0-9]+,N,N,N,N)\^FH_\^FD(?<data>[^^~\n]*)\^FS$", RegexOptions.Multiline)]
    private static partial Regex Field();

    [GeneratedRegex("xMax=\"(?<right>[0-9.]+)\"")]
    private static partial Regex Words();

    [GeneratedRegex("_[0-9A-F]{2}|[^_]")]
    private static partial Regex Escaped();
}
