namespace Anchoring;

/// <summary>One directory whose streams say truly what would survive a power cut: the disk's window (docs/decisions/0035).</summary>
/// <remarks>
/// Names are plain file names. A method that creates, moves or deletes returns when that itself would survive.
/// Used by one thread at a time.
/// </remarks>
public interface IFolder
{
    /// <summary>The names of all files, and of whatever else lies there, in ordinal order.</summary>
    IReadOnlyList<string> Names { get; }

    /// <summary>Makes a file of this many zero bytes, all of them allocated and durable, and opens it.</summary>
    /// <returns>A stream whose <see cref="Stream.Flush()"/> returns when all that was written would survive.</returns>
    /// <exception cref="IOException">The disk is full, or fails; nothing of the file is left.</exception>
    Stream Create(string name, int length);

    /// <summary>Opens a file, with the same promise of Flush.</summary>
    Stream Open(string name);

    /// <summary>Opens or makes a file whose every write survives before it returns.</summary>
    Stream OpenWriteThrough(string name);

    /// <summary>Moves a file inside this folder; the new name must be free.</summary>
    void Move(string name, string newName);

    void Delete(string name);

    /// <summary>Where this is, for messages.</summary>
    string Place { get; }
}
