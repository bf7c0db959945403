using System.Text.RegularExpressions;

namespace Gateway.Tests.House;

// Goal: a reader who follows a pointer arrives: links and decisions all lead somewhere.
// Method: every pointer in documents and sources is looked up in the tree.
public sealed partial class DocumentsTests
{
    [Fact]
    public void Links_in_documents_lead_somewhere()
    {
        var lost = new List<string>();
        foreach (var file in Repository.Files("*.md"))
        {
            foreach (Match link in Link().Matches(CodeBlock().Replace(File.ReadAllText(Repository.At(file)), "")))
            {
                var target = link.Groups["target"].Value;
                if (!Path.Exists(Path.Combine(Repository.Root, Path.GetDirectoryName(file)!, target)))
                {
                    lost.Add($"{file}: {target}");
                }
            }
        }

        Assert.True(lost.Count == 0, string.Join('\n', lost));
    }

    [Fact]
    public void Decisions_that_are_named_exist()
    {
        var decisions = Repository.Files("*.md", "docs", "decisions").Select(file => Path.GetFileName(file)[..4]).ToList();
        Assert.Equal(decisions.Count, decisions.Distinct().Count());
        var lost = Texts().SelectMany(file => Decision().Matches(File.ReadAllText(Repository.At(file)))
            .Select(match => match.Groups["number"].Value)
            .Where(number => !decisions.Contains(number))
            .Select(number => $"{file}: docs/decisions/{number}")).ToList();

        Assert.True(lost.Count == 0, string.Join('\n', lost));
    }

    private static IEnumerable<string> Texts() =>
        Repository.Files("*.md").Concat(Repository.Files("*.cs")).Concat(Repository.Files("*.csproj")).Concat(Repository.Files("*", "systemd"));

    [GeneratedRegex(@"\]\((?<target>(?!https?:|mailto:|#)[^)#\s]+)")]
    private static partial Regex Link();

    [GeneratedRegex("^```.*?^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex CodeBlock();

    [GeneratedRegex(@"docs/decisions/(?<number>[0-9]{4})")]
    private static partial Regex Decision();
}
