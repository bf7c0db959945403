using System.Text;
using Evidence;
using Gateway.Inputs;
using Gateway.Tests.Evidence;
using Gateway.Tests.House;
using Gateway.Tests.Ledger.Report;
using Gateway.Verbs;
using global::Ledger.Pages;

namespace Gateway.Tests.Gateway;

// Goal: `gateway verify` takes the report and the saved page as people have them, and says what a wrong file is.
// Method: reports as the ledger writes them, written anew by qpdf in its own ways, harmed, and by the thousand with random harm.
public sealed class EvidenceFileTests : IDisposable
{
    private readonly TestTruck truck = new();
    private readonly ReportBench bench;

    public EvidenceFileTests() => bench = new(ReportBench.Trip(truck));

    public void Dispose()
    {
        bench.Dispose();
        truck.Dispose();
    }

    [Fact]
    public void A_report_gives_the_bundle_that_it_carries() =>
        Assert.Equal(bench.Evidence.Bundle, EvidenceFile.BundleIn(bench.Bytes, "report.pdf").ToArray());

    /// <summary>What somebody saved must open for ever: a report as version 0.1.0 gave it.</summary>
    [Fact]
    public void A_report_that_was_kept_still_verifies()
    {
        var policy = VerifierPolicy.Parse(File.ReadAllBytes(Repository.At("Verifier", "test", "reports", "policy.json")));
        var bundle = EvidenceFile.BundleIn(File.ReadAllBytes(Repository.At("Verifier", "test", "reports", "one-day-0.1.0.pdf")), "kept.pdf");
        var verdict = Verifier.Verify(bundle, policy);
        Assert.Equal((VerdictWord.Verified, Answer.OutOfRange), (verdict.Word, verdict.Temperature));
    }

    [Theory]
    [InlineData("--object-streams=generate")]
    [InlineData("--stream-data=uncompress", "--normalize-content=n")]
    [InlineData("--linearize")]
    [InlineData("--qdf")]
    public async Task A_report_that_another_program_wrote_anew_still_gives_it(params string[] options) =>
        Assert.Equal(bench.Evidence.Bundle, EvidenceFile.BundleIn(await Rewritten(options), "report.pdf").ToArray());

    [Fact]
    public async Task A_pdf_without_a_proof_is_told_from_one_with_several_and_one_with_a_password()
    {
        var name = Path.GetFileNameWithoutExtension(ProofPage.FileName(bench.Evidence));
        Refused(await Rewritten("--remove-attachment=" + name + ".json"), "is a PDF without a proof");
        await File.WriteAllTextAsync(Path.Combine(bench.Folder, "other.coldproof.json"), "{}", TestContext.Current.CancellationToken);
        Refused(await Rewritten("--add-attachment", "other.coldproof.json", "--"), "is a PDF with 2 proofs");
        Refused(await Rewritten("--encrypt", "", "secret", "256", "--"), "locked with a password");
        Refused(await File.ReadAllBytesAsync(Repository.At("Verifier", "test", "loggers", "qtagCLmLR_RCPJ00010_02_202211090128.pdf"),
            TestContext.Current.CancellationToken), "is a PDF without a proof");
    }

    [Fact]
    public void A_saved_page_gives_its_bundle_and_an_empty_one_says_that_it_has_none()
    {
        var page = EvidenceHtml.Write(bench.Evidence.Bundle, truck.Policy.ToJson(), ReportBench.Address, bench.Evidence.Window.ToString());
        Assert.Equal(VerdictWord.Verified, Verifier.Verify(EvidenceFile.BundleIn(page, "evidence.html"), truck.Policy).Word);
        Refused(EvidenceHtml.Page.ToArray(), "is a web page without a proof inside");
        Refused("<!doctype html><title>news</title>"u8.ToArray(), "is a web page without a proof inside");
    }

    /// <summary>Whatever else a file is, the verifier says so: one answer for one file.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("PK\u0003\u0004")]
    public void Any_other_file_is_for_the_verifier_to_name(string text) => Assert.Equal(VerdictWord.CannotCheck,
        Verifier.Verify(EvidenceFile.BundleIn(Encoding.Latin1.GetBytes(text), "file"), truck.Policy).Word);

    /// <summary>F-175. Objects that a PDF packs together, with places and numbers that no tool writes.</summary>
    [Theory]
    [InlineData("5 -99 ", 1, 6, "no catalog")]
    [InlineData("99999999999 0 ", 1, 14, "no catalog")]
    [InlineData("-7 0 ", 1, 5, "no catalog")]
    [InlineData("NaN Infinity ", 1, 13, "no catalog")]
    [InlineData("5 0 ", 1, -50, "no catalog")]
    [InlineData("overlapping", 100_000, 0, "overlap")]
    public void Packed_objects_of_strange_places_are_refused_in_a_sentence(string places, int count, int first, string words)
    {
        var numbers = places == "overlapping" ? string.Concat(Enumerable.Range(10, count).Select(number => $"{number} 0 ")) : places;
        var content = Encoding.ASCII.GetBytes(numbers + (places == "overlapping" ? "[" + string.Concat(Enumerable.Repeat("1 ", 500_000)) + "]" : "null"));
        var packed = new MemoryStream();
        using (var zlib = new System.IO.Compression.ZLibStream(packed, System.IO.Compression.CompressionLevel.Optimal, leaveOpen: true))
        {
            zlib.Write(content);
        }

        byte[] pdf = [.. Encoding.ASCII.GetBytes($"%PDF-1.7\n9 0 obj\n<< /Type /ObjStm /N {count} /First {(first == 0 ? numbers.Length : first)} /Filter /FlateDecode /Length {packed.Length} >>\nstream\n"),
            .. packed.ToArray(), .. "\nendstream\nendobj\n"u8];
        Refused(pdf, words);
    }

    [Fact]
    public void A_report_that_is_cut_short_is_refused_wherever_it_is_cut()
    {
        var end = bench.Bytes.AsSpan().LastIndexOf("trailer"u8); // With the trailer, all that counts is there.
        for (var length = 10; length < end; length += end / 97)
        {
            Refused(bench.Bytes[..length], "Fetch it once more");
        }
    }

    [Fact]
    public void A_report_with_random_harm_gives_its_bundle_or_a_sentence()
    {
        const int Seeds = 400;
        for (var seed = 0; seed < Seeds; seed++)
        {
            var random = new Random(seed);
            var harmed = bench.Bytes.ToArray();
            for (var i = 0; i < 1 << (seed % 12); i++)
            {
                harmed[random.Next(harmed.Length)] = (byte)random.Next(256);
            }

            try
            {
                var bundle = EvidenceFile.BundleIn(harmed, "report.pdf");
                Assert.True(bundle.Span.SequenceEqual(bench.Evidence.Bundle)
                    || Verifier.Verify(bundle, truck.Policy).Word != VerdictWord.Verified, $"seed {seed}: another record is VERIFIED");
            }
            catch (VerbException refused)
            {
                Assert.True(refused.Code == ExitCode.CannotCheck, $"seed {seed}: {refused.Message}");
            }
        }
    }

    private static void Refused(byte[] file, string words)
    {
        var refused = Assert.Throws<VerbException>(() => EvidenceFile.BundleIn(file, "report.pdf"));
        Assert.Contains(words, refused.Message);
        Assert.Equal(ExitCode.CannotCheck, refused.Code);
    }

    private async Task<byte[]> Rewritten(params string[] options)
    {
        await bench.Run("qpdf", "qpdf", ["report.pdf", .. options, "rewritten.pdf"]);
        return await File.ReadAllBytesAsync(Path.Combine(bench.Folder, "rewritten.pdf"), TestContext.Current.CancellationToken);
    }
}
