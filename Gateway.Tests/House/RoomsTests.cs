using System.Xml.Linq;

namespace Gateway.Tests.House;

// Goal: the walls of the house stand where docs/decisions put them, however many hands build.
// Method: project files and sources are read as text. Nothing here knows what the code does.
public sealed class RoomsTests
{
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Evidence"] = [],
        ["Sensors"] = ["Evidence"],
        ["Anchoring"] = ["Evidence"],
        ["Gateway"] = ["Anchoring", "Evidence", "Sensors"],
        ["Ledger"] = ["Evidence"],
    };

    [Fact]
    public void Rooms_see_only_the_rooms_they_may_see()
    {
        foreach (var (room, allowed) in Allowed)
        {
            var seen = Elements(room, "ProjectReference")
                .Where(item => item.Attribute("ReferenceOutputAssembly")?.Value != "false") // Built before, not seen: the demo starts it as a process.
                .Select(item => Path.GetFileNameWithoutExtension(item.Attribute("Include")!.Value));
            Assert.Empty(seen.Except(allowed).Select(other => $"{room} may not see {other}"));
        }
    }

    [Fact]
    public void Evidence_has_format_packages_only() =>
        Assert.Empty(Items("Evidence", "PackageReference").Except(["System.Formats.Cbor", "NSec.Cryptography"]));

    [Fact]
    public void LiteDB_is_named_by_one_source_file()
    {
        var naming = Sources().Where(file => File.ReadLines(Repository.At(file)).Any(line => Code(line).Contains("LiteDB", StringComparison.Ordinal)));

        Assert.Empty(naming.Except(["Anchoring/Store/BatchStore.cs"]));
        Assert.Empty(Allowed.Keys.Where(room => Items(room, "PackageReference").Contains("LiteDB")).Except(["Anchoring"]));
    }

    [Fact]
    public void Evidence_reads_no_clock_no_file_and_writes_no_log()
    {
        string[] worlds = ["using System.IO;", "System.Net", "Microsoft.Extensions", "TimeProvider", "File.", "Directory.", "Console.", "ILogger"];
        var breaches = Repository.Files("*.cs", "Evidence")
            .SelectMany(file => File.ReadLines(Repository.At(file)).Select(Code)
                .SelectMany(line => worlds.Where(world => Mentions(line, world)).Select(world => $"{file}: {world}")));

        Assert.Empty(breaches);
    }

    /// <summary>Source files of the product, without tests and benchmarks.</summary>
    private static IEnumerable<string> Sources() => Allowed.Keys.SelectMany(room => Repository.Files("*.cs", room));

    private static IEnumerable<string> Items(string project, string kind) => Elements(project, kind).Select(item => item.Attribute("Include")!.Value);

    private static IEnumerable<XElement> Elements(string project, string kind) =>
        XDocument.Load(Repository.At(project, project + ".csproj")).Descendants(kind);

    private static string Code(string line) => line.IndexOf("//", StringComparison.Ordinal) is >= 0 and var comment ? line[..comment] : line;

    /// <summary>Whether the name stands there by itself and not as the end of a longer one.</summary>
    private static bool Mentions(string line, string name) =>
        line.IndexOf(name, StringComparison.Ordinal) is >= 0 and var at && (at == 0 || !char.IsLetterOrDigit(line[at - 1]));
}
