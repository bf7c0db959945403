using System.Text.Json.Nodes;

namespace Gateway.Tests.House;

/// <summary>Goal: the written formats are the ones in the code. Method: every golden example stands in docs/formats.md, to the digit.</summary>
public sealed class FormatsTests
{
    [Fact]
    public void Every_golden_layout_stands_in_the_written_formats()
    {
        var text = File.ReadAllText(Repository.At("docs", "formats.md"));
        var golden = JsonNode.Parse(File.ReadAllText(Repository.At("Gateway.Tests", "Golden", "layouts.json")))!.AsObject();
        Assert.Empty(golden.Where(row => !text.Contains(row.Value!.GetValue<string>(), StringComparison.Ordinal)).Select(row => row.Key));
    }
}
