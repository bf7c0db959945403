using CsCheck;
using Evidence;
using Evidence.Log;

namespace Gateway.Tests.Evidence;

/// <summary>Goal: the log's tree, proofs, edge and tiles are RFC 6962's and C2SP's. Method: known roots, then every tree up to 64 against
/// a slow oracle.</summary>
public sealed class LogTreeTests
{
    private static readonly string[] KnownLeaves = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657",
        "606162636465666768696a6b6c6d6e6f"];

    [Theory]
    [InlineData(0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    [InlineData(1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d")]
    [InlineData(8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328")]
    public void The_roots_of_the_well_known_leaves_are_the_known_ones(int count, string root)
    {
        Digest[] leaves = [.. KnownLeaves.Take(count).Select(leaf => LogTree.LeafHash(Convert.FromHexString(leaf)))];
        Assert.Equal(root, LogTree.Root(leaves).ToString());
        Assert.Equal(root, LogEdge.Empty.Append(leaves).Edge.Root.ToString());
    }

    [Fact]
    public void Every_inclusion_proof_of_every_tree_up_to_64_is_the_oracles_and_holds_for_its_entry_only()
    {
        var log = MemoryLog.Of(64);
        for (var size = 1; size <= 64; size++)
        {
            var leaves = log.Leaves.AsSpan(0, size);
            var prover = new LogProver(size, log.Read);
            var root = Digest.FromBytes(TreeOracle.LogRoot(leaves));
            Assert.Equal(root, prover.Root());
            for (var index = 0; index < size; index++)
            {
                Digest[] path = [.. prover.Inclusion(index)];
                Assert.Equal(TreeOracle.LogPath(index, leaves).Select(hash => Digest.FromBytes(hash)), path);
                Assert.Equal(new LogCheck(true, ""), LogTree.VerifyInclusion(leaves[index], index, size, path, root));
                for (var other = 0; other <= size; other++)
                {
                    Assert.Equal(other == index, LogTree.VerifyInclusion(leaves[index], other, size, path, root).Holds);
                }

                Assert.False(LogTree.VerifyInclusion(log.Leaves[(index + 1) % 64], index, size, path, root).Holds);
                Assert.False(LogTree.VerifyInclusion(leaves[index], index, size, [.. path, root], root).Holds);
                Assert.False(LogTree.VerifyInclusion(leaves[index], index, size, [root, .. path], root).Holds);
                Assert.False(path.Length > 0 && LogTree.VerifyInclusion(leaves[index], index, size, path.AsSpan()[..^1], root).Holds);
            }
        }
    }

    [Fact]
    public void Every_consistency_proof_of_every_pair_of_trees_up_to_64_is_the_oracles_and_holds_for_its_sizes_only()
    {
        var log = MemoryLog.Of(65);
        Digest[] roots = [.. Enumerable.Range(0, 66).Select(size => Digest.FromBytes(TreeOracle.LogRoot(log.Leaves.AsSpan(0, size))))];
        for (var size = 1; size <= 64; size++)
        {
            var prover = new LogProver(size, log.Read);
            Assert.Equal(new LogCheck(true, ""), LogTree.VerifyConsistency(0, roots[0], size, roots[size], [.. prover.Consistency(0)]));
            for (var old = 1; old <= size; old++)
            {
                Digest[] path = [.. prover.Consistency(old)];
                Assert.Equal(TreeOracle.LogConsistency(old, log.Leaves.AsSpan(0, size)).Select(hash => Digest.FromBytes(hash)), path);
                Assert.Equal(new LogCheck(true, ""), LogTree.VerifyConsistency(old, roots[old], size, roots[size], path));
                Assert.False(LogTree.VerifyConsistency(old, roots[old - 1], size, roots[size], path).Holds);
                Assert.False(LogTree.VerifyConsistency(old, roots[old], size, roots[size + 1], path).Holds);
                Assert.False(LogTree.VerifyConsistency(old - 1, roots[old - 1], size, roots[size], path).Holds && old > 1);
                Assert.False(LogTree.VerifyConsistency(old, roots[old], size, roots[size], [.. path, roots[1]]).Holds);
                Assert.False(path.Length > 0 && LogTree.VerifyConsistency(old, roots[old], size, roots[size], path.AsSpan()[..^1]).Holds);
                Assert.False(LogTree.VerifyConsistency(size + 1, roots[size + 1], size, roots[size], path).Holds);
            }
        }
    }

    [Fact]
    public void Any_flipped_bit_of_a_proof_fails()
    {
        var log = MemoryLog.Of(300);
        var (oldRoot, root) = (new LogProver(137, log.Read).Root(), new LogProver(300, log.Read).Root());
        Digest[] inclusion = [.. new LogProver(300, log.Read).Inclusion(256)];
        Digest[] consistency = [.. new LogProver(300, log.Read).Consistency(137)];
        for (var bit = 0; bit < Digest.Length * 8; bit++)
        {
            for (var i = 0; i < inclusion.Length; i++)
            {
                Assert.False(LogTree.VerifyInclusion(log.Leaves[256], 256, 300, Flip(inclusion, i, bit), root).Holds);
            }

            for (var i = 0; i < consistency.Length; i++)
            {
                Assert.False(LogTree.VerifyConsistency(137, oldRoot, 300, root, Flip(consistency, i, bit)).Holds);
            }
        }
    }

    [Fact]
    public void However_a_log_grows_its_root_and_its_tiles_are_the_same() => Gen.Int[0, 400].Array[1, 8].Sample(
        steps =>
        {
            var size = steps.Sum();
            var (log, whole) = (new MemoryLog(), MemoryLog.Of(size));
            foreach (var step in steps)
            {
                log.Append(TreeOracle.Leaves((int)log.Edge.Size + step)[(int)log.Edge.Size..]);
                Assert.Equal(log.Edge.Root, LogEdge.Load(log.Edge.Size, log.Read).Root);
            }

            Assert.Equal(LogTree.Root(whole.Leaves), log.Edge.Root);
            foreach (var tile in LogTile.AllOf(size))
            {
                Assert.Equal(whole.Read(tile), log.Read(tile));
            }
        },
        iter: 20);

    [Fact]
    public void A_log_of_70_000_entries_has_the_tiles_that_the_specification_counts_and_proves_from_them()
    {
        var leaves = new Digest[70_000];
        for (var i = 0; i < leaves.Length; i++)
        {
            leaves[i] = Digest.Of(BitConverter.GetBytes(i));
        }

        var log = new MemoryLog();
        log.Append(leaves);
        var tiles = LogTile.AllOf(70_000).ToList();
        Assert.Equal(tiles, log.Tiles.Keys.OrderBy(tile => tile.Level).ThenBy(tile => tile.Index));
        Assert.Equal(
            [(0, false, 273, 256), (0, true, 1, 112), (1, false, 1, 256), (1, true, 1, 17), (2, true, 1, 1)],
            tiles.GroupBy(tile => (tile.Level, tile.IsPartial)).Select(kind =>
                (kind.Key.Level, kind.Key.IsPartial, kind.Count(), kind.Last().Width)));
        Assert.Equal(["tile/0/000", "tile/1/000.p/1"], LogTile.AllOf(256).Select(tile => tile.Path));

        var prover = new LogProver(70_000, log.Read);
        Assert.Equal(LogTree.Root(leaves), prover.Root());
        foreach (var index in new long[] { 0, 1, 255, 256, 65_535, 65_536, 69_887, 69_888, 69_999 })
        {
            Assert.Equal("", LogTree.VerifyInclusion(leaves[index], index, 70_000, [.. prover.Inclusion(index)], log.Edge.Root).Reason);
        }

        foreach (var old in new[] { 1, 255, 256, 257, 65_535, 65_536, 65_537, 69_999, 70_000 })
        {
            var oldRoot = LogTree.Root(leaves.AsSpan(0, old));
            Assert.Equal("", LogTree.VerifyConsistency(old, oldRoot, 70_000, log.Edge.Root, [.. prover.Consistency(old)]).Reason);
        }
    }

    [Fact]
    public void A_tile_that_is_too_short_is_refused()
    {
        var log = MemoryLog.Of(10);
        var refused = Assert.Throws<MalformedEvidenceException>(() => new LogProver(10, tile => log.Read(tile)[1..]).Root());
        Assert.Equal("tile/0/000.p/10 has 319 bytes; 10 hashes need 320.", refused.Message);
        Assert.Throws<MalformedEvidenceException>(() => LogEdge.Load(10, tile => log.Read(tile)[1..]));
    }

    [Theory]
    [InlineData(0, 0, 256, "tile/0/000"), InlineData(0, 1_234_067, 256, "tile/0/x001/x234/067"),
        InlineData(1, 999, 255, "tile/1/999.p/255")]
    [InlineData(63, 1_000, 1, "tile/63/x001/000.p/1"), InlineData(3, 36_028_797_018_963_967, 256, "tile/3/x036/x028/x797/x018/x963/967")]
    public void A_tile_has_one_path_and_is_read_back_from_it(int level, long index, int width, string path)
    {
        Assert.Equal(path, new LogTile(level, index, width).Path);
        Assert.True(LogTile.TryParsePath(path, out var tile, out var entries));
        Assert.Equal((new LogTile(level, index, width), false), (tile, entries));
        Assert.True(LogTile.TryParsePath(new LogTile(0, index, width).EntriesPath, out tile, out entries));
        Assert.Equal((new LogTile(0, index, width), true), (tile, entries));
    }

    [Theory]
    [InlineData(""), InlineData("tile"), InlineData("tile/0"), InlineData("tile/0/"), InlineData("tile/0/0"), InlineData("tile/00/000"),
        InlineData("tile/64/000")]
    [InlineData("tile/0/x000/001"), InlineData("tile/0/001/001"), InlineData("tile/0/x001"), InlineData("tile/0/000.p/0"),
        InlineData("tile/0/000.p/256")]
    [InlineData("tile/0/000.p/01"), InlineData("tile/0/000.p"), InlineData("tile/0/000/"), InlineData("/tile/0/000"),
        InlineData("tile/0/../000")]
    [InlineData("tile/-1/000"), InlineData("tile/0/+01"), InlineData("tile/0/xx01/000"), InlineData("tile/entries"),
        InlineData("tile/entries/0")]
    [InlineData("tile/entries/0/000"), InlineData("tile/0/x036/x028/x797/x018/x963/968"),
        InlineData("tile/0/x001/x000/x000/x000/x000/x000/000")]
    [InlineData("tile/0/٠٠٠"), InlineData("tile/0/000 "), InlineData("Tile/0/000")]
    public void Any_other_spelling_of_a_tile_is_refused(string path) => Assert.False(LogTile.TryParsePath(path, out _, out _), path);

    [Fact]
    public void A_bundle_gives_its_entries_back_and_nothing_may_be_missing_or_behind()
    {
        ReadOnlyMemory<byte>[] entries = [new byte[] { 1, 2, 3 }, Array.Empty<byte>(), new byte[EntryBundle.EntryMaxBytes]];
        var bytes = EntryBundle.Write(entries);
        Assert.Equal([0, 3, 1, 2, 3, 0, 0, 0xFF, 0xFF], bytes[..9]);
        Assert.Equal(entries.Select(entry => entry.ToArray()), EntryBundle.Read(bytes, 3).Select(entry => entry.ToArray()));
        Assert.Throws<MalformedEvidenceException>(() => EntryBundle.Read(bytes, 2));
        Assert.Throws<MalformedEvidenceException>(() => EntryBundle.Read(bytes, 4));
        Assert.Throws<MalformedEvidenceException>(() => EntryBundle.Read(bytes.AsMemory(0, bytes.Length - 1), 3));
        Assert.Throws<ArgumentException>(() => EntryBundle.Write([new byte[EntryBundle.EntryMaxBytes + 1]]));
    }

    private static Digest[] Flip(Digest[] path, int hash, int bit)
    {
        Digest[] changed = [.. path];
        changed[hash] = Digest.FromBytes(BatchTreeTests.Flip(path[hash].ToBytes(), bit));
        return changed;
    }
}
