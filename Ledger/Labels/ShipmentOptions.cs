using System.CommandLine;
using Evidence.Gs1;
using Ledger.Authority;

namespace Ledger.Labels;

/// <summary>How a verb is told what a shipment is called: by its SSCC, or by GTIN with lot, serial number and expiry.</summary>
internal sealed class ShipmentOptions
{
    private readonly Option<string?> sscc = new("--sscc") { Description = "The pallet's SSCC, eighteen digits." };
    private readonly Option<string?> gtin = new("--gtin") { Description = "The product's GTIN." };
    private readonly Option<string?> lot = new("--lot") { Description = "With --gtin: the lot." };
    private readonly Option<string?> serial = new("--serial") { Description = "With --gtin: the serial number." };
    private readonly Option<string?> expiry = new("--expiry") { Description = "With --gtin: the expiry date, YYMMDD." };

    public void AddTo(Command verb)
    {
        foreach (var option in new[] { sscc, gtin, lot, serial, expiry })
        {
            verb.Add(option);
        }
    }

    /// <exception cref="AuthorityRefusedException">Both kinds of name, or parts of a product without its GTIN.</exception>
    /// <exception cref="Evidence.MalformedEvidenceException">A number with a wrong check digit, or a text that GS1 does not allow.</exception>
    public (Gs1Key? Key, ExpiryDate? Expiry) Of(ParseResult given)
    {
        var hasParts = (given.GetValue(lot) ?? given.GetValue(serial) ?? given.GetValue(expiry)) is not null;
        return (given.GetValue(sscc), given.GetValue(gtin)) switch
        {
            ({ } pallet, null) when !hasParts => (Gs1Key.Pallet(Sscc.Parse(pallet)), null),
            (null, { } product) => (Gs1Key.Product(Gtin.Parse(product), given.GetValue(lot), given.GetValue(serial)),
                given.GetValue(expiry) is { } date ? ExpiryDate.Parse(date) : null),
            (null, null) when !hasParts => (null, null),
            _ => throw new AuthorityRefusedException("Give --sscc alone, or --gtin with --lot, --serial and --expiry as they are known."),
        };
    }
}
