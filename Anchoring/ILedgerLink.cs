using Evidence;

namespace Anchoring;

/// <summary>The way to the ledger: a window, behind which stands MQTT, or a simulated road.</summary>
/// <remarks>
/// Neither method waits, ever. The link owns the connection, its retries and two bounded queues; the core drains the inbox in its own time.
/// A link may lose, repeat and reorder: the outbox sends again until a receipt has verified. All members may be called from any thread.
/// </remarks>
public interface ILedgerLink
{
    /// <summary>Whether and since when the link is up, and what went wrong last.</summary>
    LinkState State { get; }

    /// <summary>Takes one message for the gateway's up topic, to be sent as soon as possible.</summary>
    /// <param name="statement">Payload digest of the statement inside; names it in <see cref="LinkNews"/>.</param>
    /// <param name="uplink">An encoded <see cref="Uplink"/>, not changed by the caller afterwards.</param>
    /// <returns>False when the link is down or its queue is full: offer again later. True promises nothing but an attempt.</returns>
    bool TrySend(Digest statement, ReadOnlyMemory<byte> uplink);

    /// <summary>The oldest news, taken out of the inbox; false when there is none.</summary>
    /// <remarks>A full inbox drops the newest: the ledger answers again when the statement is sent again.</remarks>
    bool TryReceive(out LinkNews news);
}

/// <summary>What kind of news the link has.</summary>
public enum LinkNewsKind : byte
{
    /// <summary>A message from the ledger. The default, so that a zeroed value is an empty message, which is refused as
    /// malformed.</summary>
    Answer = 0,

    /// <summary>The broker has acknowledged and somebody subscribes: delivered, which proves nothing.</summary>
    Delivered = 1,

    /// <summary>The broker refused the message, nobody subscribes, or the connection broke before the acknowledgement.</summary>
    NotDelivered = 2,
}

/// <summary>One piece of news from the link.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Statement">The statement that was sent; zero for an answer, whose message names it.</param>
/// <param name="Message">An encoded <see cref="Downlink"/> for an answer, not yet looked at; otherwise empty.</param>
public readonly record struct LinkNews(LinkNewsKind Kind, Digest Statement, ReadOnlyMemory<byte> Message);

/// <summary>How the link stands.</summary>
/// <param name="Connected">Whether messages can be sent now.</param>
/// <param name="Connection">How often the link has connected, from 0; after a new connection all that is unanswered is sent again.</param>
/// <param name="SinceUnixMs">Wall milliseconds since when it is in this state; 0 when it has not started.</param>
/// <param name="Peer">The broker it talks to or tried last; empty when it has not started.</param>
/// <param name="LastError">What went wrong last, in words for people; empty when nothing has.</param>
/// <remarks>The default value is a link that has not started.</remarks>
public readonly record struct LinkState(bool Connected, long Connection, long SinceUnixMs, string Peer, string LastError);
