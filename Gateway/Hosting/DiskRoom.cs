namespace Gateway.Hosting;

/// <summary>How much room the disk of the data directory has, as last asked.</summary>
/// <remarks>A figure for people: nothing of the record depends on it, so a disk that does not answer here (F-180) must not end the recording. Used by one
/// thread at a time.</remarks>
/// <param name="directory">Any folder on that disk.</param>
public sealed class DiskRoom(string directory)
{
    /// <summary>Bytes that this program may still use; null while the disk does not say.</summary>
    public long? FreeBytes { get; private set; }

    /// <summary>Bytes of the whole file system; null while the disk does not say.</summary>
    public long? TotalBytes { get; private set; }

    /// <summary>Why nothing is known, with the next step; empty when it is known.</summary>
    public string Trouble { get; private set; } = "";

    /// <summary>What a person reads when the disk refuses something without which the program cannot go on.</summary>
    public static string Words(Exception fault) =>
        $"The disk refuses: {fault.Message.TrimEnd('.')}. Check it (dmesg, df, mount) and the rights. What is recorded is safe.";

    /// <summary>Asks anew.</summary>
    public void Look()
    {
        try
        {
            var disk = new DriveInfo(directory);
            (FreeBytes, TotalBytes, Trouble) = (disk.AvailableFreeSpace, disk.TotalSize, "");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            (FreeBytes, TotalBytes, Trouble) = (null, null,
                $"The disk of {directory} does not say how much room it has: {fault.Message.TrimEnd('.')}. Check it (dmesg, df, mount); recording goes on.");
        }
    }
}
