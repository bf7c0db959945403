using Evidence;
using Microsoft.EntityFrameworkCore;

namespace Ledger.Store;

/// <summary>Keeps refused messages with their reason. Bounded: what comes after the bound is counted, so that nobody can fill the disk
/// with refusals.</summary>
public sealed class Quarantine(LedgerStore store, TimeProvider clock)
{
    /// <summary>Most messages kept of one gateway; the first ones, which show how the trouble began.</summary>
    public const int KeptMax = 100;

    /// <summary>Most messages kept of all gateways together.</summary>
    public const int KeptOfAllMax = 10_000;

    /// <summary>Most bytes kept of one message.</summary>
    public const int MessageLengthMax = 64 * 1024;

    /// <summary>Keeps the message, unless the very same one is kept already or a bound is reached. Durable when it returns.</summary>
    public void Keep(GatewayId gateway, Refusal refusal, string words, ReadOnlyMemory<byte> message)
    {
        var digest = Digest.Of(message.Span);
        using var context = store.Read();
        context.ChangeTracker.QueryTrackingBehavior = QueryTrackingBehavior.TrackAll;
        if (context.RefusalCounts.Find(gateway.Value) is { } count)
        {
            count.Count++;
        }
        else
        {
            context.RefusalCounts.Add(new() { Gateway = gateway.Value, Count = 1 });
        }

        var kept = context.Quarantine.Where(row => row.Gateway == gateway.Value);
        if (!kept.Any(row => row.MessageDigest == digest) && kept.Count() < KeptMax && context.Quarantine.Count() < KeptOfAllMax)
        {
            context.Quarantine.Add(new()
            {
                Gateway = gateway.Value,
                ReceivedMs = clock.GetUtcNow().ToUnixTimeMilliseconds(),
                Refusal = refusal,
                Words = words,
                MessageDigest = digest,
                Message = message.Span[..Math.Min(message.Length, MessageLengthMax)].ToArray(),
            });
        }

        context.SaveChanges();
    }
}
