using System.Collections.Immutable;
using System.Security.Cryptography;
using Anchoring;
using CsCheck;
using Evidence;
using Evidence.Log;
using Gateway.Tests.Evidence;

namespace Gateway.Tests.Anchoring;

/// <summary>Goal: what comes with a gateway's receipts joins all their heads, exactly as the log's own tiles would, and nothing bent joins anything.
/// Method: random logs in which a gateway's statements stand among others', held against proofs from tiles.</summary>
public sealed class HeadBookTests
{
    private static readonly Statement Own = Sign();

    /// <summary>One round of the log: how many entries it brings, and which of them are the gateway's.</summary>
    private static readonly Gen<(int Count, int[] Own)> Round = from count in Gen.Int[1, 12]
                                                                from own in Gen.Int[0, count - 1].Array[0, 3]
                                                                select (count, own.Distinct().Order().ToArray());

    private static readonly Gen<(int Others, (int Count, int[] Own)[] Rounds)> Logs = Gen.Select(Gen.Int[0, 70], Round.Array[1, 10]);

    [Fact]
    public void All_heads_of_a_gateways_receipts_are_joined_as_the_tiles_join_them() => Logs.Sample(given =>
    {
        var log = Play(given);
        var book = new HeadBook();
        LogRange? before = null;
        foreach (var receipt in log.Receipts)
        {
            var proof = TlogProof.Parse(receipt);
            var (edge, _) = HeadLink.In(proof)!.Check(proof, LogTree.LeafHash(Own.Bytes.AsSpan()), before?.To == HeadLink.In(proof)!.From ? before : null);
            Assert.Equal(proof.Checkpoint.Root, edge.Root());
            before = edge;
            book.Add(Own, receipt);
        }

        var sizes = log.Receipts.Select(receipt => TlogProof.Parse(receipt).Checkpoint.Size).Distinct().ToList();
        foreach (var to in sizes)
        {
            var prover = new LogProver(to, log.Tiles.Read);
            foreach (var from in sizes.Where(size => size < to))
            {
                Assert.Equal(prover.Consistency(from), book.Prove(LogKeys.Origin, from, to)!.Value);
            }
        }
    }, iter: 150);

    /// <summary>A manifest's head is older than any window; what a gateway keeps with it for ever is a few hashes.</summary>
    [Fact]
    public void The_first_head_is_joined_with_any_later_one_from_its_climb_and_that_ones_own_receipt() => Logs.Where(given => given.Rounds.Sum(round =>
        round.Own.Length) > 1).Sample(given =>
    {
        var log = Play(given);
        var (first, followed) = (log.Receipts[0], (LogRange?)null);
        foreach (var receipt in log.Receipts)
        {
            var book = new HeadBook();
            if (followed is not null)
            {
                book.Add(LogKeys.Origin, followed);
            }

            book.Add(Own, receipt);
            book.Add(Own, first);
            followed = book.EdgeAt(LogKeys.Origin, TlogProof.Parse(receipt).Checkpoint.Size);
            first = book.Climbed(first) ?? first;
        }

        Assert.True(HeadLink.In(TlogProof.Parse(first))!.Climb.Length <= 10);
        foreach (var receipt in log.Receipts)
        {
            var book = new HeadBook();
            book.Add(Own, first);
            book.Add(Own, receipt);
            var (from, to) = (TlogProof.Parse(first).Checkpoint.Size, TlogProof.Parse(receipt).Checkpoint.Size);
            Assert.Equal(new LogProver(to, log.Tiles.Read).Consistency(from), book.Prove(LogKeys.Origin, from, to)!.Value);
        }
    }, iter: 150);

    [Fact]
    public void Any_flipped_bit_of_a_link_is_refused_or_joins_nothing_wrong() => Gen.Select(Logs, Gen.Int[0, int.MaxValue], Gen.Int[0, int.MaxValue])
        .Where((given, _, _) => given.Rounds.Any(round => round.Own.Length > 0)).Sample((given, which, bit) =>
    {
        var log = Play(given);
        var place = which % log.Receipts.Count;
        var proof = TlogProof.Parse(log.Receipts[place]);
        byte[] extra = [.. proof.Extra!.Value];
        extra[bit / 8 % extra.Length] ^= (byte)(1 << (bit % 8));
        log.Receipts[place] = new TlogProof(proof.Index, proof.Path, proof.Note) { Extra = [.. extra] }.ToString();
        var book = new HeadBook();
        foreach (var receipt in log.Receipts)
        {
            book.Add(Own, receipt);
        }

        var roots = log.Receipts.Select(receipt => TlogProof.Parse(receipt).Checkpoint).DistinctBy(head => head.Size).ToList();
        foreach (var (from, to) in roots.SelectMany(from => roots.Where(to => to.Size > from.Size).Select(to => (from, to))))
        {
            Assert.True(book.Prove(LogKeys.Origin, from.Size, to.Size) is not { } path
                || LogTree.VerifyConsistency(from.Size, from.Root, to.Size, to.Root, path.AsSpan()).Holds);
        }
    }, iter: 200);

    /// <summary>F-172: the head before is known, and the link leads elsewhere: a forked log, or a bent proof.</summary>
    [Fact]
    public void A_link_from_a_forked_log_or_with_a_changed_hash_does_not_hold()
    {
        var (log, fork) = (Play((40, [(3, [1]), (5, [2])])), Play((41, [(2, [0]), (5, [2])])));
        var leaf = LogTree.LeafHash(Own.Bytes.AsSpan());
        var first = TlogProof.Parse(log.Receipts[0]);
        var (edge, _) = HeadLink.In(first)!.Check(first, leaf, null);
        var second = TlogProof.Parse(log.Receipts[1]);
        var link = HeadLink.In(second)!;
        _ = link.Check(second, leaf, edge);
        var other = TlogProof.Parse(fork.Receipts[1]);
        Assert.Equal(first.Checkpoint.Size, HeadLink.In(other)!.From); // The same size, another list.
        Assert.Contains("does not begin with the 43 that were verified before", Assert.Throws<MalformedEvidenceException>(() =>
            HeadLink.In(other)!.Check(other, leaf, edge)).Message, StringComparison.Ordinal);
        foreach (var bent in new[]
        {
            link with { Growth = link.Growth.SetItem(0, Digest.Of([1])) }, link with { Growth = link.Growth.RemoveAt(0) }, link with { Growth = [] },
            link with { Tail = link.Tail.SetItem(0, Digest.Of([1])) }, link with { Tail = [] }, link with { Tail = [.. link.Tail, Digest.Of([1])] },
            link with { From = second.Index + 1 },
        })
        {
            Assert.Throws<MalformedEvidenceException>(() => bent.Check(second, leaf, edge));
        }
    }

    private static Played Play((int Others, (int Count, int[] Own)[] Rounds) given)
    {
        var (tiles, receipts, before) = (new MemoryLog(), new List<string>(), 0L);
        tiles.Append(TreeOracle.Leaves(given.Others));
        foreach (var (count, own) in given.Rounds)
        {
            var first = tiles.Leaves.Length;
            tiles.Append([.. Enumerable.Range(0, count).Select(i => own.Contains(i) ? LogTree.LeafHash(Own.Bytes.AsSpan()) : Digest.Of(BitConverter.GetBytes(first + i)))]);
            var prover = new LogProver(tiles.Leaves.Length, tiles.Read);
            foreach (var index in own.Select(place => first + place))
            {
                receipts.Add(new TlogProof(index, prover.Inclusion(index), LogKeys.CheckpointOf(tiles))
                {
                    Extra = [.. HeadLink.Of(prover, before, index).Encode()],
                }.ToString());
                before = tiles.Leaves.Length;
            }
        }

        return new(tiles, receipts);
    }

    private static Statement Sign()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return Statement.Sign(StatementKind.Batch, "test", [1, 2, 3], key);
    }

    private sealed record Played(MemoryLog Tiles, List<string> Receipts);
}
