using System.Collections.Immutable;
using Evidence;
using Evidence.Log;

namespace Anchoring;

/// <summary>The heads of the log under which this gateway's receipts stand, and what their links prove: that each is a beginning of the later
/// ones (docs/decisions/0162).</summary>
public sealed class HeadBook
{
    private readonly Dictionary<string, Heads> logs = [];

    /// <summary>Takes in the receipt of a statement, after those that the log gave before it. A link that does not hold joins nothing.</summary>
    /// <param name="statement">The exact bytes that are logged.</param>
    /// <param name="receipt">Its receipt, verified when it was taken.</param>
    public void Add(Statement statement, string receipt)
    {
        try
        {
            var proof = TlogProof.Parse(receipt);
            var leaf = LogTree.LeafHash(statement.Bytes.AsSpan());
            var heads = logs.GetValueOrDefault(proof.Checkpoint.Origin) ?? (logs[proof.Checkpoint.Origin] = new());
            heads.Roots.TryAdd(proof.Checkpoint.Size, proof.Checkpoint.Root);
            if (HeadLink.In(proof) is { } link && LogTree.VerifyInclusion(leaf, proof.Index, proof.Checkpoint.Size, proof.Path.AsSpan(), proof.Checkpoint.Root).Holds)
            {
                var (edge, nodes) = link.Check(proof, leaf, heads.Edges.GetValueOrDefault(link.From));
                heads.Edges.TryAdd(edge.To, edge);
                heads.Nodes.Add(nodes);
                foreach (var (part, hash) in Climb(proof.Checkpoint.Size).Zip(link.Climb))
                {
                    heads.Nodes.Add(new LogRange(part.Place << part.Row, (part.Place + 1) << part.Row, [hash]));
                }
            }
        }
        catch (MalformedEvidenceException)
        {
            return; // Of an older program, or harmed: the receipt may hold all the same, and the verifier counts heads that nothing joins.
        }
    }

    /// <summary>Takes in all entries under a head that was verified before.</summary>
    public void Add(string origin, LogRange entries)
    {
        var heads = logs.GetValueOrDefault(origin) ?? (logs[origin] = new());
        heads.Edges.TryAdd(entries.To, entries);
        heads.Nodes.Add(entries);
    }

    /// <summary>All entries under a head that a link has shown; null when none has.</summary>
    public LogRange? EdgeAt(string origin, long size) => logs.GetValueOrDefault(origin)?.Edges.GetValueOrDefault(size);

    /// <summary>The proof that the log of this origin at one size begins with a smaller one; null where the links do not give it.</summary>
    public ImmutableArray<Digest>? Prove(string origin, long from, long to) => logs.GetValueOrDefault(origin) is { } heads
        && heads.Roots.TryGetValue(from, out var smaller) && heads.Roots.TryGetValue(to, out var larger)
            ? heads.Nodes.Consistency(from, smaller, to, larger) : null;

    /// <summary>The complete subtrees that begin where a head ends and that no later head changes, from the smallest on: at most 63.</summary>
    private static IEnumerable<(int Row, long Place)> Climb(long size)
    {
        for (var next = size; next > 0 && next < long.MaxValue / 2;)
        {
            var row = System.Numerics.BitOperations.TrailingZeroCount(next);
            yield return (row, next >> row);
            next += 1L << row;
        }
    }

    /// <summary>A receipt whose link's climb goes as far as is known by now; null when it does so already, or has no link.</summary>
    public string? Climbed(string receipt)
    {
        var proof = TlogProof.Parse(receipt);
        if (HeadLink.In(proof) is not { } link || logs.GetValueOrDefault(proof.Checkpoint.Origin) is not { } heads || heads.Edges.Count == 0)
        {
            return null;
        }

        var newest = heads.Edges.Keys.Max();
        ImmutableArray<Digest> climb = [.. Climb(proof.Checkpoint.Size).TakeWhile(part => (part.Place + 1) << part.Row <= newest)
            .Select(part => heads.Nodes.Find(part.Row, part.Place)).TakeWhile(hash => hash is not null).Select(hash => hash!.Value)];
        return climb.Length <= link.Climb.Length ? null
            : new TlogProof(proof.Index, proof.Path, proof.Note) { Extra = [.. (link with { Climb = climb }).Encode()] }.ToString();
    }

    private sealed class Heads
    {
        public Dictionary<long, Digest> Roots { get; } = [];

        public Dictionary<long, LogRange> Edges { get; } = [];

        public LogNodes Nodes { get; } = new();
    }
}
