using System.Buffers.Binary;
using System.Collections.Immutable;

namespace Evidence;

/// <summary>A proof that some leaves stand in a batch tree, in the bytes of BIP 37's partial Merkle tree as NBitcoin writes them.</summary>
/// <remarks>
/// Layout: leaf count (uint32 little-endian) ‖ hash count (CompactSize) ‖ hashes (32 bytes each) ‖ flag byte count (CompactSize) ‖ flag
/// bytes
/// (first flag in the lowest bit). The walk is depth first from the root: flag 1 = a shown leaf lies here or below; flag 0 = one hash
/// stands for all of it.
/// One set of leaves has one encoding; <see cref="Verify"/> refuses every other.
/// </remarks>
public static class PartialTree
{
    /// <summary>Writes the proof for these leaves.</summary>
    /// <param name="leafHashes">All leaf hashes of the batch, in order; 1 to 65,536.</param>
    /// <param name="indices">The leaves to show, strictly ascending; none is allowed and proves only the root.</param>
    /// <exception cref="ArgumentException">A leaf is not in the tree, or the order is not ascending.</exception>
    public static byte[] Build(ReadOnlySpan<Digest> leafHashes, ReadOnlySpan<int> indices)
    {
        var rows = new TreeRows(leafHashes);
        rows.RequireLeaves(indices);
        var cut = new Cut(rows);
        cut.Walk(rows.Height, 0, indices);

        var bytes = new List<byte>();
        Span<byte> count = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(count, (uint)rows.LeafCount);
        bytes.AddRange(count);
        CompactSize.Write(bytes, cut.Hashes.Count);
        foreach (var hash in cut.Hashes)
        {
            bytes.AddRange(hash.ToBytes());
        }

        CompactSize.Write(bytes, (cut.Flags.Count + 7) / 8);
        for (var i = 0; i < cut.Flags.Count; i += 8)
        {
            bytes.Add(PackFlags(cut.Flags, i));
        }

        return [.. bytes];
    }

    /// <summary>Checks bytes nobody vouches for. Gives a fault instead of throwing, and takes memory only for hashes that are
    /// there.</summary>
    /// <param name="bytes">The partial tree.</param>
    /// <param name="expectedLeafCount">The leaf count of the signed header: without it the root proves nothing about leaves.</param>
    public static TreeCheck Verify(ReadOnlySpan<byte> bytes, int expectedLeafCount)
    {
        if (CheckCount(bytes, expectedLeafCount) is { } countBroken)
        {
            return countBroken;
        }

        var rest = bytes[sizeof(uint)..];
        if (CompactSize.Read(ref rest, out var hashCount) is { } hashSize)
        {
            return TreeCheck.Broken(hashSize, $"The hash count at byte {sizeof(uint)} is {CompactSize.Describe(hashSize)}.");
        }

        if (hashCount > (ulong)expectedLeafCount)
        {
            return TreeCheck.Broken(TreeFault.ImpossibleHashCount,
                $"{hashCount} hashes are claimed for a tree of {expectedLeafCount} leaves.");
        }

        var hashLength = (int)hashCount * Digest.Length;
        if (rest.Length < hashLength)
        {
            return TreeCheck.Broken(TreeFault.CutShort, $"{hashCount} hashes need {hashLength} bytes; {rest.Length} are left.");
        }

        var hashes = rest[..hashLength];
        rest = rest[hashLength..];
        if (CompactSize.Read(ref rest, out var flagBytes) is { } flagSize)
        {
            return TreeCheck.Broken(flagSize, $"The flag byte count after the hashes is {CompactSize.Describe(flagSize)}.");
        }

        if (flagBytes > (ulong)rest.Length)
        {
            return TreeCheck.Broken(TreeFault.CutShort, $"{flagBytes} flag bytes are claimed; {rest.Length} are left.");
        }

        if (flagBytes < (ulong)rest.Length)
        {
            return TreeCheck.Broken(TreeFault.TrailingBytes, $"{(ulong)rest.Length - flagBytes} bytes follow the last flag byte.");
        }

        var walk = new ProofWalk(hashes, rest, expectedLeafCount);
        return walk.Run();
    }

    private static TreeCheck? CheckCount(ReadOnlySpan<byte> bytes, int expected)
    {
        if (bytes.IsEmpty)
        {
            return TreeCheck.Broken(TreeFault.Empty, "There is no tree: zero bytes.");
        }

        if (expected is < 1 or > BatchTree.MaxLeaves)
        {
            return TreeCheck.Broken(TreeFault.CommittedCountOutOfRange,
                $"The committed leaf count is {expected}; 1 to {BatchTree.MaxLeaves} are possible.");
        }

        if (bytes.Length < sizeof(uint))
        {
            return TreeCheck.Broken(TreeFault.CutShort, $"The leaf count needs {sizeof(uint)} bytes; there are {bytes.Length}.");
        }

        var claimed = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        var sentence = $"The tree claims {claimed} leaves; the header commits {expected}.";
        return claimed switch
        {
            0 => TreeCheck.Broken(TreeFault.Empty, "The tree claims to have no leaves."),
            > BatchTree.MaxLeaves =>
                TreeCheck.Broken(TreeFault.ImpossibleLeafCount, $"The tree claims {claimed} leaves; {BatchTree.MaxLeaves} are possible."),
            1 when expected > 1 => TreeCheck.Broken(
                TreeFault.RootShownAsLeaf, $"The tree claims one leaf, which would be its root; the header commits {expected}."),
            _ when claimed < (uint)expected => TreeCheck.Broken(TreeFault.FewerLeavesThanCommitted, sentence),
            _ when claimed > (uint)expected => TreeCheck.Broken(TreeFault.MoreLeavesThanCommitted, sentence),
            _ => null,
        };
    }

    private static byte PackFlags(List<bool> flags, int first)
    {
        var packed = 0;
        for (var bit = 0; bit < 8 && first + bit < flags.Count; bit++)
        {
            packed |= flags[first + bit] ? 1 << bit : 0;
        }

        return (byte)packed;
    }

    /// <summary>The builder's walk: which flags and which hashes, in order.</summary>
    private sealed class Cut(TreeRows rows)
    {
        internal List<bool> Flags { get; } = [];

        internal List<Digest> Hashes { get; } = [];

        internal void Walk(int height, int place, ReadOnlySpan<int> shown)
        {
            Flags.Add(!shown.IsEmpty);
            if (height == 0 || shown.IsEmpty)
            {
                Hashes.Add(rows.At(height, place));
                return;
            }

            var right = 2 * place + 1;
            var split = TreeRows.CountBelow(shown, right << (height - 1));
            Walk(height - 1, 2 * place, shown[..split]);
            if (rows.Exists(height - 1, right))
            {
                Walk(height - 1, right, shown[split..]);
            }
        }
    }

    /// <summary>The verifier's walk over the bytes as they lie. It stops at the first fault.</summary>
    private ref struct ProofWalk(ReadOnlySpan<byte> hashes, ReadOnlySpan<byte> flags, int leafCount)
    {
        private readonly ReadOnlySpan<byte> hashes = hashes;
        private readonly ReadOnlySpan<byte> flags = flags;
        private readonly ImmutableArray<PlacedHash>.Builder leaves = ImmutableArray.CreateBuilder<PlacedHash>();
        private TreeCheck? broken;
        private int hashesUsed;
        private int flagsUsed;

        internal TreeCheck Run()
        {
            var root = Walk(BatchTree.HeightOf(leafCount), 0);
            if (broken is not null)
            {
                return broken;
            }

            var hashCount = hashes.Length / Digest.Length;
            if (hashesUsed < hashCount)
            {
                return TreeCheck.Broken(TreeFault.SurplusHashes, $"{hashCount} hashes are given; the walk used {hashesUsed}.");
            }

            var flagBytesUsed = (flagsUsed + 7) / 8;
            if (flagBytesUsed < flags.Length)
            {
                return TreeCheck.Broken(TreeFault.SurplusFlagBytes, $"{flags.Length} flag bytes are given; the walk used {flagBytesUsed}.");
            }

            var padding = flagsUsed % 8 == 0 ? 0 : flags[^1] >> (flagsUsed % 8);
            return padding != 0
                ? TreeCheck.Broken(TreeFault.PaddingNotZero,
                    $"The walk used {flagsUsed} flags; the last byte, {flags[^1]:x2}, has bits set beyond them.")
                : TreeCheck.WellFormed(root, leaves.ToImmutable());
        }

        private Digest Walk(int height, int place)
        {
            if (broken is not null)
            {
                return default;
            }

            if (flagsUsed >= flags.Length * 8)
            {
                return Break(TreeFault.FlagsRunOut, $"The walk needs flag {flagsUsed}; {flags.Length} flag bytes are given.");
            }

            var shown = (flags[flagsUsed / 8] >> (flagsUsed % 8) & 1) == 1;
            flagsUsed++;
            return height == 0 || !shown ? TakeHash(height, place, shown) : WalkChildren(height, place);
        }

        private Digest TakeHash(int height, int place, bool shown)
        {
            var offset = hashesUsed * Digest.Length;
            if (offset >= hashes.Length)
            {
                return Break(TreeFault.HashesRunOut, $"The walk needs hash {hashesUsed}; {hashesUsed} are given.");
            }

            hashesUsed++;
            var hash = Digest.FromBytes(hashes.Slice(offset, Digest.Length));
            if (height == 0 && shown)
            {
                leaves.Add(new(place, hash));
            }

            return hash;
        }

        private Digest WalkChildren(int height, int place)
        {
            var leavesBefore = leaves.Count;
            var left = Walk(height - 1, 2 * place);
            var right = left;
            if (2 * place + 1 < BatchTree.WidthAt(leafCount, height - 1))
            {
                right = Walk(height - 1, 2 * place + 1);
                if (broken is null && left == right)
                {
                    return Break(TreeFault.EqualSiblings,
                        $"Nodes {2 * place} and {2 * place + 1}, {height - 1} rows above the leaves, are equal.");
                }
            }

            return broken is null && leaves.Count == leavesBefore
                ? Break(TreeFault.FlagWithoutLeaf,
                    $"Node {place}, {height} rows above the leaves, is flagged, but no shown leaf lies below it.")
                : BatchTree.Node(left, right);
        }

        private Digest Break(TreeFault fault, string reason)
        {
            broken ??= TreeCheck.Broken(fault, reason);
            return default;
        }
    }
}
