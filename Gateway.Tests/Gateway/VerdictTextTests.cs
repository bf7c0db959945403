using Evidence;
using Gateway.Terminal;
using Gateway.Tests.Evidence;
using Gateway.Verbs;

namespace Gateway.Tests.Gateway;

// Goal: on a terminal a reader learns of the temperature what the file discloses, in words, and nothing more. Method: one record at each level.
public sealed class VerdictTextTests
{
    [Theory]
    [InlineData(DisclosureLevel.Headers, "? NOT DISCLOSED  The file says when batches were sealed")]
    [InlineData(DisclosureLevel.Verdicts, "▲ OUT OF RANGE  Readings: 40, intervals out of range: 1, without data: 0; the gateway's signed claims about whole batches")]
    [InlineData(DisclosureLevel.Summaries, "▲ OUT OF RANGE  Readings: 40, intervals out of range: 1, without data: 0; the gateway's signed claims about whole batches")]
    [InlineData(DisclosureLevel.Readings, "▲ OUT OF RANGE  Readings: 40, intervals out of range: 1, without data: 0\n")]
    public void Each_level_says_what_it_shows(DisclosureLevel level, string words)
    {
        using var truck = new TestTruck(channels: 1);
        truck.Seal(20);
        truck.Seal(20, (round, _) => round == 9 ? 9_125 : 4_500);
        var text = Written(truck, level);
        Assert.Contains(words, text, StringComparison.Ordinal);
        Assert.Equal(level == DisclosureLevel.Headers ? 0 : 1, Count(text, "OUT OF RANGE \n") + Count(text, "9.125 °C"));
        Assert.DoesNotContain(" to  °C", text, StringComparison.Ordinal);
        Assert.Equal(level >= DisclosureLevel.Summaries, text.Contains("to 9.125 °C", StringComparison.Ordinal));
    }

    [Fact]
    public void No_data_is_said_to_be_for_a_part_of_the_time_and_why_in_words()
    {
        using var truck = new TestTruck(channels: 1);
        truck.Seal(20);
        truck.Seal(20, null, null, truck.PowerCut(25 * 60_000));
        var text = Written(truck, DisclosureLevel.Readings);
        Assert.Contains("? NO DATA FOR PART OF THE TIME", text, StringComparison.Ordinal);
        Assert.Contains("NO DATA      power loss\n", text, StringComparison.Ordinal);
    }

    private static string Written(TestTruck truck, DisclosureLevel level)
    {
        var verdict = Verifier.Verify(BundleWriter.Write(truck.Content(level, 0)), truck.Policy);
        Assert.Equal(VerdictWord.Verified, verdict.Word);
        using var output = new StringWriter { NewLine = "\n" };
        VerdictText.Write(new(output, TextWriter.Null, isColoured: false, isInteractive: false), verdict);
        return output.ToString();
    }

    private static int Count(string text, string part) => text.Split(part).Length - 1;
}
