using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ledger.Authority;
using Ledger.Hosting;
using Ledger.Pages;

namespace Ledger.Releases;

/// <summary>Answers `ledger release …`, in the running ledger or in the verb itself (<see cref="Links.LinkOffice"/>).</summary>
internal static class ReleaseOffice
{
    public static async Task<JsonObject> Publish(LedgerCore core, AuditTrail trail, JsonElement asked, CancellationToken cancellation)
    {
        var logged = await core.Releases.Publish(asked.GetProperty("statement").GetBytesFromBase64(), cancellation).ConfigureAwait(false);
        trail.AppendAs(asked.GetProperty("who").GetString()!, "release publish", null, ("name", logged.Release.Name), ("version", logged.Release.Version),
            ("sha256", logged.Release.Sum.ToString()), ("logIndex", logged.LogIndex.ToString(CultureInfo.InvariantCulture)));
        var answer = Describe(logged);
        answer["receipt"] = logged.Receipt;
        return answer;
    }

    public static JsonObject List(LedgerCore core) => new()
    {
        ["releases"] = new JsonArray([.. core.Releases.Pages().Select(Describe)]),
        ["page"] = EvidenceHtml.PublishedSum,
        ["served"] = core.Releases.Pages().Any(logged => logged.Release.Sum.ToString() == EvidenceHtml.PublishedSum),
    };

    private static JsonObject Describe(LoggedRelease logged) => new()
    {
        ["name"] = logged.Release.Name,
        ["version"] = logged.Release.Version,
        ["sha256"] = logged.Release.Sum.ToString(),
        ["logIndex"] = logged.LogIndex,
    };
}
