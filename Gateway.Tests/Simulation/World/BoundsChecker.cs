using Anchoring;

namespace Gateway.Tests.Simulation;

/// <summary>Every queue has a bound and every file grows with what it must hold, and no faster.</summary>
/// <remarks>The bounds are what the design states: journal segments until their batches are anchored, one packed document a batch in the
/// store, a log of LiteDB that is empty after each fold, statements in flight up to the window.</remarks>
internal sealed class BoundsChecker(LogbookOptions options, Action<string> violate)
{
    /// <summary>What the journal may hold beside what waits: the segment in use, the spare one, the one that is being folded.</summary>
    private const int SegmentsBeside = 3;

    /// <summary>What the journal may hold of one batch that is not anchored: rounds, events, the seal with a beacon, a receipt.</summary>
    private const int JournalBytesOfBatch = 16 * 1024;

    /// <summary>What the batch store may hold of one batch, with its part of pages, index and the month file's own 8 KiB pages.</summary>
    private const int StoreBytesOfBatch = 12 * 1024;

    /// <summary>What every month file may have before it holds anything.</summary>
    private const int StoreBytesOfMonth = 128 * 1024;

    private const int LogBytesMax = 64 * 1024;

    private long backlog;

    /// <summary>Looks at the gateway's own figures, once a round.</summary>
    /// <param name="status">How the logbook stands.</param>
    /// <param name="canFold">Whether the card takes what is folded.</param>
    public void Check(LogbookStatus status, bool canFold = true)
    {
        // What has waited is folded a segment at a time after it is anchored, and each takes up many batches.
        backlog = Math.Max(status.Unanchored, canFold ? backlog - 1 : backlog);
        Within("statements in flight", status.InFlight, options.SendWindow);
        Within("sentences of trouble", status.Faults.Length, 16);
        Within("bytes of the journal", status.JournalLength, ((long)SegmentsBeside * options.SegmentLength)
            + WholeSegments((backlog + 1) * JournalBytesOfBatch));
    }

    /// <summary>Looks at the card. Only between a fold and the next: while one runs, LiteDB's log holds what it writes.</summary>
    /// <param name="files">Every file of the batch store with its length.</param>
    /// <param name="batches">How many batches were ever sealed.</param>
    public void Check(IEnumerable<(string Name, long Length)> files, long batches)
    {
        long store = 0, months = 0;
        foreach (var (name, length) in files)
        {
            var isLog = name.Contains("-log", StringComparison.Ordinal);
            months += isLog ? 0 : 1;
            store += isLog ? 0 : length;
            Within($"bytes of {name}", length, isLog ? LogBytesMax : long.MaxValue);
        }

        Within("bytes of the batch store", store, (batches * StoreBytesOfBatch) + ((months + 1) * StoreBytesOfMonth));
    }

    /// <summary>Looks at one queue of the road.</summary>
    public void Within(string what, long count, long most)
    {
        if (count > most)
        {
            violate($"{count} {what}: the bound is {most}.");
        }
    }

    private long WholeSegments(long bytes) => (bytes + options.SegmentLength - 1) / options.SegmentLength * options.SegmentLength;
}
