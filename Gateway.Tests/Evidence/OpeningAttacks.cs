using System.Text.Json.Nodes;
using Evidence;

namespace Gateway.Tests.Evidence;

/// <summary>What opens a manifest's channels: another's, changed, left out, given twice, or of a channel that the bundle is not about.</summary>
internal static class OpeningAttacks
{
    public static IEnumerable<Attack> All(TestTruck truck)
    {
        var channels = truck.Manifest.Channels;
        yield return Attacks.Bend(truck, "opening-of-another-channel", VerdictWord.Changed, Fault.OpeningMismatch, b =>
            Opening(b)[1] = Convert.ToBase64String(channels[1].Open()));
        yield return Attacks.Bend(truck, "opening-with-wider-limits", VerdictWord.Changed, Fault.OpeningMismatch, b =>
            Opening(b)[1] = Convert.ToBase64String((channels[0] with { High = new(25_000) }).Open()));
        yield return Attacks.Bend(truck, "opening-under-another-salt", VerdictWord.Changed, Fault.OpeningMismatch, b =>
            Opening(b)[1] = Convert.ToBase64String((channels[0] with { Salt = Digest.Of([9]) }).Open()));
        yield return Attacks.Bend(truck, "opening-left-out", VerdictWord.Incomplete, Fault.OpeningMissing, b => Openings(b).Clear());
        yield return Attacks.Bend(truck, "opening-twice", VerdictWord.CannotCheck, Fault.FormUnreadable, b => Openings(b).Add(Opening(b).DeepClone()));
        yield return Attacks.Bend(truck, "opening-of-a-hidden-channel", VerdictWord.Changed, Fault.OtherChannel, b =>
            Openings(b).Add(new JsonArray(1, Convert.ToBase64String(channels[1].Open()))));
        yield return Attacks.Bend(truck, "openings-field-left-out", VerdictWord.CannotCheck, Fault.FormUnreadable, b =>
            b["manifests"]![0]!.AsObject().Remove("openings"));
        byte[] old = [.. truck.Manifest.Encode()];
        old[1] = 1;
        yield return Attacks.Bend(truck, "manifest-of-version-one", VerdictWord.Changed, Fault.ManifestUnreadable, b =>
            b["manifests"]![0]!["statement"] = Convert.ToBase64String(
                Statement.Sign(StatementKind.Manifest, "authority:test", old, truck.AuthorityKey).Bytes.AsSpan()));
    }

    private static JsonArray Openings(JsonNode bundle) => bundle["manifests"]![0]!["openings"]!.AsArray();

    private static JsonArray Opening(JsonNode bundle) => Openings(bundle)[0]!.AsArray();
}
