using Anchoring;

namespace Gateway.Tests.Abuse;

/// <summary>A disk as Linux gives it after a failed flush: what could not be written stays readable from memory, counts as clean, and a later
/// flush reports success without writing it. Only power shows what was really there.</summary>
internal sealed class ForgettingDisk
{
    private const int PageLength = 4_096;
    private readonly Dictionary<string, Dictionary<string, PagedFile>> folders = [];

    /// <summary>Whether the next flush fails. It fails once.</summary>
    public bool FailsNext { get; set; }

    /// <summary>How many flushes failed.</summary>
    public int Failures { get; private set; }

    public IFolder Folder(string name)
    {
        if (!folders.TryGetValue(name, out var files))
        {
            folders[name] = files = [];
        }

        return new ForgettingFolder(this, name, files);
    }

    /// <summary>Memory is gone; what is on the disk is left.</summary>
    public void CutPower()
    {
        foreach (var file in folders.Values.SelectMany(files => files.Values))
        {
            file.Seen = (byte[])file.Kept.Clone();
            file.Dirty.Clear();
        }
    }

    private void Flush(PagedFile file)
    {
        if (FailsNext)
        {
            FailsNext = false;
            Failures++;
            file.Dirty.Clear(); // The kernel marks the pages clean: nobody tries them again.
            throw new IOException("fdatasync failed: error 5.");
        }

        Array.Resize(ref file.Kept, file.Seen.Length);
        foreach (var page in file.Dirty)
        {
            var at = page * PageLength;
            var length = Math.Min(PageLength, file.Seen.Length - at);
            file.Seen.AsSpan(at, length).CopyTo(file.Kept.AsSpan(at));
        }

        file.Dirty.Clear();
    }

    private sealed class PagedFile
    {
        public byte[] Seen = [];
        public byte[] Kept = [];
        public readonly SortedSet<int> Dirty = [];
    }

    private sealed class ForgettingFolder(ForgettingDisk disk, string name, Dictionary<string, PagedFile> files) : IFolder
    {
        public IReadOnlyList<string> Names => [.. files.Keys.Order(StringComparer.Ordinal)];

        public string Place => name;

        public Stream Create(string name, int length)
        {
            files[name] = new() { Seen = new byte[length], Kept = new byte[length] };
            return Open(name);
        }

        public Stream Open(string name) => new PagedStream(disk, files[name], isWriteThrough: false);

        public Stream OpenWriteThrough(string name)
        {
            files.TryAdd(name, new());
            return new PagedStream(disk, files[name], isWriteThrough: true);
        }

        public void Move(string name, string newName)
        {
            files.Add(newName, files[name]);
            files.Remove(name);
        }

        public void Delete(string name) => files.Remove(name);
    }

    private sealed class PagedStream(ForgettingDisk disk, PagedFile file, bool isWriteThrough) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => true;

        public override bool CanWrite => true;

        public override long Length => file.Seen.Length;

        public override long Position { get; set; }

        public override int Read(byte[] buffer, int offset, int count)
        {
            var length = (int)Math.Clamp(file.Seen.Length - Position, 0, count);
            file.Seen.AsSpan((int)Position, length).CopyTo(buffer.AsSpan(offset));
            Position += length;
            return length;
        }

        public override void Write(byte[] buffer, int offset, int count)
        {
            if (Position + count > file.Seen.Length)
            {
                Array.Resize(ref file.Seen, (int)Position + count);
            }

            buffer.AsSpan(offset, count).CopyTo(file.Seen.AsSpan((int)Position));
            for (var page = (int)Position / PageLength; page <= (Position + count - 1) / PageLength; page++)
            {
                file.Dirty.Add(page);
            }

            Position += count;
            if (isWriteThrough)
            {
                disk.Flush(file);
            }
        }

        public override void Flush() => disk.Flush(file);

        public override long Seek(long offset, SeekOrigin origin) =>
            Position = origin switch { SeekOrigin.Begin => offset, SeekOrigin.Current => Position + offset, _ => Length + offset };

        public override void SetLength(long value)
        {
            Array.Resize(ref file.Seen, (int)value);
            Array.Resize(ref file.Kept, (int)value);
        }
    }
}
