using System.Buffers.Binary;
using System.Text.Json.Nodes;
using Evidence;

namespace Gateway.Tests.Evidence;

/// <summary>The partial-tree tricks that NBitcoin's own check lets through (evidence: docs/formats.md, batch tree), inside a
/// bundle.</summary>
internal static class TreeAttacks
{
    public static IEnumerable<Attack> All(TestTruck truck)
    {
        yield return Tree(truck, "tree-surplus-hash", tree => Insert(tree, 5 + (tree[4] * 32), new byte[32], hashes: 1));
        yield return Tree(truck, "tree-surplus-flag-byte", tree =>
            [.. SetByte(tree, 5 + (tree[4] * 32), (byte)(tree[5 + (tree[4] * 32)] + 1)), 0]);
        yield return Tree(truck, "tree-padding-not-zero", tree => SetByte(tree, tree.Length - 1, (byte)(tree[^1] | 0x80)));
        yield return Tree(truck, "tree-empty", _ => []);
        yield return Tree(truck, "tree-of-nothing", _ => [0, 0, 0, 0, 0, 0]);
        yield return Tree(truck, "tree-huge-count", tree => Count(tree, uint.MaxValue));
        yield return Tree(truck, "tree-leaf-duplicated", tree => Count(tree, (uint)(truck.Batches[1].Header.LeafCount + 1)));
        yield return Tree(truck, "tree-interior-as-leaf", tree => Count(tree, (uint)(truck.Batches[1].Header.LeafCount / 2)));
        yield return Tree(truck, "tree-root-as-only-leaf", _ => [1, 0, 0, 0, 1, .. truck.Batches[1].Header.Root.ToBytes(), 1, 1]);
        yield return Tree(truck, "tree-trailing-garbage", tree => [.. tree, 0]);
    }

    private static Attack Tree(TestTruck truck, string name, Func<byte[], byte[]> change) =>
        Attacks.Bend(truck, name, VerdictWord.Changed, Fault.TreeUnreadable, bundle =>
        {
            JsonObject batch = Attacks.BatchAt(bundle, 1);
            batch["tree"] = Convert.ToBase64String(change(Attacks.Bytes(batch["tree"])));
        }, DisclosureLevel.Summaries);

    private static byte[] Count(byte[] tree, uint count)
    {
        var changed = tree.ToArray();
        BinaryPrimitives.WriteUInt32LittleEndian(changed, count);
        return changed;
    }

    private static byte[] SetByte(byte[] tree, int at, byte value)
    {
        var changed = tree.ToArray();
        changed[at] = value;
        return changed;
    }

    private static byte[] Insert(byte[] tree, int at, byte[] what, int hashes) =>
        SetByte([.. tree[..at], .. what, .. tree[at..]], 4, (byte)(tree[4] + hashes));
}
