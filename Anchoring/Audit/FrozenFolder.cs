namespace Anchoring;

/// <summary>A folder that can only be looked at: whatever is done to it happens in memory. What fsck sees, nobody has touched.</summary>
/// <param name="folder">The real one.</param>
internal sealed class FrozenFolder(IFolder folder) : IFolder
{
    private readonly HashSet<string> gone = [];

    public IReadOnlyList<string> Names => [.. folder.Names.Where(name => !gone.Contains(name))];

    public string Place => folder.Place;

    public Stream Create(string name, int length) => new MemoryStream(new byte[length]);

    public Stream Open(string name)
    {
        using var stream = folder.Open(name);
        return Copy(stream);
    }

    public Stream OpenWriteThrough(string name)
    {
        if (!folder.Names.Contains(name) || gone.Contains(name))
        {
            return new MemoryStream();
        }

        using var stream = folder.Open(name);
        return Copy(stream);
    }

    public void Move(string name, string newName) => gone.Add(name);

    public void Delete(string name) => gone.Add(name);

    private static MemoryStream Copy(Stream stream)
    {
        var copy = new MemoryStream();
        stream.CopyTo(copy);
        copy.Position = 0;
        return copy;
    }
}
