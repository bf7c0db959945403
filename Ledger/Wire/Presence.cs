using System.Collections.Concurrent;
using Evidence;

namespace Ledger.Wire;

/// <summary>Whether a gateway's link is up, as its broker says: "online", or the will "offline". It proves nothing about batches.</summary>
/// <param name="IsOnline">The last word.</param>
/// <param name="SinceMs">When the ledger heard it, wall milliseconds. A retained word may be older.</param>
public readonly record struct Presence(bool IsOnline, long SinceMs);

/// <summary>The last word about every gateway since this ledger started.</summary>
public sealed class PresenceBook(TimeProvider clock)
{
    /// <summary>Most gateways remembered; words about more are not kept.</summary>
    public const int GatewaysMax = 16_384;

    private readonly ConcurrentDictionary<GatewayId, Presence> known = new();

    /// <summary>Null when nothing was heard.</summary>
    public Presence? Of(GatewayId gateway) => known.TryGetValue(gateway, out var presence) ? presence : null;

    internal bool Note(GatewayId gateway, ReadOnlySpan<byte> word)
    {
        var online = word.SequenceEqual("online"u8);
        if (!online && !word.SequenceEqual("offline"u8))
        {
            return false;
        }

        if (known.Count < GatewaysMax || known.ContainsKey(gateway))
        {
            known[gateway] = new(online, clock.GetUtcNow().ToUnixTimeMilliseconds());
        }

        return true;
    }
}
