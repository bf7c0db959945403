using Evidence;

namespace Anchoring;

/// <summary>What the data directory of a gateway that does not run holds.</summary>
/// <param name="IsHeld">A process has it open: the gateway is starting, or hangs.</param>
/// <param name="Boot">The last boot number.</param>
/// <param name="Last">The last recorded moment; null when nothing was ever recorded.</param>
/// <param name="IsOrderly">It was told to stop; otherwise power was lost or it was killed.</param>
/// <param name="Sealed">Batches signed so far.</param>
/// <param name="OpenRounds">Rounds that the next start closes.</param>
/// <param name="ToSign">Batches that are closed and not signed.</param>
/// <param name="Unanchored">Batches without a receipt, unsigned ones included.</param>
/// <param name="OldestWaitingMs">When the oldest of them was closed, wall milliseconds; null when none waits.</param>
/// <param name="Harmed">Places of the journal that are harmed.</param>
/// <param name="Fault">Why it cannot start as it is; empty when it can.</param>
public sealed record StoppedStore(bool IsHeld, uint Boot, Moment? Last, bool IsOrderly, long Sealed, int OpenRounds, int ToSign, int Unanchored,
    long? OldestWaitingMs, int Harmed, string Fault)
{
    /// <summary>The newest manifest that the journal knows; null when it knows none.</summary>
    public Manifest? Manifest { get; init; }
}

/// <summary>Looks into the data directory of a gateway without touching it: no lock is left, no file written, a read-only disk will do.</summary>
public static class StoppedLook
{
    /// <summary>Reads the journal.</summary>
    /// <returns>Null when no gateway has recorded anything here.</returns>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Not by this user.</exception>
    public static StoppedStore? Run(string directory)
    {
        var journal = Path.Combine(directory, Logbook.JournalFolder);
        if (!Directory.Exists(journal))
        {
            return null;
        }

        var chain = new Chain();
        var (harmed, fault) = (0, "");
        JournalReader.Tail? tail = null;
        try
        {
            tail = JournalReader.ReadAll(new ReadFolder(journal), chain.Apply, _ =>
            {
                harmed++;
                chain.Damaged();
            });
            chain.FinishReplay();
            fault = Signed(directory, chain) is { } signed && signed.Number >= chain.NextToSign
                ? $"Batch {signed.Number} was signed here, and the journal does not have its seal. Started, the gateway records on, and signs nothing until the ledger has said "
                    + "what it has. Run `gateway fsck`." : "";
        }
        catch (EvidenceBrokenException broken)
        {
            fault = broken.Message;
        }

        return tail is null && fault.Length == 0 ? null : new(IsHeld(directory), chain.Boot, chain.Last, chain.Stopped, chain.NextToSign,
            chain.Open.RoundCount, chain.Closed.Count, chain.Unanchored.Count() + chain.Closed.Count,
            chain.Unanchored.FirstOrDefault()?.ClosedMs ?? (chain.Closed is [var oldest, ..] ? oldest.ClosedMs : null), harmed, fault)
        { Manifest = chain.Manifests is [.., var last] ? last.Manifest : null };
    }

    /// <summary>The newest manifest that a journal knows; null when it knows none, or is of a newer program.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static Manifest? NewestManifest(string directory)
    {
        var journal = Path.Combine(directory, Logbook.JournalFolder);
        var chain = new Chain();
        try
        {
            if (Directory.Exists(journal))
            {
                JournalReader.ReadAll(new ReadFolder(journal), chain.Apply, _ => chain.Damaged());
            }
        }
        catch (EvidenceBrokenException)
        {
            // What stood before the contradiction is enough here; opening the logbook says what is wrong.
        }

        return chain.Manifests is [.., var last] ? last.Manifest : null;
    }

    private static (long Number, Digest Digest)? Signed(string directory, Chain chain)
    {
        var batches = Path.Combine(directory, Logbook.BatchesFolder);
        return Directory.Exists(batches) ? new SignedMark(new ReadFolder(batches)).Read(chain.IsWithdrawn) : null;
    }

    /// <summary>Asks the kernel whether the lock is held, and keeps nothing of it.</summary>
    private static bool IsHeld(string directory)
    {
        var path = Path.Combine(directory, DirectoryLock.Name);
        if (!File.Exists(path))
        {
            return false;
        }

        try
        {
            using var asked = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            return false;
        }
        catch (IOException)
        {
            return true; // Its holder has it alone.
        }
    }

    private sealed class ReadFolder(string path) : IFolder
    {
        public string Place => path;

        public IReadOnlyList<string> Names =>
            [.. Directory.EnumerateFileSystemEntries(path).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal)];

        public Stream Open(string name) => new FileStream(Path.Combine(path, name), FileMode.Open, FileAccess.Read,
            FileShare.ReadWrite | FileShare.Delete);

        public Stream Create(string name, int length) => throw new NotSupportedException(Unwritten);

        public Stream OpenWriteThrough(string name) => throw new NotSupportedException(Unwritten);

        public void Move(string name, string newName) => throw new NotSupportedException(Unwritten);

        public void Delete(string name) => throw new NotSupportedException(Unwritten);

        private const string Unwritten = "Whoever only looks writes nothing.";
    }
}
