using Anchoring;
using CardFiles = System.Collections.Generic.Dictionary<string, System.Collections.Generic.Dictionary<string,
    Gateway.Tests.Simulation.CardFile>>;

namespace Gateway.Tests.Simulation;

/// <summary>The truck's SD card in memory, with folders whose streams promise what a real disk promises, and no more.</summary>
/// <remarks>
/// A cut is told to nobody: from then on the process runs on a disk that nobody will ever see, and at the end of its step it is thrown
/// away. <see cref="IsCut"/> tells the rest of the world to look away. LiteDB writes from a thread of its own, hence the lock.
/// </remarks>
public sealed class Card(Dice dice)
{
    internal Lock Gate { get; } = new();

    private readonly Dictionary<string, CardFolder> folders = [];
    private CardFiles? survivors;
    private long? cutAt;
    private long? failAt;
    private Survival survival;

    /// <summary>Operations so far.</summary>
    public long Operations { get; private set; }

    /// <summary>Power is gone, and the process does not know it yet.</summary>
    public bool IsCut => survivors is not null;

    /// <summary>No file can be made or grow.</summary>
    public bool IsFull { get; set; }

    /// <summary>Nothing can be written, deleted or renamed.</summary>
    public bool IsReadOnly { get; set; }

    /// <summary>How many operations have failed with EIO.</summary>
    public long Failed { get; private set; }

    /// <summary>Whether a failed flush loses what it should have flushed.</summary>
    internal bool FailedFlushDrops() => dice.Coin();

    /// <summary>Bytes of all files.</summary>
    public long Length => folders.Values.Sum(folder => folder.Files.Values.Sum(file => (long)file.Length));

    /// <summary>Every file of a folder, with its length.</summary>
    public IEnumerable<(string Name, long Length)> FilesOf(string folder) =>
        folders.TryGetValue(folder, out var known) ? [.. known.Files.Select(file => (file.Key, (long)file.Value.Length))] : [];

    public IFolder Folder(string name)
    {
        lock (Gate)
        {
            return folders.TryGetValue(name, out var known) ? known : folders[name] = new(this, name);
        }
    }

    /// <summary>The power goes, or the process is killed, at the operation after so many more.</summary>
    public void CutAfter(long operations, Survival what) => (cutAt, survival) = (Operations + operations, what);

    /// <summary>It happens now, between two operations.</summary>
    public void CutNow(Survival what)
    {
        lock (Gate)
        {
            (cutAt, survival) = (null, what);
            survivors ??= Survivors(null);
        }
    }

    /// <summary>The operation after so many more fails with EIO.</summary>
    public void FailAfter(long operations) => failAt = Operations + operations;

    /// <summary>No cut and no failure is to come any more.</summary>
    public void Calm() => (cutAt, failAt, IsFull, IsReadOnly) = (null, null, false, false);

    /// <summary>An image of the whole card, as somebody takes it from a running or a stopped gateway.</summary>
    internal CardFiles Image(Survival what)
    {
        lock (Gate)
        {
            survival = what;
            return Survivors(null);
        }
    }

    /// <summary>Another card is in the slot, or this one was written over: the process, if one runs, does not know it yet.</summary>
    internal void PutBack(CardFiles image)
    {
        lock (Gate)
        {
            cutAt = null;
            survivors = image.ToDictionary(folder => folder.Key, folder => folder.Value.ToDictionary(file => file.Key,
                file => file.Value.AfterCut(Survival.Written, dice, null)));
        }
    }

    /// <summary>Power is back: what survived is all there is.</summary>
    public void PowerOn()
    {
        lock (Gate)
        {
            cutAt = null;
            if (survivors is null)
            {
                return;
            }

            foreach (var (name, folder) in folders)
            {
                folder.Replace(survivors[name]);
            }

            survivors = null;
        }
    }

    /// <summary>Counts one operation. Called before it takes effect, with the lock held.</summary>
    internal void Step(CardFile? file, Unflushed? inHand)
    {
        Operations++;
        if (survivors is null && cutAt is { } cut && Operations >= cut)
        {
            cutAt = null;
            survivors = Survivors(file is not null && inHand is not null ? (file, inHand) : null);
        }

        if (survivors is null && IsReadOnly)
        {
            throw new IOException("Read-only file system");
        }

        if (survivors is null && failAt is { } fail && Operations >= fail)
        {
            failAt = null;
            Failed++;
            throw new IOException("Input/output error");
        }
    }

    private CardFiles Survivors((CardFile File, Unflushed Write)? inHand)
    {
        var found = new CardFiles();
        foreach (var (name, folder) in folders)
        {
            found[name] = folder.Files.ToDictionary(file => file.Key, file => file.Value.AfterCut(survival, dice,
                inHand is { } write && write.File == file.Value ? write.Write : null));
        }

        return found;
    }
}
