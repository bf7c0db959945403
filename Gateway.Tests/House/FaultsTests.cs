using System.Reflection;
using System.Text.RegularExpressions;

namespace Gateway.Tests.House;

// Goal: the fault table is true: no fault without a row, no row without a test that exists, no quoted word that the program does not say.
// Method: docs/faults.md is read as a table and held against the sources and this program's own test methods.
public sealed partial class FaultsTests
{
    private sealed record Row(string Number, string Fault, string Recorded, string Done, string Seen, string Proof);

    [Fact]
    public void Fault_numbers_in_the_code_have_a_row()
    {
        var numbers = Rows().Select(row => row.Number).ToList();
        Assert.Equal(numbers.Count, numbers.Distinct().Count());
        var lost = Repository.Files("*.cs").SelectMany(file => Fault().Matches(File.ReadAllText(Repository.At(file)))
            .Select(match => match.Value).Where(number => !numbers.Contains(number)).Select(number => $"{file}: {number}")).ToList();

        Assert.True(lost.Count == 0, string.Join('\n', lost));
    }

    [Fact]
    public void Every_row_names_tests_that_exist_and_one_of_their_files_names_the_row()
    {
        var tests = typeof(FaultsTests).Assembly.GetTypes().Where(type => type is { IsAbstract: false, IsNested: false })
            .ToLookup(type => type.Name);
        var wrong = new List<string>();
        foreach (var row in Rows())
        {
            var named = Proof().Matches(row.Proof).Select(match => (Class: match.Groups["class"].Value, Method: match.Groups["method"].Value)).ToList();
            wrong.AddRange(named.Where(test => !tests[test.Class].Any(type => IsTest(type.GetMethod(test.Method))))
                .Select(test => $"{row.Number}: {test.Class}.{test.Method} is no test"));
            if (!named.Any(test => Repository.Files(test.Class + ".cs", "Gateway.Tests")
                .Any(file => File.ReadAllText(Repository.At(file)).Contains(row.Number, StringComparison.Ordinal))))
            {
                wrong.Add($"{row.Number}: none of its tests' files names it");
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    [Fact]
    public void What_a_person_is_said_to_see_is_what_the_program_says()
    {
        var sources = string.Concat(Repository.Files("*.cs").Where(file => !file.StartsWith("Gateway.Tests/", StringComparison.Ordinal))
            .Append("Evidence/Proof/Reasons/en.json")
            .Select(file => JoinedText().Replace(File.ReadAllText(Repository.At(file)), "")))
            + File.ReadAllText(Repository.At("Ledger", "Pages", "Texts", "en.json")); // What pages say is written there.
        var wrong = new List<string>();
        foreach (var row in Rows())
        {
            var quotes = Quote().Matches(row.Seen).Select(match => match.Groups["words"].Value).ToList();
            wrong.AddRange(quotes.SelectMany(quote => quote.Split('…', StringSplitOptions.RemoveEmptyEntries))
                .Where(words => !sources.Contains(words, StringComparison.Ordinal)).Select(words => $"{row.Number}: nobody says “{words}”"));
            if (quotes.Count == 0)
            {
                wrong.Add($"{row.Number}: no quotation says what a person sees");
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    private static List<Row> Rows()
    {
        var rows = File.ReadLines(Repository.At("docs", "faults.md")).Where(line => line.StartsWith("| F-", StringComparison.Ordinal))
            .Select(line => line.Trim('|', ' ').Split(" | ")).ToList();
        Assert.NotEmpty(rows);
        Assert.All(rows, cells => Assert.True(cells.Length == 6 && cells.All(cell => cell.Trim().Length > 0), $"{cells[0]} has {cells.Length} cells"));
        return [.. rows.Select(cells => new Row(cells[0], cells[1], cells[2], cells[3], cells[4], cells[5]))];
    }

    private static bool IsTest(MethodInfo? method) => method?.GetCustomAttributes().Any(attribute => attribute is FactAttribute) == true;

    [GeneratedRegex(@"(?<![A-Za-z])F-[0-9]{2}\b")]
    private static partial Regex Fault();

    [GeneratedRegex(@"`(?<class>\w+)\.(?<method>\w+)`")]
    private static partial Regex Proof();

    [GeneratedRegex("“(?<words>[^”]+)”")]
    private static partial Regex Quote();

    /// <summary>Where one text goes on in the next line of the source.</summary>
    [GeneratedRegex(@"""\s*\+\s*\$?""")]
    private static partial Regex JoinedText();
}
