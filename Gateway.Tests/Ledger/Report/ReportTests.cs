using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Evidence;
using Gateway.Tests.Evidence;
using Gateway.Tests.House;
using global::Ledger.Pages;
using UglyToad.PdfPig;

namespace Gateway.Tests.Ledger.Report;

// Goal: the paper that a QA officer signs is whole, says what the verifier says, and carries the proof.
// Method: programs that we did not write read it: qpdf, poppler, zbar, PdfPig.
public sealed class ReportTests
{
    [Theory]
    [InlineData("en", "VERIFIED", "OUT OF RANGE", "Mean kinetic", "too warm")]
    [InlineData("fr", "VÉRIFIÉ", "HORS LIMITES", "Cinétique", "trop chaud")]
    [InlineData("zh", "已验证", "超出限值", "动力学平均", "过热")]
    public async Task The_report_is_a_clean_tagged_pdf_whose_words_can_be_found(string language, string word, string answer, string kinetic, string warm)
    {
        using var truck = new TestTruck(channels: 2, place: "rear");
        using var bench = new ReportBench(ReportBench.Trip(truck), language);

        Assert.Contains("No syntax or stream encoding errors found", await bench.Run("qpdf", "qpdf", "--check", "report.pdf"));
        var first = await bench.Text(1);
        var all = await bench.Text();
        Assert.All([word, answer, kinetic, "rear 0", "rear 1", truck.Batches[^1].Header.Root.ToString(), bench.Evidence.Sum, "83", "10.1".Replace('.',
            language == "fr" ? ',' : '.'), "0.5".Replace('.', language == "fr" ? ',' : '.')], words => Assert.Contains(words, first));
        Assert.All([warm, "S-0", truck.Id.ToString(), "+02:00", "2026-01-01 02:00:00"], words => Assert.Contains(words, all));

        var facts = await bench.Run("poppler-utils", "pdfinfo", "report.pdf");
        Assert.Matches("Tagged: +yes", facts);
        Assert.Matches("Title: +\\S", facts);
        var structure = await bench.Run("poppler-utils", "pdfinfo", "-struct-text", "report.pdf");
        Assert.Matches($"(?s)Document.*H1.*\"{word}\"?.*Table.*TR.*TH.*TD.*Figure", structure);
    }

    [Fact]
    public async Task Every_font_is_inside_and_only_as_far_as_it_is_used()
    {
        using var truck = new TestTruck(place: "冷藏车 后部");
        using var bench = new ReportBench(ReportBench.Trip(truck), "zh");
        var rows = (await bench.Run("poppler-utils", "pdffonts", "report.pdf")).TrimEnd().Split('\n')[2..];
        Assert.Equal(4, rows.Length);
        Assert.All(rows, row => Assert.Matches("CID TrueType +Identity-H +yes yes yes", row));
        Assert.True(bench.Bytes.Length < 600_000, $"{bench.Bytes.Length} bytes: more than the glyphs that are used?");
    }

    [Fact]
    public async Task The_files_inside_come_out_as_they_went_in_and_the_bundle_verifies()
    {
        using var truck = new TestTruck();
        using var bench = new ReportBench(ReportBench.Trip(truck));
        await bench.Run("poppler-utils", "pdfdetach", "-saveall", "report.pdf");

        var bundle = await File.ReadAllBytesAsync(Directory.GetFiles(bench.Folder, "*.coldproof.json").Single(), TestContext.Current.CancellationToken);
        Assert.Equal(bench.Evidence.Bundle, bundle);
        Assert.Equal(VerdictWord.Verified, Verifier.Verify(bundle, truck.Policy).Word);
        Assert.Equal(ReadingsCsv.Write(bench.Evidence.Verdict),
            await File.ReadAllBytesAsync(Path.Combine(bench.Folder, "readings.csv"), TestContext.Current.CancellationToken));
        Assert.Equal(await File.ReadAllBytesAsync(Repository.At("Verifier", "verify.html"), TestContext.Current.CancellationToken),
            await File.ReadAllBytesAsync(Path.Combine(bench.Folder, "verify.html"), TestContext.Current.CancellationToken));
        var list = await bench.Run("qpdf", "qpdf", "--list-attachments", "--verbose", "report.pdf");
        Assert.Equal(["Data", "Data", "Supplement"], Regex.Matches(Encoding.Latin1.GetString(bench.Bytes), "/AFRelationship /(\\w+)")
            .Select(match => match.Groups[1].Value));
        Assert.Contains("readings.csv", list);
    }

    [Theory]
    [InlineData(150, false)]
    [InlineData(150, true)]
    [InlineData(100, true)]
    public async Task The_code_can_be_scanned_from_the_printed_sheet(int dotsPerInch, bool isGray)
    {
        using var truck = new TestTruck();
        using var bench = new ReportBench(ReportBench.Trip(truck));
        var found = await bench.Run("zbar-tools", "zbarimg", "--quiet", "--raw", await bench.Picture(1, dotsPerInch, isGray));
        Assert.Equal($"{ReportBench.Address}{bench.Path}/evidence.html#r={truck.Batches[^1].Header.Root.ToString()[..16]}", found.Trim());
    }

    [Fact]
    public void The_same_evidence_gives_the_same_bytes()
    {
        using var truck = new TestTruck();
        var evidence = ReportBench.Trip(truck);
        using var one = new ReportBench(evidence);
        using var other = new ReportBench(evidence);
        Assert.Equal(one.Bytes, other.Bytes);
    }

    /// <summary>Text that steers, text that no font has, markup, and text that is longer than any cell.</summary>
    [Theory]
    [InlineData("<script>alert('&\"1\")</script>")]
    [InlineData("(\\) endstream %%EOF /JS << >>")]
    [InlineData("evil\u202Etxet\u200B\u0007\r\n")]
    [InlineData("한국어 العربية 🧊 ไทย")]
    [InlineData("WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW")]
    [InlineData("龘靐齉爩鱻麤龗灪籱癵")]
    public async Task No_name_harms_the_sheets_and_none_is_left_out(string place)
    {
        using var truck = new TestTruck(place: place);
        using var bench = new ReportBench(ReportBench.Trip(truck));
        Assert.Contains("No syntax or stream encoding errors found", await bench.Run("qpdf", "qpdf", "--check", "report.pdf"));
        using var read = PdfDocument.Open(bench.Bytes);
        var letters = string.Concat(read.GetPages().SelectMany(page => page.Letters).Select(letter => letter.Value));
        var wanted = string.Concat(place.EnumerateRunes().Where(rune => Rune.IsLetterOrDigit(rune) || rune.Value > 0xffff).Select(rune => rune.ToString()));
        Assert.Contains(Squeezed(wanted), Squeezed(letters));
        Assert.DoesNotContain(letters, sign => char.IsControl(sign) || sign is '\u202E' or '\u200B');

        static string Squeezed(string text) => string.Concat(text.Where(sign => !char.IsWhiteSpace(sign) && !char.IsPunctuation(sign)
            && !char.IsSymbol(sign) && char.GetUnicodeCategory(sign) is not (UnicodeCategory.NonSpacingMark or UnicodeCategory.OtherNotAssigned)));
    }

    /// <summary>A verdict of each kind, so far as the page can meet it: the word and the reason are on the first sheet, which stays one sheet.</summary>
    [Theory]
    [InlineData(VerdictWord.Changed, Fault.RootMismatch, "CHANGED")]
    [InlineData(VerdictWord.Incomplete, Fault.BatchMissing, "INCOMPLETE")]
    [InlineData(VerdictWord.TimeNotProven, Fault.BracketWide, "TIME NOT PROVEN")]
    [InlineData(VerdictWord.SignerUnknown, Fault.AuthorityUnknown, "SIGNER UNKNOWN")]
    [InlineData(VerdictWord.NotYetAnchored, Fault.ReceiptMissing, "VERIFIED BUT NOT YET ANCHORED")]
    [InlineData(VerdictWord.CannotCheck, Fault.FormUnreadable, "CANNOT CHECK")]
    public async Task A_record_that_does_not_hold_says_so_first(VerdictWord word, Fault fault, string headline)
    {
        const string Reason = "Batch 7041 is missing.";
        var finding = new Finding(fault, "BatchMissing.one", ["7041"], "");
        using var truck = new TestTruck();
        var evidence = ReportBench.Trip(truck);
        var verdict = evidence.Verdict with
        {
            Word = word,
            Fault = fault,
            Reason = Reason,
            Channels = word == VerdictWord.CannotCheck ? [] : evidence.Verdict.Channels,
            Brackets = word == VerdictWord.CannotCheck ? [] : evidence.Verdict.Brackets,
            Checks = [.. evidence.Verdict.Checks.Select((check, i) => i < 2 ? check
                : i == 2 ? check with { State = CheckState.Failed, Sentence = Reason, Finding = finding }
                : check with { State = CheckState.NotChecked, Sentence = "" })],
        };
        using var bench = new ReportBench(evidence with { Verdict = verdict });
        var first = await bench.Text(1);
        Assert.Contains(headline, first);
        Assert.Contains(Reason, first);
        Assert.Contains("2 of 8 checks hold", first);
        Assert.Contains("Date and signature 1/", Regex.Replace(first, "Date and signature.*? 1/", "Date and signature 1/"));
        Assert.Contains("not checked", await bench.Text(2));
    }

    /// <summary>A signed record may hold any number that its form has room for.</summary>
    [Theory]
    [InlineData(-134_000_000, 134_000_000)]
    [InlineData(-273_150, -273_151)]
    [InlineData(8_000, 8_000)]
    public async Task No_temperature_is_too_odd_to_print(int low, int high)
    {
        using var truck = new TestTruck(channels: 1);
        truck.Seal(40, (round, _) => round % 3 == 0 ? low : round % 3 == 1 ? high : null);
        truck.Seal(0);
        using var bench = new ReportBench(ReportBench.Of(truck));
        Assert.Contains("No syntax or stream encoding errors found", await bench.Run("qpdf", "qpdf", "--check", "report.pdf"));
        Assert.Contains(Texts.For("en", null).Temperature(new(low)).Replace('\u00A0', ' '), await bench.Text(1));
    }

    [Fact]
    public async Task A_day_whose_highest_is_barely_out_of_range_is_not_rounded_into_it()
    {
        using var truck = new TestTruck();
        truck.Seal(60, (round, _) => round == 30 ? 8_004 : round == 31 ? 1_996 : 4_500);
        using var bench = new ReportBench(ReportBench.Of(truck));
        Assert.Matches(@" 60 1\.996 °C 4\.\d+ °C 8\.004 °C \d+ min ", (await bench.Text()).Replace('\u00A0', ' '));
    }

    [Fact]
    public async Task A_window_without_a_reading_is_no_data_and_never_in_range()
    {
        using var truck = new TestTruck(channels: 1);
        truck.Seal(0);
        truck.Seal(0);
        using var bench = new ReportBench(ReportBench.Of(truck));
        var first = await bench.Text(1);
        Assert.Contains("NO DATA", first);
        Assert.DoesNotContain("NO DATA FOR PART", first); // Not for a part: at no time at all.
        Assert.DoesNotContain("IN RANGE", first);
    }

    [Fact]
    public async Task The_shipment_and_for_whom_it_is_shown_stand_at_the_top()
    {
        using var truck = new TestTruck();
        using var bench = new ReportBench(ReportBench.Trip(truck), "en", null, "Shipment (00) 106141411234567897", "For Pharmacie Générale: release");
        Assert.Matches("VERIFIED.*Shipment \\(00\\) 106141411234567897.*For Pharmacie Générale: release.*Gateway.*OUT OF RANGE", await bench.Text(1));
    }

    [Fact]
    public async Task Many_probes_notes_and_reasons_leave_the_first_sheet_one_sheet()
    {
        using var truck = new TestTruck(channels: 32, place: "compartment of the trailer, left rear");
        var trip = ReportBench.Trip(truck);
        using var bench = new ReportBench(trip with
        {
            Verdict = trip.Verdict with { Notes = [.. Enumerable.Range(0, 33).SelectMany(_ => trip.Verdict.Notes)] },
        });
        var first = await bench.Text(1);
        Assert.Contains("more probes are on the next sheets, 0 of them out of range.", first);
        Assert.Contains("28 more notes are on the next sheet.", first);
        Assert.Contains("Date and signature", first);
        Assert.Contains("S-31", await bench.Text());
        Assert.Contains("No syntax or stream encoding errors found", await bench.Run("qpdf", "qpdf", "--check", "report.pdf"));
    }
}
