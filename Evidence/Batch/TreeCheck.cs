using System.Collections.Immutable;

namespace Evidence;

/// <summary>A leaf hash and its place in the batch.</summary>
/// <param name="Index">From 0; below the batch's leaf count.</param>
/// <param name="Hash">SHA-256(0x00 ‖ leaf).</param>
public readonly record struct PlacedHash(int Index, Digest Hash);

/// <summary>Which rule a batch-tree proof breaks. The order is the order in which the rules are checked.</summary>
public enum TreeFault
{
    /// <summary>No rule: the proof is well formed and leads to a root. Whether it is the signed root, the caller compares.</summary>
    None = 0,

    /// <summary>There are no bytes, or the tree claims to have no leaves.</summary>
    Empty,

    /// <summary>The committed leaf count lies outside 1 to 65,536.</summary>
    CommittedCountOutOfRange,

    /// <summary>The bytes end inside a field.</summary>
    CutShort,

    /// <summary>More leaves are claimed than any batch may have.</summary>
    ImpossibleLeafCount,

    /// <summary>One leaf is claimed where more are committed: the root would pass for a leaf.</summary>
    RootShownAsLeaf,

    /// <summary>Fewer leaves are claimed than committed: interior nodes would pass for leaves.</summary>
    FewerLeavesThanCommitted,

    /// <summary>More leaves are claimed than committed: the repeated last node would pass for a leaf of its own.</summary>
    MoreLeavesThanCommitted,

    /// <summary>A CompactSize is written longer than needed.</summary>
    SizeNotMinimal,

    /// <summary>More hashes are claimed than the tree has leaves, which no partial tree needs.</summary>
    ImpossibleHashCount,

    /// <summary>Bytes follow the last flag byte.</summary>
    TrailingBytes,

    /// <summary>The walk needs a flag that is not there.</summary>
    FlagsRunOut,

    /// <summary>The walk needs a hash that is not there.</summary>
    HashesRunOut,

    /// <summary>A node is flagged as lying above a shown leaf and does not.</summary>
    FlagWithoutLeaf,

    /// <summary>A right node that exists equals its left one: a leaf list repeated to keep the root.</summary>
    EqualSiblings,

    /// <summary>Hashes are left when the walk ends.</summary>
    SurplusHashes,

    /// <summary>Whole flag bytes are left when the walk ends.</summary>
    SurplusFlagBytes,

    /// <summary>An unused bit of the last flag byte is set.</summary>
    PaddingNotZero,

    /// <summary>The known leaves are not strictly ascending.</summary>
    LeavesNotAscending,

    /// <summary>A known leaf's index is not in the tree.</summary>
    LeafOutsideTree,

    /// <summary>The siblings are not a whole number of hashes.</summary>
    NotWholeHashes,
}

/// <summary>What checking a batch-tree proof gave: a root and the leaves bound to it, or the first rule that it breaks.</summary>
public sealed class TreeCheck
{
    private TreeCheck(TreeFault fault, string reason, Digest root, ImmutableArray<PlacedHash> leaves)
    {
        Fault = fault;
        Reason = reason;
        Root = root;
        Leaves = leaves;
    }

    /// <summary>True when the proof keeps every rule. It proves nothing until <see cref="Root"/> equals the signed root.</summary>
    public bool IsWellFormed => Fault == TreeFault.None;

    public TreeFault Fault { get; }

    /// <summary>One sentence with the numbers; empty when well formed.</summary>
    public string Reason { get; }

    /// <summary>The root the proof leads to; zero when it leads to none.</summary>
    public Digest Root { get; }

    /// <summary>The leaves the proof binds to <see cref="Root"/>, ascending by index; empty when it has a fault.</summary>
    public ImmutableArray<PlacedHash> Leaves { get; }

    internal static TreeCheck WellFormed(Digest root, ImmutableArray<PlacedHash> leaves) => new(TreeFault.None, "", root, leaves);

    internal static TreeCheck Broken(TreeFault fault, string reason) => new(fault, reason, default, []);
}
