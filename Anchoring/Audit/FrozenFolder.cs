namespace Anchoring;

/// <summary>A folder whose files nobody touches: what is done to it happens in memory and can be read back there. Fsck looks through it,
/// and a repair that is only tried works in it.</summary>
/// <param name="folder">The real one.</param>
internal sealed class FrozenFolder(IFolder folder) : IFolder
{
    private readonly HashSet<string> gone = [];
    private readonly SortedDictionary<string, byte[]> changed = new(StringComparer.Ordinal);

    public IReadOnlyList<string> Names =>
        [.. folder.Names.Where(name => !gone.Contains(name)).Union(changed.Keys).Order(StringComparer.Ordinal)];

    public string Place => folder.Place;

    public Stream Create(string name, int length)
    {
        changed[name] = new byte[length];
        return Open(name);
    }

    public Stream Open(string name) => new Shadow(this, name, Bytes(name) ?? throw new FileNotFoundException($"{name} is not in {Place}."));

    public Stream OpenWriteThrough(string name) => new Shadow(this, name, Bytes(name) ?? []);

    public void Move(string name, string newName)
    {
        changed[newName] = Readable(name) ?? throw new FileNotFoundException($"{name} is not in {Place}.");
        Delete(name);
    }

    public void Delete(string name)
    {
        changed.Remove(name);
        gone.Add(name);
    }

    /// <summary>A file that the disk does not give can be moved all the same; here it is empty afterwards.</summary>
    private byte[]? Readable(string name)
    {
        try
        {
            return Bytes(name);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private byte[]? Bytes(string name)
    {
        if (changed.TryGetValue(name, out var bytes))
        {
            return bytes;
        }

        if (gone.Contains(name) || !folder.Names.Contains(name))
        {
            return null;
        }

        using var stream = folder.Open(name);
        var read = new byte[stream.Length];
        stream.ReadExactly(read);
        return read;
    }

    /// <summary>A file's bytes; kept when the stream is closed only if something was written.</summary>
    private sealed class Shadow : MemoryStream
    {
        private readonly FrozenFolder folder;
        private readonly string name;
        private bool isChanged;
        private bool isReady;

        public Shadow(FrozenFolder folder, string name, byte[] bytes)
        {
            (this.folder, this.name) = (folder, name);
            Write(bytes, 0, bytes.Length);
            Position = 0;
            isReady = true;
        }

        public override void Write(byte[] buffer, int offset, int count)
        {
            isChanged |= isReady;
            base.Write(buffer, offset, count);
        }

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            isChanged |= isReady;
            base.Write(buffer);
        }

        public override void SetLength(long value)
        {
            isChanged |= isReady && value != Length;
            base.SetLength(value);
        }

        protected override void Dispose(bool disposing)
        {
            if (isReady && isChanged)
            {
                folder.changed[name] = ToArray();
            }

            isReady = false;
            base.Dispose(disposing);
        }
    }
}
