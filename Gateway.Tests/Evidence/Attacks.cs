using System.Collections.Immutable;
using System.Formats.Cbor;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Evidence;
using Evidence.Log;

namespace Gateway.Tests.Evidence;

/// <summary>One tampering, what it makes of a bundle, and the answer that every verifier of ours must give.</summary>
/// <param name="Name">What was done, in words joined by hyphens; the golden file's name.</param>
public sealed record Attack(string Name, byte[] Bundle, VerdictWord Word, Fault Fault)
{
    /// <summary>The reader's policy, where it is not the good one.</summary>
    public VerifierPolicy? Policy { get; init; }

    /// <summary>What must be said about a page of hash <see cref="ReleaseAttacks.Page"/>, and about the first release; null where the bundle
    /// carries none.</summary>
    public (PageStanding Standing, Fault First)? Page { get; init; }
}

/// <summary>Every way we know to bend a bundle. A new one found is added here and never taken out.</summary>
public static class Attacks
{
    private static readonly BigInteger P256Order = BigInteger.Parse(
        "0FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551", System.Globalization.NumberStyles.HexNumber, null);

    /// <summary>All attacks on records of one truck, which the policy trusts.</summary>
    public static IEnumerable<Attack> All(TestTruck truck, TestTruck stranger) =>
    [
        .. OnWhatIsShown(truck), .. OnTheChain(truck), .. OpeningAttacks.All(truck), .. OnTheTree(truck), .. OnSignatures(truck), .. OnTheLog(truck, stranger),
            .. OnTheForm(truck),
        .. TreeAttacks.All(truck), .. FurtherAttacks.All(truck, stranger), .. TimeAttacks.All(truck),
        .. ReleaseAttacks.All(truck, stranger), .. EdgeRecords.All(truck),
        .. ForkAttacks.All(truck), .. RevocationAttacks.All(truck, stranger),
        .. WithdrawalAttacks.All(truck, stranger),
    ];

    internal static JsonObject Json(TestTruck truck, DisclosureLevel level = DisclosureLevel.Readings) =>
        JsonNode.Parse(truck.Bundle(level))!.AsObject();

    internal static JsonObject BatchAt(JsonObject bundle, int i) => bundle["batches"]![i]!.AsObject();

    internal static byte[] Bytes(JsonNode? node) => Convert.FromBase64String(node!.GetValue<string>());

    internal static byte[] Utf8(JsonNode bundle) => Encoding.UTF8.GetBytes(bundle.ToJsonString());

    internal static Attack Bend(TestTruck truck, string name, VerdictWord word, Fault fault, Action<JsonObject> bend,
        DisclosureLevel level = DisclosureLevel.Readings)
    {
        var bundle = Json(truck, level);
        bend(bundle);
        return new(name, Utf8(bundle), word, fault);
    }

    internal static void Flip(JsonObject parent, string field, int at, byte mask = 1)
    {
        var bytes = Bytes(parent[field]);
        bytes[at < 0 ? bytes.Length + at : at] ^= mask;
        parent[field] = Convert.ToBase64String(bytes);
    }

    private static IEnumerable<Attack> OnWhatIsShown(TestTruck truck)
    {
        yield return new("untouched", truck.Bundle(), VerdictWord.Verified, Fault.None);
        yield return Bend(truck, "changed-reading", VerdictWord.Changed, Fault.RootMismatch, b => ReColumn(b, 1, c => c with
        {
            Samples = c.Samples.SetItem(2, new(Outcome.Measured, new MilliCelsius(5_555), 0)),
        }));
        yield return Bend(truck, "failed-reading-made-good", VerdictWord.Changed, Fault.RootMismatch, b => ReColumn(b, 2, c => c with
        {
            Samples = c.Samples.SetItem(1, new(Outcome.Measured, new MilliCelsius(5_000), 0)),
        }));
        yield return Bend(truck, "reading-moved-in-time", VerdictWord.Changed, Fault.RootMismatch,
            b => ReColumn(b, 1, c => c with { Times = c.Times.SetItem(2, c.Times[2] + 1) }));
        yield return Bend(truck, "readings-renumbered", VerdictWord.Changed, Fault.RootMismatch,
            b => ReColumn(b, 1, c => c with { FirstSequence = c.FirstSequence + 1 }));
        yield return Bend(truck, "wrong-salt-key", VerdictWord.Changed, Fault.RootMismatch,
            b => ReColumn(b, 1, c => c with { SaltKey = c.SaltKey.SetItem(0, (byte)(c.SaltKey[0] ^ 1)) }));
        yield return Bend(truck, "left-out-reading", VerdictWord.Incomplete, Fault.SequenceHole, b => CutColumn(b, truck, 1));
        yield return Bend(truck, "left-out-last-reading", VerdictWord.Changed, Fault.SummaryContradicted, b =>
            CutColumn(b, truck, truck.Batches.Count - 1));
        yield return Bend(truck, "another-channels-data", VerdictWord.Changed, Fault.OtherChannel, b => b["channels"] = new JsonArray(1));
        yield return Bend(truck, "channel-relabelled", VerdictWord.Changed, Fault.OtherChannel,
            b => ReColumn(b, 1, c => c with { Channel = new(1) }));
        yield return Bend(truck, "readings-of-a-batch-not-shown", VerdictWord.Incomplete, Fault.SequenceHole, b =>
        {
            BatchAt(b, 1).Remove("columns");
            BatchAt(b, 1).Remove("path");
            BatchAt(b, 1).Remove("leaves");
        });
        yield return Bend(truck, "changed-summary", VerdictWord.Changed, Fault.LeafNotInTree, b =>
        {
            var leaf = (SummaryLeaf)Leaf.Decode(Bytes(BatchAt(b, 1)["leaves"]![0]![1]));
            BatchAt(b, 1)["leaves"]![0]![1] = Convert.ToBase64String((leaf with { Max = new MilliCelsius(5_000) }).Encode());
        }, DisclosureLevel.Summaries);
        yield return Bend(truck, "summary-not-shown", VerdictWord.Incomplete, Fault.SummaryMissing, b =>
        {
            BatchAt(b, 1).Remove("leaves");
            BatchAt(b, 1).Remove("tree");
        }, DisclosureLevel.Summaries);
        yield return Lie(truck, "gateway-lies-in-its-verdict", Fault.VerdictContradicted, leaf => leaf is VerdictLeaf v
            ? v with { OutCount = 0 } : leaf);
        yield return Lie(truck, "gateway-lies-about-its-limits", Fault.LimitsContradicted, leaf => leaf is VerdictLeaf v
            ? v with { High = new(99_000) } : leaf);
        yield return Lie(truck, "gateway-lies-in-its-summary", Fault.SummaryContradicted, leaf => leaf is SummaryLeaf s
            ? s with { Max = new MilliCelsius(7_000) } : leaf);
    }

    private static IEnumerable<Attack> OnTheChain(TestTruck truck)
    {
        yield return Bend(truck, "left-out-batch", VerdictWord.Incomplete, Fault.BatchMissing, b => b["batches"]!.AsArray().RemoveAt(2));
        yield return Bend(truck, "repeated-batch", VerdictWord.Changed, Fault.BatchRepeated,
            b => b["batches"]!.AsArray().Insert(2, BatchAt(b, 1).DeepClone()));
        yield return Bend(truck, "swapped-batches", VerdictWord.Incomplete, Fault.BatchMissing, b =>
        {
            var array = b["batches"]!.AsArray();
            var batch = array[1]!;
            array.RemoveAt(1);
            array.Insert(2, batch);
        });
        yield return Bend(truck, "cut-head", VerdictWord.Incomplete, Fault.WindowStart, b => b["batches"]!.AsArray().RemoveAt(0));
        yield return Bend(truck, "cut-tail", VerdictWord.Incomplete, Fault.WindowEnd, b =>
            b["batches"]!.AsArray().RemoveAt(truck.Batches.Count - 1));
        yield return Bend(truck, "cut-tail-and-window", VerdictWord.Incomplete, Fault.SummaryMissing, b =>
        {
            b["batches"]!.AsArray().RemoveAt(truck.Batches.Count - 1);
            b["window"]!["to"] = truck.Batches[^2].Header.ClosedMs;
        });
        yield return Bend(truck, "wider-window", VerdictWord.Incomplete, Fault.WindowEnd, b =>
            b["window"]!["to"] = truck.Batches[^1].Header.ClosedMs + 1);
        yield return Forge(truck, "second-history", VerdictWord.Changed, Fault.PreviousMismatch, 2, h =>
            h with { Beacon = Digest.Of([1]) });
        yield return Forge(truck, "header-of-another-gateway", VerdictWord.Changed, Fault.HeaderGateway, 2, h =>
            h with { Gateway = new(new Guid("00000000-0000-4000-8000-000000000001")) });
        yield return Forge(truck, "unknown-manifest", VerdictWord.Incomplete, Fault.ManifestMissing, 2, h =>
            h with { Manifest = Digest.Of([2]) });
        yield return Forge(truck, "leaf-count-changed-and-signed", VerdictWord.Changed, Fault.PreviousMismatch, 2, h =>
            h with { LeafCount = h.LeafCount + 1 });
        yield return Forge(truck, "more-channels-than-the-manifest", VerdictWord.Changed, Fault.PlaceWrong, 2, h =>
            h with { ChannelCount = 3 });
        yield return Bend(truck, "manifest-left-out", VerdictWord.Incomplete, Fault.ManifestMissing, b => b["manifests"] = new JsonArray());
        yield return Bend(truck, "changed-manifest", VerdictWord.Incomplete, Fault.ManifestMissing, b =>
        {
            var wide = truck.Manifest with { Channels = [.. truck.Manifest.Channels.Select(c => c with { High = new(25_000) })] };
            b["manifests"]![0]!["statement"] = Convert.ToBase64String(
                Statement.Sign(StatementKind.Manifest, "authority:test", wide.Encode(), truck.AuthorityKey).Bytes.AsSpan());
            b["manifests"]![0]!["openings"]![0]![1] = Convert.ToBase64String(wide.Channels[0].Open());
        });
    }

    private static IEnumerable<Attack> OnTheTree(TestTruck truck)
    {
        yield return Bend(truck, "changed-tree-hash", VerdictWord.Changed, Fault.RootMismatch, b => Flip(BatchAt(b, 1), "path", 5));
        yield return Bend(truck, "tree-hash-left-out", VerdictWord.Changed, Fault.TreeUnreadable, b =>
            BatchAt(b, 1)["path"] = Convert.ToBase64String(Bytes(BatchAt(b, 1)["path"])[32..]));
        yield return Bend(truck, "tree-hash-too-many", VerdictWord.Changed, Fault.TreeUnreadable, b =>
            BatchAt(b, 1)["path"] = Convert.ToBase64String([.. Bytes(BatchAt(b, 1)["path"]), .. new byte[32]]));
        yield return Bend(truck, "tree-and-path", VerdictWord.CannotCheck, Fault.FormBatch, b => BatchAt(b, 1)["tree"] = "AAAA");
        yield return Bend(truck, "neither-tree-nor-path", VerdictWord.CannotCheck, Fault.FormBatch, b => BatchAt(b, 1).Remove("path"));
        yield return Bend(truck, "column-at-another-place", VerdictWord.Changed, Fault.RootMismatch, b =>
            ReColumn(b, 1, c => c with { First = c.First + 1 }));
        yield return Bend(truck, "column-over-the-summaries", VerdictWord.Changed, Fault.PlaceWrong, b =>
            ReColumn(b, 1, c => c with { First = 1 }));
        yield return Bend(truck, "summary-at-another-place", VerdictWord.Changed, Fault.PlaceWrong,
            b => BatchAt(b, 1)["leaves"]![0]![0] = 1, DisclosureLevel.Summaries);
        yield return Bend(truck, "column-twice", VerdictWord.Changed, Fault.PlaceWrong,
            b => BatchAt(b, 1)["columns"]!.AsArray().Add(BatchAt(b, 1)["columns"]![0]!.DeepClone()));
    }

    private static IEnumerable<Attack> OnSignatures(TestTruck truck)
    {
        yield return Bend(truck, "changed-header", VerdictWord.Changed, Fault.HeaderSignature, b => Flip(BatchAt(b, 1), "header", -80));
        yield return Bend(truck, "changed-signature", VerdictWord.Changed, Fault.HeaderSignature, b => Flip(BatchAt(b, 1), "header", -1));
        yield return Bend(truck, "signed-by-another-key", VerdictWord.Changed, Fault.HeaderSignature, b =>
        {
            using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            BatchAt(b, 1)["header"] = Convert.ToBase64String(Statement.Sign(StatementKind.Batch, Statement.IssuerOf(truck.Id),
                truck.Batches[1].Header.Encode(), other).Bytes.AsSpan());
        });
        yield return Bend(truck, "malleated-signature", VerdictWord.Verified, Fault.None, b => Malleate(BatchAt(b, 1)));
        yield return Bend(truck, "malleated-signature-with-a-receipt", VerdictWord.Changed, Fault.ReceiptOfAnother, b =>
            Malleate(BatchAt(b, truck.Batches.Count - 1)));
        yield return Bend(truck, "signature-in-der", VerdictWord.Changed, Fault.HeaderUnreadable, b =>
            ReCose(BatchAt(b, 1), (header, payload, signature) =>
            (header, payload, truck.GatewayKey.SignData(payload, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence))));
        yield return Bend(truck, "another-algorithm", VerdictWord.Changed, Fault.HeaderUnreadable, b =>
            ReCose(BatchAt(b, 1), (header, payload, signature) =>
        {
            header[2] = 0x27; // alg −8 (EdDSA) in place of −7
            return (header, payload, signature);
        }));
        yield return Bend(truck, "unprotected-header-added", VerdictWord.Verified, Fault.None, b =>
            ReCose(BatchAt(b, 1), (h, p, s) => (h, p, s), unprotected: true));
        yield return Bend(truck, "manifest-signed-by-a-stranger", VerdictWord.SignerUnknown, Fault.AuthorityUnknown, b =>
        {
            using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            b["manifests"]![0]!["statement"] = Convert.ToBase64String(Statement.Sign(StatementKind.Manifest, "authority:test",
                truck.Manifest.Encode(), other).Bytes.AsSpan());
        });
        yield return Bend(truck, "manifest-signature-changed", VerdictWord.Changed, Fault.ManifestSignature, b =>
            Flip(b["manifests"]![0]!.AsObject(), "statement", -1));
    }

    private static IEnumerable<Attack> OnTheLog(TestTruck truck, TestTruck stranger)
    {
        var last = truck.Batches.Count - 1;
        yield return Bend(truck, "receipt-of-another-batch", VerdictWord.Changed, Fault.ReceiptOfAnother,
            b => BatchAt(b, last)["receipt"] = Text(truck.Batches[1].Receipt!));
        yield return Bend(truck, "receipt-taken-away", VerdictWord.NotYetAnchored, Fault.ReceiptMissing, b =>
            BatchAt(b, last).Remove("receipt"));
        yield return Bend(truck, "receipt-is-rubbish", VerdictWord.Changed, Fault.ReceiptUnreadable, b =>
            BatchAt(b, last)["receipt"] = Text("hello"));
        yield return Bend(truck, "checkpoint-changed", VerdictWord.Changed, Fault.ReceiptInvalid,
            b => BatchAt(b, last)["receipt"] = Text(ReCheckpoint(truck, truck.Batches[last].Receipt!)));
        yield return Bend(truck, "stripped-witness", VerdictWord.Incomplete, Fault.QuorumMissing, b => BatchAt(b, last)["receipt"] =
            Text(string.Join('\n', truck.Batches[last].Receipt!.Split('\n')
                .Where(line => !line.StartsWith("— witness.example", StringComparison.Ordinal)))));
        yield return Bend(truck, "receipt-of-an-unknown-log", VerdictWord.SignerUnknown, Fault.LogUnknown, b =>
            BatchAt(b, last)["receipt"] =
            Text(truck.Batches[last].Receipt!.Replace("log.example/test", "log.example/other", StringComparison.Ordinal)));
        yield return Bend(truck, "receipt-signed-by-a-false-log", VerdictWord.Changed, Fault.ReceiptInvalid,
            b => BatchAt(b, last)["receipt"] = Text(stranger.Log(truck.Batches[last].Statement, truck.NowMs)));
        yield return new("revoked-key", BundleWriter.Write(truck.Content() with
        {
            Revocations = [new(Revoke(truck, truck.AuthorityKey, 3),
            null)]
        }),
            VerdictWord.SignerUnknown, Fault.KeyRevoked);
        yield return new("key-revoked-later", BundleWriter.Write(truck.Content() with
        {
            Revocations = [new(Revoke(truck,
            truck.AuthorityKey, 1_000), null)]
        }),
            VerdictWord.Verified, Fault.None);
        yield return new("revoked-by-a-stranger", BundleWriter.Write(truck.Content() with
        {
            Revocations = [new(Revoke(truck,
            stranger.AuthorityKey, 3), null)]
        }),
            VerdictWord.CannotCheck, Fault.RevocationUnreadable);
        yield return new("everything-forged", stranger.Bundle(), VerdictWord.SignerUnknown, Fault.AuthorityUnknown);
    }

    private static IEnumerable<Attack> OnTheForm(TestTruck truck)
    {
        const VerdictWord cannot = VerdictWord.CannotCheck;
        const Fault form = Fault.FormUnreadable;
        yield return new("empty-file", [], cannot, form);
        yield return new("truncated-file", truck.Bundle()[..2_000], cannot, form);
        yield return Bend(truck, "unknown-format-version", cannot, form, b => b["format"] = "coldproof/2");
        yield return Bend(truck, "unknown-field", cannot, form, b => b["comment"] = "<script>alert(1)</script>");
        yield return Bend(truck, "no-batches", cannot, Fault.FormBatch, b => b["batches"] = new JsonArray());
        yield return Bend(truck, "window-backwards", cannot, form, b => b["window"]!["to"] = 0);
        yield return Bend(truck, "channel-out-of-range", cannot, form, b => b["channels"] = new JsonArray(99));
        yield return Bend(truck, "base64-with-white-space", cannot, form, b => BatchAt(b, 1)["header"] = " "
            + BatchAt(b, 1)["header"]!.GetValue<string>());
        yield return Bend(truck, "base64-with-trailing-bits", cannot, form, b =>
        {
            var text = b["manifests"]![0]!["receipt"]!.GetValue<string>();
            var header = BatchAt(b, 1)["path"]!.GetValue<string>();
            var field = header.EndsWith('=') ? header : text;
            var at = field.TrimEnd('=').Length - 1;
            var changed = field[..at] + (char)(field[at] + 1) + field[(at + 1)..];
            if (header.EndsWith('='))
            {
                BatchAt(b, 1)["path"] = changed;
            }
            else
            {
                b["manifests"]![0]!["receipt"] = changed;
            }
        });
        yield return Bend(truck, "leaf-of-31-bytes", VerdictWord.Changed, Fault.LeafUnreadable,
            b => BatchAt(b, 1)["leaves"]![0]![1] = Convert.ToBase64String(new byte[31]), DisclosureLevel.Summaries);
        yield return Bend(truck, "leaf-of-an-unknown-kind", VerdictWord.Changed, Fault.LeafUnreadable, b =>
        {
            var bytes = Bytes(BatchAt(b, 1)["leaves"]![0]![1]);
            bytes[1] = 9;
            BatchAt(b, 1)["leaves"]![0]![1] = Convert.ToBase64String(bytes);
        }, DisclosureLevel.Summaries);
        yield return Bend(truck, "leaf-not-deterministic", VerdictWord.Changed, Fault.LeafUnreadable, b =>
        {
            var bytes = Bytes(BatchAt(b, 1)["leaves"]![0]![1]);
            BatchAt(b, 1)["leaves"]![0]![1] = Convert.ToBase64String([bytes[0], 0x18, .. bytes[1..]]);
        }, DisclosureLevel.Summaries);
        yield return Bend(truck, "column-is-rubbish", VerdictWord.Changed, Fault.ColumnUnreadable, b =>
            BatchAt(b, 1)["columns"]![0] = "AAAA");
        yield return Bend(truck, "header-is-rubbish", VerdictWord.Changed, Fault.HeaderUnreadable, b => BatchAt(b, 1)["header"] = "AAAA");
        yield return Bend(truck, "manifest-is-rubbish", VerdictWord.Changed, Fault.ManifestUnreadable, b =>
            b["manifests"]![0]!["statement"] = "AAAA");
    }

    private static JsonValue Text(string receipt) => JsonValue.Create(Convert.ToBase64String(Encoding.UTF8.GetBytes(receipt)));

    private static Statement Revoke(TestTruck truck, ECDsa by, long from) => Statement.Sign(StatementKind.Revocation, "authority:test",
        new Revocation(truck.Manifest.Key.IdHex, from, "stolen").Encode(), by);

    private static string ReCheckpoint(TestTruck truck, string receipt)
    {
        var proof = TlogProof.Parse(receipt);
        return receipt.Replace(proof.Note.Text, proof.Note.Text + "extension\n", StringComparison.Ordinal);
    }

    private static void ReColumn(JsonObject bundle, int batch, Func<DisclosedColumn, DisclosedColumn> change) =>
        BatchAt(bundle, batch)["columns"]![0] = Convert.ToBase64String(change(DisclosedColumn.Decode(Bytes(BatchAt(bundle,
            batch)["columns"]![0]))).Encode());

    /// <summary>Hides a batch's last reading properly: the column ends before it, and its hash becomes one of the path.</summary>
    private static void CutColumn(JsonObject bundle, TestTruck truck, int at)
    {
        var batch = truck.Batches[at];
        ReColumn(bundle, at, c => c with { Times = c.Times[..^1], Samples = c.Samples[..^1] });
        var column = DisclosedColumn.Decode(Bytes(BatchAt(bundle, at)["columns"]![0]));
        var places = BatchAt(bundle, at)["leaves"]!.AsArray().Select(leaf => leaf![0]!.GetValue<int>())
            .Concat(Enumerable.Range(column.First, column.Samples.Length)).Order().ToArray();
        var hashes = BatchLeaves.Hashes(BatchLeaves.Build(batch.Body, batch.Header.OpenedMs, truck.Manifest.Channels));
        BatchAt(bundle, at)["path"] = Convert.ToBase64String(SiblingPath.Build(hashes.AsSpan(), places));
    }

    /// <summary>The gateway itself signs another header for the last batch's place but one, or whatever batch is named.</summary>
    private static Attack Forge(TestTruck truck, string name, VerdictWord word, Fault fault, int at, Func<BatchHeader,
        BatchHeader> change) =>
        Bend(truck, name, word, fault, b => BatchAt(b, at)["header"] = Convert.ToBase64String(
            Statement.Sign(StatementKind.Batch, Statement.IssuerOf(truck.Id), change(truck.Batches[at].Header).Encode(),
                truck.GatewayKey).Bytes.AsSpan()));

    /// <summary>A gateway that signs a false claim into its last batch: every hash fits, and the readings contradict it.</summary>
    private static Attack Lie(TestTruck truck, string name, Fault fault, Func<Leaf, Leaf> lie)
    {
        var batch = truck.Batches[^1];
        var leaves = BatchLeaves.Build(batch.Body, batch.Header.OpenedMs, truck.Manifest.Channels).Select(lie).ToImmutableArray();
        var hashes = BatchLeaves.Hashes(leaves);
        return Bend(truck, name, VerdictWord.Changed, fault, b =>
        {
            var shown = BatchAt(b, truck.Batches.Count - 1);
            shown["header"] = Convert.ToBase64String(Statement.Sign(StatementKind.Batch, Statement.IssuerOf(truck.Id),
                (batch.Header with { Root = BatchTree.Root(hashes.AsSpan()) }).Encode(), truck.GatewayKey).Bytes.AsSpan());
            var places = new List<int>();
            foreach (var leaf in shown["leaves"]!.AsArray())
            {
                places.Add(leaf![0]!.GetValue<int>());
                leaf[1] = Convert.ToBase64String(leaves[places[^1]].Encode());
            }

            places.AddRange(Enumerable.Range(batch.Body.FirstPlace(0), batch.Body.Rounds.Length));
            shown["path"] = Convert.ToBase64String(SiblingPath.Build(hashes.AsSpan(), [.. places.Order()]));
        });
    }

    private static void Malleate(JsonObject batch) => ReCose(batch, (header, payload, signature) =>
    {
        var s = new BigInteger(signature.AsSpan(32), isUnsigned: true, isBigEndian: true);
        var other = (P256Order - s).ToByteArray(isUnsigned: true, isBigEndian: true);
        return (header, payload, [.. signature[..32], .. new byte[32 - other.Length], .. other]);
    });

    internal static void ReCose(JsonObject batch, Func<byte[], byte[], byte[], (byte[] Header, byte[] Payload, byte[] Signature)> change,
        bool unprotected = false)
    {
        var reader = new CborReader(Bytes(batch["header"]));
        reader.ReadTag();
        reader.ReadStartArray();
        var header = reader.ReadByteString();
        reader.SkipValue();
        var parts = change(header, reader.ReadByteString(), reader.ReadByteString());
        var writer = new CborWriter();
        writer.WriteTag((CborTag)18);
        writer.WriteStartArray(4);
        writer.WriteByteString(parts.Header);
        writer.WriteStartMap(unprotected ? 1 : 0);
        if (unprotected)
        {
            writer.WriteInt32(4);
            writer.WriteByteString([1, 2, 3]);
        }

        writer.WriteEndMap();
        writer.WriteByteString(parts.Payload);
        writer.WriteByteString(parts.Signature);
        writer.WriteEndArray();
        batch["header"] = Convert.ToBase64String(writer.Encode());
    }
}
