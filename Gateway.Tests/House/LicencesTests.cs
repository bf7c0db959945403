using System.Text.Json;
using System.Xml.Linq;

namespace Gateway.Tests.House;

// Goal: nobody who ships this is surprised by a licence.
// Method: what restore wrote down names every package, direct or not; each package's own manifest names its licence. No network.
public sealed class LicencesTests
{
    private static readonly string[] Allowed = ["MIT", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "PostgreSQL"];

    // Decision 0064: run by the browser's tests, part of nothing that we ship.
    private static readonly string[] AllowedForTestsAlone = ["MPL-2.0"];

    [Fact]
    public void Every_package_has_a_licence_that_we_allow()
    {
        var packages = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var project in Repository.Files("*.csproj"))
        {
            var assets = Repository.At(Path.GetDirectoryName(project)!, "obj", "project.assets.json");
            Assert.True(File.Exists(assets), $"{assets} is missing; run dotnet restore Gateway.sln");
            using var document = JsonDocument.Parse(File.ReadAllBytes(assets));
            var folders = document.RootElement.GetProperty("packageFolders").EnumerateObject().Select(folder => folder.Name).ToList();
            foreach (var library in document.RootElement.GetProperty("libraries").EnumerateObject())
            {
                if (library.Value.GetProperty("type").GetString() == "package")
                {
                    var path = library.Value.GetProperty("path").GetString()!;
                    packages[library.Name] = folders.Select(folder => Path.Combine(folder, path)).First(Directory.Exists);
                }
            }
        }

        Assert.NotEmpty(packages);
        var strangers = packages.Select(package => (package.Key, Licence: Licence(package.Value))).Where(package => !Allowed.Contains(package.Licence))
            .Select(package => $"{package.Key}: {package.Licence}").ToList();
        Assert.True(strangers.Count == 0, $"Not among {string.Join(", ", Allowed)}:\n{string.Join('\n', strangers)}");
    }

    /// <summary>The lock file of the browser's verifier names every package that is installed, and its licence; a choice counts as its first.</summary>
    [Fact]
    public void Every_package_of_the_browsers_verifier_has_a_licence_that_we_allow()
    {
        using var locked = JsonDocument.Parse(File.ReadAllBytes(Repository.At("Verifier", "package-lock.json")));
        var packages = locked.RootElement.GetProperty("packages").EnumerateObject().Where(package => package.Name.Length > 0)
            .Select(package => (package.Name, Licence: package.Value.TryGetProperty("license", out var licence) ? licence.GetString()! : "none named",
                ForTestsAlone: package.Value.TryGetProperty("dev", out var dev) && dev.GetBoolean()))
            .ToList();
        Assert.NotEmpty(packages);
        Assert.Empty(packages.Where(package => !Allowed.Contains(package.Licence.Trim('(', ')').Split(" OR ")[0])
                && !(package.ForTestsAlone && AllowedForTestsAlone.Contains(package.Licence)))
            .Select(package => $"{package.Name}: {package.Licence}"));
    }

    private static string Licence(string folder)
    {
        var manifest = XDocument.Load(Directory.EnumerateFiles(folder, "*.nuspec").Single());
        var licence = manifest.Descendants().FirstOrDefault(element => element.Name.LocalName == "license");
        return licence?.Attribute("type")?.Value switch
        {
            "expression" => licence.Value,
            "file" => LicenceOfText(File.ReadAllText(Path.Combine(folder, licence.Value))),
            _ => "none named",
        };
    }

    /// <summary>A package that brings its licence as a text: its first line and the grant are what tells it.</summary>
    private static string LicenceOfText(string text) =>
        text.Contains("MIT License", StringComparison.OrdinalIgnoreCase) && text.Contains("Permission is hereby granted, free of charge", StringComparison.Ordinal)
            ? "MIT"
            : $"a text that begins \"{text.TrimStart().Split('\n')[0].Trim()}\"";
}
