using System.Runtime.InteropServices;

namespace Anchoring;

/// <summary>A real directory.</summary>
public sealed partial class DiskFolder : IFolder
{
    private const int ZeroesLength = 64 * 1024;

    /// <summary>Makes the directory if it is missing, for its owner alone.</summary>
    public DiskFolder(string path)
    {
        Place = Path.GetFullPath(path);
        if (!Directory.Exists(Place))
        {
            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(Place);
            }
            else
            {
                Directory.CreateDirectory(Place, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }

            if (Path.GetDirectoryName(Place) is { } parent)
            {
                SyncDirectory(parent);
            }
        }
    }

    public string Place { get; }

    public IReadOnlyList<string> Names =>
        [.. Directory.EnumerateFileSystemEntries(Place).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    public Stream Create(string name, int length)
    {
        // Written under another name first: a file that carries the real name has all its zeroes, also after a power cut in here.
        var unfinished = Path.Combine(Place, name + ".new");
        var whole = Path.Combine(Place, name);
        var isPlaced = false;
        try
        {
            using (var stream = new DurableFile(unfinished, FileMode.Create))
            {
                var zeroes = new byte[ZeroesLength];
                for (var left = length; left > 0; left -= ZeroesLength)
                {
                    stream.Write(zeroes, 0, Math.Min(left, ZeroesLength));
                }

                stream.FlushWhole();
            }

            File.Move(unfinished, whole);
            isPlaced = true;
            SyncDirectory(Place);
        }
        catch (IOException)
        {
            // Also when only the directory's flush failed: a second flush may succeed without having written the name. Made anew next time.
            File.Delete(isPlaced ? whole : unfinished);
            throw;
        }

        return Open(name);
    }

    public Stream Open(string name) => new DurableFile(Path.Combine(Place, name), FileMode.Open);

    public Stream OpenWriteThrough(string name)
    {
        var path = Path.Combine(Place, name);
        var isNew = !File.Exists(path);
        var stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0,
            FileOptions.WriteThrough);
        if (!stream.CanSeek)
        {
            stream.Dispose(); // F-181: LiteDB would take it for a harmed file, and the store would put it aside.
            throw DurableFile.NoPlaces(path);
        }

        if (isNew)
        {
            SyncDirectory(Place);
        }

        return stream;
    }

    public void Move(string name, string newName)
    {
        var (from, to) = (Path.Combine(Place, name), Path.Combine(Place, newName));
        if (Directory.Exists(from))
        {
            Directory.Move(from, to); // Something that is no file lies where a file belongs; it is kept all the same.
        }
        else
        {
            File.Move(from, to, overwrite: false);
        }

        SyncDirectory(Place);
    }

    public void Delete(string name)
    {
        File.Delete(Path.Combine(Place, name));
        SyncDirectory(Place);
    }

    /// <summary>Makes creations, moves and deletions inside a directory durable.</summary>
    /// <exception cref="IOException">The disk fails.</exception>
    public static void SyncDirectory(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return; // NTFS journals its directory entries itself, and opens no handle for this.
        }

        var descriptor = OpenDirectory(path, 0);
        if (descriptor < 0)
        {
            throw new IOException($"{path} cannot be opened for fsync: {Marshal.GetLastPInvokeErrorMessage()} (error {Marshal.GetLastPInvokeError()}).");
        }

        var result = SyncDescriptor(descriptor);
        var error = Marshal.GetLastPInvokeError();
        _ = CloseDescriptor(descriptor);
        if (result != 0)
        {
            throw new IOException($"fsync of the directory {path} failed: {Marshal.GetPInvokeErrorMessage(error)} (error {error}). The disk may be failing.");
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenDirectory(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int SyncDescriptor(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int CloseDescriptor(int descriptor);
}
