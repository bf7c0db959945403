using System.Globalization;

namespace Anchoring;

/// <summary>Holds a data directory for one process: two writers would sign two histories.</summary>
/// <remarks>The kernel's advisory lock on a file, so that a killed process leaves nothing behind; the pid beside it is only for the
/// message.</remarks>
public sealed class DirectoryLock : IDisposable
{
    internal const string Name = "lock";
    private const string PidName = "lock.pid";
    private const int WouldBlock = 11; // EWOULDBLOCK: what .NET keeps as HResult when another process holds the lock.
    private readonly FileStream stream;

    private DirectoryLock(FileStream stream) => this.stream = stream;

    /// <exception cref="DirectoryInUseException">Another process holds it.</exception>
    public static DirectoryLock Take(string directory)
    {
        var path = Path.Combine(directory, Name);
        var pidPath = Path.Combine(directory, PidName);
        FileStream stream;
        try
        {
            stream = new(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException fault) when (fault.HResult == WouldBlock)
        {
            var holder = File.Exists(pidPath) ? $"process {File.ReadAllText(pidPath)}" : "another process";
            throw new DirectoryInUseException($"{directory} is in use by {holder}; stop it first (systemctl stop coldproof-gateway).",
                fault);
        }

        try
        {
            File.WriteAllText(pidPath, Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
        }
        catch (IOException)
        {
            return new(stream); // A full disk. The lock holds all the same; only another process's message lacks the number.
        }

        return new(stream);
    }

    public void Dispose() => stream.Dispose();
}

/// <summary>Another process works in this data directory.</summary>
public sealed class DirectoryInUseException : IOException
{
    public DirectoryInUseException() { }

    public DirectoryInUseException(string message) : base(message) { }

    public DirectoryInUseException(string message, Exception inner) : base(message, inner) { }
}
