using Anchoring;
using Evidence;

namespace Gateway.Tests.Simulation;

/// <summary>The road between truck and ledger: a window that loses, repeats, reorders, delays and forges.</summary>
internal sealed class RoadLink(Card card, WorldClock clock, LedgerSide ledger, RecordChecker checker, Dice dice) : ILedgerLink
{
    public const int QueueMax = 64, InboxMax = 256;
    private const int OldMax = 32;
    private readonly List<(Digest Statement, ReadOnlyMemory<byte> Uplink)> outgoing = [];
    private readonly List<(long DueMs, LinkNews News)> incoming = [];
    private readonly Queue<LinkNews> inbox = new();
    private readonly List<(ReadOnlyMemory<byte> Uplink, byte[] Answer)> old = [];
    private long connection = 1, kept;
    private string lastReceipt = "none";

    public GatewayId Gateway { get; set; }

    public bool IsUp { get; private set; } = true;

    public bool Forgets { get; set; }

    public bool Disorder { get; set; }

    public bool Forges { get; set; }

    /// <summary>The ledger is there and says "later".</summary>
    public bool Refuses { get; set; }

    /// <summary>What came once comes again.</summary>
    public bool Replays { get; set; }

    /// <summary>How much later answers come.</summary>
    public long LateMs { get; set; }

    /// <summary>Messages that the truck has handed over, and answers that it has not taken.</summary>
    public int Waiting => outgoing.Count + inbox.Count;

    public LinkState State => new(IsUp, connection, 0, "road", "");

    public void Break()
    {
        IsUp = false;
        outgoing.Clear();
        inbox.Clear();
    }

    public void Mend() => (IsUp, connection) = (true, connection + (IsUp ? 0 : 1));

    /// <summary>The truck's side forgot everything: its process ended.</summary>
    public void Reset()
    {
        outgoing.Clear();
        incoming.Clear();
        inbox.Clear();
        connection++;
    }

    public bool TrySend(Digest statement, ReadOnlyMemory<byte> uplink)
    {
        if (!IsUp || outgoing.Count >= QueueMax)
        {
            return false;
        }

        if (!card.IsCut) // What a process does after its power went, nobody sees.
        {
            if (!LedgerQuestion.IsOne(uplink.Span))
            {
                checker.Seen(statement, uplink);
            }

            outgoing.Add((statement, uplink));
        }

        return true;
    }

    public bool TryReceive(out LinkNews news) => inbox.TryDequeue(out news);

    /// <summary>Lets the road work: what waits goes to the ledger, what is due comes back.</summary>
    public void Move()
    {
        if (IsUp)
        {
            var messages = outgoing.ToList();
            outgoing.Clear();
            if (Disorder && messages.Count > 1)
            {
                messages.Reverse();
                messages.Add(messages[0]);
                messages.RemoveAt((int)dice.Between(0, messages.Count - 1));
            }

            foreach (var (statement, uplink) in messages)
            {
                Carry(statement, uplink);
            }

            Replay();
            Arrive();
        }
    }

    /// <summary>An uplink that was answered, and an answer, of any day before.</summary>
    private void Replay()
    {
        if (!Replays || old.Count == 0)
        {
            return;
        }

        var (uplink, _) = old[(int)dice.Between(0, old.Count - 1)];
        var again = ledger.Accept(Gateway, uplink).Encode();
        if (!ledger.IsOld)
        {
            checker.Logged();
        }

        incoming.Add((clock.TrueMs, new(LinkNewsKind.Answer, default, dice.Coin() ? again : old[(int)dice.Between(0, old.Count - 1)].Answer)));
    }

    private void Keep(ReadOnlyMemory<byte> uplink, byte[] answer)
    {
        if (old.Count < OldMax)
        {
            old.Add((uplink, answer));
        }
        else
        {
            old[(int)(kept++ * 7 % OldMax)] = (uplink, answer); // Some old, some new.
        }
    }

    private void Carry(Digest statement, ReadOnlyMemory<byte> uplink)
    {
        incoming.Add((clock.TrueMs, new(dice.OnceIn(50) && Disorder ? LinkNewsKind.NotDelivered : LinkNewsKind.Delivered, statement,
            default)));
        if (Forgets)
        {
            return;
        }

        var answer = Refuses ? new(StatementOf(uplink), null, Refusal.Unavailable, "The ledger could not write to its disk; send again later.")
            : ledger.Accept(Gateway, uplink);
        if (ledger.IsOld)
        {
            checker.Require(answer.Receipt is null, () => "A ledger restored from an old copy gave a receipt to a gateway that knows better.");
        }
        else
        {
            checker.Logged();
        }

        if (Forges)
        {
            incoming.Add((clock.TrueMs, new(LinkNewsKind.Answer, default, Forged(answer))));
        }

        lastReceipt = answer.Receipt ?? lastReceipt;
        var bytes = answer.Encode();
        if (answer.Receipt is not null && !ledger.IsOld)
        {
            Keep(uplink, bytes);
        }

        for (var copies = Disorder ? dice.Between(0, 2) : 1; copies > 0; copies--)
        {
            incoming.Add((clock.TrueMs + LateMs, new(LinkNewsKind.Answer, default, bytes)));
        }
    }

    private static Digest StatementOf(ReadOnlyMemory<byte> uplink) => LedgerQuestion.IsOne(uplink.Span) ? Digest.Of(uplink.Span)
        : Statement.Decode(Uplink.Decode(uplink).Statement.AsMemory()).PayloadDigest;

    private byte[] Forged(Downlink answer)
    {
        switch (dice.Between(0, 2))
        {
            case 0:
                var noise = new byte[dice.Between(0, 300)];
                noise.AsSpan().ForEachByte(dice);
                return noise;
            case 1:
                return (answer with { Receipt = lastReceipt, Refusal = null }).Encode(); // Another statement's receipt.
            default:
                var text = (answer.Receipt ?? lastReceipt).ToCharArray();
                var at = (int)dice.Between(0, text.Length - 1);
                text[at] = text[at] == 'A' ? 'B' : 'A';
                return (answer with { Receipt = new(text), Refusal = null }).Encode();
        }
    }

    private void Arrive()
    {
        var due = incoming.Where(item => item.DueMs <= clock.TrueMs).ToList();
        incoming.RemoveAll(item => item.DueMs <= clock.TrueMs);
        foreach (var (_, news) in due)
        {
            if (inbox.Count < InboxMax)
            {
                inbox.Enqueue(news);
            }
        }
    }
}

internal static class Noise
{
    public static void ForEachByte(this Span<byte> bytes, Dice dice)
    {
        foreach (ref var octet in bytes)
        {
            octet = unchecked((byte)dice.Next());
        }
    }
}
