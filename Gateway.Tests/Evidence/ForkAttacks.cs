using System.Collections.Immutable;
using System.Text;
using System.Text.Json.Nodes;
using Evidence;
using Evidence.Log;

namespace Gateway.Tests.Evidence;

/// <summary>A log that shows two histories at different sizes, and proofs of consistency that are bent, forged, left out or of nothing shown.</summary>
internal static class ForkAttacks
{
    private const string Origin = "log.example/test";

    public static IEnumerable<Attack> All(TestTruck truck)
    {
        // The same keys, another history: what its operator showed to somebody else.
        using var fork = new TestTruck(like: truck);
        for (var i = 0; i < 40; i++)
        {
            fork.Seal(1);
        }

        var note = fork.Content().Beacons[^1];
        var last = TlogProof.Parse(truck.Batches[^1].Receipt!).Checkpoint;
        var size = Checkpoint.Parse(SignedNote.Parse(note).Text).Size;
        yield return Beside(truck, "forked-head-of-another-size-without-a-proof", VerdictWord.Verified, Fault.None, note, null);
        yield return Beside(truck, "forked-head-of-another-size", VerdictWord.Changed, Fault.LogForked, note, fork.Consistency(last.Size, size));
        yield return Beside(truck, "forked-head-with-a-made-up-proof", VerdictWord.Changed, Fault.LogForked, note,
            [.. Enumerable.Range(0, 6).Select(i => Digest.Of([(byte)i]))]);
        yield return Beside(truck, "forked-head-with-an-empty-proof", VerdictWord.Changed, Fault.LogForked, note, []);
        yield return Beside(truck, "forked-head-with-a-proof-about-heads-not-shown", VerdictWord.Verified, Fault.None, note,
            fork.Consistency(last.Size, size), from: 3_000, to: 4_000);

        yield return Beyond(truck, last.Size);

        yield return Attacks.Bend(truck, "consistency-left-out", VerdictWord.Verified, Fault.None, b => b.Remove("consistency"));
        yield return Attacks.Bend(truck, "consistency-of-one-head-left-out", VerdictWord.Verified, Fault.None, b => Proofs(b).RemoveAt(0));
        yield return Attacks.Bend(truck, "consistency-changed", VerdictWord.Changed, Fault.LogForked, b => Attacks.Flip(Proof(b), "path", 3));
        yield return Attacks.Bend(truck, "consistency-with-a-hash-too-many", VerdictWord.Changed, Fault.LogForked, b =>
            Path(b, path => [.. path, .. new byte[32]]));
        yield return Attacks.Bend(truck, "consistency-with-a-hash-too-few", VerdictWord.Changed, Fault.LogForked, b => Path(b, path => path[..^32]));
        yield return Attacks.Bend(truck, "consistency-of-half-a-hash", VerdictWord.CannotCheck, Fault.FormUnreadable, b => Path(b, path => path[..^16]));
        yield return Attacks.Bend(truck, "consistency-backwards", VerdictWord.CannotCheck, Fault.FormUnreadable, b =>
            (Proof(b)["from"], Proof(b)["to"]) = (Proof(b)["to"]!.DeepClone(), Proof(b)["from"]!.DeepClone()));
        yield return Attacks.Bend(truck, "consistency-of-another-log", VerdictWord.Verified, Fault.None, b => Proof(b)["origin"] = "log.example/other");
        yield return Attacks.Bend(truck, "markup-in-the-consistency", VerdictWord.CannotCheck, Fault.FormUnreadable, b => Proof(b)["from"] = "<script>");
    }

    /// <summary>The truck's bundle with one more beacon, and a proof from its last receipt's head to that, or between other sizes.</summary>
    private static Attack Beside(TestTruck truck, string name, VerdictWord word, Fault fault, string note, ImmutableArray<Digest>? path, long? from = null,
        long? to = null) => Attacks.Bend(truck, name, word, fault, b =>
        {
            b["beacons"]!.AsArray().Add(Convert.ToBase64String(Encoding.UTF8.GetBytes(note)));
            if (path is { } hashes)
            {
                Proofs(b).Add(Shown(from ?? TlogProof.Parse(truck.Batches[^1].Receipt!).Checkpoint.Size,
                    to ?? Checkpoint.Parse(SignedNote.Parse(note).Text).Size, hashes));
            }
        });

    /// <summary>F-171: two histories that both begin with the last receipt's list, each with its proof, and none from one to the other.</summary>
    private static Attack Beyond(TestTruck truck, long from) =>
        Attacks.Bend(truck, "forks-beyond-a-proven-beginning", VerdictWord.Verified, Fault.None, b =>
        {
            foreach (var other in new[] { truck.Continued(from, truck.NowMs, Digest.Of([1])), truck.Continued(from, truck.NowMs, Digest.Of([2]), Digest.Of([3])) })
            {
                b["beacons"]!.AsArray().Add(Convert.ToBase64String(Encoding.UTF8.GetBytes(other.Note)));
                Proofs(b).Add(Shown(from, other.Size, other.Path));
            }
        });

    private static JsonObject Shown(long from, long to, ImmutableArray<Digest> path) => new()
    {
        ["origin"] = Origin,
        ["from"] = from,
        ["to"] = to,
        ["path"] = Convert.ToBase64String(path.SelectMany(hash => hash.ToBytes()).ToArray()),
    };

    private static void Path(JsonNode bundle, Func<byte[], byte[]> change) =>
        Proof(bundle)["path"] = Convert.ToBase64String(change(Attacks.Bytes(Proof(bundle)["path"])));

    private static JsonArray Proofs(JsonNode bundle) => bundle["consistency"]!.AsArray();

    private static JsonObject Proof(JsonNode bundle) => Proofs(bundle)[0]!.AsObject();
}
