using Evidence;
using Gateway.Tests.Evidence;
using global::Ledger.Pages;

namespace Gateway.Tests.Ledger.Report;

/// <summary>Goal: paper never says more of the temperature than the level of its evidence tells, least of all "no excursion". Method: the same
/// truck, once too warm and once too cold, printed at each level; words read by pdftotext.</summary>
public sealed class ReportLevelTests
{
    [Theory]
    [InlineData("en", "NOT DISCLOSED", "At this level nothing is said about the temperature", "NO DATA FOR PART OF THE TIME", "No excursion and no gap")]
    [InlineData("fr", "NON DIVULGUÉ", "À ce niveau", "SANS DONNÉES UNE PARTIE DU TEMPS", "Aucune excursion")]
    [InlineData("zh", "未披露", "此级别不涉及温度", "部分时间无数据", "没有超限")]
    public async Task At_the_level_of_headers_nothing_is_disclosed_and_nothing_is_called_missing_or_well(string language, string word, string sentence,
        string missing, string none)
    {
        var (first, all) = await Print(DisclosureLevel.Headers, language);
        Assert.Contains(word, first, StringComparison.Ordinal);
        Assert.Contains(sentence, first, StringComparison.Ordinal);
        Assert.Equal(2, System.Text.RegularExpressions.Regex.Count(all, word)); // The front sheet's and the channel's.
        Assert.DoesNotContain(missing, all, StringComparison.Ordinal);
        Assert.DoesNotContain(none, all, StringComparison.Ordinal);
    }

    /// <remarks>F-130. The regulator's page is held to the same words by Verifier/test/browser/page.test.mjs.</remarks>
    [Theory]
    [InlineData("en", "NO DATA", "no reading in this time")]
    [InlineData("fr", "SANS DONNÉES", "aucune mesure dans cette période")]
    [InlineData("zh", "无数据", "此时段没有读数")]
    public async Task A_window_without_a_reading_is_without_data_on_page_and_paper_and_never_undisclosed(string language, string word, string cause)
    {
        foreach (var level in new[] { DisclosureLevel.Verdicts, DisclosureLevel.Summaries, DisclosureLevel.Readings })
        {
            using var truck = new TestTruck(channels: 1);
            truck.Seal(0);
            truck.Seal(0);
            using var bench = new ReportBench(ReportBench.Of(truck, level), language);
            var texts = Texts.For(language, null);
            var page = new ProofPage(new(texts, bench.Path, null, ReportBench.Address), bench.Evidence).Write();
            Assert.Equal(word, texts["answer.Nothing"]);
            Assert.Contains($"</svg>{word}</p>", page, StringComparison.Ordinal);
            Assert.Contains(cause, page, StringComparison.Ordinal);
            var (first, all) = (await bench.Text(1), await bench.Text());
            Assert.Contains(word, first, StringComparison.Ordinal);
            Assert.DoesNotContain(texts["answer.NoData"], all, StringComparison.Ordinal);
            Assert.DoesNotContain(texts["answer.undisclosed"], page + all, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task At_the_level_of_verdicts_a_batch_is_out_of_range_and_no_side_is_made_up()
    {
        var (first, all) = await Print(DisclosureLevel.Verdicts);
        Assert.Contains("OUT OF RANGE", first, StringComparison.Ordinal);
        Assert.Contains("gateway-signed claims whose falsehood is provable", first, StringComparison.Ordinal);
        Assert.Matches("Readings: [0-9]+, in intervals: [0-9]+; of these out of range: 2, without data: 0\\.", first);
        Assert.Equal(2, System.Text.RegularExpressions.Regex.Count(all, "[12] out of range 20"));
        Assert.DoesNotContain("too warm", all, StringComparison.Ordinal);
        Assert.DoesNotContain("too cold", all, StringComparison.Ordinal);
        Assert.DoesNotContain("Lowest", first, StringComparison.Ordinal);
        Assert.DoesNotContain("9.0", all, StringComparison.Ordinal);
    }

    [Fact]
    public async Task At_the_level_of_summaries_a_batch_that_was_on_both_sides_is_listed_on_both()
    {
        var (first, all) = await Print(DisclosureLevel.Summaries);
        Assert.Contains("Lowest 0.5 °C, highest 9.0 °C.", first, StringComparison.Ordinal);
        Assert.Equal((2, 1), (System.Text.RegularExpressions.Regex.Count(all, "too warm"), System.Text.RegularExpressions.Regex.Count(all, "too cold")));
        Assert.DoesNotContain("No excursion", all, StringComparison.Ordinal);
    }

    [Fact]
    public async Task At_the_level_of_readings_all_is_printed()
    {
        var (first, all) = await Print(DisclosureLevel.Readings);
        Assert.DoesNotContain("gateway-signed claims", all, StringComparison.Ordinal);
        Assert.Contains("Above 8.0 °C", first, StringComparison.Ordinal);
    }

    /// <summary>Five batches: well, too warm, well, both, well.</summary>
    private static async Task<(string First, string All)> Print(DisclosureLevel level, string language = "en")
    {
        using var truck = new TestTruck(channels: 1);
        truck.Seal(10);
        truck.Seal(10, (round, _) => round > 3 ? 9_000 : 4_500);
        truck.Seal(10);
        truck.Seal(10, (round, _) => round > 6 ? 9_000 : round < 3 ? 500 : 4_500);
        truck.Seal(10);
        using var bench = new ReportBench(ReportBench.Of(truck, level), language);
        Assert.Equal((VerdictWord.Verified, level), (bench.Evidence.Verdict.Word, bench.Evidence.Verdict.Level));
        Assert.Contains("No syntax or stream encoding errors found", await bench.Run("qpdf", "qpdf", "--check", "report.pdf"), StringComparison.Ordinal);
        return (await bench.Text(1), await bench.Text());
    }
}
