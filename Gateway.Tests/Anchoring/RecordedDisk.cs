using Anchoring;

namespace Gateway.Tests.Anchoring;

/// <summary>What a card keeps of what was written and not yet flushed when power is cut.</summary>
public enum Loss
{
    /// <summary>Nothing.</summary>
    All,

    /// <summary>Everything, and of the write in hand the first half.</summary>
    HalfOfLast,

    /// <summary>Every even sector of 512 bytes.</summary>
    OddSectors,

    /// <summary>Every odd sector of 512 bytes.</summary>
    EvenSectors,
}

/// <summary>
/// A disk in memory that remembers every operation, so that one run can be cut at every point afterwards: what the process did after a
/// cut never matters, because nobody saw it.
/// </summary>
public sealed class RecordedDisk
{
    private const int Sector = 512;
    private readonly List<Operation> operations = [];

    private sealed record Operation(string Folder, string Kind, string Name, long Offset, byte[] Bytes, bool Durable, string NewName);

    /// <summary>How many operations there were: what was promised before this count must survive a cut at it.</summary>
    public int Count => operations.Count;

    public IFolder Folder(string name) => new RecordedFolder(this, name, []);

    /// <summary>The folders as they are found after a cut before operation <paramref name="cut"/>, on a disk of their own.</summary>
    public Dictionary<string, Dictionary<string, byte[]>> After(int cut, Loss loss)
    {
        var folders = new Dictionary<string, Dictionary<string, byte[]>>();
        for (var i = 0; i < cut; i++)
        {
            var isDurable = operations[i].Durable || FlushedBefore(i, cut);
            Apply(folders, operations[i], isDurable ? null : loss, isLast: false);
        }

        if (cut < operations.Count && operations[cut].Kind == "write")
        {
            Apply(folders, operations[cut], loss, isLast: true); // The write in hand.
        }

        return folders;
    }

    public static RecordedDisk Of(Dictionary<string, Dictionary<string, byte[]>> folders, out Func<string, IFolder> open)
    {
        var disk = new RecordedDisk();
        open = name => new RecordedFolder(disk, name, folders.TryGetValue(name, out var files) ? files : []);
        return disk;
    }

    private bool FlushedBefore(int index, int cut)
    {
        for (var i = index + 1; i < cut; i++)
        {
            if (operations[i].Kind == "flush" && operations[i].Folder == operations[index].Folder
                && operations[i].Name == operations[index].Name)
            {
                return true;
            }
        }

        return false;
    }

    private static void Apply(Dictionary<string, Dictionary<string, byte[]>> folders, Operation operation, Loss? loss, bool isLast)
    {
        if (!folders.TryGetValue(operation.Folder, out var files))
        {
            folders[operation.Folder] = files = [];
        }

        switch (operation.Kind)
        {
            case "create":
                files[operation.Name] = new byte[operation.Offset];
                break;
            case "delete":
                files.Remove(operation.Name);
                break;
            case "move":
                files[operation.NewName] = files[operation.Name];
                files.Remove(operation.Name);
                break;
            case "length":
                var resized = files[operation.Name];
                Array.Resize(ref resized, (int)operation.Offset);
                files[operation.Name] = resized;
                break;
            case "write":
                files[operation.Name] = Written(files.GetValueOrDefault(operation.Name, []), operation, loss, isLast);
                break;
        }
    }

    private static byte[] Written(byte[] before, Operation operation, Loss? loss, bool isLast)
    {
        if (loss == Loss.All)
        {
            return before;
        }

        var after = before.ToArray();
        var end = operation.Offset + operation.Bytes.Length;
        if (end > after.Length)
        {
            Array.Resize(ref after, (int)end);
        }

        for (var i = 0; i < operation.Bytes.Length; i++)
        {
            var at = operation.Offset + i;
            var isKept = loss switch
            {
                Loss.HalfOfLast => !isLast || i < operation.Bytes.Length / 2,
                Loss.OddSectors => at / Sector % 2 == 0,
                Loss.EvenSectors => at / Sector % 2 == 1,
                _ => true,
            };
            if (isKept)
            {
                after[at] = operation.Bytes[i];
            }
        }

        return after;
    }

    private sealed class RecordedFolder(RecordedDisk disk, string folder, Dictionary<string, byte[]> start) : IFolder
    {
        private readonly Dictionary<string, MemoryStream> files = start.ToDictionary(file => file.Key, file => Memory(file.Value));

        public IReadOnlyList<string> Names => [.. files.Keys.Order(StringComparer.Ordinal)];

        public string Place => folder;

        public Stream Create(string name, int length)
        {
            Log("create", name, length);
            files[name] = Memory(new byte[length]);
            return Open(name);
        }

        public Stream Open(string name) => new RecordedStream(this, name, files[name], isDurable: false);

        public Stream OpenWriteThrough(string name)
        {
            if (!files.TryGetValue(name, out var memory))
            {
                Log("create", name, 0);
                files[name] = memory = new MemoryStream();
            }

            return new RecordedStream(this, name, memory, isDurable: true);
        }

        public void Move(string name, string newName)
        {
            disk.operations.Add(new(folder, "move", name, 0, [], true, newName));
            files[newName] = files[name];
            files.Remove(name);
        }

        public void Delete(string name)
        {
            Log("delete", name, 0);
            files.Remove(name);
        }

        internal void Log(string kind, string name, long offset, byte[]? bytes = null, bool isDurable = true)
        {
            lock (disk)
            {
                disk.operations.Add(new(folder, kind, name, offset, bytes ?? [], isDurable, ""));
            }
        }

        private static MemoryStream Memory(byte[] bytes)
        {
            var memory = new MemoryStream();
            memory.Write(bytes);
            return memory;
        }
    }

    private sealed class RecordedStream(RecordedFolder folder, string name, MemoryStream memory, bool isDurable) : Stream
    {
        private long position;

        public override bool CanRead => true;

        public override bool CanSeek => true;

        public override bool CanWrite => true;

        public override long Length => memory.Length;

        public override long Position
        {
            get => position;
            set => position = value;
        }

        public override int Read(byte[] buffer, int offset, int count)
        {
            lock (memory)
            {
                memory.Position = position;
                var read = memory.Read(buffer, offset, count);
                position += read;
                return read;
            }
        }

        public override void Write(byte[] buffer, int offset, int count)
        {
            lock (memory)
            {
                folder.Log("write", name, position, buffer.AsSpan(offset, count).ToArray(), isDurable);
                memory.Position = position;
                memory.Write(buffer, offset, count);
                position += count;
            }
        }

        public override void Flush() => folder.Log("flush", name, 0);

        public override long Seek(long offset, SeekOrigin origin) => position = origin switch
        {
            SeekOrigin.Begin => offset,
            SeekOrigin.Current => position + offset,
            _ => Length + offset,
        };

        public override void SetLength(long value)
        {
            folder.Log("length", name, value);
            memory.SetLength(value);
        }
    }
}
