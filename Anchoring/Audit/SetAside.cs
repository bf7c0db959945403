using System.Globalization;

namespace Anchoring;

/// <summary>How a repair keeps an original: beside its place, under a name that nothing reads, until a person deletes it.</summary>
internal static class SetAside
{
    public const string Mark = ".set-aside-";

    /// <summary>Renames a file and gives its new name; null when there is no such file.</summary>
    public static string? Move(IFolder folder, string name)
    {
        if (!folder.Names.Contains(name))
        {
            return null;
        }

        var kept = FreeName(folder, name);
        folder.Move(name, kept);
        return kept;
    }

    public static string FreeName(IFolder folder, string name)
    {
        var names = folder.Names;
        for (var count = 1; ; count++)
        {
            var kept = string.Create(CultureInfo.InvariantCulture, $"{name}{Mark}{count}");
            if (!names.Contains(kept))
            {
                return kept;
            }
        }
    }
}
