using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Evidence;
using Evidence.Log;

namespace Gateway.Tests.Evidence;

/// <summary>Tamperings with the container's own form, with signatures and keys, with receipts, and with texts of every script.</summary>
internal static class FurtherAttacks
{
    /// <summary>Texts that steer instead of being read, or that no font of ours may have.</summary>
    private static readonly ImmutableArray<(string Name, string Text)> Texts =
    [
        ("markup", "<b onclick=alert(1)>&quot;'"), ("right-to-left", "\u202egnp.exe \u0627\u0644\u0644\u0642\u0627\u062d"), ("chinese", "\u75ab\u82d7\u51b7\u85cf\u7bb1"),
        ("control-characters", "a\0b\u001b[31m\r\nc\u0085\u2028d"), ("marks-and-joiners", "e\u0301\u0327\u0489\u200d\ud83d\udc69\u200d\ud83d\udd2c\ufeff"),
        ("template-signs", "{{0}} ${x} %s {0} ]]>"),
    ];

    public static IEnumerable<Attack> All(TestTruck truck, TestTruck stranger) =>
        [.. OnTheContainer(truck), .. OnStatements(truck, stranger), .. OnReceipts(truck, stranger), .. OnTexts(truck), .. OnManifests(truck),
            .. OnPolicies(truck, stranger)];

    private static IEnumerable<Attack> OnTheContainer(TestTruck truck)
    {
        var good = Encoding.UTF8.GetString(truck.Bundle());
        foreach (var (name, text) in new[]
        {
            ("field-twice", good.Replace("\"level\":", "\"level\":\"headers\",\"level\":", StringComparison.Ordinal)),
            ("text-behind-the-json", good + "{}"), ("comment-in-the-json", "/* checked by us */" + good), ("byte-order-mark", "\ufeff" + good),
            ("number-as-a-fraction", good.Replace("\"channels\":[0]", "\"channels\":[0.5]", StringComparison.Ordinal)),
            ("nested-too-deep", good.Replace("\"revocations\":[]", "\"revocations\":" + new string('[', 200) + new string(']', 200), StringComparison.Ordinal)),
            ("a-list-instead", "[" + good + "]"), ("a-word-instead", "\"VERIFIED\""), ("verdict-in-the-bundle", "{\"word\":\"Verified\"," + good[1..]),
        })
        {
            yield return new(name, Encoding.UTF8.GetBytes(text), VerdictWord.CannotCheck, Fault.FormUnreadable);
        }

        var bytes = Encoding.UTF8.GetBytes(good);
        bytes[good.IndexOf("readings", StringComparison.Ordinal)] = 0xff;
        yield return new("not-utf-8", bytes, VerdictWord.CannotCheck, Fault.FormUnreadable);
        yield return Attacks.Bend(truck, "base64-of-the-web", VerdictWord.CannotCheck, Fault.FormUnreadable, b =>
            Attacks.BatchAt(b, 1)["path"] = Convert.ToBase64String([.. Enumerable.Repeat((byte)0xfb, 32)]).Replace('+', '-').Replace('/', '_'));
        yield return Attacks.Bend(truck, "base64-without-padding", VerdictWord.CannotCheck, Fault.FormUnreadable, b =>
            Attacks.BatchAt(b, 1)["path"] = Attacks.BatchAt(b, 1)["path"]!.GetValue<string>().TrimEnd('=') + "AA");
        yield return Attacks.Bend(truck, "gateway-in-capitals", VerdictWord.CannotCheck, Fault.FormUnreadable, b =>
            b["gateway"] = b["gateway"]!.GetValue<string>().ToUpperInvariant());
        yield return Attacks.Bend(truck, "another-gateways-name", VerdictWord.Changed, Fault.ManifestGateway, b =>
            b["gateway"] = "00000000-0000-4000-8000-000000000001");
        yield return Attacks.Bend(truck, "level-claimed-higher", VerdictWord.Incomplete, Fault.SequenceHole, b => b["level"] = "readings", DisclosureLevel.Summaries);
        yield return Attacks.Bend(truck, "channel-that-nobody-has", VerdictWord.Incomplete, Fault.ChannelNotShown, b =>
        {
            b["channels"] = new JsonArray(7);
            b["manifests"]![0]!["openings"] = new JsonArray();
            foreach (var batch in b["batches"]!.AsArray())
            {
                batch!.AsObject().Remove("columns");
                batch.AsObject().Remove("leaves");
                batch.AsObject().Remove("path");
            }
        });
    }

    private static IEnumerable<Attack> OnStatements(TestTruck truck, TestTruck stranger)
    {
        yield return Header(truck, "signature-of-zeros", Fault.HeaderSignature, (header, payload, _) => (header, payload, new byte[64]));
        yield return Header(truck, "signature-of-ones", Fault.HeaderSignature, (header, payload, _) => (header, payload, [.. Enumerable.Repeat((byte)0xff, 64)]));
        yield return Header(truck, "key-name-of-another", Fault.HeaderSignature, (header, payload, signature) =>
        {
            var at = header.AsSpan().IndexOf(truck.Manifest.Key.Id.AsSpan());
            stranger.Manifest.Key.Id.AsSpan().CopyTo(header.AsSpan(at));
            return (header, payload, signature);
        });
        yield return Header(truck, "no-algorithm-named", Fault.HeaderUnreadable, (_, payload, signature) => ([0xa0], payload, signature));
        yield return Header(truck, "header-of-version-two", Fault.HeaderUnreadable, (_, payload, _) => Resigned(truck, [payload[0], 2, .. payload[2..]]));
        yield return Header(truck, "header-of-indefinite-length", Fault.HeaderUnreadable, (_, payload, _) => Resigned(truck, [0x9f, .. payload[1..], 0xff]));
        yield return Header(truck, "header-with-bytes-behind", Fault.HeaderUnreadable, (_, payload, _) => Resigned(truck, [.. payload, 0]));
        yield return Swap(truck, "header-without-its-tag", Fault.HeaderUnreadable, truck.Batches[1].Statement.Bytes.AsSpan()[1..].ToArray());
        yield return Swap(truck, "header-of-another-kind", Fault.HeaderGateway, [.. Statement.Sign(StatementKind.Revocation, Statement.IssuerOf(truck.Id),
            truck.Batches[1].Header.Encode(), truck.GatewayKey).Bytes]);
        yield return Swap(truck, "header-in-another-gateways-name", Fault.HeaderGateway, [.. Statement.Sign(StatementKind.Batch,
            "urn:uuid:00000000-0000-4000-8000-000000000001", truck.Batches[1].Header.Encode(), truck.GatewayKey).Bytes]);
        yield return Swap(truck, "manifest-in-place-of-a-header", Fault.HeaderUnreadable, [.. truck.SignedManifest.Bytes]);
        yield return Attacks.Bend(truck, "forged-key-beside-the-true-one", VerdictWord.SignerUnknown, Fault.AuthorityUnknown, b =>
        {
            var forged = truck.Manifest with { Key = stranger.Manifest.Key };
            b["manifests"]!.AsArray().Add(new JsonObject
            {
                ["statement"] = Base64(Statement.Sign(StatementKind.Manifest, "authority:test", forged.Encode(), stranger.AuthorityKey).Bytes.AsSpan()),
                ["openings"] = b["manifests"]![0]!["openings"]!.DeepClone(),
            });
        });
        yield return Attacks.Bend(truck, "manifest-signed-by-the-gateway-itself", VerdictWord.SignerUnknown, Fault.AuthorityUnknown, b =>
            b["manifests"]![0]!["statement"] = Base64(Statement.Sign(StatementKind.Manifest, "authority:test", truck.Manifest.Encode(), truck.GatewayKey).Bytes.AsSpan()));
    }

    private static IEnumerable<Attack> OnReceipts(TestTruck truck, TestTruck stranger)
    {
        var good = truck.Batches[^1].Receipt!;
        yield return Receipted(truck, "receipt-with-an-extra-line", VerdictWord.Verified, Fault.None,
            good.Replace("\nindex ", "\nextra aGVsbG8=\nindex ", StringComparison.Ordinal));
        yield return Receipted(truck, "receipt-with-another-index", VerdictWord.Changed, Fault.ReceiptOfAnother, Reindexed(good, -1));
        yield return Receipted(truck, "receipt-with-an-index-beyond-the-log", VerdictWord.Changed, Fault.ReceiptOfAnother, Reindexed(good, 1_000));
        yield return Receipted(truck, "receipt-with-a-shorter-path", VerdictWord.Changed, Fault.ReceiptOfAnother, WithoutLine(good, 2));
        yield return Receipted(truck, "receipt-with-a-longer-path", VerdictWord.Changed, Fault.ReceiptInvalid,
            good.Replace("\n\n", "\n" + Convert.ToBase64String(new byte[32]) + "\n\n", StringComparison.Ordinal));
        yield return Receipted(truck, "receipt-in-windows-lines", VerdictWord.Changed, Fault.ReceiptUnreadable, good.Replace("\n", "\r\n", StringComparison.Ordinal));
        yield return Receipted(truck, "receipt-with-text-behind", VerdictWord.Changed, Fault.ReceiptUnreadable, good + "trusted by everyone\n");
        yield return Receipted(truck, "log-signature-taken-away", VerdictWord.Changed, Fault.ReceiptInvalid,
            Lines(good, line => !line.StartsWith("— log.example/test ", StringComparison.Ordinal)));
        yield return Receipted(truck, "clock-taken-away", VerdictWord.Incomplete, Fault.QuorumMissing,
            Lines(good, line => !line.StartsWith("— log.example/test/clock", StringComparison.Ordinal)));
        var false2 = NoteSigner.FromSeed("witness.example/w1", SignatureType.Cosignature, RandomNumberGenerator.GetBytes(32));
        var note = TlogProof.Parse(Lines(good, line => !line.StartsWith("— witness.example", StringComparison.Ordinal)));
        yield return Receipted(truck, "witness-of-the-same-name", VerdictWord.Incomplete, Fault.QuorumMissing,
            new TlogProof(note.Index, note.Path, false2.Cosign(note.Note, truck.NowMs / 1000)).ToString());
        yield return Receipted(truck, "cosignature-of-another-checkpoint", VerdictWord.Changed, Fault.ReceiptInvalid,
            Lines(good, line => !line.StartsWith("— witness.example", StringComparison.Ordinal))
            + truck.Batches[1].Receipt!.Split('\n').Single(line => line.StartsWith("— witness.example", StringComparison.Ordinal)) + "\n");
        false2.Dispose();
        yield return Attacks.Bend(truck, "beacon-of-a-false-log", VerdictWord.Verified, Fault.None, b =>
            b["beacons"] = new JsonArray(Base64(Encoding.UTF8.GetBytes(stranger.Content().Beacons[0])))); // Ignored: the bracket is wider, and says so.
        // Whoever runs the log shows this reader one history and others another, and one head of theirs came here.
        using var elsewhere = new TestTruck(like: truck);
        elsewhere.Seal(1);
        var theirs = elsewhere.Content().Beacons[0];
        yield return Attacks.Bend(truck, "two-heads-of-one-size", VerdictWord.Changed, Fault.LogForked, b =>
            b["beacons"]!.AsArray().Add(Base64(Encoding.UTF8.GetBytes(theirs))));
        yield return Attacks.Bend(truck, "beacon-is-rubbish", VerdictWord.Verified, Fault.None, b => b["beacons"] = new JsonArray("AAAA"));
    }

    /// <summary>Other trucks of the same authority and log, with texts wherever a text can stand: all is shown, nothing steers.</summary>
    private static IEnumerable<Attack> OnTexts(TestTruck truck)
    {
        foreach (var (name, text) in Texts)
        {
            using var other = new TestTruck(place: text, like: truck);
            other.Seal(4, null, null, new BatchEvent(new ChannelId(0), EventKind.Door, other.NowMs, EventDetail.Note(text, text)));
            other.Seal(4);
            yield return new($"{name}-in-places-and-events", other.Bundle(), VerdictWord.Verified, Fault.None);
        }
    }

    private static IEnumerable<Attack> OnManifests(TestTruck truck)
    {
        // The gateway's second manifest names another one as its predecessor than the one in force.
        using var other = new TestTruck(like: truck);
        other.Seal(4);
        var second = other.Manifest with { FirstNumber = 1, Previous = Digest.Of([9]) };
        var signed = second.Sign("authority:test", truck.AuthorityKey);
        other.Seal(4, change: header => header with { Manifest = signed.PayloadDigest });
        var bundle = JsonNode.Parse(BundleWriter.Write(other.Content() with
        {
            Manifests = [.. other.Content().Manifests, new(signed, null)],
        }))!;
        yield return new("manifest-that-does-not-follow", Attacks.Utf8(bundle), VerdictWord.Changed, Fault.ManifestChain);
    }

    /// <summary>A reader who was given an old policy, or a false one: what it no longer demands, nobody checks, and what it does not know is
    /// named.</summary>
    private static IEnumerable<Attack> OnPolicies(TestTruck truck, TestTruck stranger)
    {
        var policy = truck.Policy;
        yield return new("policy-of-another-authority", truck.Bundle(), VerdictWord.SignerUnknown, Fault.AuthorityUnknown)
        {
            Policy = policy with { Authorities = stranger.Policy.Authorities },
        };
        yield return new("policy-of-another-log", truck.Bundle(), VerdictWord.Changed, Fault.ReceiptInvalid)
        {
            Policy = new(policy.Authorities, stranger.Policy.LogText, policy.DelayMaxMs, policy.BracketMaxMs),
        };
        var stripped = Receipted(truck, "rolled-back-policy-without-witnesses", VerdictWord.Verified, Fault.None,
            Lines(truck.Batches[^1].Receipt!, line => !line.StartsWith("— witness.example", StringComparison.Ordinal)));
        yield return stripped with
        {
            Policy = new(policy.Authorities, $"log {truck.LogKey.Verifier}\nwitness clock {truck.ClockKey.Verifier}\nquorum clock\n", policy.DelayMaxMs, policy.BracketMaxMs),
        };
        yield return new("policy-with-narrow-limits", truck.Bundle(), VerdictWord.TimeNotProven, Fault.BracketWide)
        {
            Policy = new(policy.Authorities, policy.LogText, 3_600_000, 3_600_000),
        };
    }

    private static Attack Receipted(TestTruck truck, string name, VerdictWord word, Fault fault, string receipt) => Attacks.Bend(truck, name, word, fault, b =>
        Attacks.BatchAt(b, truck.Batches.Count - 1)["receipt"] = Base64(Encoding.UTF8.GetBytes(receipt)));

    private static Attack Header(TestTruck truck, string name, Fault fault,
        Func<byte[], byte[], byte[], (byte[] Header, byte[] Payload, byte[] Signature)> change) =>
        Attacks.Bend(truck, name, VerdictWord.Changed, fault, b => Attacks.ReCose(Attacks.BatchAt(b, 1), change));

    private static Attack Swap(TestTruck truck, string name, Fault fault, byte[] statement) =>
        Attacks.Bend(truck, name, VerdictWord.Changed, fault, b => Attacks.BatchAt(b, 1)["header"] = Base64(statement));

    private static (byte[] Header, byte[] Payload, byte[] Signature) Resigned(TestTruck truck, byte[] payload)
    {
        var statement = Statement.Sign(StatementKind.Batch, Statement.IssuerOf(truck.Id), payload, truck.GatewayKey);
        var reader = new System.Formats.Cbor.CborReader(statement.Bytes.ToArray());
        reader.ReadTag();
        reader.ReadStartArray();
        return (reader.ReadByteString(), payload, [.. statement.Signature]);
    }

    private static string Reindexed(string receipt, long by)
    {
        var line = receipt.Split('\n')[1];
        return receipt.Replace(line + "\n", $"index {TlogProof.Parse(receipt).Index + by}\n", StringComparison.Ordinal);
    }

    private static string WithoutLine(string receipt, int at) => string.Join('\n', receipt.Split('\n').Where((_, i) => i != at));

    private static string Lines(string receipt, Func<string, bool> keep) => string.Join('\n', receipt.Split('\n').Where(keep));

    private static string Base64(ReadOnlySpan<byte> bytes) => Convert.ToBase64String(bytes);
}
