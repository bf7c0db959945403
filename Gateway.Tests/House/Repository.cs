namespace Gateway.Tests.House;

/// <summary>The working tree that this test program was built from.</summary>
public static class Repository
{
    /// <summary>The folder that holds Gateway.sln, with no slash at its end.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>A path inside the tree.</summary>
    public static string At(params ReadOnlySpan<string> parts) => Path.Combine([Root, .. parts]);

    /// <summary>Files that belong to the project (what a build or a tool leaves behind is not looked at), as paths from the root.</summary>
    public static IEnumerable<string> Files(string pattern, params ReadOnlySpan<string> folder) =>
        Directory.EnumerateFiles(At(folder), pattern, SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(Root, file))
            .Where(file => !file.Split('/').Any(part => part is "bin" or "obj" or "artifacts" or "node_modules" or "TestResults" or ".git"))
            .Order(StringComparer.Ordinal);

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Gateway.sln")))
            {
                return folder.FullName;
            }
        }

        throw new DirectoryNotFoundException($"No folder above {AppContext.BaseDirectory} holds Gateway.sln; run the tests from the tree they were built in.");
    }
}
