using System.CommandLine;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Evidence;
using Ledger.Authority;
using Ledger.Hosting;
using Microsoft.Extensions.Logging.Abstractions;

namespace Ledger.Links;

/// <summary>The verbs <c>ledger link create|list|revoke</c>: on the ledger's machine, whether the ledger runs or is stopped.</summary>
public static class LinkVerbs
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static void Add(RootCommand root)
    {
        var link = new Command("link", "Show a window of a gateway's record to somebody, and take it back. Each act and each use is in the log.")
        {
            CreateVerb(), ListVerb(), RevokeVerb(),
        };
        root.Add(link);
    }

    private static Command CreateVerb()
    {
        var asked = new Asked();
        var verb = new Command("create", "Makes a link, prints it with its code, and logs that it was made.");
        foreach (var option in asked.All)
        {
            verb.Add(option);
        }

        verb.SetAction((given, cancellation) => Answer(async () =>
        {
            var request = asked.Request(given);
            var before = asked.Before(given);
            var file = given.GetValue(asked.Picture) is { } path ? QrPicture.Check(path) : null; // Before anything is logged.
            var answer = await asked.Place.Ask(given, request, cancellation);
            var link = before + answer["path"]!.GetValue<string>();
            file?.Write(link);
            if (given.GetValue(asked.Place.Json))
            {
                answer["url"] = link;
                Console.Out.WriteLine(answer.ToJsonString(Indented));
                return;
            }

            Console.Out.Write(QrPicture.Blocks(link));
            Console.Out.WriteLine(link);
            Console.Out.WriteLine($"link     {answer["link"]}, until {answer["expires"]}, log index {answer["logIndex"]}");
            Console.Out.WriteLine((answer["access"]!.GetValue<string>() == "token"
                ? "The link is printed this once and not kept: whoever has it may see."
                : "Whoever reads the label may see.") + $" Take it back with: ledger link revoke {answer["link"]} --reason …");
            if (!link.Contains('#', StringComparison.Ordinal))
            {
                Console.Out.WriteLine("No batch of this window is logged yet, so the link carries no root: a swapped record would not be noticed by the code alone.");
            }
        }));
        return verb;
    }

    private static Command ListVerb()
    {
        var place = new Place();
        var verb = new Command("list", "Prints all links, oldest first.") { place.Data, place.Keys, place.Config, place.Clock, place.Json };
        verb.SetAction((given, cancellation) => Answer(async () =>
        {
            var answer = await place.Ask(given, new() { ["do"] = "list" }, cancellation);
            if (given.GetValue(place.Json))
            {
                Console.Out.WriteLine(answer.ToJsonString(Indented));
                return;
            }

            foreach (var link in answer["links"]!.AsArray().Select(link => link!.AsObject()))
            {
                Console.Out.WriteLine($"{link["link"]}  {link["state"],-7}  {link["access"],-5}  {link["level"],-9}  until {link["expires"]}  {link["key"]}");
                Console.Out.WriteLine($"    {link["window"]} of {link["gateway"]}, channels {string.Join(", ", link["channels"]!.AsArray())}");
                Console.Out.WriteLine($"    for {link["recipient"]}: {link["reason"]}" + (link["revoked"] is { } when
                    ? $"\n    revoked {when}: {link["revokedReason"]}" : ""));
            }

            Console.Out.WriteLine($"{answer["links"]!.AsArray().Count} links.");
        }));
        return verb;
    }

    private static Command RevokeVerb()
    {
        var place = new Place();
        var id = new Argument<string>("LINK") { Description = "The link's identity, from `ledger link list`." };
        var reason = Required("--reason", "Why; it is shown to whoever opens the link later.");
        var verb = new Command("revoke", "Takes a link back at once. What was saved with it before stays what it is.")
        {
            id, place.Data, place.Keys, place.Config, place.Clock, place.Json, reason,
        };
        verb.SetAction((given, cancellation) => Answer(async () =>
        {
            var answer = await place.Ask(given,
                new() { ["do"] = "revoke", ["who"] = AuditTrail.Who(), ["link"] = given.GetValue(id), ["reason"] = given.GetValue(reason) }, cancellation);
            Console.Out.WriteLine(given.GetValue(place.Json) ? answer.ToJsonString(Indented)
                : $"Revoked {answer["link"]}, log index {answer["logIndex"]}. It shows nothing from now on.");
        }));
        return verb;
    }

    internal static Option<string> Required(string name, string description) => new(name) { Description = description, Required = true };

    private static async Task<int> Answer(Func<Task> act)
    {
        try
        {
            await act();
            return ExitCode.Done;
        }
        catch (Exception fault) when (fault is LinkRefusedException or MalformedEvidenceException or IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync($"ledger link: {fault.Message}");
            return ExitCode.NotDone;
        }
    }

    /// <summary>Where the ledger is, and how to reach it.</summary>
    internal sealed class Place
    {
        public Option<string?> Data { get; } = new("--data") { Description = $"The ledger's data directory. Default: {RunOptions.DataDefault}." };

        public Option<string?> Keys { get; } = new("--keys")
        {
            Description = "While the ledger is stopped: directory with log.key, clock.key and policy.json. Default: $CREDENTIALS_DIRECTORY, else DATA/keys.",
        };

        public Option<string?> Config { get; } = new("--config") { Description = $"The ledger's settings. Default: {RunFile.PathDefault}, if it is there." };

        public Option<string?> Clock { get; } = new("--clock")
        {
            Description = "While the ledger is stopped: file with the wall time of a replayed trip. For demonstrations.",
        };

        public Option<bool> Json { get; } = new("--json") { Description = "Print JSON." };

        public RunOptions File(ParseResult given) => RunFile.Read(given.GetValue(Config));

        /// <summary>By the running ledger, when one holds the directory; by ourselves while it is stopped.</summary>
        public async Task<JsonObject> Ask(ParseResult given, JsonObject request, CancellationToken cancellation)
        {
            var file = File(given);
            var options = file with { Data = given.GetValue(Data) ?? file.Data, Keys = given.GetValue(Keys) ?? file.Keys };
            if (!System.IO.File.Exists(Path.Combine(options.Data, LedgerCore.DatabaseFile)))
            {
                throw new ConfigurationException($"{options.Data} holds no ledger: there is no {LedgerCore.DatabaseFile}. --data says where it is.");
            }

            var answer = await LinkSocket.Ask(options.Data, request, cancellation) ?? await Alone(options, given.GetValue(Clock), request, cancellation);
            return answer["problem"] is { } problem ? throw new LinkRefusedException(problem.GetValue<string>()) : answer;
        }

        private static LedgerCore Open(RunOptions options, TimeProvider clock)
        {
            try
            {
                return LedgerCore.Open(options.Data, options.KeysDirectory(), clock, NullLoggerFactory.Instance);
            }
            catch (ConfigurationException fault) when (Directory.Exists(Path.Combine(options.Data, LinkSocket.SocketFile)))
            {
                throw new ConfigurationException($"{Path.Combine(options.Data, LinkSocket.SocketFile)} is a directory, so a ledger that runs cannot be "
                    + $"reached. Remove it and try again in a minute. ({fault.Message})", fault);
            }
        }

        private static async Task<JsonObject> Alone(RunOptions options, string? clockFile, JsonObject request, CancellationToken cancellation)
        {
            TimeProvider clock = clockFile is null ? TimeProvider.System : new FileClock(clockFile);
            await using var core = Open(options, clock);
            return await new LinkOffice(core, null).Answer(Encoding.UTF8.GetBytes(request.ToJsonString()), cancellation);
        }
    }
}
