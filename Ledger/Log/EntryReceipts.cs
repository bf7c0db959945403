using Evidence;
using Evidence.Log;
using Ledger.Hosting;

namespace Ledger.Log;

/// <summary>Receipts as they were first given: under the smallest checkpoint that covers the entry, whose time bounds it
/// best.</summary>
internal sealed class EntryReceipts(LedgerCore core)
{
    private readonly Dictionary<long, (LogProver Prover, SignedNote Note)> provers = [];

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
}
