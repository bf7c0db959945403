using Evidence;
namespace Gateway.Tests.Evidence;

/// <summary>
/// Goal: the eight partial trees that NBitcoin 10.0.9's own check let through, and their neighbours, are each refused for their own reason.
/// Method: each is written by hand around the leaves a, b, c, d of one small tree, so that its root is the signed one wherever that can
/// be had.
/// </summary>
public sealed class PartialTreeAttackTests
{
    private static readonly Digest[] L = TreeOracle.Leaves(4);
    private static readonly Digest AB = BatchTree.Node(L[0], L[1]);
    private static readonly Digest CD = BatchTree.Node(L[2], L[3]);
    private static readonly Digest CC = BatchTree.Node(L[2], L[2]);
    private static readonly Digest RootOfThree = BatchTree.Root(L.AsSpan(0, 3));
    private static readonly Digest RootOfFour = BatchTree.Root(L);

    [Fact]
    public void A_duplicated_leaf_that_claims_count_four_for_three_is_refused()
    {
        var forged = Tree(4, [L[0], L[1], L[2], L[2]], 0b1111111);
        Assert.Equal(RootOfThree, BatchTree.Node(AB, CC)); // The forged tree's root is the signed one: only count and siblings tell.
        AssertRefused(TreeFault.MoreLeavesThanCommitted, "The tree claims 4 leaves; the header commits 3.", forged, 3);
        AssertRefused(TreeFault.EqualSiblings, "Nodes 2 and 3, 0 rows above the leaves, are equal.", forged, 4);
    }

    [Fact]
    public void A_duplicated_subtree_is_refused()
    {
        var leaves = TreeOracle.Leaves(6);
        var ef = BatchTree.Node(leaves[4], leaves[5]);
        var forged = Tree(8, [BatchTree.Node(AB, CD), leaves[4], leaves[5], leaves[4], leaves[5]], 0b11111101, 0b1);
        Assert.Equal(BatchTree.Root(leaves), BatchTree.Node(BatchTree.Node(AB, CD), BatchTree.Node(ef, ef)));
        AssertRefused(TreeFault.MoreLeavesThanCommitted, "The tree claims 8 leaves; the header commits 6.", forged, 6);
    }

    [Fact]
    public void An_interior_node_shown_as_a_leaf_is_refused() =>
        AssertRefused(TreeFault.FewerLeavesThanCommitted, "The tree claims 2 leaves; the header commits 4.", Tree(2, [AB, CD], 0b111), 4);

    [Fact]
    public void The_root_shown_as_the_only_leaf_is_refused() =>
        AssertRefused(TreeFault.RootShownAsLeaf, "The tree claims one leaf, which would be its root; the header commits 4.",
            Tree(1, [RootOfFour], 0b1), 4);

    [Fact]
    public void Surplus_hashes_are_refused() =>
        AssertRefused(TreeFault.SurplusHashes, "4 hashes are given; the walk used 3.", Tree(4, [L[0], L[1], CD, L[3]], 0b00111), 4);

    [Fact]
    public void Surplus_flag_bytes_are_refused() =>
        AssertRefused(TreeFault.SurplusFlagBytes, "2 flag bytes are given; the walk used 1.", Tree(4, [L[0], L[1], CD], 0b00111, 0), 4);

    [Theory]
    [InlineData(0b00100111), InlineData(0b10000111)]
    public void Padding_bits_that_are_not_zero_are_refused(byte flags) =>
        AssertRefused(TreeFault.PaddingNotZero, $"The walk used 5 flags; the last byte, {flags:x2}, has bits set beyond them.",
            Tree(4, [L[0], L[1], CD], flags), 4);

    [Fact]
    public void A_null_or_empty_tree_is_refused()
    {
        AssertRefused(TreeFault.Empty, "There is no tree: zero bytes.", null, 4);
        AssertRefused(TreeFault.Empty, "There is no tree: zero bytes.", [], 4);
        AssertRefused(TreeFault.Empty, "The tree claims to have no leaves.", [0, 0, 0, 0, 0, 0], 4);
    }

    [Theory]
    [InlineData(uint.MaxValue), InlineData(0x7FFFFFFFu), InlineData(65_537u)]
    public void A_huge_claimed_leaf_count_is_refused_before_anything_is_allocated(uint count)
    {
        var forged = Tree(count, [RootOfFour], 0b1);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var check = PartialTree.Verify(forged, 4);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4_096); // The sentence; 40 bytes cost NBitcoin 136 MiB.
        Assert.Equal(TreeFault.ImpossibleLeafCount, check.Fault);
    }

    [Theory]
    [InlineData("FD0300"), InlineData("FE03000000"), InlineData("FF0300000000000000")]
    public void A_hash_count_in_more_bytes_than_needed_is_refused(string three) => AssertRefused(
        TreeFault.SizeNotMinimal,
        "The hash count at byte 4 is not written in its shortest form.",
        [4, 0, 0, 0, .. Convert.FromHexString(three), .. L[0].ToBytes(), .. L[1].ToBytes(), .. CD.ToBytes(), 1, 0b00111],
        4);

    [Fact]
    public void A_hash_count_or_flag_count_that_cannot_be_is_refused_before_it_is_believed()
    {
        byte[] huge = [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF];
        AssertRefused(TreeFault.ImpossibleHashCount, "18446744073709551615 hashes are claimed for a tree of 4 leaves.",
            [4, 0, 0, 0, .. huge], 4);
        AssertRefused(TreeFault.CutShort, "4 hashes need 128 bytes; 0 are left.", [4, 0, 0, 0, 4], 4);
        AssertRefused(
            TreeFault.CutShort, "18446744073709551615 flag bytes are claimed; 1 are left.",
                [4, 0, 0, 0, 1, .. RootOfFour.ToBytes(), .. huge, 0], 4);
    }

    [Fact]
    public void A_walk_that_runs_out_of_hashes_or_flags_is_refused()
    {
        AssertRefused(TreeFault.HashesRunOut, "The walk needs hash 2; 2 are given.", Tree(4, [L[0], L[1]], 0b00111), 4);
        AssertRefused(TreeFault.FlagsRunOut, "The walk needs flag 0; 0 flag bytes are given.", Tree(4, [RootOfFour]), 4);
    }

    [Fact]
    public void A_second_encoding_of_the_same_leaves_is_refused() => AssertRefused(
        TreeFault.FlagWithoutLeaf,
        "Node 1, 1 rows above the leaves, is flagged, but no shown leaf lies below it.",
        Tree(4, [L[0], L[1], L[2], L[3]], 0b0010111),
        4);

    [Theory]
    [InlineData(0), InlineData(-1), InlineData(65_537), InlineData(int.MaxValue)]
    public void A_committed_count_that_cannot_be_is_a_fault_too(int committed)
    {
        Assert.Equal(TreeFault.CommittedCountOutOfRange, PartialTree.Verify(Tree(4, [RootOfFour], 0), committed).Fault);
        Assert.Equal(TreeFault.CommittedCountOutOfRange, SiblingPath.Verify([], committed, []).Fault);
    }

    [Fact]
    public void A_sibling_path_with_a_repeated_leaf_list_surplus_or_missing_hashes_is_refused()
    {
        PlacedHash[] repeated = [new(0, L[0]), new(1, L[1]), new(2, L[2]), new(3, L[2])];
        Assert.Equal(TreeFault.EqualSiblings, SiblingPath.Verify([], 4, repeated).Fault);
        Assert.Equal(TreeFault.SurplusHashes,
            SiblingPath.Verify([.. L[1].ToBytes(), .. CD.ToBytes(), .. CD.ToBytes()], 4, [new(0, L[0])]).Fault);
        Assert.Equal(TreeFault.HashesRunOut, SiblingPath.Verify(L[1].ToBytes(), 4, [new(0, L[0])]).Fault);
        Assert.Equal(TreeFault.NotWholeHashes, SiblingPath.Verify([1], 4, [new(0, L[0])]).Fault);
        Assert.Equal(TreeFault.LeafOutsideTree, SiblingPath.Verify([], 4, [new(4, L[0])]).Fault);
        Assert.Equal(TreeFault.LeafOutsideTree, SiblingPath.Verify([], 4, [new(-1, L[0])]).Fault);
        Assert.Equal(TreeFault.LeavesNotAscending, SiblingPath.Verify([], 4, [new(1, L[0]), new(1, L[0])]).Fault);
    }

    private static byte[] Tree(uint count, Digest[] hashes, params byte[] flags) =>
        [.. BitConverter.GetBytes(count), (byte)hashes.Length, .. hashes.SelectMany(hash => hash.ToBytes()), (byte)flags.Length, .. flags];

    private static void AssertRefused(TreeFault fault, string reason, byte[]? bytes, int committed)
    {
        var check = PartialTree.Verify(bytes, committed);
        Assert.Equal((fault, reason), (check.Fault, check.Reason));
        Assert.True(check.Root.IsZero);
        Assert.Empty(check.Leaves);
    }
}
