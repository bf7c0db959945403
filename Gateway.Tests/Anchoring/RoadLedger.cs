using Anchoring;
using Evidence;
using Evidence.Log;
using Gateway.Tests.Evidence;

namespace Gateway.Tests.Anchoring;

/// <summary>A ledger at the other end of a simulated road: a real log with real receipts, and a link that loses what a test tells it
/// to.</summary>
public sealed class RoadLedger : ILedgerLink
{
    private readonly MemoryLog log = new();
    private readonly Dictionary<Digest, string> receipts = [];
    private readonly Queue<LinkNews> inbox = new();
    private long connection = 1;

    /// <summary>The policy of a gateway that trusts this log and its clock.</summary>
    public static string PolicyText { get; } = $"log {LogKeys.Log.Verifier}\nwitness clock {LogKeys.Clock.Verifier}\nquorum clock\n";

    public static TlogPolicy Policy { get; } = TlogPolicy.Parse(PolicyText);

    /// <summary>The ledger's own clock.</summary>
    public Func<long> WallMs { get; set; } = () => Bench.StartMs;

    public bool Connected { get; set; } = true;

    /// <summary>What to answer instead of a receipt; null for a receipt.</summary>
    public Func<Uplink, Refusal?> Refuse { get; set; } = _ => null;

    /// <summary>Whether answers get lost on the way.</summary>
    public bool Silent { get; set; }

    /// <summary>Every statement that arrived, in order, as often as it came.</summary>
    public List<Statement> Arrived { get; } = [];

    /// <summary>Told of each at the instant at which a stranger has seen it.</summary>
    public Action<Statement> OnArrival { get; set; } = _ => { };

    /// <summary>What is logged, in order.</summary>
    public List<Statement> Logged { get; } = [];

    public List<ReadOnlyMemory<byte>> Answers { get; } = [];

    public LinkState State => new(Connected, connection, 0, "road", "");

    public void Reconnect() => (Connected, connection) = (true, connection + 1);

    public void Inject(ReadOnlyMemory<byte> message) => inbox.Enqueue(new(LinkNewsKind.Answer, default, message));

    public bool TrySend(Digest statement, ReadOnlyMemory<byte> uplink)
    {
        if (!Connected)
        {
            return false;
        }

        var message = Uplink.Decode(uplink);
        var arrived = Statement.Decode(message.Statement.AsMemory());
        Assert.Equal(statement, arrived.PayloadDigest);
        Arrived.Add(arrived);
        OnArrival(arrived);
        inbox.Enqueue(new(LinkNewsKind.Delivered, statement, default));
        var refusal = Refuse(message);
        var answer = refusal is { } reason
            ? new Downlink(statement, null, reason, $"refused: {reason}")
            : new Downlink(statement, ReceiptOf(arrived), null, "");
        Answers.Add(answer.Encode());
        if (!Silent)
        {
            Inject(answer.Encode());
        }

        return true;
    }

    public bool TryReceive(out LinkNews news) => inbox.TryDequeue(out news);

    private string ReceiptOf(Statement statement)
    {
        if (receipts.TryGetValue(statement.PayloadDigest, out var known))
        {
            return known;
        }

        Logged.Add(statement);
        log.Append(LogTree.LeafHash(statement.Bytes.AsSpan()));
        var proof = new TlogProof(Logged.Count - 1, new LogProver(Logged.Count, log.Read).Inclusion(Logged.Count - 1),
            LogKeys.Clock.Cosign(LogKeys.CheckpointOf(log), WallMs() / 1000));
        return receipts[statement.PayloadDigest] = proof.ToString();
    }
}
