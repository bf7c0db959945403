namespace Anchoring;

/// <summary>What is stored contradicts itself. The process stops rather than sign a second history; fsck explains.</summary>
public sealed class EvidenceBrokenException : Exception
{
    public EvidenceBrokenException() { }

    public EvidenceBrokenException(string message) : base(message) { }

    public EvidenceBrokenException(string message, Exception inner) : base(message, inner) { }
}

/// <summary>A round, event or seal could not be made durable. It is not recorded; the message says why and what to do.</summary>
/// <remarks>When <see cref="DiskFull"/>, the same call may be tried again once there is room. Otherwise the process must start
/// anew.</remarks>
public sealed class NotRecordedException : IOException
{
    public NotRecordedException() { }

    public NotRecordedException(string message) : base(message) { }

    public NotRecordedException(string message, Exception inner) : base(message, inner) { }

    public NotRecordedException(string message, bool diskFull, Exception inner) : base(message, inner) => DiskFull = diskFull;

    /// <summary>The disk has no room for the next segment.</summary>
    public bool DiskFull { get; }
}
