using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Evidence;
using Evidence.Log;
using Ledger.Authority;
using Ledger.Hosting;

namespace Ledger.Admission;

/// <summary>Answers `ledger key …`, in the running ledger or in the verb itself (<see cref="Links.LinkOffice"/>).</summary>
internal static class KeyOffice
{
    public static async Task<JsonObject> Revoke(LedgerCore core, AuditTrail trail, JsonElement asked, CancellationToken cancellation)
    {
        var statement = Statement.Decode(asked.GetProperty("statement").GetBytesFromBase64());
        if (statement.Kind != StatementKind.Revocation)
        {
            throw new RefusedException($"The statement is a {statement.Kind}, not a revocation. `ledger authority revoke` makes one.");
        }

        var revocation = Revocation.Decode(statement.Payload);
        var gateway = core.Store.GatewayWithKey(revocation.KeyId) ?? throw new RefusedException(
            $"No gateway with key {revocation.KeyId} is enrolled in this log. Look the identifier up again: a revocation of a key that nobody has would help nobody.");
        var answer = await core.Intake.Accept(new(gateway), new Uplink(statement.Bytes, null).Encode(), cancellation).ConfigureAwait(false);
        if (answer.Receipt is not { } receipt)
        {
            throw new RefusedException(answer.Words);
        }

        var index = TlogProof.Parse(receipt).Index;
        trail.AppendAs(asked.GetProperty("who").GetString()!, "key revoke", revocation.Reason, ("key", revocation.KeyId),
            ("gateway", gateway.ToString()), ("from", revocation.FromIndex.ToString(CultureInfo.InvariantCulture)), ("logIndex", index.ToString(CultureInfo.InvariantCulture)));
        return new() { ["key"] = revocation.KeyId, ["gateway"] = gateway.ToString(), ["from"] = revocation.FromIndex, ["logIndex"] = index };
    }
}
