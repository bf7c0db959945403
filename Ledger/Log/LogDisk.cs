using System.Runtime.InteropServices;

namespace Ledger.Log;

/// <summary>The log's directory: the one window through which the log touches the disk. What a method has written is durable when it
/// returns.</summary>
/// <param name="root">The directory that is served under /log/.</param>
/// <remarks>
/// A file is written beside its place, synced, renamed, and its directory synced: a power cut leaves the old file or the new one, never a
/// mixture.
/// The test's disk fails each call once before and once after it took effect; the sequencer must come out whole both times.
/// </remarks>
public class LogDisk(string root)
{
    /// <summary>The one file that changes: the newest signed checkpoint.</summary>
    public const string CheckpointName = "checkpoint";

    public string Root { get; } = root;

    /// <summary>The file's bytes; null when there is none.</summary>
    public byte[]? Read(string path)
    {
        var full = Full(path);
        return File.Exists(full) ? File.ReadAllBytes(full) : null;
    }

    /// <summary>Writes a file that never changes again. Writing the same bytes once more is how an interrupted round is repeated.</summary>
    /// <exception cref="EvidenceBrokenException">Other bytes stand there.</exception>
    public virtual void WriteOnce(string path, ReadOnlyMemory<byte> bytes)
    {
        if (Read(path) is { } present)
        {
            if (!present.AsSpan().SequenceEqual(bytes.Span))
            {
                throw new EvidenceBrokenException(
                    $"{path} of the log already holds other bytes. It must never change; stop this ledger and run `ledger fsck`.");
            }

            return; // Written whole before the round was cut off: rename came after the sync.
        }

        Place(path, bytes.Span);
    }

    /// <summary>Puts a new checkpoint in the place of the one that is expected there. Never two heads of one size.</summary>
    /// <param name="expected">What must stand there now; null when nothing may.</param>
    /// <exception cref="EvidenceBrokenException">Something else stands there: another writer works on this log.</exception>
    public virtual void ReplaceCheckpoint(byte[]? expected, ReadOnlyMemory<byte> next)
    {
        var present = Read(CheckpointName);
        if (present is null != expected is null || (present is not null && !present.AsSpan().SequenceEqual(expected)))
        {
            throw new EvidenceBrokenException(
                "The log's checkpoint is not the one this ledger published last: another process, or a restored copy, wrote it. " +
                "Nothing was published over it; stop both and run `ledger fsck`.");
        }

        Place(CheckpointName, next.Span);
    }

    /// <summary>Removes the partial files that a full one has replaced. Readers fall back to the full one (tlog-tiles); losing power here
    /// costs nothing.</summary>
    public void DropPartials(string fullPath)
    {
        var partials = Full(fullPath) + ".p";
        if (Directory.Exists(partials))
        {
            Directory.Delete(partials, recursive: true);
        }
    }

    /// <summary>Moves a file out of the log, into a directory beside it that nobody serves, and says where it is now.</summary>
    public string SetAside(string path)
    {
        for (var count = 1; ; count++)
        {
            var kept = Path.Combine($"{Root}.set-aside-{count}", path);
            if (!File.Exists(kept))
            {
                MakeDirectory(Path.GetDirectoryName(kept)!);
                File.Move(Full(path), kept);
                DirectorySync.Flush(Path.GetDirectoryName(kept)!);
                return kept;
            }
        }
    }

    private string Full(string path) => Path.Combine(Root, path);

    private void Place(string path, ReadOnlySpan<byte> bytes)
    {
        var full = Full(path);
        var directory = Path.GetDirectoryName(full)!;
        MakeDirectory(directory);
        var temporary = full + ".new";
        using (var file = File.OpenHandle(temporary, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            RandomAccess.Write(file, bytes, 0);
            RandomAccess.FlushToDisk(file);
        }

        File.Move(temporary, full, overwrite: true);
        DirectorySync.Flush(directory); // From here a power cut finds the new file.
    }

    private static void MakeDirectory(string directory)
    {
        if (Directory.Exists(directory))
        {
            return;
        }

        var parent = Path.GetDirectoryName(directory)!;
        MakeDirectory(parent);
        Directory.CreateDirectory(directory);
        DirectorySync.Flush(parent);
    }
}

/// <summary>fsync of a directory, which makes a rename in it durable. .NET opens no directories.</summary>
internal static partial class DirectorySync
{
    // O_DIRECTORY | O_CLOEXEC on x86-64; on arm64 the kernel's numbers differ.
    private const int ReadOnlyDirectoryCloseOnExec = 0x10000 | 0x80000;
    private const int Arm64Flags = 0x4000 | 0x80000;

    public static void Flush(string directory)
    {
        if (OperatingSystem.IsWindows())
        {
            return; // NTFS journals its directory entries itself; the ledger is run on Linux in earnest.
        }

        var flags = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? Arm64Flags : ReadOnlyDirectoryCloseOnExec;
        var descriptor = Open(directory, flags);
        if (descriptor < 0)
        {
            throw new IOException($"{directory} could not be opened to be synced: {Marshal.GetLastPInvokeErrorMessage()} (error {Marshal.GetLastPInvokeError()}).");
        }

        try
        {
            if (Fsync(descriptor) != 0)
            {
                throw new IOException($"{directory} could not be synced: {Marshal.GetLastPInvokeErrorMessage()} (error {Marshal.GetLastPInvokeError()}).");
            }
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);
}
