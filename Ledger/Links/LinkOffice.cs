using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Evidence;
using Evidence.Gs1;
using Ledger.Admission;
using Ledger.Authority;
using Ledger.Hosting;
using Ledger.Pages;
using Ledger.Releases;
using Ledger.Store;

namespace Ledger.Links;

/// <summary>Answers `ledger link …`: in the running ledger for a verb beside it, or in the verb itself while the ledger is stopped.</summary>
/// <param name="core">The opened ledger.</param>
/// <param name="uses">The running ledger's counted uses; null while it is stopped.</param>
public sealed class LinkOffice(LedgerCore core, LinkUses? uses)
{
    /// <summary>Most bytes of a request or an answer to a create or revoke.</summary>
    public const int RequestLengthMax = 16 * 1024;

    /// <summary>File in the data directory where every creation and revocation stands with who, when and why.</summary>
    public const string TrailFile = "links-audit.jsonl";

    private const long DayMs = 86_400_000;
    private readonly AuditTrail trail = new(Path.Combine(core.Data, TrailFile), core.Clock);

    /// <summary>One request, one answer, both JSON. An answer has "problem" when the request is refused.</summary>
    public async Task<JsonObject> Answer(ReadOnlyMemory<byte> request, CancellationToken cancellation)
    {
        try
        {
            using var document = JsonDocument.Parse(request, new() { AllowDuplicateProperties = false });
            var asked = document.RootElement;
            return Text(asked, "do") switch
            {
                "create" => await Create(asked, cancellation).ConfigureAwait(false),
                "revoke" => await Revoke(asked, cancellation).ConfigureAwait(false),
                "list" => List(),
                "publish" => await ReleaseOffice.Publish(core, trail, asked, cancellation).ConfigureAwait(false),
                "releases" => ReleaseOffice.List(core),
                "revokeKey" => await KeyOffice.Revoke(core, trail, asked, cancellation).ConfigureAwait(false),
                var other => Problem($"The ledger knows no \"{other}\": verb and ledger are of different versions."),
            };
        }
        catch (Exception fault) when (fault is LinkRefusedException or RefusedException or MalformedEvidenceException or IOException or UnauthorizedAccessException)
        {
            return Problem(fault.Message);
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            return Problem($"The request cannot be read ({fault.Message}): verb and ledger are of different versions.");
        }
    }

    public static JsonObject Problem(string words) => new() { ["problem"] = words };

    private async Task<JsonObject> Create(JsonElement asked, CancellationToken cancellation)
    {
        var nowMs = core.Clock.GetUtcNow().ToUnixTimeMilliseconds();
        var gateway = GatewayOf(Text(asked, "gateway"));
        var target = DigitalLink.Parse(Text(asked, "key"));
        var (fromMs, toMs) = (Instant(Text(asked, "from"), "--from", nowMs), Instant(Text(asked, "to"), "--to", nowMs));
        var expiresMs = asked.TryGetProperty("expires", out var until)
            ? Instant(until.GetString()!, "--expires", nowMs)
            : nowMs + (asked.GetProperty("days").GetInt64() * DayMs);
        var terms = new LinkTerms(target.Key, gateway, [.. Channels(asked, gateway)], fromMs, toMs,
            Enum.Parse<DisclosureLevel>(Text(asked, "level"), ignoreCase: true), Enum.Parse<LinkAccess>(Text(asked, "access"), ignoreCase: true),
            Text(asked, "recipient"), Text(asked, "reason"), expiresMs);
        var (link, token) = await core.Links.Create(terms, cancellation).ConfigureAwait(false);
        trail.AppendAs(Text(asked, "who"), "link create", terms.Reason, ("link", link.Id.ToString()), ("key", terms.Key.ToString()),
            ("gateway", gateway.ToString()), ("level", terms.Level.ToString()), ("access", terms.Access.ToString()), ("recipient", terms.Recipient),
            ("expires", Wording.Utc(terms.ExpiresMs)), ("logIndex", link.LogIndex.ToString(CultureInfo.InvariantCulture)));
        var answer = Describe(link, nowMs);
        answer["path"] = LinkLabels.Path(core, terms, token.Text, target.Expiry);
        answer["token"] = token.Text;
        return answer;
    }

    private async Task<JsonObject> Revoke(JsonElement asked, CancellationToken cancellation)
    {
        var id = Guid.TryParseExact(Text(asked, "link"), "D", out var value) ? new LinkId(value)
            : throw new LinkRefusedException("That is no link's identity, which looks like 5f3a91c0-0bc0-4012-8a55-0123456789ab. `ledger link list` shows all.");
        if (uses is not null)
        {
            await uses.Close(id).ConfigureAwait(false);
        }

        var index = await core.Links.Revoke(id, Text(asked, "reason"), cancellation).ConfigureAwait(false);
        trail.AppendAs(Text(asked, "who"), "link revoke", Text(asked, "reason"), ("link", id.ToString()),
            ("logIndex", index.ToString(CultureInfo.InvariantCulture)));
        return new() { ["link"] = id.ToString(), ["logIndex"] = index };
    }

    private JsonObject List()
    {
        var nowMs = core.Clock.GetUtcNow().ToUnixTimeMilliseconds();
        return new() { ["links"] = new JsonArray([.. core.Links.Book.All().Select(link => Describe(link, nowMs))]) };
    }

    private static JsonObject Describe(KnownLink link, long nowMs) => new()
    {
        ["link"] = link.Id.ToString(),
        ["state"] = link.Revoked is not null ? "revoked" : link.IsLive(nowMs) ? "live" : "expired",
        ["key"] = link.Terms.Key.ToString(),
        ["gateway"] = link.Terms.Gateway.ToString(),
        ["channels"] = new JsonArray([.. link.Terms.Channels.Select(channel => (JsonNode)(int)channel.Value)]),
        ["window"] = new TimeWindow(link.Terms.FromMs, link.Terms.ToMs).ToString(),
        ["level"] = link.Terms.Level.ToString().ToLowerInvariant(),
        ["access"] = link.Terms.Access.ToString().ToLowerInvariant(),
        ["recipient"] = link.Terms.Recipient,
        ["reason"] = link.Terms.Reason,
        ["created"] = Wording.Utc(link.CreatedMs),
        ["expires"] = Wording.Utc(link.Terms.ExpiresMs),
        ["revoked"] = link.Revoked is { } end ? Wording.Utc(end.AtMs) : null,
        ["revokedReason"] = link.Revoked?.Reason,
        ["logIndex"] = link.LogIndex,
        ["openToken"] = link.OpenToken,
    };

    private IEnumerable<ChannelId> Channels(JsonElement asked, GatewayId gateway)
    {
        if (asked.TryGetProperty("channels", out var given))
        {
            return given.EnumerateArray().Select(channel => new ChannelId(channel.GetUInt16())).OrderBy(channel => channel.Value);
        }

        var manifests = core.Store.Manifests(gateway.Value);
        return manifests.Count == 0 ? [] : Enumerable.Range(0, Manifest.Decode(manifests[^1].Statement).Channels.Length)
            .Select(channel => new ChannelId((ushort)channel));
    }

    private GatewayId GatewayOf(string text) => Guid.TryParseExact(text, "D", out var id)
        ? core.Store.Manifests(id).Count > 0 ? new(id)
            : throw new LinkRefusedException($"No gateway {id} is enrolled at this ledger. The page /g lists those that are.")
        : throw new LinkRefusedException("--gateway is no identity, which looks like 5f3a91c0-0bc0-4012-8a55-0123456789ab. The page /g lists all.");

    private static long Instant(string text, string option, long nowMs) => text == "now" ? nowMs : TimeWindow.ReadInstant(text, isEnd: option != "--from")
        ?? throw new LinkRefusedException($"{option} is no UTC time: write 20260502T121000Z, 2026-05-02T12:10:00Z, 2026-05-02, or now.");

    private static string Text(JsonElement asked, string name) => asked.GetProperty(name).GetString()!;
}
