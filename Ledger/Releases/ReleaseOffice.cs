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
        trail.AppendAs(asked.GetProperty("who").GetString()!, logged.Withdrawal is null ? "release publish" : "release withdraw",
            logged.Withdrawal?.Reason, ("name", logged.Name), ("version", logged.Version), ("sha256", logged.Sum.ToString()), ("logIndex", logged.LogIndex.ToString(CultureInfo.InvariantCulture)));
        var answer = Describe(logged);
        answer["receipt"] = logged.Receipt;
        return answer;
    }

    public static JsonObject List(LedgerCore core)
    {
        var withdrawals = core.Releases.Withdrawals();
        return new()
        {
            ["releases"] = new JsonArray([.. core.Releases.Pages().Select(logged =>
            {
                var row = Describe(logged);
                row["withdrawal"] = withdrawals.FirstOrDefault(back => back.Sum == logged.Sum) is { } taken ? Describe(taken) : null;
                return row;
            })]),
            ["withdrawals"] = new JsonArray([.. withdrawals.Select(Describe)]),
            ["page"] = EvidenceHtml.PublishedSum,
            ["served"] = core.Releases.Pages().Any(logged => logged.Sum.ToString() == EvidenceHtml.PublishedSum),
            ["servedWithdrawn"] = withdrawals.Any(back => back.Sum.ToString() == EvidenceHtml.PublishedSum),
        };
    }

    private static JsonObject Describe(LoggedRelease logged)
    {
        var row = new JsonObject
        {
            ["name"] = logged.Name,
            ["version"] = logged.Version,
            ["sha256"] = logged.Sum.ToString(),
            ["logIndex"] = logged.LogIndex,
        };
        if (logged.Withdrawal is { } back)
        {
            row["reason"] = back.Reason;
            row["withdrawn"] = DateTimeOffset.FromUnixTimeMilliseconds(back.IssuedMs).UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);
        }

        return row;
    }
}
