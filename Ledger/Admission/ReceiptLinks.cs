using Evidence;
using Ledger.Store;

namespace Ledger.Admission;

/// <summary>Which head of the log a gateway's receipt has to be joined with: that of the receipt before it (docs/decisions/0162). Used by the
/// sequencer's one thread.</summary>
internal sealed class ReceiptLinks(LedgerStore store)
{
    /// <summary>Most gateways whose last place is kept in memory; beyond it all are read back when they speak again.</summary>
    private const int KeptMax = 8_192;

    private readonly Dictionary<Guid, (long Index, long Size)> last = [];

    /// <summary>Size of the head before; 0 when there is none; null for an entry that is no gateway's.</summary>
    /// <param name="fresh">What was logged in this round; null when the receipt of an older entry is asked for again.</param>
    /// <param name="entry">Its bytes, in both cases.</param>
    /// <param name="index">Its place.</param>
    /// <param name="size">Of the head under which its receipt is given.</param>
    public long? Before(AdmittedStatement? fresh, ReadOnlyMemory<byte> entry, long index, long size)
    {
        var statement = fresh?.Statement ?? Statement.Decode(entry);
        if (statement.Kind is not (StatementKind.Batch or StatementKind.Manifest) || (fresh is null ? store.GatewayOf(index) : fresh.Gateway) is not { } gateway)
        {
            return null;
        }

        if (fresh is null || !last.TryGetValue(gateway, out var known))
        {
            var number = statement.Kind == StatementKind.Batch ? BatchHeader.Decode(statement.Payload).Number : Manifest.Decode(statement.Payload).FirstNumber;
            known.Size = store.PlaceBefore(gateway, index, number) is { } place ? store.CheckpointOver(place)?.Size ?? size : 0;
        }

        if (fresh is not null)
        {
            if (last.Count >= KeptMax)
            {
                last.Clear();
            }

            last[gateway] = (index, size);
        }

        return known.Size;
    }
}
