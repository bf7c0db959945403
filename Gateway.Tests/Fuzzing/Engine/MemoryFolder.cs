using Anchoring;

namespace Gateway.Tests.Fuzzing;

/// <summary>A folder in memory that keeps everything at once: for readers, not for power cuts.</summary>
internal sealed class MemoryFolder : IFolder
{
    private readonly SortedDictionary<string, byte[]> files = new(StringComparer.Ordinal);

    public IReadOnlyList<string> Names => [.. files.Keys];

    public string Place => "memory";

    /// <summary>A file as it is.</summary>
    public byte[] this[string name]
    {
        get => files[name];
        set => files[name] = value;
    }

    public Stream Create(string name, int length)
    {
        files[name] = new byte[length];
        return new Kept(this, name);
    }

    public Stream Open(string name) => files.ContainsKey(name) ? new Kept(this, name) : throw new FileNotFoundException($"{name} is not here.");

    public Stream OpenWriteThrough(string name)
    {
        files.TryAdd(name, []);
        return new Kept(this, name);
    }

    public void Move(string name, string newName)
    {
        files.Add(newName, files[name]);
        files.Remove(name);
    }

    public void Delete(string name) => files.Remove(name);

    private sealed class Kept : MemoryStream
    {
        private readonly MemoryFolder folder;
        private readonly string name;

        public Kept(MemoryFolder folder, string name)
        {
            (this.folder, this.name) = (folder, name);
            Write(folder.files[name]);
            Position = 0;
        }

        public override void Flush() => folder.files[name] = ToArray();

        protected override void Dispose(bool disposing)
        {
            if (disposing && folder.files.ContainsKey(name) && CanRead)
            {
                folder.files[name] = ToArray();
            }

            base.Dispose(disposing);
        }
    }
}
