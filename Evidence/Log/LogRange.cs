using System.Collections.Immutable;
using System.Numerics;

namespace Evidence.Log;

/// <summary>A stretch of a log's entries, as the roots of the fewest complete subtrees that cover it, from left to right.</summary>
/// <param name="From">The first entry's place.</param>
/// <param name="To">The place behind the last one; equal to <paramref name="From"/> for an empty stretch.</param>
/// <param name="Hashes">One hash for each of <see cref="Parts(long, long)"/>: at most twice the binary digits of the stretch's length.</param>
public sealed record LogRange(long From, long To, ImmutableArray<Digest> Hashes)
{
    /// <summary>Which complete subtrees cover a stretch: row r, place p is the root over 2^r entries from p·2^r on.</summary>
    public static IEnumerable<(int Row, long Place)> Parts(long from, long to)
    {
        while (from < to)
        {
            var room = BitOperations.Log2((ulong)(to - from));
            var row = from == 0 ? room : Math.Min(BitOperations.TrailingZeroCount(from), room);
            yield return (row, from >> row);
            from += 1L << row;
        }
    }

    /// <summary>A stretch from its hashes.</summary>
    /// <exception cref="MalformedEvidenceException">There are not as many as the stretch has parts.</exception>
    public static LogRange Of(long from, long to, ImmutableArray<Digest> hashes)
    {
        var count = Parts(from, to).Count();
        return hashes.Length == count ? new(from, to, hashes)
            : throw new MalformedEvidenceException($"The entries from {from} to {to} are covered by {count} hashes; {hashes.Length} are given.");
    }

    /// <summary>All entries before one, out of its inclusion path: its left siblings are their complete subtrees.</summary>
    /// <param name="proof">A proof whose path holds (<see cref="LogTree.VerifyInclusion"/>).</param>
    public static LogRange Before(TlogProof proof)
    {
        var left = new List<Digest>();
        var (node, last) = (proof.Index, proof.Checkpoint.Size - 1);
        foreach (var sibling in proof.Path)
        {
            if ((node & 1) == 1 || node == last)
            {
                left.Insert(0, sibling);
                var unpaired = (node & 1) == 1 ? 0 : BitOperations.TrailingZeroCount(node);
                (node, last) = (node >> unpaired, last >> unpaired);
            }

            (node, last) = (node >> 1, last >> 1);
        }

        return Of(0, proof.Index, [.. left]);
    }

    /// <summary>The root of a log that ends here.</summary>
    /// <exception cref="InvalidOperationException">It does not begin with the log's first entry.</exception>
    public Digest Root()
    {
        if (From != 0)
        {
            throw new InvalidOperationException($"The stretch begins with entry {From}; only one from the first entry on has a root.");
        }

        if (Hashes.IsEmpty)
        {
            return LogTree.EmptyRoot;
        }

        var root = Hashes[^1];
        for (var i = Hashes.Length - 2; i >= 0; i--)
        {
            root = LogTree.Node(Hashes[i], root);
        }

        return root;
    }
}

/// <summary>Complete subtrees of one log, gathered from stretches of it; writes the consistency proofs that they allow.</summary>
public sealed class LogNodes
{
    private readonly Dictionary<(int Row, long Place), Digest> known = [];

    /// <summary>Takes a stretch in. What is known already stays as it is, so add first what has been checked.</summary>
    public void Add(LogRange range)
    {
        foreach (var (part, hash) in LogRange.Parts(range.From, range.To).Zip(range.Hashes))
        {
            known.TryAdd(part, hash);
        }
    }

    /// <summary>Takes in all that others know.</summary>
    public void Add(LogNodes others)
    {
        foreach (var (part, hash) in others.known)
        {
            known.TryAdd(part, hash);
        }
    }

    /// <summary>A subtree's root, from what is known of it or below it; null when that is not enough.</summary>
    public Digest? Find(int row, long place)
    {
        if (known.TryGetValue((row, place), out var hash))
        {
            return hash;
        }

        if (row == 0 || Find(row - 1, 2 * place) is not { } left || Find(row - 1, 2 * place + 1) is not { } right)
        {
            return null;
        }

        return known[(row, place)] = LogTree.Node(left, right);
    }

    /// <summary>A stretch, from what is known; null when that is not enough.</summary>
    public LogRange? FindRange(long from, long to)
    {
        var hashes = ImmutableArray.CreateBuilder<Digest>();
        foreach (var (row, place) in LogRange.Parts(from, to))
        {
            if (Find(row, place) is not { } hash)
            {
                return null;
            }

            hashes.Add(hash);
        }

        return new(from, to, hashes.ToImmutable());
    }

    /// <summary>The proof that the log under one head begins with all of a smaller one; null when what is known does not give it, or when it would
    /// not hold.</summary>
    public ImmutableArray<Digest>? Consistency(long from, Digest fromRoot, long to, Digest toRoot)
    {
        try
        {
            var path = new LogProver(to, (row, place) => Find(row, place) ?? throw new MalformedEvidenceException("Not known.")).Consistency(from);
            return LogTree.VerifyConsistency(from, fromRoot, to, toRoot, path.AsSpan()).Holds ? path : null;
        }
        catch (MalformedEvidenceException)
        {
            return null; // A head that nothing here joins with the other: whoever shows both says so.
        }
    }
}
