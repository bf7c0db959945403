using System.Collections.Immutable;
using Evidence.Log;

namespace Evidence;

/// <summary>A proof that the log at one size begins with all entries of a smaller one (RFC 6962, 2.1.2), read but not yet believed.</summary>
/// <param name="Origin">The log's name.</param>
/// <param name="From">The smaller size.</param>
/// <param name="To">The larger size.</param>
public sealed record ShownConsistency(string Origin, long From, long To, ImmutableArray<Digest> Path);

/// <summary>All heads of logs that a bundle shows and the policy accepts: whether they are of one history, as far as it is proven.</summary>
/// <remarks>
/// Two heads of one size with two roots are two histories. Heads of different sizes are joined by consistency proofs; one that does not hold
/// is as bad. Without a proof nothing is known, and a note says so (docs/decisions/0141). Two heads that both begin with a third may still be
/// two histories, so a head counts as joined only when proofs lead from it to the largest one of its log: then it is a beginning of that.
/// </remarks>
internal sealed class LogHeads
{
    private readonly Dictionary<(string Origin, long Size), Digest> heads = [];
    private readonly HashSet<(string Origin, long From, long To)> joined = [];

    public int Count => heads.Count;

    /// <summary>F-171: how many heads no chain of proofs leads from to the largest head of their log.</summary>
    public int Unlinked => heads.Keys.GroupBy(head => head.Origin).Sum(log =>
    {
        var beginnings = joined.Where(proof => proof.Origin == log.Key).ToLookup(proof => proof.To, proof => proof.From);
        HashSet<long> reached = [log.Max(head => head.Size)];
        var open = new Stack<long>(reached);
        while (open.TryPop(out var size))
        {
            foreach (var smaller in beginnings[size].Where(reached.Add))
            {
                open.Push(smaller);
            }
        }

        return log.Count(head => !reached.Contains(head.Size));
    });

    /// <summary>Adds the head in a note that the policy accepts.</summary>
    public Finding Add(string note)
    {
        var head = Checkpoint.Parse(SignedNote.Parse(note).Text);
        return heads.TryAdd((head.Origin, head.Size), head.Root) || heads[(head.Origin, head.Size)] == head.Root
            ? Finding.None
            : Finding.Of(Fault.LogForked, "", head.Origin, head.Size);
    }

    /// <summary>Checks every proof between two of the heads; one about a head that is not among them says nothing here.</summary>
    public Finding Join(ImmutableArray<ShownConsistency> proofs)
    {
        foreach (var proof in proofs)
        {
            var (smaller, larger) = ((proof.Origin, proof.From), (proof.Origin, proof.To));
            if (!heads.TryGetValue(smaller, out var before) || !heads.TryGetValue(larger, out var after))
            {
                continue;
            }

            var check = LogTree.VerifyConsistency(proof.From, before, proof.To, after, proof.Path.AsSpan());
            if (!check.Holds)
            {
                return Finding.Of(Fault.LogForked, "sizes", proof.Origin, proof.From, proof.To) with { Detail = check.Reason };
            }

            joined.Add((proof.Origin, proof.From, proof.To));
        }

        return Finding.None;
    }
}
