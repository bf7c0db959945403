using System.Text.Encodings.Web;
using System.Text.Json;
using Evidence;
using Evidence.Log;

namespace Gateway.Tests.Evidence;

/// <summary>
/// Goal: Golden/log/log.json holds worked examples of every tree and log format, which docs/formats.md quotes and every other verifier
/// runs.
/// Method: all keys and leaves come from fixed words, so the code must write the very file; and each case in it must come out as it says.
/// </summary>
public sealed class LogGoldenTests
{
    private const string KnownLeaves = "|00|10|2021|3031|40414243|5051525354555657|606162636465666768696a6b6c6d6e6f";

    private static readonly JsonSerializerOptions Layout =
        new() { WriteIndented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly byte[][] Entries = [.. KnownLeaves.Split('|').Select(Convert.FromHexString)];

    private static string GoldenFile => Path.Combine(AppContext.BaseDirectory, "Golden/log/log.json");

    [Fact]
    public void The_golden_file_is_what_the_code_writes()
    {
        var written = JsonSerializer.Serialize(Write(), Layout) + "\n";
        if (written != File.ReadAllText(GoldenFile))
        {
            File.WriteAllText(GoldenFile + ".actual", written);
            Assert.Fail($"Golden/log/log.json differs from what the code writes; compare it with {GoldenFile}.actual.");
        }
    }

    [Fact]
    public void Every_case_in_the_golden_file_comes_out_as_it_says()
    {
        using var file = JsonDocument.Parse(File.ReadAllBytes(GoldenFile));
        foreach (var item in file.RootElement.GetProperty("partialTrees").EnumerateArray())
        {
            var bytes = Convert.FromHexString(Text(item, "bytes"));
            Assert.Equal(Text(item, "fault"), PartialTree.Verify(bytes, item.GetProperty("committed").GetInt32()).Fault.ToString());
        }

        var policy = TlogPolicy.Parse(Text(file.RootElement, "policy"));
        foreach (var item in file.RootElement.GetProperty("receipts").EnumerateArray())
        {
            var leafHash = LogTree.LeafHash(Convert.FromHexString(Text(item, "entry")));
            Assert.Equal(Text(item, "reason"), ReasonOf(Text(item, "receipt"), leafHash, policy));
        }
    }

    private static string Text(JsonElement item, string name) => item.GetProperty(name).GetString()!;

    private static string ReasonOf(string receipt, Digest leafHash, TlogPolicy policy)
    {
        try
        {
            return TlogProof.Parse(receipt).Verify(leafHash, policy).Reason;
        }
        catch (MalformedEvidenceException fault)
        {
            return fault.Message;
        }
    }

    private static object Write()
    {
        var leaves = TreeOracle.Leaves(7);
        var log = new MemoryLog();
        log.Append([.. Entries.Select(entry => LogTree.LeafHash(entry))]);
        return new
        {
            leafHash = "SHA-256(0x00 || ASCII 'ccv test leaf number %08d padded to length'), index from 0; hex is internal byte order",
            siblingPaths = new int[][] { [], [0], [6], [2, 3], [0, 1, 2, 3, 4, 5, 6] }.Select(known => new
            {
                n = 7,
                known,
                root = BatchTree.Root(leaves).ToString(),
                siblings = Convert.ToHexStringLower(SiblingPath.Build(leaves, known)),
            }),
            partialTrees = PartialTrees(),
            logEntries = Entries.Select(Convert.ToHexStringLower),
            logRoots = Enumerable.Range(0, 9).Select(size => new LogProver(size, log.Read).Root().ToString()),
            inclusion = new[] { (0, 1), (0, 8), (5, 8), (2, 3), (1, 5) }.Select(at => new
            {
                index = at.Item1,
                size = at.Item2,
                path = new LogProver(at.Item2, log.Read).Inclusion(at.Item1).Select(hash => hash.ToString()),
            }),
            consistency = new[] { (1, 1), (1, 8), (6, 8), (2, 5), (4, 8) }.Select(at => new
            {
                from = at.Item1,
                to = at.Item2,
                path = new LogProver(at.Item2, log.Read).Consistency(at.Item1).Select(hash => hash.ToString()),
            }),
            policy = LogKeys.ThreeOfFour,
            receipts = Receipts(log),
        };
    }

    private static IEnumerable<object> PartialTrees()
    {
        var l = TreeOracle.Leaves(4);
        var (ab, cd, root) = (BatchTree.Node(l[0], l[1]), BatchTree.Node(l[2], l[3]), BatchTree.Root(l));
        object Case(string name, int committed, byte[] bytes) => new
        {
            name,
            committed,
            bytes = Convert.ToHexStringLower(bytes),
            fault = PartialTree.Verify(bytes, committed).Fault.ToString(),
        };
        byte[] Bytes(uint count, Digest[] hashes, params byte[] flags) =>
            [.. BitConverter.GetBytes(count), (byte)hashes.Length, .. hashes.SelectMany(hash => hash.ToBytes()), (byte)flags.Length,
                .. flags];

        yield return Case("leaves 0 and 1 of four", 4, PartialTree.Build(l, [0, 1]));
        yield return Case("duplicated-leaf", 3, Bytes(4, [l[0], l[1], l[2], l[2]], 0b1111111));
        yield return Case("duplicated-leaf, count changed too", 4, Bytes(4, [l[0], l[1], l[2], l[2]], 0b1111111));
        yield return Case("interior-as-leaf", 4, Bytes(2, [ab, cd], 0b111));
        yield return Case("root-as-leaf", 4, Bytes(1, [root], 0b1));
        yield return Case("surplus-hash", 4, Bytes(4, [l[0], l[1], cd, l[3]], 0b01111));
        yield return Case("surplus-flag-byte", 4, Bytes(4, [l[0], l[1], cd], 0b01111, 0));
        yield return Case("padding-not-zero", 4, Bytes(4, [l[0], l[1], cd], 0b101111));
        yield return Case("empty", 4, []);
        yield return Case("no-leaves", 4, Bytes(0, []));
        yield return Case("huge-count", 4, Bytes(uint.MaxValue, [root], 0b1));
        yield return Case("size-not-minimal", 4, [4, 0, 0, 0, 0xFD, 1, 0, .. root.ToBytes(), 1, 0]);
        yield return Case("trailing-byte", 4, [.. PartialTree.Build(l, [0, 1]), 0]);
        yield return Case("cut-short", 4, PartialTree.Build(l, [0, 1])[..^1]);
        yield return Case("flag-without-leaf", 4, Bytes(4, [l[0], l[1], l[2], l[3]], 0b0011111));
    }

    private static IEnumerable<object> Receipts(MemoryLog log)
    {
        var note = LogKeys.CheckpointOf(log);
        for (var number = 1; number <= 3; number++)
        {
            using var witness = LogKeys.Witness(number);
            note = witness.Cosign(note, LogKeys.Noon + number);
        }

        var path = new LogProver(8, log.Read).Inclusion(5);
        var good = new TlogProof(5, path, LogKeys.Clock.Cosign(note, LogKeys.Noon)).ToString();
        var policy = TlogPolicy.Parse(LogKeys.ThreeOfFour);
        object Case(string name, string receipt, int entry = 5) => new
        {
            name,
            entry = Convert.ToHexStringLower(Entries[entry]),
            receipt,
            reason = ReasonOf(receipt, LogTree.LeafHash(Entries[entry]), policy),
        };
        yield return Case("good", good);
        yield return Case("another-entry", good, 6);
        yield return Case("index-plus-1", good.Replace("index 5", "index 6", StringComparison.Ordinal));
        yield return Case("size-plus-1", good.Replace("\n8\n", "\n9\n", StringComparison.Ordinal));
        yield return Case("path-without-last", new TlogProof(5, path[..^1], note).ToString());
        yield return Case("path-with-one-more", new TlogProof(5, [.. path, path[0]], note).ToString());
        yield return Case("stripped-witnesses", new TlogProof(5, path, LogKeys.CheckpointOf(log)).ToString());
        yield return Case("another-log", good.Replace(LogKeys.Origin, "log.example/elsewhere", StringComparison.Ordinal));
        yield return Case("trailing-garbage", good + "x");
        yield return Case("carriage-returns", good.Replace("\n", "\r\n", StringComparison.Ordinal));
    }
}
