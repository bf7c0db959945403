using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Evidence;

namespace Gateway.Tests.Evidence;

/// <summary>Tamperings with time, with what was hidden before it was logged, and with markup where people will read it.</summary>
/// <remarks>They log new statements, so they come after all others.</remarks>
internal static class TimeAttacks
{
    private const string Markup = "<img src=x onerror=alert(1)><script>alert(2)</script>";
    private const long Hour = 3_600_000;

    public static IEnumerable<Attack> All(TestTruck truck)
    {
        var last = truck.Batches[^1];
        var closed = last.Header.ClosedMs;
        yield return Window(truck, "swapped-window", VerdictWord.Incomplete, Fault.WindowEnd, closed + (24 * Hour));
        // F-70: before a gateway's first batch nothing is left out, but nothing of such a window is proven either.
        yield return Window(truck, "window-before-enrolment", VerdictWord.Incomplete, Fault.WindowStart, closed - (48 * Hour));
        yield return Window(truck, "window-from-before-the-first-batch", VerdictWord.Verified, Fault.None, TestTruck.StartMs - Hour);
        yield return Attacks.Bend(truck, "beacons-left-out", VerdictWord.Verified, Fault.None, b => b["beacons"] = new JsonArray());
        yield return Logged(truck, "backdated-trip", VerdictWord.TimeNotProven, Fault.ReceiptLate, header => header, closed + (30 * Hour));
        yield return Logged(truck, "backdated-by-days", VerdictWord.TimeNotProven, Fault.BracketWide, header => header, closed + (72 * Hour));
        yield return Logged(truck, "logged-before-it-was-sealed", VerdictWord.TimeNotProven, Fault.SealedAfterReceipt,
            header => header with { ClosedMs = header.ClosedMs + (3 * Hour) }, closed);
        yield return Logged(truck, "readings-outside-their-batch", VerdictWord.TimeNotProven, Fault.TimeDisorder,
            header => header with { OpenedMs = header.OpenedMs + 90_000 }, closed);
        yield return Logged(truck, "boot-goes-back", VerdictWord.Changed, Fault.BootOrder,
            header => header with { Clock = header.Clock with { Boot = header.Clock.Boot - 1 } }, closed);
        yield return Logged(truck, "gap-without-an-event", VerdictWord.Incomplete, Fault.GapUndeclared,
            header => header with { Clock = header.Clock with { UptimeMs = header.Clock.UptimeMs + Hour } }, closed);
        yield return Hidden(truck, closed);
        truck.Log(last.Statement, closed + (6 * Hour));
        var future = truck.Content().Beacons[^1];
        var early = Logged(truck, "sealed-before-its-beacon", VerdictWord.TimeNotProven, Fault.SealedBeforeBeacon,
            header => header with { Beacon = Receipt.BeaconOf(future) }, closed + (7 * Hour));
        var bundle = JsonNode.Parse(early.Bundle)!;
        bundle["beacons"]!.AsArray().Add(Base64(future));
        yield return early with { Bundle = Attacks.Utf8(bundle) };
        foreach (var attack in OnTexts(truck))
        {
            yield return attack;
        }
    }

    private static IEnumerable<Attack> OnTexts(TestTruck truck)
    {
        foreach (var field in new[] { "format", "gateway", "level" })
        {
            yield return Attacks.Bend(truck, $"markup-in-the-{field}", VerdictWord.CannotCheck, Fault.FormUnreadable, b => b[field] = Markup);
        }

        yield return Attacks.Bend(truck, "policy-in-the-bundle", VerdictWord.CannotCheck, Fault.FormUnreadable, b =>
            b["policy"] = Encoding.UTF8.GetString(truck.Policy.ToJson()));
        yield return Attacks.Bend(truck, "markup-in-the-issuer", VerdictWord.SignerUnknown, Fault.AuthorityUnknown, b =>
        {
            using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            b["manifests"]![0]!["statement"] = Convert.ToBase64String(Statement.Sign(StatementKind.Manifest, $"authority:{Markup}",
                truck.Manifest.Encode(), other).Bytes.AsSpan());
        });
        var reason = new Revocation(truck.Manifest.Key.IdHex, 3, Markup);
        yield return new("markup-in-the-reason", BundleWriter.Write(truck.Content() with
        {
            Revocations = [new(Statement.Sign(StatementKind.Revocation, "authority:test", reason.Encode(), truck.AuthorityKey), null)],
        }), VerdictWord.SignerUnknown, Fault.KeyRevoked);
        yield return Attacks.Bend(truck, "markup-in-the-receipt", VerdictWord.Changed, Fault.ReceiptUnreadable, b =>
            Attacks.BatchAt(b, truck.Batches.Count - 1)["receipt"] = Base64(Markup));
    }

    private static Attack Window(TestTruck truck, string name, VerdictWord word, Fault fault, long fromMs) =>
        Attacks.Bend(truck, name, word, fault, b =>
        {
            b["window"]!["from"] = fromMs;
            b["window"]!["to"] = fromMs + (2 * Hour);
        });

    /// <summary>The gateway signs another header for its last batch, and the log takes it at the given time.</summary>
    private static Attack Logged(TestTruck truck, string name, VerdictWord word, Fault fault, Func<BatchHeader, BatchHeader> change,
        long loggedMs) => Attacks.Bend(truck, name, word, fault, b =>
        {
            var batch = Attacks.BatchAt(b, truck.Batches.Count - 1);
            Sign(truck, batch, change(truck.Batches[^1].Header), loggedMs);
        });

    /// <summary>The gateway takes out the batch before the last and signs the last one as if it had never been.</summary>
    private static Attack Hidden(TestTruck truck, long loggedMs) =>
        Attacks.Bend(truck, "hidden-batch", VerdictWord.Incomplete, Fault.SequenceHole, b =>
        {
            var before = truck.Batches[^3];
            var header = truck.Batches[^1].Header;
            Sign(truck, Attacks.BatchAt(b, truck.Batches.Count - 1), header with
            {
                Number = header.Number - 1,
                Previous = before.Statement.PayloadDigest,
                Clock = header.Clock with { Boot = before.Header.Clock.Boot, UptimeMs = before.Header.Clock.UptimeMs + (4 * Hour) },
            }, loggedMs);
            b["batches"]!.AsArray().RemoveAt(truck.Batches.Count - 2);
        });

    private static void Sign(TestTruck truck, JsonObject batch, BatchHeader header, long loggedMs)
    {
        var statement = Statement.Sign(StatementKind.Batch, Statement.IssuerOf(truck.Id), header.Encode(), truck.GatewayKey);
        batch["header"] = Convert.ToBase64String(statement.Bytes.AsSpan());
        batch["receipt"] = Base64(truck.Log(statement, loggedMs + 20_000));
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
