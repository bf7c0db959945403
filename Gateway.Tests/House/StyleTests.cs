using System.Text.RegularExpressions;

namespace Gateway.Tests.House;

// Goal: what a reader meets stays small and is named for what it is.
// Method: sources are read as lines; `dotnet format` has seen to it that braces stand where they are looked for.
public sealed partial class StyleTests
{
    private const int FileLinesMax = 400, MethodLinesMax = 70;

    [Fact]
    public void Files_are_short()
    {
        var oversized = Written().Select(file => (Name: file, Lines: File.ReadAllLines(Repository.At(file)).Length))
            .Where(file => file.Lines > FileLinesMax).Select(file => $"{file.Name}: {file.Lines} lines, at most {FileLinesMax}").ToList();

        Assert.True(oversized.Count == 0, string.Join('\n', oversized));
    }

    [Fact]
    public void Methods_are_short()
    {
        var oversized = Written().SelectMany(file => Bodies(File.ReadAllLines(Repository.At(file)))
            .Where(body => body.Lines > MethodLinesMax)
            .Select(body => $"{file}:{body.From}: {body.Lines} lines, at most {MethodLinesMax}")).ToList();

        Assert.True(oversized.Count == 0, string.Join('\n', oversized));
    }

    [Fact]
    public void Type_names_say_what_a_thing_is()
    {
        var vague = Repository.Files("*.cs").SelectMany(file => TypeName().Matches(File.ReadAllText(Repository.At(file)))
            .Select(match => match.Groups["name"].Value)
            .Where(name => VagueEnding().IsMatch(name))
            .Select(name => $"{file}: {name}")).ToList();

        Assert.True(vague.Count == 0, string.Join('\n', vague));
    }

    [Fact]
    public void Nothing_is_left_for_later()
    {
        var left = Repository.Files("*.cs").Where(file => !file.EndsWith("/StyleTests.cs", StringComparison.Ordinal))
            .SelectMany(file => File.ReadLines(Repository.At(file)).Index()
                .Where(line => LeftForLater().IsMatch(line.Item)).Select(line => $"{file}:{line.Index + 1}: {line.Item.Trim()}")).ToList();

        Assert.True(left.Count == 0, string.Join('\n', left));
    }

    /// <summary>Sources that people write: EF Core writes its migrations itself.</summary>
    private static IEnumerable<string> Written() => Repository.Files("*.cs").Where(file => !file.Contains("/Migrations/", StringComparison.Ordinal));

    /// <summary>Members with a block of their own, of types and of types inside them: a line with nothing but a brace, four or eight in.</summary>
    private static IEnumerable<(int From, int Lines)> Bodies(string[] lines)
    {
        foreach (var margin in new[] { "    ", "        " })
        {
            for (var i = 1; i < lines.Length; i++)
            {
                if (lines[i] == margin + "{" && !OpensType(lines, i, margin))
                {
                    var end = Array.FindIndex(lines, i, line => line.StartsWith(margin + "}", StringComparison.Ordinal));
                    yield return (i + 1, end - i - 1);
                }
            }
        }
    }

    private static bool OpensType(string[] lines, int brace, string margin)
    {
        var head = brace - 1;
        while (head > 0 && !(lines[head].StartsWith(margin, StringComparison.Ordinal) && char.IsLetter(lines[head][margin.Length..].FirstOrDefault())))
        {
            head--;
        }

        return TypeName().IsMatch(string.Join(' ', lines[head..brace]));
    }

    [GeneratedRegex(@"^[^/""]*\b(class|struct|interface|enum|record)\s+(struct\s+|class\s+)?(?<name>[A-Z]\w*)", RegexOptions.Multiline)]
    private static partial Regex TypeName();

    [GeneratedRegex("(Manager|Helper|Utils?|Processor|Handler|Data|Info)$")]
    private static partial Regex VagueEnding();

    [GeneratedRegex(@"NotImplementedException|\bTODO\b|\bFIXME\b|\bHACK\b|Skip ?= ?""|catch *\{ *\}|catch \(Exception\) *\{ *\}")]
    private static partial Regex LeftForLater();
}
