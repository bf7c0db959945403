using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Evidence;
using Gateway.Tests.House;
using global::Ledger.Report;

namespace Gateway.Tests.Ledger.Report;

/// <summary>Goal: the mean kinetic temperature on paper is the browser's, and a logger's. Method: vectors that both programs run, computed apart
/// from both; a real logger's own figures.</summary>
public sealed class KineticTests
{
    public static TheoryData<string> Names => [.. Vectors().Select(vector => vector.GetProperty("name").GetString()!)];

    [Theory]
    [MemberData(nameof(Names))]
    public void The_vectors_that_the_browser_runs(string name)
    {
        var vector = Vectors().Single(one => one.GetProperty("name").GetString() == name);
        var readings = vector.GetProperty("readings").EnumerateArray().Select((pair, i) => pair[1].ValueKind == JsonValueKind.Null
            ? new ShownReading(i, pair[0].GetInt64(), Outcome.NoAcknowledge, null)
            : new ShownReading(i, pair[0].GetInt64(), Outcome.Measured, new(pair[1].GetInt32()))).ToImmutableArray();
        var found = KineticTemperature.Of(readings, vector.GetProperty("interval").GetInt32());
        if (vector.GetProperty("kinetic").ValueKind == JsonValueKind.Null)
        {
            Assert.Null(found);
            return;
        }

        Assert.Equal(vector.GetProperty("mean").GetDouble(), found!.Value.MeanMilliCelsius, 0.001);
        Assert.Equal(vector.GetProperty("kinetic").GetDouble(), found.Value.KineticMilliCelsius, 0.001);
    }

    /// <summary>A Q-tag states MKT 10.5 and average 5.4 with ΔH 83.0 for its 124 readings, cut after the first decimal.</summary>
    [Fact]
    public void A_real_loggers_own_figures()
    {
        var readings = File.ReadLines(Repository.At("Verifier", "test", "loggers", "qtagCLmLR_RCPJ00010_02_202211090128.txt"))
            .SkipWhile(line => line != "Data:").Skip(2).TakeWhile(line => line.StartsWith('\t'))
            .Select(line => line.Split('\t')).Where(cells => cells.Length > 2 && cells[2].Length > 0)
            .Select((cells, i) => new ShownReading(i,
                DateTimeOffset.ParseExact(cells[1], "yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal).ToUnixTimeMilliseconds(),
                Outcome.Measured, new((int)(decimal.Parse(cells[2], CultureInfo.InvariantCulture) * 1000)))).ToImmutableArray();
        Assert.Equal(124, readings.Length);
        var found = KineticTemperature.Of(readings, 600_000, deltaH: 83.0)!.Value;
        Assert.Equal(10.5, Math.Floor(found.KineticMilliCelsius / 100) / 10);
        Assert.Equal(5.4, Math.Floor(found.MeanMilliCelsius / 100) / 10);
    }

    private static List<JsonElement> Vectors()
    {
        using var file = JsonDocument.Parse(File.ReadAllBytes(Repository.At("Gateway.Tests", "Golden", "kinetic.json")));
        return [.. file.RootElement.EnumerateArray().Select(vector => vector.Clone())];
    }
}
