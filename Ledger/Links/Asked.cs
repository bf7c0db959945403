using System.CommandLine;
using System.Text.Json.Nodes;
using Evidence;
using Evidence.Gs1;
using Ledger.Authority;
using Ledger.Hosting;

namespace Ledger.Links;

/// <summary>What `ledger link create` can be asked for.</summary>
internal sealed class Asked
{
    private const int DaysDefault = 90, DaysMax = 3_660;

    private readonly Option<string?> sscc = new("--sscc") { Description = "The pallet's number, 18 digits, as it stands on its label behind (00)." };
    private readonly Option<string?> gtin = new("--gtin") { Description = "The product's number; --lot or --serial goes with it." };
    private readonly Option<string?> lot = new("--lot") { Description = "The product's lot, (10)." };
    private readonly Option<string?> serial = new("--serial") { Description = "The product's serial number, (21)." };
    private readonly Option<string?> expiry = new("--product-expiry") { Description = "The product's expiry date YYMMDD, (17); only printed into the link." };
    private readonly Option<string> gateway = LinkVerbs.Required("--gateway", "Whose record: the gateway's identity.");
    private readonly Option<int[]> channels = new("--channel") { Description = "A channel to show; once for each. Default: all.", DefaultValueFactory = _ => [] };
    private readonly Option<string> from =
        LinkVerbs.Required("--from", "The window's first instant, UTC: 20260502T121000Z, 2026-05-02T12:10:00Z or 2026-05-02.");
    private readonly Option<string> to =
        LinkVerbs.Required("--to", "The window's last instant, UTC, or now; a day alone to its end. It may lie ahead: the evidence is incomplete until then.");
    private readonly Option<string> level = LinkVerbs.Required("--level", "How much is shown: each level shows all of those before it.");
    private readonly Option<string> access = new("--access")
    {
        Description = "token: only this link opens it. open: the number on the label does, for everybody who can read it. Default: token.",
        DefaultValueFactory = _ => "token",
    };
    private readonly Option<string> recipient = LinkVerbs.Required("--recipient", "For whom: a person or an office.");
    private readonly Option<string> reason = LinkVerbs.Required("--reason", "Why; it is shown to the recipient.");
    private readonly Option<string?> expires = new("--expires") { Description = "When the link stops to show anything, UTC." };
    private readonly Option<int> days = new("--days") { Description = $"Or: after how many days, 1 to {DaysMax}.", DefaultValueFactory = _ => DaysDefault };
    private readonly Option<string?> address = new("--address")
    {
        Description = $"Scheme and host before the path, as readers reach the ledger. Default: \"address\" of the settings, else {RunOptions.ListenDefault}.",
    };

    public Asked()
    {
        level.AcceptOnlyFromAmong("headers", "verdicts", "summaries", "readings");
        access.AcceptOnlyFromAmong("token", "open");
    }

    public LinkVerbs.Place Place { get; } = new();

    public Option<string?> Picture { get; } = new("--qr") { Description = "Write the code to this file: .svg or .png." };

    public IEnumerable<Option> All => [sscc, gtin, lot, serial, expiry, gateway, channels, from, to, level, access, recipient, reason, expires, days, address,
        Picture, Place.Data, Place.Keys, Place.Config, Place.Clock, Place.Json];

    /// <exception cref="LinkRefusedException">Options contradict each other.</exception>
    /// <exception cref="MalformedEvidenceException">A number or a text is none.</exception>
    public JsonObject Request(ParseResult given)
    {
        var count = given.GetValue(days);
        var request = new JsonObject
        {
            ["do"] = "create",
            ["who"] = AuditTrail.Who(),
            ["key"] = DigitalLink.Write(Key(given), given.GetValue(expiry) is { } date ? ExpiryDate.Parse(date) : null),
            ["gateway"] = given.GetValue(gateway),
            ["from"] = given.GetValue(from),
            ["to"] = given.GetValue(to),
            ["level"] = given.GetValue(level),
            ["access"] = given.GetValue(access),
            ["recipient"] = Disclosure.CheckText("recipient", given.GetValue(recipient)!, Disclosure.RecipientLengthMax),
            ["reason"] = Disclosure.CheckText("reason", given.GetValue(reason)!, Disclosure.ReasonLengthMax),
            ["days"] = count is >= 1 and <= DaysMax ? count : throw new LinkRefusedException($"--days is a whole number from 1 to {DaysMax}."),
        };
        if (given.GetValue(expires) is { } until)
        {
            request["expires"] = until;
        }

        if (given.GetValue(channels) is { Length: > 0 } chosen)
        {
            request["channels"] = new JsonArray([.. chosen.Distinct().Select(channel => (JsonNode)channel)]);
        }

        return request;
    }

    /// <summary>Scheme and host of the link.</summary>
    /// <exception cref="LinkRefusedException">It is none.</exception>
    public string Before(ParseResult given)
    {
        var text = given.GetValue(address) ?? Place.File(given).Address ?? RunOptions.ListenDefault;
        return Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "https" or "http" && uri.PathAndQuery == "/" && uri.Fragment.Length == 0
            ? uri.GetLeftPart(UriPartial.Authority)
            : throw new LinkRefusedException($"--address {text} is not of the form https://ledger.example.");
    }

    private Gs1Key Key(ParseResult given) => (given.GetValue(sscc), given.GetValue(gtin), given.GetValue(lot), given.GetValue(serial)) switch
    {
        ({ } pallet, null, null, null) => Gs1Key.Pallet(Sscc.Parse(pallet)),
        (null, { } product, var batch, var number) when batch is not null || number is not null => Gs1Key.Product(Gtin.Parse(product), batch, number),
        _ => throw new LinkRefusedException("Give either --sscc, or --gtin with --lot or --serial."),
    };
}
