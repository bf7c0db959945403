using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Evidence;
using Gateway.Tests.House;

namespace Gateway.Tests.EndToEnd;

/// <summary>
/// A real logger's 10,653 readings through the published programs. What must come out is computed here from the logger's file alone; both
/// programs are stopped before anything is checked.
/// </summary>
public sealed class TripTests(Trip trip) : IClassFixture<Trip>
{
    private const int Low = 2_000, High = 8_000, IntervalMs = 300_000, CodeWidth = 8;

    [Fact]
    public async Task The_downloaded_bundle_verifies_with_the_command_line_alone()
    {
        var (code, output, error) = await Trip.Run(TestContext.Current.CancellationToken, "verify", trip.BundleFile, "--policy",
            trip.Policy, "--json");
        Assert.True(code == 0, output + error);
        using var verdict = JsonDocument.Parse(output);
        Assert.Equal("Verified", verdict.RootElement.GetProperty("word").GetString());
        Assert.Equal(10_653, verdict.RootElement.GetProperty("channels")[0].GetProperty("readings").GetInt32());
    }

    [Fact]
    public void Every_reading_is_the_loggers_to_one_code_of_the_chip()
    {
        var rows = Rows();
        var readings = Verify(trip.Bundle).Channels.Single().Readings;
        Assert.Equal(10_653, readings.Length);
        Assert.Equal(rows.Select(row => row.TimeMs), readings.Select(reading => reading.TimeMs));
        Assert.All(rows.Zip(readings), pair => Assert.InRange(pair.Second.Temperature!.Value.Value, pair.First.MilliCelsius - CodeWidth,
            pair.First.MilliCelsius + CodeWidth));
        Assert.Equal(Enumerable.Range(0, rows.Count).Select(n => (long)n), readings.Select(reading => reading.Sequence));
    }

    [Fact]
    public void The_excursions_are_those_of_the_loggers_file()
    {
        var expected = Runs(Rows()).Where(run => run.IsOutside).Select(run => (run.FromMs, run.Count)).ToList();
        var found = Verify(trip.Bundle).Channels.Single().Intervals.Where(interval => interval.Answer == Answer.OutOfRange)
            .Select(interval => (interval.FromMs, interval.Readings)).ToList();
        Assert.Equal(expected, found);
        Assert.Contains(Rows(), row => row.MilliCelsius < 0);
    }

    [Fact]
    public void The_gap_is_declared_as_a_loss_of_power_and_never_in_range()
    {
        var rows = Rows();
        var (before, after) = rows.Zip(rows.Skip(1)).Single(pair => pair.Second.TimeMs - pair.First.TimeMs > 2 * IntervalMs);
        var verdict = Verify(trip.Bundle);
        var gap = Assert.Single(verdict.Channels.Single().Intervals, interval => interval.Answer == Answer.NoData);
        Assert.InRange(gap.FromMs, before.TimeMs, before.TimeMs + IntervalMs);
        Assert.Equal(after.TimeMs, gap.ToMs);
        Assert.Equal("PowerLoss", gap.Cause);
        Assert.Contains("5 h 52 min", trip.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void One_changed_byte_of_any_reading_is_found_and_its_batch_is_named()
    {
        var random = new Random(614);
        var count = Bundle()["batches"]!.AsArray().Count;
        foreach (var number in Enumerable.Range(0, 40).Select(_ => random.Next(count)))
        {
            var changed = Bundle();
            var columns = changed["batches"]![number]!["columns"]!.AsArray();
            columns[0] = Flip(columns[0]!, random);
            var verdict = Verify(Bytes(changed));
            Assert.NotEqual(VerdictWord.Verified, verdict.Word);
            Assert.Contains(number.ToString(CultureInfo.InvariantCulture), verdict.Reason, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("header")]
    [InlineData("path")]
    [InlineData("receipt")]
    public void One_changed_byte_of_a_batchs_other_fields_is_found(string field)
    {
        var changed = Bundle();
        // A batch of which everything is shown needs no path: then the last one that has one.
        var batch = changed["batches"]!.AsArray().Last(candidate => candidate![field]!.GetValue<string>().Length > 0)!;
        batch[field] = Flip(batch[field]!, new Random(field.Length));
        var verdict = Verify(Bytes(changed));
        Assert.NotEqual(VerdictWord.Verified, verdict.Word);
        Assert.NotEmpty(verdict.Reason);
    }

    [Fact]
    public void A_changed_manifest_a_left_out_batch_and_another_window_are_found()
    {
        var manifest = Bundle();
        manifest["manifests"]![0]!["statement"] = Flip(manifest["manifests"]![0]!["statement"]!, new Random(1));
        var leftOut = Bundle();
        leftOut["batches"]!.AsArray().RemoveAt(400);
        var cut = Bundle();
        cut["batches"]!.AsArray().RemoveAt(cut["batches"]!.AsArray().Count - 1);
        var window = Bundle();
        window["window"]!["to"] = window["window"]!["to"]!.GetValue<long>() + 86_400_000;
        Assert.All([manifest, leftOut, cut, window], changed => Assert.NotEqual(VerdictWord.Verified, Verify(Bytes(changed)).Word));
    }

    [Fact]
    public async Task The_command_line_names_the_change_and_ends_with_1()
    {
        var changed = Bundle();
        var columns = changed["batches"]![500]!["columns"]!.AsArray();
        columns[0] = Flip(columns[0]!, new Random(3));
        var file = Path.Combine(trip.Directory, "changed.coldproof.json");
        await File.WriteAllBytesAsync(file, Bytes(changed), TestContext.Current.CancellationToken);
        var (code, output, _) = await Trip.Run(TestContext.Current.CancellationToken, "verify", file, "--policy", trip.Policy);
        Assert.Equal(1, code);
        Assert.Contains("500", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("not json")]
    [InlineData("{\"format\":\"coldproof/2\"}")]
    public async Task A_malformed_bundle_cannot_be_checked_and_ends_with_3(string text)
    {
        var file = Path.Combine(trip.Directory, "malformed.coldproof.json");
        await File.WriteAllTextAsync(file, text, TestContext.Current.CancellationToken);
        var (code, output, error) = await Trip.Run(TestContext.Current.CancellationToken, "verify", file, "--policy", trip.Policy);
        Assert.True(code == 3, output + error);
    }

    [Fact]
    public void The_page_shows_the_verdict_the_table_and_the_chart()
    {
        Assert.Contains("VERIFIED", trip.Page, StringComparison.Ordinal);
        Assert.Contains("<table", trip.Page, StringComparison.Ordinal);
        Assert.Contains("<svg", trip.Page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_stopped_gateways_store_is_whole_and_exports_the_same_evidence()
    {
        var stop = TestContext.Current.CancellationToken;
        var settings = Path.Combine(trip.Directory, "demo", "gateway.json");
        var (code, output, error) = await Trip.Run(stop, "fsck", "--config", settings);
        Assert.True(code == 0, output + error);
        var file = Path.Combine(trip.Directory, "exported.coldproof.json");
        (code, output, error) = await Trip.Run(stop, "export", "--config", settings, "--from", "2022-05-02T04:44:00Z", "--to",
            "2022-06-08T10:11:00Z", "--out", file);
        Assert.True(code == 0, output + error);
        Assert.Equal(VerdictWord.Verified, Verify(await File.ReadAllBytesAsync(file, stop)).Word);
    }

    private Verdict Verify(byte[] bundle) => Verifier.Verify(bundle, VerifierPolicy.Parse(File.ReadAllBytes(trip.Policy)));

    private JsonNode Bundle() => JsonNode.Parse(trip.Bundle)!;

    private static byte[] Bytes(JsonNode node) => System.Text.Encoding.UTF8.GetBytes(node.ToJsonString());

    private static string Flip(JsonNode field, Random random)
    {
        var bytes = Convert.FromBase64String(field.GetValue<string>());
        bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
        return Convert.ToBase64String(bytes);
    }

    /// <summary>The table of the logger's file, read here without the program's own reader.</summary>
    private static List<(long TimeMs, int MilliCelsius)> Rows()
    {
        var file = Repository.At("Sensors", "Emulation", "Trips", "fridgetag2L_130500109088_202206081014.txt");
        return [.. File.ReadLines(file).SkipWhile(line => line != "Data:").Skip(2).TakeWhile(line => line.StartsWith('\t')).Select(line =>
            line.Split('\t')).Select(cells =>
            (DateTimeOffset.ParseExact(cells[1], "yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal).ToUnixTimeMilliseconds(),
                (int)(decimal.Parse(cells[2], CultureInfo.InvariantCulture) * 1_000)))];
    }

    /// <summary>Stretches of readings on one side of the limits; a gap ends a stretch.</summary>
    private static List<(long FromMs, int Count, bool IsOutside)> Runs(List<(long TimeMs, int MilliCelsius)> rows)
    {
        var runs = new List<(long FromMs, int Count, bool IsOutside)>();
        long lastMs = 0;
        foreach (var (timeMs, mC) in rows)
        {
            var isOutside = mC is < Low or > High;
            if (runs.Count == 0 || runs[^1].IsOutside != isOutside || timeMs - lastMs > 2 * IntervalMs)
            {
                runs.Add((timeMs, 0, isOutside));
            }

            runs[^1] = runs[^1] with { Count = runs[^1].Count + 1 };
            lastMs = timeMs;
        }

        return runs;
    }
}
