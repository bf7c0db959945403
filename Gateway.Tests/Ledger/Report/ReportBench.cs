using Evidence;
using Gateway.Tests.Evidence;
using Gateway.Tests.House;
using global::Ledger.Pages;
using global::Ledger.Report;

namespace Gateway.Tests.Ledger.Report;

/// <summary>A report of a truck's record in a folder of its own, and the programs that read it.</summary>
internal sealed class ReportBench : IDisposable
{
    public const string Address = "https://ledger.example";
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("coldproof-report-");

    public ReportBench(WindowEvidence evidence, string language = "en", int? offset = 120, params string[] lines)
    {
        Evidence = evidence;
        Path = $"/g/{evidence.Gateway}/{evidence.Window}";
        Bytes = EvidenceReport.Write(evidence, new(Texts.For(language, null), Path + "/evidence.pdf", offset, Address),
            new(Path + "/evidence.html", lines));
        System.IO.File.WriteAllBytes(File, Bytes);
    }

    public WindowEvidence Evidence { get; }

    public byte[] Bytes { get; }

    public string Path { get; }

    public string Folder => folder.FullName;

    public string File => System.IO.Path.Combine(Folder, "report.pdf");

    /// <summary>Three hours with too warm, too cold, a fault and a power cut.</summary>
    public static WindowEvidence Trip(TestTruck truck)
    {
        truck.Seal(60);
        truck.Seal(60, (round, channel) => channel > 0 ? 5_000 : round is > 10 and < 22 ? 8_000 + (100 * round) : round is > 40 and < 44 ? 500
            : round == 50 ? null : 4_500);
        var cut = truck.PowerCut(25 * 60_000);
        truck.Seal(60, null, null, cut);
        return Of(truck);
    }

    /// <summary>What the ledger would show of all that a truck has sealed.</summary>
    public static WindowEvidence Of(TestTruck truck, DisclosureLevel level = DisclosureLevel.Readings)
    {
        var channels = Enumerable.Range(0, truck.Manifest.Channels.Length).Select(channel => (ushort)channel).ToArray();
        var content = truck.Content(level, channels);
        var bundle = BundleWriter.Write(content);
        return new(truck.Id, new(content.FromMs, content.ToMs), bundle, Verifier.Verify(bundle, truck.Policy))
        {
            Root = truck.Batches[^1].Header.Root,
            LogIndex = truck.Batches.Count,
        };
    }

    public async Task<string> Run(string package, string program, params string[] arguments)
    {
        var result = await Tool.Run(package, program, arguments, Folder);
        Assert.True(result.ExitCode == 0, $"{program}: {result}");
        return result.Output;
    }

    /// <summary>The words of some sheets, as pdftotext reads them, without line breaks.</summary>
    public async Task<string> Text(int? sheet = null) => string.Join(' ', (await Run("poppler-utils", "pdftotext",
        [.. sheet is { } only ? new[] { "-f", $"{only}", "-l", $"{only}" } : [], "-layout", "report.pdf", "-"]))
        .Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    /// <summary>A sheet as dots, as it comes out of a printer.</summary>
    public async Task<string> Picture(int sheet, int dotsPerInch, bool isGray = false)
    {
        await Run("poppler-utils", "pdftoppm", ["-r", $"{dotsPerInch}", "-f", $"{sheet}", "-l", $"{sheet}", "-png", .. isGray ? new[] { "-gray" } : [],
            "-singlefile", "report.pdf", "sheet"]);
        return System.IO.Path.Combine(Folder, "sheet.png");
    }

    /// <summary>For people's eyes: what the tests printed is kept in the folder that COLDPROOF_REPORTS names.</summary>
    public void Dispose()
    {
        if (Environment.GetEnvironmentVariable("COLDPROOF_REPORTS") is { Length: > 0 } kept)
        {
            System.IO.File.Copy(File, System.IO.Path.Combine(kept, folder.Name + ".pdf"), overwrite: true);
        }

        folder.Delete(recursive: true);
    }
}
