using Evidence;
using System.Text.Json;
using CsCheck;

namespace Gateway.Tests.Evidence;

/// <summary>Goal: the batch tree and its two proofs agree with NBitcoin and with a slow oracle, and nothing altered passes.</summary>
public sealed class BatchTreeTests
{
    private static readonly Gen<(int Count, int[] Shown)> TreeWithShownLeaves =
        from count in Gen.Int[1, 700]
        from shown in Gen.Int[0, count - 1].Array[0, 40]
        select (count, shown.Distinct().Order().ToArray());

    [Fact]
    public void Every_root_and_partial_tree_that_NBitcoin_wrote_is_what_we_write_and_accept()
    {
        using var vectors = JsonDocument.Parse(
            File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Golden/bip37/bip37-nbitcoin-10.0.9.json")));
        var proofs = 0;
        foreach (var tree in vectors.RootElement.GetProperty("vectors").EnumerateArray())
        {
            var leaves = TreeOracle.Leaves(tree.GetProperty("n").GetInt32());
            var root = Digest.FromHex(tree.GetProperty("root").GetString()!);
            Assert.Equal(root, BatchTree.Root(leaves));
            Assert.Equal(tree.GetProperty("rfc6962Root").GetString(), Convert.ToHexStringLower(TreeOracle.LogRoot(leaves)));
            foreach (var proof in tree.GetProperty("proofs").EnumerateArray())
            {
                int[] shown = [.. proof.GetProperty("leaves").EnumerateArray().Select(leaf => leaf.GetInt32())];
                var bytes = Convert.FromHexString(proof.GetProperty("partialMerkleTree").GetString()!);
                Assert.Equal(bytes, PartialTree.Build(leaves, shown));
                AssertProves(PartialTree.Verify(bytes, leaves.Length), root, leaves, shown);
                proofs++;
            }
        }

        Assert.Equal(51 * 5, proofs);
    }

    [Fact]
    public void Every_set_of_leaves_of_every_tree_up_to_ten_is_proved_both_ways()
    {
        for (var count = 1; count <= 10; count++)
        {
            var leaves = TreeOracle.Leaves(count);
            var root = Digest.FromBytes(TreeOracle.BitcoinRoot(leaves));
            for (var set = 0; set < 1 << count; set++)
            {
                int[] shown = [.. Enumerable.Range(0, count).Where(leaf => (set >> leaf & 1) == 1)];
                AssertProves(PartialTree.Verify(PartialTree.Build(leaves, shown), count), root, leaves, shown);
                AssertProves(SiblingPath.Verify(SiblingPath.Build(leaves, shown), count, Placed(leaves, shown)), root, leaves, shown);
            }
        }
    }

    [Fact]
    public void Random_sets_of_leaves_of_larger_trees_are_proved_both_ways() => TreeWithShownLeaves.Sample(
        tree =>
        {
            var leaves = TreeOracle.Leaves(tree.Count);
            var root = Digest.FromBytes(TreeOracle.BitcoinRoot(leaves));
            AssertProves(PartialTree.Verify(PartialTree.Build(leaves, tree.Shown), tree.Count), root, leaves, tree.Shown);
            AssertProves(SiblingPath.Verify(SiblingPath.Build(leaves, tree.Shown), tree.Count, Placed(leaves, tree.Shown)), root, leaves,
                tree.Shown);
        },
        iter: 60);

    [Theory]
    [InlineData(1), InlineData(2), InlineData(3), InlineData(7), InlineData(13), InlineData(33)]
    public void Any_flipped_bit_of_a_partial_tree_fails_or_shows_another_set_of_true_leaves(int count)
    {
        var leaves = TreeOracle.Leaves(count);
        var root = BatchTree.Root(leaves);
        foreach (var shown in new int[][] { [0], [count - 1], [.. Enumerable.Range(0, count)],
            [.. Enumerable.Range(0, (count + 1) / 2).Select(i => 2 * i)] })
        {
            var bytes = PartialTree.Build(leaves, shown);
            for (var bit = 0; bit < bytes.Length * 8; bit++)
            {
                var changed = Flip(bytes, bit);
                var check = PartialTree.Verify(changed, count);
                if (check.IsWellFormed && check.Root == root)
                {
                    // A leaf's flag only says "shown" of a hash that is there anyway: the set changes, and what it holds is still true.
                    Assert.True(bit >= (bytes.Length - 1 - count / 4) * 8,
                        $"{count} leaves, bit {bit}: {Convert.ToHexStringLower(changed)}");
                    Assert.NotEqual(Placed(leaves, shown), check.Leaves);
                    Assert.All(check.Leaves, leaf => Assert.Equal(leaves[leaf.Index], leaf.Hash));
                }
            }
        }
    }

    [Fact]
    public void Any_flipped_bit_of_a_sibling_path_or_of_a_known_leaf_fails()
    {
        var leaves = TreeOracle.Leaves(21);
        var root = BatchTree.Root(leaves);
        int[] shown = [3, 4, 5, 20];
        var siblings = SiblingPath.Build(leaves, shown);
        for (var bit = 0; bit < siblings.Length * 8; bit++)
        {
            Assert.NotEqual(root, SiblingPath.Verify(Flip(siblings, bit), 21, Placed(leaves, shown)).Root);
        }

        for (var bit = 0; bit < Digest.Length * 8; bit++)
        {
            var known = Placed(leaves, shown);
            known[2] = new(5, Digest.FromBytes(Flip(leaves[5].ToBytes(), bit)));
            Assert.NotEqual(root, SiblingPath.Verify(siblings, 21, known).Root);
        }

        foreach (var wrongCount in Enumerable.Range(-1, 40).Where(count => count != 21))
        {
            Assert.False(SiblingPath.Verify(siblings, wrongCount, Placed(leaves, shown)) is { IsWellFormed: true } check
                && check.Root == root, $"{wrongCount}");
        }
    }

    [Fact]
    public void Every_prefix_of_a_partial_tree_and_any_byte_behind_it_is_refused()
    {
        var bytes = PartialTree.Build(TreeOracle.Leaves(300), [1, 17, 299]);
        for (var length = 0; length < bytes.Length; length++)
        {
            Assert.False(PartialTree.Verify(bytes.AsSpan(0, length), 300).IsWellFormed);
        }

        Assert.Equal(TreeFault.TrailingBytes, PartialTree.Verify([.. bytes, 0], 300).Fault);
    }

    [Fact]
    public void Random_bytes_never_throw() => Gen.Byte.Array[0, 200].Select(Gen.Int[-2, 70_000]).Sample(
        input =>
        {
            var check = PartialTree.Verify(input.Item1, input.Item2);
            Assert.Equal(check.IsWellFormed, check.Reason.Length == 0);
            _ = SiblingPath.Verify(input.Item1, input.Item2, [new(0, default), new(1, default)]);
        },
        iter: 5_000);

    [Theory]
    [InlineData(256, 1, 297), InlineData(256, 30, 1_103)]
    public void Proof_sizes_are_those_the_design_expects(int count, int contiguous, int expectedBytes)
    {
        int[] shown = [.. Enumerable.Range(0, contiguous)];
        var bytes = PartialTree.Build(TreeOracle.Leaves(count), shown);
        Assert.Equal(expectedBytes, bytes.Length);
        Assert.True(SiblingPath.Build(TreeOracle.Leaves(count), shown).Length < bytes.Length);
    }

    [Fact]
    public void The_largest_tree_is_built_and_proved_and_one_leaf_more_is_refused()
    {
        var leaves = new Digest[BatchTree.MaxLeaves];
        for (var i = 0; i < leaves.Length; i++)
        {
            leaves[i] = Digest.Of(BitConverter.GetBytes(i));
        }

        var check = PartialTree.Verify(PartialTree.Build(leaves, [0, 65_535]), BatchTree.MaxLeaves);
        Assert.Equal(BatchTree.Root(leaves), check.Root);
        Assert.Throws<ArgumentOutOfRangeException>(() => BatchTree.Root(new Digest[BatchTree.MaxLeaves + 1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => BatchTree.Root([]));
    }

    [Fact]
    public void A_proof_for_leaves_that_are_not_there_or_out_of_order_is_our_own_mistake_and_throws()
    {
        var leaves = TreeOracle.Leaves(5);
        Assert.Throws<ArgumentOutOfRangeException>(() => PartialTree.Build(leaves, [5]));
        Assert.Throws<ArgumentOutOfRangeException>(() => SiblingPath.Build(leaves, [-1]));
        Assert.Throws<ArgumentException>(() => PartialTree.Build(leaves, [2, 2]));
        Assert.Throws<ArgumentException>(() => SiblingPath.Build(leaves, [3, 1]));
    }

    internal static byte[] Flip(byte[] bytes, int bit)
    {
        byte[] changed = [.. bytes];
        changed[bit / 8] ^= (byte)(1 << (bit % 8));
        return changed;
    }

    private static PlacedHash[] Placed(Digest[] leaves, int[] shown) => [.. shown.Select(index => new PlacedHash(index, leaves[index]))];

    private static void AssertProves(TreeCheck check, Digest root, Digest[] leaves, int[] shown)
    {
        Assert.Equal("", check.Reason);
        Assert.Equal(root, check.Root);
        Assert.Equal(Placed(leaves, shown), check.Leaves);
    }
}
