using System.CommandLine;
using System.Globalization;
using Evidence;
using Ledger.Hosting;
using Ledger.Pages;

namespace Ledger.Retention;

/// <summary>The verbs <c>ledger hold add|remove|list</c>: readings that retention must leave alone. They work while the ledger runs.</summary>
public static class HoldVerbs
{
    public static void Add(RootCommand root) => root.Add(new Command("hold", "Keep readings beyond the retention policy: a dispute, a recall, an "
        + "inspection.") { AddVerb(), RemoveVerb(), ListVerb() });

    private static Option<string> DataOption() => new("--data")
    {
        Description = $"Data directory. Default: {RunOptions.DataDefault}.",
        DefaultValueFactory = _ => RunOptions.DataDefault,
    };

    private static Option<string> ReasonOption() => new("--reason") { Description = "Why, for the audit trail.", Required = true };

    private static Command AddVerb()
    {
        var gateway = new Argument<string>("GATEWAY") { Description = "The gateway's identity." };
        var window = new Argument<string>("FROM..TO") { Description = "Two UTC times: 20260101..20260301, or 2026-01-01T00:00:00Z..2026-03-01T00:00:00Z." };
        var (data, reason) = (DataOption(), ReasonOption());
        var verb = new Command("add", "Holds a window of a gateway's readings. Whole months are kept.") { gateway, window, data, reason };
        verb.SetAction(given =>
        {
            if (!Guid.TryParseExact(given.GetValue(gateway), "D", out var id))
            {
                throw new ConfigurationException($"\"{given.GetValue(gateway)}\" is not a gateway's identity, which looks like "
                    + "5f3a91c0-0bc0-4012-8a55-0123456789ab.");
            }

            if (TimeWindow.Parse(given.GetValue(window)!) is not { } span || span.ToMs < span.FromMs)
            {
                throw new ConfigurationException($"\"{given.GetValue(window)}\" is not a window: two UTC times with two points between them, the "
                    + "earlier one first, as 20260101..20260301.");
            }

            var place = Existing(given.GetValue(data)!);
            foreach (var gone in new RemovalBook(place).Read().Where(gone => gone.Gateway.Value == id && gone.FromMs <= span.ToMs
                && gone.ToMs >= span.FromMs))
            {
                Console.Out.WriteLine($"Already removed: batches {gone.First} to {gone.Last}, {Day(gone.FromMs)} to {Day(gone.ToMs)}.");
            }

            var hold = new HoldBook(place).Add(new(id), span.FromMs, span.ToMs, given.GetValue(reason)!,
                TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds());
            Audit.Of(place, TimeProvider.System).Append("hold", hold.Reason, ("id", Number(hold.Id)), ("gateway", hold.Gateway.ToString()),
                ("window", span.ToString()));
            Console.Out.WriteLine($"Hold {hold.Id}: the readings of {hold.Gateway} from {Day(hold.FromMs)} to {Day(hold.ToMs)} stay until "
                + $"`ledger hold remove {hold.Id}`.");
            return ExitCode.Done;
        });
        return verb;
    }

    private static Command RemoveVerb()
    {
        var number = new Argument<int>("ID") { Description = "The hold's number, as `ledger hold list` shows it." };
        var (data, reason) = (DataOption(), ReasonOption());
        var verb = new Command("remove", "Takes a hold back; the policy counts again.") { number, data, reason };
        verb.SetAction(given =>
        {
            var place = Existing(given.GetValue(data)!);
            if (new HoldBook(place).Remove(given.GetValue(number)) is not { } hold)
            {
                Console.Error.WriteLine($"There is no hold {given.GetValue(number)}; `ledger hold list` shows them.");
                return ExitCode.NotDone;
            }

            Audit.Of(place, TimeProvider.System).Append("hold removed", given.GetValue(reason), ("id", Number(hold.Id)),
                ("gateway", hold.Gateway.ToString()));
            Console.Out.WriteLine($"Hold {hold.Id} of {hold.Gateway} is taken back. Readings older than the policy go with the next day's turn.");
            return ExitCode.Done;
        });
        return verb;
    }

    private static Command ListVerb()
    {
        var data = DataOption();
        var verb = new Command("list", "Shows the holds, and what retention has removed.") { data };
        verb.SetAction(given =>
        {
            var place = Existing(given.GetValue(data)!);
            var holds = new HoldBook(place).Read();
            Console.Out.WriteLine(holds.IsEmpty ? "No holds." : $"{holds.Length} holds:");
            foreach (var hold in holds)
            {
                Console.Out.WriteLine($"  {hold.Id,4}  {hold.Gateway}  {Day(hold.FromMs)} to {Day(hold.ToMs)}  since {Day(hold.AtMs)}: {hold.Reason}");
            }

            foreach (var gone in new RemovalBook(place).Read())
            {
                Console.Out.WriteLine($"Removed on {Day(gone.AtMs)}: {gone.Gateway}, batches {gone.First} to {gone.Last}, {Day(gone.FromMs)} to "
                    + $"{Day(gone.ToMs)}, older than {gone.Years} years.");
            }

            return ExitCode.Done;
        });
        return verb;
    }

    private static string Existing(string data) => File.Exists(Path.Combine(data, LedgerCore.DatabaseFile)) ? data
        : throw new ConfigurationException($"{data} holds no ledger: {LedgerCore.DatabaseFile} is not there. Give --data.");

    private static string Day(long ms) => DateTimeOffset.FromUnixTimeMilliseconds(ms).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
