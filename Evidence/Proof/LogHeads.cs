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
/// is as bad. Without a proof nothing is known, and a note says so (docs/decisions/0141).
/// </remarks>
internal sealed class LogHeads
{
    private readonly Dictionary<(string Origin, long Size), Digest> heads = [];
    private readonly Dictionary<(string Origin, long Size), (string Origin, long Size)> joined = [];

    public int Count => heads.Count;

    /// <summary>How many heads no proof joins with that of the last batch's receipt; in any other log, with the largest.</summary>
    /// <param name="last">The note of the last batch's receipt; null without one.</param>
    public int Unlinked(string? last)
    {
        var anchor = last is null ? null : Checkpoint.Parse(SignedNote.Parse(last).Text);
        return heads.Keys.GroupBy(head => head.Origin).Sum(log =>
        {
            var middle = Root((log.Key, log.Key == anchor?.Origin ? anchor.Size : log.Max(head => head.Size)));
            return log.Count(head => Root(head) != middle);
        });
    }

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

            joined[Root(smaller)] = Root(larger);
        }

        return Finding.None;
    }

    private (string Origin, long Size) Root((string Origin, long Size) head)
    {
        while (joined.TryGetValue(head, out var next) && next != head)
        {
            head = next;
        }

        return head;
    }
}
