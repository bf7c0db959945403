using System.CommandLine;
using System.Text.Json.Nodes;
using Evidence;
using Ledger.Authority;
using Ledger.Hosting;
using Ledger.Links;

namespace Ledger.Releases;

/// <summary>The verbs <c>ledger release publish|list</c>: on the ledger's machine, whether the ledger runs or is stopped.</summary>
public static class ReleaseVerbs
{
    private static readonly System.Text.Json.JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static void Add(RootCommand root) => root.Add(
        new Command("release", "Put the authority's software releases into the log: which regulator's page is the real one, and which is withdrawn.")
        {
            PublishVerb(), ListVerb(),
        });

    private static Command PublishVerb()
    {
        var place = new LinkVerbs.Place();
        var file = new Argument<FileInfo>("FILE") { Description = "What `ledger authority release` or `ledger authority withdraw` wrote." };
        var target = new Option<FileInfo?>("--out") { Description = "Where to write the release with its receipt. /releases gives it, too." };
        var verb = new Command("publish", "Logs a release or a withdrawal, and prints where it stands. Logged already, it keeps its place.")
        {
            file, target, place.Data, place.Keys, place.Config, place.Clock, place.Json,
        };
        verb.SetAction((given, cancellation) => Answer(async () =>
        {
            var shown = ReleaseFile.Parse(AuthorityVerbs.ReadBounded(given.GetValue(file)!, ReleaseFile.LengthMax));
            var answer = await place.Ask(given, new()
            {
                ["do"] = "publish",
                ["who"] = AuditTrail.Who(),
                ["statement"] = Convert.ToBase64String(shown.Bytes.AsSpan()),
            }, cancellation);
            if (given.GetValue(target) is { } kept)
            {
                await File.WriteAllBytesAsync(kept.FullName, ReleaseFile.Write(shown.Bytes.AsSpan(), (string)answer["receipt"]!), cancellation);
            }

            Console.Out.WriteLine(given.GetValue(place.Json) ? answer.ToJsonString(Indented)
                : answer["reason"] is { } because ? $"Withdrawn {answer["name"]} {answer["version"]}, SHA-256 {answer["sha256"]}, because: “{because}” (entry "
                    + $"{answer["logIndex"]} of the log). The page /releases shows it; bundles made from now on carry it. Those made before cannot know of it."
                : $"Published {answer["name"]} {answer["version"]}, SHA-256 {answer["sha256"]}: entry {answer["logIndex"]} of the log. The page "
                    + "/releases shows it with its receipt.");
        }));
        return verb;
    }

    private static Command ListVerb()
    {
        var place = new LinkVerbs.Place();
        var verb = new Command("list", "Prints the newest releases of the regulator's page, and which of them are withdrawn.") { place.Data, place.Keys, place.Config, place.Clock, place.Json };
        verb.SetAction((given, cancellation) => Answer(async () =>
        {
            var answer = await place.Ask(given, new() { ["do"] = "releases" }, cancellation);
            if (given.GetValue(place.Json))
            {
                Console.Out.WriteLine(answer.ToJsonString(Indented));
                return;
            }

            foreach (var release in answer["releases"]!.AsArray().Select(release => release!.AsObject()))
            {
                Console.Out.WriteLine($"{release["name"]} {release["version"],-10}  {release["sha256"]}  entry {release["logIndex"]}");
                if (release["withdrawal"] is { } back)
                {
                    Console.Out.WriteLine($"  withdrawn on {back["withdrawn"]}, because: “{back["reason"]}” (entry {back["logIndex"]} of the log)");
                }
            }

            Console.Out.WriteLine((bool)answer["servedWithdrawn"]! ? "The page that this ledger serves is withdrawn: install a newer ledger."
                : (bool)answer["served"]! ? "The page that this ledger serves is among them."
                : $"The page that this ledger serves, {answer["page"]}, is not in the log: make its release with `ledger authority release`, then publish it.");
        }));
        return verb;
    }

    private static async Task<int> Answer(Func<Task> act)
    {
        try
        {
            await act();
            return ExitCode.Done;
        }
        catch (Exception fault) when (fault is LinkRefusedException or AuthorityRefusedException or MalformedEvidenceException or IOException
            or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync($"ledger release: {fault.Message}");
            return ExitCode.NotDone;
        }
    }
}
