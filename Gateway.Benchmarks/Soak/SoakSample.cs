using System.Globalization;

namespace Gateway.Benchmarks;

/// <summary>What one process holds, as the kernel counts it.</summary>
/// <param name="RssKiB">VmRSS.</param>
/// <param name="PrivateKiB">Private_Clean + Private_Dirty of smaps_rollup: what would be free without this process.</param>
/// <param name="Handles">Entries of /proc/PID/fd.</param>
/// <param name="WrittenBytes">write_bytes of /proc/PID/io: bytes of pages that this process made dirty. Where the page cache has large pages,
/// a line of 86 bytes counts as all 64 KiB of its page: an upper bound, not what the card sees.</param>
internal readonly record struct ProcessSample(long RssKiB, long PrivateKiB, int Handles, int Threads, long WrittenBytes)
{
    /// <summary>Null when the process is not there, or goes away while it is looked at.</summary>
    public static ProcessSample? Of(int id)
    {
        try
        {
            var status = Fields($"/proc/{id}/status");
            var maps = Fields($"/proc/{id}/smaps_rollup");
            return new(status["VmRSS"], maps["Private_Clean"] + maps["Private_Dirty"],
                Directory.GetFileSystemEntries($"/proc/{id}/fd").Length, (int)status["Threads"], Fields($"/proc/{id}/io")["write_bytes"]);
        }
        catch (Exception fault) when (fault is IOException or KeyNotFoundException or UnauthorizedAccessException)
        {
            return null; // Killed in between; the next sample finds its successor.
        }
    }

    private static Dictionary<string, long> Fields(string file)
    {
        var fields = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var line in File.ReadLines(file))
        {
            if (line.Split(':', 2) is [var name, var rest]
                && long.TryParse(rest.Replace("kB", "", StringComparison.Ordinal).Trim(), NumberStyles.None, CultureInfo.InvariantCulture,
                    out var value))
            {
                fields[name] = value;
            }
        }

        return fields;
    }
}

/// <summary>Everything at one instant.</summary>
/// <param name="AtSeconds">Since the soak began.</param>
/// <param name="GatewayAgeSeconds">Since this gateway process was started.</param>
/// <param name="Process">How many gateway processes there were before this one.</param>
/// <param name="WrittenBytes">By all gateway processes so far, as far as samples saw it.</param>
/// <param name="DeviceBytes">Written to the gateway's own block device so far; null without one.</param>
/// <param name="WireBytes">On the gateway's road both ways, so far.</param>
/// <param name="Files">Bytes by kind of file.</param>
internal sealed record SoakSample(double AtSeconds, double GatewayAgeSeconds, int Process, ProcessSample Gateway, ProcessSample? Ledger,
    long WrittenBytes, long? DeviceBytes, long WireBytes, SortedDictionary<string, long> Files);

/// <summary>Bytes of the files of both data directories, by kind.</summary>
internal static class SoakFiles
{
    public static SortedDictionary<string, long> Measure(string gateway, string ledger)
    {
        var files = new SortedDictionary<string, long>(StringComparer.Ordinal);
        Add(files, gateway, file => "gateway " + (Path.GetExtension(file) is ".segment" ? "journal" : Path.GetExtension(file) is ".litedb"
            ? "batch store" : "other"));
        Add(files, ledger, file => "ledger " + (file.Contains("ledger.db", StringComparison.Ordinal) ? "database" : "log"));
        return files;
    }

    private static void Add(SortedDictionary<string, long> files, string folder, Func<string, string> kind)
    {
        var options = new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true };
        foreach (var file in new DirectoryInfo(folder).EnumerateFiles("*", options))
        {
            try
            {
                var name = kind(file.FullName);
                files[name] = files.GetValueOrDefault(name) + file.Length;
            }
            catch (IOException)
            {
                continue; // Folded, renamed or deleted between listing and looking.
            }
        }
    }
}
