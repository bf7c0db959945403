using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Gateway.Tests.Abuse;

/// <summary>A real ext4 of its own in a file: it can be filled up, fail as a worn card does, and lose its power.</summary>
/// <remarks>Needs root, e2fsprogs, util-linux and a kernel with loop devices. Disposing unmounts, detaches and deletes.</remarks>
internal sealed partial class SmallDisk : IDisposable
{
    // _IOR('X', 125, u32) of the kernel's ext4, and EXT4_GOING_FLAGS_NOLOGFLUSH: nothing that is not on the disk gets there any more.
    private const ulong ShutDown = 0x8004587D;
    private const uint NoLogFlush = 2;
    private const string Ballast = "ballast";
    private const int UnmountTriesMax = 50;
    private static readonly Lazy<string?> Tried = new(Try);
    private readonly DirectoryInfo home = Directory.CreateTempSubdirectory("coldproof-disk-");
    private readonly string image;
    private string device = "";
    private bool isMounted;

    /// <param name="mebibytes">16 to 64 are enough; the file system takes a few for itself.</param>
    public SmallDisk(int mebibytes)
    {
        image = Path.Combine(home.FullName, "image");
        Folder = Directory.CreateDirectory(Path.Combine(home.FullName, "mount")).FullName;
        try
        {
            using (var file = File.Create(image))
            {
                file.SetLength(mebibytes * 1024L * 1024);
            }

            // Blocks of 4 KiB as on any card, no reserve for root (the programs of this abuse are root), and errors as Raspberry Pi OS mounts.
            Tool("mkfs.ext4", "-q", "-F", "-b", "4096", "-m", "0", image);
            device = Tool("losetup", "--find", "--show", image).Trim();
            Mount();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Why this machine cannot give such a disk; null when it can.</summary>
    public static string? Impossible => Tried.Value;

    /// <summary>Where it is mounted.</summary>
    public string Folder { get; }

    public long FreeBytes => new DriveInfo(Folder).AvailableFreeSpace;

    /// <summary>Takes all the room that is left.</summary>
    public void Fill()
    {
        using var file = new FileStream(Path.Combine(Folder, Ballast), FileMode.Append, FileAccess.Write, FileShare.None, bufferSize: 0);
        for (var length = 1 << 20; length >= 4_096;)
        {
            try
            {
                file.Write(new byte[length]);
            }
            catch (IOException)
            {
                length /= 2; // No room for so much; perhaps for half of it.
            }
        }
    }

    /// <summary>Gives the room back.</summary>
    public void Empty() => File.Delete(Path.Combine(Folder, Ballast));

    /// <summary>The file system meets an error of its own and turns read-only, files that are open for writing included.</summary>
    public void Fail() => File.WriteAllText($"/sys/fs/ext4/{Path.GetFileName(device)}/trigger_fs_error", "the card is worn out");

    /// <summary>Power is gone: what was not flushed is lost, and every call fails from now on.</summary>
    public void PowerOff()
    {
        var descriptor = Open(Folder, 0);
        try
        {
            var flags = NoLogFlush;
            if (descriptor < 0 || Control(descriptor, ShutDown, ref flags) != 0)
            {
                throw new Win32Exception();
            }
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    /// <summary>As at a boot: unmounted, checked by e2fsck, mounted again. No program may hold a file on it.</summary>
    public void Reboot()
    {
        Unmount();
        Tool("e2fsck", "-p", "-f", device);
        Mount();
    }

    public void Dispose()
    {
        if (isMounted)
        {
            Unmount();
        }

        if (device.Length > 0)
        {
            Tool("losetup", "--detach", device);
            device = "";
        }

        home.Delete(recursive: true);
    }

    private void Mount()
    {
        Tool("mount", "-t", "ext4", "-o", "errors=remount-ro", device, Folder);
        isMounted = true;
    }

    /// <summary>A program that has just ended may hold the mount for a moment longer.</summary>
    private void Unmount()
    {
        for (var tries = 1; isMounted; tries++)
        {
            try
            {
                Tool("umount", Folder);
                isMounted = false;
            }
            catch (InvalidOperationException) when (tries < UnmountTriesMax)
            {
                using var moment = new ManualResetEventSlim();
                moment.Wait(TimeSpan.FromMilliseconds(100));
            }
        }
    }

    private static string? Try()
    {
        try
        {
            using var disk = new SmallDisk(16);
            return File.Exists($"/sys/fs/ext4/{Path.GetFileName(disk.device)}/trigger_fs_error") ? null
                : "This kernel's ext4 cannot be told to fail (/sys/fs/ext4/*/trigger_fs_error is missing).";
        }
        catch (Exception fault) when (fault is InvalidOperationException or Win32Exception)
        {
            return $"This machine gives no ext4 on a loop device: {fault.Message}. It needs root, e2fsprogs, and a kernel with loop devices.";
        }
    }

    private static string Tool(string name, params string[] arguments)
    {
        var start = new ProcessStartInfo(name, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        // e2fsck ends with 1 when it has mended something, which after a power cut it may.
        return process.ExitCode == 0 || (name == "e2fsck" && process.ExitCode == 1)
            ? output
            : throw new InvalidOperationException($"{name} {string.Join(' ', arguments)}: {errors.Result.Trim()}");
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Control(int descriptor, ulong request, ref uint argument);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Close(int descriptor);
}
