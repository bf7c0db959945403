using System.Diagnostics;
using System.Globalization;

namespace Gateway.Benchmarks;

/// <summary>An ext4 of its own on a loop device, so that the kernel's counter of written sectors holds one program's work.</summary>
/// <remarks>Needs root, mkfs.ext4 (e2fsprogs), losetup and mount. Disposing unmounts, detaches and deletes.</remarks>
internal sealed class LoopDisk : IDisposable
{
    private const int SectorLength = 512; // The unit of the kernel's counters, whatever the device's own sectors are.
    private readonly DirectoryInfo home = Directory.CreateTempSubdirectory("coldproof-loop-");
    private readonly string device = "";
    private readonly bool mounted;

    public LoopDisk(int mebibytes)
    {
        try
        {
            var image = Path.Combine(home.FullName, "image");
            using (var file = File.Create(image))
            {
                file.SetLength(mebibytes * 1024L * 1024);
            }

            // Blocks of 4 KiB as on any card (a small image would get 1 KiB), and nothing that ext4 writes lazily, later, into our numbers.
            Tool("mkfs.ext4", "-q", "-F", "-b", "4096", "-E", "lazy_itable_init=0,lazy_journal_init=0", image);
            device = Tool("losetup", "--find", "--show", image).Trim();
            Mount = Directory.CreateDirectory(Path.Combine(home.FullName, "mount")).FullName;
            Tool("mount", "-t", "ext4", device, Mount);
            mounted = true;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public string Mount { get; } = "";

    /// <summary>The mount's options, as the kernel lists them.</summary>
    public string MountOptions =>
        File.ReadLines("/proc/mounts").First(line => line.StartsWith(device + " ", StringComparison.Ordinal)).Split(' ')[3];

    /// <summary>Bytes written to the block device since it was attached. What the file system still holds back is written first.</summary>
    public long SyncedBytesWritten()
    {
        Tool("sync", "-f", Mount);
        return BytesWritten();
    }

    /// <summary>Bytes written to the block device so far, without hurrying anything along.</summary>
    public long BytesWritten()
    {
        var fields = File.ReadAllText($"/sys/block/{Path.GetFileName(device)}/stat").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return long.Parse(fields[6], CultureInfo.InvariantCulture) * SectorLength;
    }

    public void Dispose()
    {
        if (mounted)
        {
            Tool("umount", Mount);
        }

        if (device.Length > 0)
        {
            Tool("losetup", "--detach", device);
        }

        home.Delete(recursive: true);
    }

    private static string Tool(string name, params string[] arguments)
    {
        var start = new ProcessStartInfo(name, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? output
            : throw new InvalidOperationException($"{name} {string.Join(' ', arguments)}: {errors.Result.Trim()}");
    }
}
