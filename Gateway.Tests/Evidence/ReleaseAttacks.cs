using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Evidence;

namespace Gateway.Tests.Evidence;

/// <summary>Software releases that are forged, stripped, swapped or of another page. None of them changes the word about the record: what a
/// release says is about a program.</summary>
/// <remarks>They log new statements, so they come after all others.</remarks>
internal static class ReleaseAttacks
{
    /// <summary>The hash of the page that the reader has in hand, in all golden rows.</summary>
    public static readonly Digest Page = Digest.Of("the regulator's page of the golden files"u8);

    private static readonly SoftwareRelease Own = new(SoftwareRelease.PageName, "1.2.3", Page, TestTruck.StartMs);

    public static IEnumerable<Attack> All(TestTruck truck, TestTruck stranger)
    {
        var nowMs = truck.Batches[^1].Header.ClosedMs + 60_000;
        var good = Own.Sign("test", truck.AuthorityKey);
        var receipt = truck.Log(good, nowMs);
        yield return Carries(truck, "release-of-this-page", PageStanding.Logged, Fault.None, (good, receipt));
        yield return Carries(truck, "release-stripped-of-its-receipt", PageStanding.NotProven, Fault.ReceiptMissing, (good, null));
        yield return Carries(truck, "release-with-a-rubbish-receipt", PageStanding.NotProven, Fault.ReceiptUnreadable, (good, "hello"));
        yield return Carries(truck, "release-with-the-receipt-of-a-batch", PageStanding.NotProven, Fault.ReceiptOfAnother,
            (good, truck.Batches[^1].Receipt));
        yield return Carries(truck, "release-logged-by-a-false-log", PageStanding.NotProven, Fault.ReceiptInvalid, (good, stranger.Log(good, nowMs)));
        yield return Carries(truck, "release-of-an-unknown-log", PageStanding.NotProven, Fault.LogUnknown,
            (good, receipt.Replace("log.example/test", "log.example/other", StringComparison.Ordinal)));
        yield return Carries(truck, "release-without-its-witness", PageStanding.NotProven, Fault.QuorumMissing, (good, string.Join('\n',
            receipt.Split('\n').Where(line => !line.StartsWith("— witness.example", StringComparison.Ordinal)))));

        var other = (Own with { Sum = Digest.Of("another page"u8) }).Sign("test", truck.AuthorityKey);
        var ofOther = (other, truck.Log(other, nowMs));
        yield return Carries(truck, "release-of-another-page", PageStanding.Different, Fault.None, ofOther);
        yield return Carries(truck, "release-of-this-page-and-a-newer-one", PageStanding.Logged, Fault.None, (good, receipt), ofOther);
        var gateway = (Own with { Name = "gateway" }).Sign("test", truck.AuthorityKey);
        yield return Carries(truck, "release-of-another-program", PageStanding.Unknown, Fault.None, (gateway, truck.Log(gateway, nowMs)));

        var forged = Own.Sign("test", stranger.AuthorityKey);
        yield return Carries(truck, "release-signed-by-a-stranger", PageStanding.NotProven, Fault.ReleaseSigner, (forged, truck.Log(forged, nowMs)));
        var self = Own.Sign("test", truck.GatewayKey);
        yield return Carries(truck, "release-signed-by-the-gateway", PageStanding.NotProven, Fault.ReleaseSigner, (self, truck.Log(self, nowMs)));
        yield return Carries(truck, "release-forged-beside-the-true-one", PageStanding.Different, Fault.ReleaseSigner,
            (forged, truck.Log(forged, nowMs)), ofOther);
        yield return Bent(truck, "release-with-a-changed-signature", Fault.ReleaseSignature, bytes => bytes[^1] ^= 1, (good, receipt));
        yield return Bent(truck, "release-with-a-changed-hash", Fault.ReleaseSignature, bytes => bytes[^80] ^= 1, (good, receipt));
        yield return Bent(truck, "release-is-rubbish", Fault.ReleaseUnreadable, bytes => bytes[0] = 0, (good, receipt));
        var manifest = truck.SignedManifest;
        yield return Carries(truck, "manifest-in-place-of-a-release", PageStanding.NotProven, Fault.ReleaseUnreadable, (manifest, truck.ManifestReceipt));
        var second = Own.Encode();
        second[1] = 2;
        var later = Statement.Sign(StatementKind.Release, "authority:test", second, truck.AuthorityKey);
        yield return Carries(truck, "release-of-version-two", PageStanding.NotProven, Fault.ReleaseUnreadable, (later, truck.Log(later, nowMs)));
        var text = Own with { Version = "<img src=x onerror=alert(1)>" };
        var marked = text.Sign("<b>test</b>", truck.AuthorityKey);
        yield return Carries(truck, "markup-in-the-release", PageStanding.Logged, Fault.None, (marked, truck.Log(marked, nowMs)));
        yield return Attacks.Bend(truck, "release-with-an-unknown-field", VerdictWord.CannotCheck, Fault.FormUnreadable, b =>
            b["releases"] = new JsonArray(new JsonObject { ["statement"] = "AAAA", ["sum"] = "0" }));
        yield return Attacks.Bend(truck, "more-releases-than-may-be", VerdictWord.CannotCheck, Fault.FormUnreadable, b =>
            b["releases"] = new JsonArray([.. Enumerable.Range(0, Bundle.ReleasesMax + 1).Select(_ => new JsonObject { ["statement"] = "AAAA" })]));
    }

    private static Attack Carries(TestTruck truck, string name, PageStanding standing, Fault first,
        params (Statement Statement, string? Receipt)[] releases) =>
        Attacks.Bend(truck, name, VerdictWord.Verified, Fault.None, b => b["releases"] = new JsonArray([.. releases.Select(release =>
            Json(release.Statement.Bytes.AsSpan(), release.Receipt))])) with
        { Page = new(standing, first) };

    private static Attack Bent(TestTruck truck, string name, Fault fault, Action<byte[]> bend, (Statement Statement, string Receipt) release) =>
        Attacks.Bend(truck, name, VerdictWord.Verified, Fault.None, b =>
        {
            byte[] bytes = [.. release.Statement.Bytes];
            bend(bytes);
            b["releases"] = new JsonArray(Json(bytes, release.Receipt));
        }) with
        { Page = new(PageStanding.NotProven, fault) };

    private static JsonObject Json(ReadOnlySpan<byte> statement, string? receipt)
    {
        var shown = new JsonObject { ["statement"] = Convert.ToBase64String(statement) };
        if (receipt is not null)
        {
            shown["receipt"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(receipt));
        }

        return shown;
    }
}
