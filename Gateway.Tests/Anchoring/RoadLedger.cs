using System.Collections.Immutable;
using Anchoring;
using Evidence;
using Evidence.Log;
using Gateway.Tests.Evidence;

namespace Gateway.Tests.Anchoring;

/// <summary>A ledger at the other end of a simulated road: a real log with real receipts, and a link that loses what a test tells it
/// to.</summary>
public sealed class RoadLedger : ILedgerLink
{
    private MemoryLog log = new();
    private readonly Dictionary<Digest, string> receipts = [];
    private readonly Queue<LinkNews> inbox = new();
    private long connection = 1;

    /// <summary>The policy of a gateway that trusts this log and its clock.</summary>
    public static string PolicyText { get; } = $"log {LogKeys.Log.Verifier}\nwitness clock {LogKeys.Clock.Verifier}\nquorum clock\n";

    public static TlogPolicy Policy { get; } = TlogPolicy.Parse(PolicyText);

    /// <summary>The ledger's own clock.</summary>
    public Func<long> WallMs { get; set; } = () => Bench.StartMs;

    public bool Connected { get; set; } = true;

    /// <summary>Who asks, as the broker would have it from the topic; only needed while nothing is logged.</summary>
    public GatewayId Gateway { get; set; }

    /// <summary>What to answer instead of a receipt; null for a receipt.</summary>
    public Func<Uplink, Refusal?> Refuse { get; set; } = _ => null;

    /// <summary>Whether receipts and refusals get lost on the way. Questions are answered all the same.</summary>
    public bool Silent { get; set; }

    /// <summary>Whether answers to questions get lost, too.</summary>
    public bool Mute { get; set; }

    /// <summary>The statement that proves a refusal; null refuses without proof.</summary>
    public Func<Statement, Statement?> Proof { get; set; } = _ => null;

    /// <summary>What to send with a receipt in place of the true link; null for none, as a ledger of before.</summary>
    public Func<HeadLink, HeadLink?> Link { get; set; } = link => link;

    /// <summary>Every question, in order.</summary>
    public List<ReadOnlyMemory<byte>> Asked { get; } = [];

    /// <summary>Every answer to a question.</summary>
    public List<ReadOnlyMemory<byte>> Words { get; } = [];

    /// <summary>Bodies of the logged batches, in order.</summary>
    public List<BatchBody> Bodies { get; } = [];

    /// <summary>Every checkpoint that a receipt was given under, cosigned.</summary>
    public List<string> Notes { get; } = [];

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

    /// <summary>An old copy of the ledger is restored: its last entries are gone.</summary>
    public void Lose(int entries)
    {
        Bodies.RemoveRange(Bodies.Count - entries, entries);
        foreach (var lost in Logged.TakeLast(entries))
        {
            receipts.Remove(lost.PayloadDigest);
        }

        Restore(Logged[..^entries]);
    }

    /// <summary>Another ledger that is as this one was when it had so many entries.</summary>
    public RoadLedger AsOf(int entries)
    {
        var before = new RoadLedger { WallMs = WallMs, Gateway = Gateway };
        before.Restore(Logged[..entries]);
        before.Bodies.AddRange(Bodies.Take(before.Logged.Count(entry => entry.Kind == StatementKind.Batch)));
        before.Notes.AddRange(Notes.Take(entries));
        foreach (var entry in before.Logged)
        {
            before.receipts[entry.PayloadDigest] = receipts[entry.PayloadDigest];
        }

        return before;
    }

    /// <summary>Other gateways' entries.</summary>
    public void LogOthers(int count) =>
        log.Append([.. Enumerable.Range(0, count).Select(i => Digest.Of(System.Text.Encoding.UTF8.GetBytes($"another entry, {Size} + {i}")))]);

    /// <summary>Links are made anew the next time a receipt is asked for; the heads stay.</summary>
    public void Forget()
    {
        var before = 0L;
        foreach (var (statement, receipt) in Logged.Select(entry => (entry, TlogProof.Parse(receipts[entry.PayloadDigest]))).ToList())
        {
            var size = receipt.Checkpoint.Size;
            receipts[statement.PayloadDigest] = new TlogProof(receipt.Index, receipt.Path, receipt.Note)
            {
                Extra = Link(HeadLink.Of(new(size, log.Read), before, receipt.Index)) is { } link ? [.. link.Encode()] : null,
            }.ToString();
            before = size;
        }
    }

    private int Size => log.Leaves.Length;

    /// <summary>The log holds exactly these entries.</summary>
    public void Restore(List<Statement> entries)
    {
        log = new();
        Logged.Clear();
        foreach (var entry in entries)
        {
            Logged.Add(entry);
            log.Append(LogTree.LeafHash(entry.Bytes.AsSpan()));
        }
    }

    public bool TrySend(Digest statement, ReadOnlyMemory<byte> uplink)
    {
        if (!Connected)
        {
            return false;
        }

        if (LedgerQuestion.IsOne(uplink.Span))
        {
            Asked.Add(uplink.ToArray());
            if (!Mute)
            {
                Inject(WordOn(uplink));
            }

            return true;
        }

        var message = Uplink.Decode(uplink);
        var arrived = Statement.Decode(message.Statement.AsMemory());
        arrived = arrived.Kind == StatementKind.Manifest && message.Body is { } openings ? arrived.With(openings) : arrived;
        ArgumentOutOfRangeException.ThrowIfNotEqual(statement, arrived.PayloadDigest);
        Arrived.Add(arrived);
        OnArrival(arrived);
        inbox.Enqueue(new(LinkNewsKind.Delivered, statement, default));
        var refusal = Refuse(message);
        var answer = refusal is { } reason
            ? new Downlink(statement, null, reason, $"refused: {reason}")
            {
                Proof = Proof(arrived) is { } shown
                    ? new(Signed(new(LogKeys.Log.Verifier.Name, GatewayOf(arrived), statement, reason, 0, default, [], Size)), [shown.Bytes],
                        "", [])
                    : null,
            }
            : new Downlink(statement, ReceiptOf(arrived, message.Body), null, "");
        Answers.Add(answer.Encode());
        if (!Silent)
        {
            Inject(answer.Encode());
        }

        return true;
    }

    public bool TryReceive(out LinkNews news) => inbox.TryDequeue(out news);

    /// <summary>The ledger's word as the real one gives it: the gateway's own headers, a head, and a proof that nothing was lost.</summary>
    private Downlink Word(LedgerQuestion question, Digest asked)
    {
        var batches = Logged.Where(entry => entry.Kind == StatementKind.Batch).ToList();
        var newest = batches.Count > 0 ? BatchHeader.Decode(batches[^1].Payload) : null;
        var seen = question.Checkpoint.Length == 0 ? 0 : Checkpoint.Parse(SignedNote.Parse(question.Checkpoint).Text).Size;
        var gateway = Logged.Count > 0 ? GatewayOf(Logged[0]) : Gateway;
        return new(asked, null, null, "")
        {
            Proof = new(Signed(new(LogKeys.Log.Verifier.Name, gateway, asked, null, newest?.Number + 1 ?? 0,
                batches.Count > 0 ? batches[^1].PayloadDigest : default, Sequences(), Size)),
                [.. batches.Where(entry => BatchHeader.Decode(entry.Payload).Number >= question.From).Take(16).Append(batches.LastOrDefault())
                    .OfType<Statement>().Distinct().Select(entry => entry.Bytes)],
                Logged.Count == 0 ? "" : LogKeys.CheckpointOf(log).ToString(), seen > Size ? [] : new LogProver(Size, log.Read).Consistency(seen)),
        };
    }

    private ImmutableArray<long> Sequences() => Bodies.Count == 0 ? []
        : [.. Bodies[^1].Channels.Select(channel => channel.FirstSequence + Bodies[^1].Rounds.Length)];

    private static GatewayId GatewayOf(Statement statement) =>
        statement.Kind == StatementKind.Batch ? BatchHeader.Decode(statement.Payload).Gateway : Manifest.Decode(statement.Payload).Gateway;

    private static string Signed(Standing standing) => LogKeys.Log.Sign(SignedNote.Draft(standing.ToText())).ToString();

    /// <summary>Answers a question now, whatever was asked before.</summary>
    public ReadOnlyMemory<byte> WordOn(ReadOnlyMemory<byte> question)
    {
        Words.Add(Word(LedgerQuestion.Decode(question), Digest.Of(question.Span)).Encode());
        return Words[^1];
    }

    public string ReceiptFor(Statement statement) => receipts[statement.PayloadDigest];

    public static bool IsBatch(Uplink message) => Statement.Decode(message.Statement.AsMemory()).Kind == StatementKind.Batch;

    private string ReceiptOf(Statement statement, ImmutableArray<byte>? body)
    {
        if (receipts.TryGetValue(statement.PayloadDigest, out var known))
        {
            return known;
        }

        Logged.Add(statement);
        if (statement.Kind == StatementKind.Batch && body is { } bytes)
        {
            Bodies.Add(BatchBody.Decode(bytes.AsMemory()));
        }

        log.Append(LogTree.LeafHash(statement.Bytes.AsSpan()));
        var prover = new LogProver(Size, log.Read);
        var before = Logged.Count > 1 && receipts.TryGetValue(Logged[^2].PayloadDigest, out var last) ? TlogProof.Parse(last).Checkpoint.Size : 0;
        var proof = new TlogProof(Size - 1, prover.Inclusion(Size - 1), LogKeys.Clock.Cosign(LogKeys.CheckpointOf(log), WallMs() / 1000))
        {
            Extra = Link(HeadLink.Of(prover, before, Size - 1)) is { } link ? [.. link.Encode()] : null,
        };
        Notes.Add(proof.Note.ToString());
        return receipts[statement.PayloadDigest] = proof.ToString();
    }
}
