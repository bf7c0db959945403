using System.Text;
using System.Text.Json.Nodes;
using Evidence;

namespace Gateway.Tests.Evidence;

/// <summary>A page that its authority took back: the withdrawal cut out, stripped of its receipt, forged, bent, and replayed against another page. It
/// speaks of a program, so no word changes by it.</summary>
/// <remarks>They log new statements, so they come after all others.</remarks>
internal static class WithdrawalAttacks
{
    private static readonly SoftwareRelease Own = new(SoftwareRelease.PageName, "1.2.3", ReleaseAttacks.Page, TestTruck.StartMs);
    private static readonly ReleaseWithdrawal Back = new(SoftwareRelease.PageName, "1.2.3", ReleaseAttacks.Page, "Shows a gap as in range.",
        TestTruck.StartMs + 7_200_000);

    public static IEnumerable<Attack> All(TestTruck truck, TestTruck stranger)
    {
        var nowMs = truck.Batches[^1].Header.ClosedMs + 120_000;
        (Statement Statement, string? Receipt) Logged(Statement statement) => (statement, truck.Log(statement, nowMs));
        var own = Logged(Own.Sign("test", truck.AuthorityKey));
        var back = Logged(Back.Sign("test", truck.AuthorityKey));
        const PageStanding withdrawn = PageStanding.Withdrawn;
        const PageStanding logged = PageStanding.Logged;
        yield return Carries(truck, "withdrawal-of-this-page", withdrawn, Fault.None, own, back);
        yield return Carries(truck, "withdrawal-alone", withdrawn, Fault.None, back);
        yield return Carries(truck, "withdrawal-cut-out", logged, Fault.None, own);
        yield return Carries(truck, "withdrawal-stripped-of-its-receipt", withdrawn, Fault.ReceiptMissing, (back.Statement, null), own);
        yield return Carries(truck, "withdrawal-with-the-receipt-of-its-release", withdrawn, Fault.ReceiptOfAnother, (back.Statement, own.Receipt), own);
        yield return Carries(truck, "withdrawal-logged-by-a-false-log", withdrawn, Fault.ReceiptInvalid,
            (back.Statement, stranger.Log(back.Statement, nowMs)), own);
        yield return Carries(truck, "withdrawal-stripped-beside-the-whole-one", withdrawn, Fault.ReceiptMissing, (back.Statement, null), own, back);
        yield return Carries(truck, "withdrawal-and-a-release-after-it", withdrawn, Fault.None, back, Logged(Own.Sign("test", truck.AuthorityKey)));

        yield return Carries(truck, "withdrawal-signed-by-a-stranger", logged, Fault.ReleaseSigner, Logged(Back.Sign("test", stranger.AuthorityKey)), own);
        yield return Carries(truck, "withdrawal-signed-by-the-gateway", logged, Fault.ReleaseSigner, Logged(Back.Sign("test", truck.GatewayKey)), own);
        yield return Bent(truck, "withdrawal-with-a-changed-signature", Fault.ReleaseSignature, bytes => bytes[^1] ^= 1, back, own);
        yield return Bent(truck, "withdrawal-with-a-changed-reason", Fault.ReleaseSignature, bytes => bytes[^80] ^= 1, back, own);
        yield return Bent(truck, "withdrawal-turned-on-another-page", Fault.ReleaseSignature, bytes => bytes[^110] ^= 1, back, own);
        yield return Bent(truck, "withdrawal-is-rubbish", Fault.ReleaseUnreadable, bytes => bytes[0] = 0, back, own);

        var other = (Own with { Sum = Digest.Of("another page"u8), Version = "1.3.0" }).Sign("test", truck.AuthorityKey);
        var newer = Logged(other);
        var ofOther = Logged((Back with { Sum = Digest.Of("another page"u8), Version = "1.3.0" }).Sign("test", truck.AuthorityKey));
        yield return Carries(truck, "withdrawal-of-another-page", logged, Fault.None, ofOther, own);
        yield return Carries(truck, "withdrawal-of-another-program", logged, Fault.None, Logged((Back with { Name = "gateway" }).Sign("test", truck.AuthorityKey)), own);
        yield return Carries(truck, "withdrawn-page-beside-a-newer-one", withdrawn, Fault.None, own, newer, back);
        var older = Logged((Own with { Sum = Digest.Of("an old page"u8), Version = "1.0.0" }).Sign("test", truck.AuthorityKey));
        yield return Carries(truck, "newest-page-withdrawn-beside-an-older-one", PageStanding.Different, Fault.None, older, newer, ofOther);
        yield return Carries(truck, "only-another-page-and-it-is-withdrawn", PageStanding.Unknown, Fault.None, newer, ofOther);
        yield return Carries(truck, "only-another-page-and-its-withdrawal-is-not-logged", PageStanding.Unknown, Fault.None, newer, (ofOther.Statement, null));

        yield return Carries(truck, "release-dressed-as-a-withdrawal", logged, Fault.ReleaseUnreadable,
            Logged(Statement.Sign(StatementKind.Withdrawal, "authority:test", Own.Encode(), truck.AuthorityKey)), own);
        var second = Back.Encode();
        second[1] = 2;
        yield return Carries(truck, "withdrawal-of-version-two", PageStanding.NotProven, Fault.ReleaseUnreadable,
            Logged(Statement.Sign(StatementKind.Withdrawal, "authority:test", second, truck.AuthorityKey)));
        yield return Carries(truck, "withdrawal-without-a-reason", logged, Fault.ReleaseUnreadable,
            Logged((Back with { Reason = "" }).Sign("test", truck.AuthorityKey)), own);
        yield return Carries(truck, "markup-in-the-withdrawal", withdrawn, Fault.None,
            Logged((Back with { Reason = "<img src=x onerror=alert(1)>", Version = "<b>1</b>" }).Sign("<i>test</i>", truck.AuthorityKey)), own);
    }

    private static Attack Carries(TestTruck truck, string name, PageStanding standing, Fault first,
        params (Statement Statement, string? Receipt)[] shown) => Attacks.Bend(truck, name, VerdictWord.Verified, Fault.None, b =>
            b["releases"] = new JsonArray([.. shown.Select(item => Json([.. item.Statement.Bytes], item.Receipt))])) with
        { Page = new(standing, first) };

    private static Attack Bent(TestTruck truck, string name, Fault fault, Action<byte[]> bend, (Statement Statement, string? Receipt) back,
        (Statement Statement, string? Receipt) own) => Attacks.Bend(truck, name, VerdictWord.Verified, Fault.None, b =>
        {
            byte[] bytes = [.. back.Statement.Bytes];
            bend(bytes);
            b["releases"] = new JsonArray(Json(bytes, back.Receipt), Json([.. own.Statement.Bytes], own.Receipt));
        }) with
        { Page = new(PageStanding.Logged, fault) };

    private static JsonObject Json(byte[] statement, string? receipt)
    {
        var shown = new JsonObject { ["statement"] = Convert.ToBase64String(statement) };
        if (receipt is not null)
        {
            shown["receipt"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(receipt));
        }

        return shown;
    }
}
