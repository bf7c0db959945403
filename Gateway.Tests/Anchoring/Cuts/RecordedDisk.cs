using Anchoring;

namespace Gateway.Tests.Anchoring;

/// <summary>
/// A disk in memory that remembers every operation, so that one run can be cut at every point afterwards: what the process did after a
/// cut never matters, because nobody saw it.
/// </summary>
public sealed class RecordedDisk
{
    private readonly List<DiskOperation> operations = [];
    private readonly Dictionary<string, RecordedFolder> folders = [];
    private readonly Dictionary<string, Dictionary<string, byte[]>> start;

    public RecordedDisk()
        : this([])
    {
    }

    private RecordedDisk(Dictionary<string, Dictionary<string, byte[]>> start) => this.start = start;

    /// <summary>How many operations there were: what was promised before this count must survive a cut at it.</summary>
    public int Count => operations.Count;

    /// <summary>A disk that holds these folders, and remembers what is done to them from now on.</summary>
    public static RecordedDisk Of(Dictionary<string, Dictionary<string, byte[]>> folders, out Func<string, IFolder> open)
    {
        var disk = new RecordedDisk(folders);
        open = disk.Folder;
        return disk;
    }

    /// <summary>The folder of this name, the same at every call.</summary>
    public IFolder Folder(string name)
    {
        if (!folders.TryGetValue(name, out var folder))
        {
            folders[name] = folder = new(this, name, start.GetValueOrDefault(name, []));
        }

        return folder;
    }

    /// <summary>All files as they are now.</summary>
    public Dictionary<string, Dictionary<string, byte[]>> Now() => folders.ToDictionary(folder => folder.Key, folder => folder.Value.Now());

    /// <summary>The folders as they are found after a cut before one operation.</summary>
    public Dictionary<string, Dictionary<string, byte[]>> After(int cut, Loss loss) => Cuts().ElementAt(cut).Found(loss);

    /// <summary>Every cut, from the one before the first operation to the one after the last. Each holds until the next is asked for.</summary>
    public IEnumerable<DiskCut> Cuts()
    {
        var durable = DiskCut.Copy(start);
        List<DiskOperation> unflushed = [];
        for (var i = 0; i <= operations.Count; i++)
        {
            var inHand = i < operations.Count && operations[i].Kind == DiskOperationKind.Write ? operations[i] : null;
            yield return new(i, durable, unflushed, inHand);
            if (i < operations.Count)
            {
                Pass(durable, unflushed, operations[i]);
            }
        }
    }

    private static void Pass(Dictionary<string, Dictionary<string, byte[]>> durable, List<DiskOperation> unflushed, DiskOperation done)
    {
        if (!durable.TryGetValue(done.Folder, out var files))
        {
            durable[done.Folder] = files = [];
        }

        bool IsOfFile(DiskOperation write) => write.Folder == done.Folder && write.Name == done.Name;
        switch (done.Kind)
        {
            case DiskOperationKind.Create:
                unflushed.RemoveAll(IsOfFile);
                files[done.Name] = new byte[done.Offset];
                break;
            case DiskOperationKind.Delete:
                unflushed.RemoveAll(IsOfFile);
                files.Remove(done.Name);
                break;
            case DiskOperationKind.Move:
                files[done.NewName] = files[done.Name];
                files.Remove(done.Name);
                for (var i = 0; i < unflushed.Count; i++)
                {
                    unflushed[i] = IsOfFile(unflushed[i]) ? unflushed[i] with { Name = done.NewName } : unflushed[i];
                }

                break;
            case DiskOperationKind.Length:
                files[done.Name] = DiskCut.Resized(files[done.Name], (int)done.Offset);
                break;
            case DiskOperationKind.Write when done.IsDurable:
                DiskCut.Put(files, done, 0, done.Bytes.Length);
                break;
            case DiskOperationKind.Write:
                unflushed.Add(done);
                break;
            default:
                foreach (var write in unflushed.Where(IsOfFile))
                {
                    DiskCut.Put(files, write, 0, write.Bytes.Length);
                }

                unflushed.RemoveAll(IsOfFile);
                break;
        }
    }

    private sealed class RecordedFolder(RecordedDisk disk, string folder, Dictionary<string, byte[]> start) : IFolder
    {
        private readonly Dictionary<string, MemoryStream> files = start.ToDictionary(file => file.Key, file => Memory(file.Value));

        public IReadOnlyList<string> Names => [.. files.Keys.Order(StringComparer.Ordinal)];

        public string Place => folder;

        public Dictionary<string, byte[]> Now() => files.ToDictionary(file => file.Key, file => file.Value.ToArray());

        public Stream Create(string name, int length)
        {
            Log(DiskOperationKind.Create, name, length);
            files[name] = Memory(new byte[length]);
            return Open(name);
        }

        public Stream Open(string name) => new RecordedStream(this, name, files[name], isDurable: false);

        public Stream OpenWriteThrough(string name)
        {
            if (!files.TryGetValue(name, out var memory))
            {
                Log(DiskOperationKind.Create, name, 0);
                files[name] = memory = new MemoryStream();
            }

            return new RecordedStream(this, name, memory, isDurable: true);
        }

        public void Move(string name, string newName)
        {
            Log(DiskOperationKind.Move, name, 0, newName: newName);
            files[newName] = files[name];
            files.Remove(name);
        }

        public void Delete(string name)
        {
            Log(DiskOperationKind.Delete, name, 0);
            files.Remove(name);
        }

        internal void Log(DiskOperationKind kind, string name, long offset, byte[]? bytes = null, bool isDurable = true, string newName = "")
        {
            lock (disk.operations)
            {
                disk.operations.Add(new(folder, kind, name, offset, bytes ?? [], isDurable, newName));
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
                folder.Log(DiskOperationKind.Write, name, position, buffer.AsSpan(offset, count).ToArray(), isDurable);
                memory.Position = position;
                memory.Write(buffer, offset, count);
                position += count;
            }
        }

        public override void Flush() => folder.Log(DiskOperationKind.Flush, name, 0);

        public override long Seek(long offset, SeekOrigin origin) => position = origin switch
        {
            SeekOrigin.Begin => offset,
            SeekOrigin.Current => position + offset,
            _ => Length + offset,
        };

        public override void SetLength(long value)
        {
            folder.Log(DiskOperationKind.Length, name, value);
            memory.SetLength(value);
        }
    }
}
