using System.Collections.Immutable;
using Evidence;
using Evidence.Log;
using Ledger.Hosting;

namespace Ledger.Log;

/// <summary>Receipts as they were first given: under the smallest checkpoint that covers the entry, whose time bounds it
/// best.</summary>
internal sealed class EntryReceipts(LedgerCore core)
{
    private readonly Dictionary<long, (LogProver Prover, SignedNote Note)> provers = [];

    private readonly Dictionary<long, LogProver> linkers = [];

    public string Of(long index, ReadOnlyMemory<byte> entry)
    {
        var note = core.Store.CheckpointOver(index)?.Note ?? core.Log.Head.Note?.ToString()
            ?? throw new EvidenceBrokenException($"Entry {index} is stored, but nothing is published. Run `ledger fsck`.");
        var size = Checkpoint.Parse(SignedNote.Parse(note).Text).Size;
        if (!provers.TryGetValue(size, out var found))
        {
            found = (core.Log.Prover(size), SignedNote.Parse(note));
            provers.Add(size, found);
        }

        return TiledLog.Receipt(found.Prover, found.Note, index, entry.Span);
    }

    /// <summary>That this log at one size begins with a smaller one; null for another log. Whoever writes it into a bundle verifies the bundle.</summary>
    public ImmutableArray<Digest>? Consistency(string origin, long from, long to)
    {
        if (origin != core.Keys.Origin || to > core.Log.Head.Size)
        {
            return null;
        }

        if (!linkers.TryGetValue(to, out var prover))
        {
            prover = provers.TryGetValue(to, out var found) ? found.Prover : core.Log.Prover(to);
            linkers.Add(to, prover);
        }

        return prover.Consistency(from);
    }
}
