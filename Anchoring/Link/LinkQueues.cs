using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using Evidence;

namespace Anchoring;

/// <summary>One message on its way to the broker.</summary>
internal readonly record struct Outgoing(Digest Statement, ReadOnlyMemory<byte> Uplink);

/// <summary>The two bounded queues between the core, which never waits, and the connection, which always does.</summary>
internal sealed class LinkQueues(LinkOptions options)
{
    private readonly Channel<Outgoing> outgoing = Channel.CreateBounded<Outgoing>(
        new BoundedChannelOptions(options.OutgoingMax) { FullMode = BoundedChannelFullMode.Wait, SingleReader = true });

    private readonly Channel<LinkNews> inbox = Channel.CreateBounded<LinkNews>(
        new BoundedChannelOptions(options.InboxMax) { FullMode = BoundedChannelFullMode.Wait });

    private long dropped;

    /// <summary>How much news did not fit since the start.</summary>
    public long Dropped => Interlocked.Read(ref dropped);

    public bool TrySend(Outgoing message) => outgoing.Writer.TryWrite(message);

    public ValueTask<bool> WaitForOutgoing(CancellationToken cancellation) => outgoing.Reader.WaitToReadAsync(cancellation);

    public bool TryTake([MaybeNullWhen(false)] out Outgoing message) => outgoing.Reader.TryRead(out message);

    public bool TryReceive(out LinkNews news) => inbox.Reader.TryRead(out news);

    /// <summary>False when the inbox is full and the news is gone.</summary>
    public bool Tell(LinkNews news)
    {
        if (inbox.Writer.TryWrite(news))
        {
            return true;
        }

        Interlocked.Increment(ref dropped);
        return false;
    }

    /// <summary>What waited for a connection that is no more goes back to the outbox.</summary>
    public void GiveBack()
    {
        while (outgoing.Reader.TryRead(out var message))
        {
            Tell(new(LinkNewsKind.NotDelivered, message.Statement, default));
        }
    }
}
