namespace Ledger.Authority;

/// <summary>Files that are on the disk when the method returns, with their mode right from the first byte.</summary>
internal static class DurableFile
{
    /// <param name="mode"><see cref="FileMode.CreateNew"/> to refuse what exists, <see cref="FileMode.Append"/> to add.</param>
    /// <param name="secret">Mode 0600 when the file is made; otherwise 0644.</param>
    public static void Write(string path, FileMode mode, bool secret, ReadOnlySpan<byte> bytes)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.Write, Share = FileShare.Read };
        if (!OperatingSystem.IsWindows())
        {
            var owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            options.UnixCreateMode = secret ? owner : owner | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
        }

        using var file = new FileStream(path, options);
        file.Write(bytes);
        file.Flush(flushToDisk: true);
    }
}
