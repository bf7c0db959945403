using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Evidence;
using Evidence.Log;

namespace Gateway.Tests.Evidence;

/// <summary>Whether a revocation stands in the log, and since when: its own receipt missing, forged, of something else, of another log, and later
/// than what it takes back.</summary>
/// <remarks>They log new statements, so they come after all others.</remarks>
internal static class RevocationAttacks
{
    public static IEnumerable<Attack> All(TestTruck truck, TestTruck stranger)
    {
        var nowMs = truck.Batches[^1].Header.ClosedMs + 60_000;
        var (all, six, later) = (Revoke(truck, 3), Revoke(truck, 6), Revoke(truck, 1_000));
        var (receipt, ofSix, ofLater) = (truck.Log(all, nowMs), truck.Log(six, nowMs), truck.Log(later, nowMs));
        yield return Carries(truck, "key-revoked-later-and-logged", VerdictWord.Verified, Fault.None, later, ofLater);
        yield return Carries(truck, "revoked-key-by-a-late-revocation", VerdictWord.SignerUnknown, Fault.KeyRevoked, all, receipt);
        var again = truck.Log(truck.Batches[^1].Statement, nowMs);
        yield return new("revoked-key-by-an-earlier-revocation", BundleWriter.Write(truck.Content() with
        {
            Batches = [.. truck.Batches.SkipLast(1), truck.Batches[^1] with { Receipt = again }],
            Revocations = [new(later, ofLater), new(six, ofSix)],
        }), VerdictWord.SignerUnknown, Fault.KeyRevoked);
        yield return new("revoked-key-only-from-a-later-place", BundleWriter.Write(truck.Content() with
        {
            Batches = [.. truck.Batches.SkipLast(1), truck.Batches[^1] with { Receipt = again }],
            Revocations = [new(later, ofLater), new(later, ofLater), new(later, null)],
        }), VerdictWord.Verified, Fault.None);

        yield return Carries(truck, "revocation-with-a-rubbish-receipt", VerdictWord.Changed, Fault.ReceiptUnreadable, later, "hello");
        yield return Carries(truck, "revocation-with-the-receipt-of-a-batch", VerdictWord.Changed, Fault.ReceiptOfAnother, later, again);
        yield return Carries(truck, "revocation-with-the-receipt-of-another-one", VerdictWord.Changed, Fault.ReceiptOfAnother, all, ofLater);
        yield return Carries(truck, "revocation-logged-by-a-false-log", VerdictWord.Changed, Fault.ReceiptInvalid, all, stranger.Log(all, nowMs));
        yield return Carries(truck, "revocation-of-an-unknown-log", VerdictWord.SignerUnknown, Fault.LogUnknown, later,
            ofLater.Replace("log.example/test", "log.example/other", StringComparison.Ordinal));
        yield return Carries(truck, "revocation-without-its-witness", VerdictWord.Incomplete, Fault.QuorumMissing, later, string.Join('\n',
            ofLater.Split('\n').Where(line => !line.StartsWith("— witness.example", StringComparison.Ordinal))));
        var marked = Statement.Sign(StatementKind.Revocation, "authority:test", new Revocation(truck.Manifest.Key.IdHex, 3, "<img src=x onerror=alert(1)>")
            .Encode(), truck.AuthorityKey);
        yield return Carries(truck, "markup-in-the-reason-of-a-logged-revocation", VerdictWord.SignerUnknown, Fault.KeyRevoked, marked, truck.Log(marked, nowMs));
        var other = Statement.Sign(StatementKind.Revocation, "authority:test", new Revocation(new('a', 32), 0, "stolen").Encode(), truck.AuthorityKey);
        yield return Carries(truck, "revocation-of-another-key", VerdictWord.Verified, Fault.None, other, truck.Log(other, nowMs));
        yield return Carries(truck, "revocation-whose-head-nothing-joins", VerdictWord.Verified, Fault.None, later, ofLater, b => b.Remove("consistency"));
        yield return Forked(truck, later, nowMs);
        foreach (var attack in OfOtherPolicies(truck, later, ofLater, nowMs))
        {
            yield return attack;
        }
    }

    /// <summary>A log that shows the revocation to whom it suits: at the size of the last batch's receipt it has another list.</summary>
    private static Attack Forked(TestTruck truck, Statement revocation, long nowMs)
    {
        using var fork = new TestTruck(like: truck);
        string receipt;
        do
        {
            receipt = fork.Log(revocation, nowMs);
        }
        while (TlogProof.Parse(receipt).Checkpoint.Size < TlogProof.Parse(truck.Batches[^1].Receipt!).Checkpoint.Size);
        return Carries(truck, "revocation-in-a-forked-log", VerdictWord.Changed, Fault.LogForked, revocation, receipt);
    }

    private static IEnumerable<Attack> OfOtherPolicies(TestTruck truck, Statement revocation, string receipt, long nowMs)
    {
        var policy = truck.Policy;
        var untimed = new VerifierPolicy(policy.Authorities, $"log {truck.LogKey.Verifier}\nquorum none\n", policy.DelayMaxMs, policy.BracketMaxMs);
        yield return Carries(truck, "revocation-whose-time-nobody-says", VerdictWord.TimeNotProven, Fault.TimeUnattested, revocation, receipt) with { Policy = untimed };

        using var second = NoteSigner.FromSeed("log.example/second", SignatureType.Ed25519, RandomNumberGenerator.GetBytes(32));
        var both = new VerifierPolicy(policy.Authorities, $"log {truck.LogKey.Verifier}\nlog {second.Verifier}\nwitness w1 {truck.Witness.Verifier}\nquorum w1\n",
            policy.DelayMaxMs, policy.BracketMaxMs);
        var text = new Checkpoint(second.Verifier.Name, 1, LogTree.LeafHash(revocation.Bytes.AsSpan())).ToText();
        var elsewhere = new TlogProof(0, [], truck.Witness.Cosign(second.Sign(SignedNote.Draft(text)), nowMs / 1000)).ToString();
        yield return Carries(truck, "revocation-in-another-log-of-the-policy", VerdictWord.SignerUnknown, Fault.KeyRevoked, revocation, elsewhere) with { Policy = both };
    }

    private static Statement Revoke(TestTruck truck, long from) => Statement.Sign(StatementKind.Revocation, "authority:test",
        new Revocation(truck.Manifest.Key.IdHex, from, from < 1_000 ? "stolen" : "retired").Encode(), truck.AuthorityKey);

    private static Attack Carries(TestTruck truck, string name, VerdictWord word, Fault fault, Statement revocation, string receipt,
        Action<JsonObject>? more = null)
    {
        var bundle = JsonNode.Parse(BundleWriter.Write(truck.Content() with { Revocations = [new(revocation, receipt)] }))!.AsObject();
        more?.Invoke(bundle);
        return new(name, Attacks.Utf8(bundle), word, fault);
    }
}
