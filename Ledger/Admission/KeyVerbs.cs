using System.CommandLine;
using Evidence;
using Ledger.Authority;
using Ledger.Hosting;
using Ledger.Links;

namespace Ledger.Admission;

/// <summary>The verb <c>ledger key revoke</c>: on the ledger's machine, whether the ledger runs or is stopped.</summary>
public static class KeyVerbs
{
    public static void Add(RootCommand root)
    {
        var place = new LinkVerbs.Place();
        var file = new Argument<FileInfo>("FILE") { Description = "What `ledger authority revoke` wrote." };
        var verb = new Command("revoke", "Logs a revocation: from its log index on nothing that the key signs is taken in. Logged already, it keeps its place.")
        {
            file, place.Data, place.Keys, place.Config, place.Clock, place.Json,
        };
        verb.SetAction(async (given, cancellation) =>
        {
            try
            {
                var answer = await place.Ask(given, new()
                {
                    ["do"] = "revokeKey",
                    ["who"] = AuditTrail.Who(),
                    ["statement"] = Convert.ToBase64String(AuthorityVerbs.ReadBounded(given.GetValue(file)!, BatchLimits.StatementLengthMax)),
                }, cancellation);
                Console.Out.WriteLine(given.GetValue(place.Json) ? answer.ToJsonString()
                    : $"Revoked key {answer["key"]} from log index {answer["from"]} on: entry {answer["logIndex"]} of the log. Bundles made from now on carry it.");
                return ExitCode.Done;
            }
            catch (Exception fault) when (fault is LinkRefusedException or AuthorityRefusedException or MalformedEvidenceException or IOException
                or UnauthorizedAccessException)
            {
                await Console.Error.WriteLineAsync($"ledger key: {fault.Message}");
                return ExitCode.NotDone;
            }
        });
        root.Add(new Command("key", "Put the authority's word about gateways' keys into the log.") { verb });
    }
}
