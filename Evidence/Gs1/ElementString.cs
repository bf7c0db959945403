using System.Collections.Immutable;

namespace Evidence.Gs1;

/// <summary>What a GS1-128 or GS1 DataMatrix symbol holds: application identifiers with their values.</summary>
/// <remarks>Parts of fixed length stand first, so that a separator is needed at most between lot and serial number.</remarks>
public sealed class ElementString
{
    /// <summary>FNC1 between two parts, as a scanner transmits it (ASCII 29). A symbol begins with FNC1, too; that one is not in the
    /// text.</summary>
    public const char Separator = '\u001D';

    /// <summary>Most characters of one GS1-128 symbol, identifiers and separators included (General Specifications, 5.4).</summary>
    public const int SymbolLengthMax = 48;

    /// <summary>What scanners put before the data of a GS1-128 symbol.</summary>
    private const string SymbologyIdentifier = "]C1";

    private ElementString(ImmutableArray<(string Identifier, string Value)> parts) => Parts = parts;

    /// <summary>Application identifier and value, in the order of the symbol.</summary>
    public ImmutableArray<(string Identifier, string Value)> Parts { get; }

    /// <summary>The symbol's data behind its first FNC1: "00106141411234567897"; <see cref="Separator"/> stands for FNC1 in between.</summary>
    public string Data => string.Concat(Parts.Select((part, i) =>
        part.Identifier + part.Value + (i < Parts.Length - 1 && IsVariable(part.Identifier) ? Separator : "")));

    /// <summary>The line under the symbol: "(00)106141411234567897".</summary>
    public string Text => string.Concat(Parts.Select(part => $"({part.Identifier}){part.Value}"));

    /// <summary>Whether one GS1-128 symbol can hold it; if not, serial number and lot go into a second one.</summary>
    public bool FitsOneSymbol => Data.Length <= SymbolLengthMax;

    public static ElementString Of(Gs1Key key, ExpiryDate? expiry = null)
    {
        var parts = ImmutableArray.CreateBuilder<(string, string)>();
        Add(parts, "00", key.Sscc?.Value);
        Add(parts, "01", key.Gtin?.Value);
        Add(parts, "17", expiry?.Value);
        Add(parts, "10", key.Lot);
        Add(parts, "21", key.Serial);
        return new(parts.ToImmutable());
    }

    /// <summary>Reads what a scanner transmits, with or without "]C1" in front; the five identifiers above and no others.</summary>
    /// <exception cref="MalformedEvidenceException">Another identifier, a part that is cut short, or a value that is not its kind's.</exception>
    public static (Gs1Key Key, ExpiryDate? Expiry) Parse(string data)
    {
        var rest = (data.StartsWith(SymbologyIdentifier, StringComparison.Ordinal) ? data[SymbologyIdentifier.Length..] : data).AsSpan();
        var found = new Dictionary<string, string>();
        while (!rest.IsEmpty)
        {
            var identifier = rest.Length >= 2 ? rest[..2].ToString() : rest.ToString();
            var end = FixedLength(identifier) is { } length ? 2 + length : rest.IndexOf(Separator) is >= 0 and var at ? at : rest.Length;
            if (end > rest.Length || (FixedLength(identifier) is null && !IsVariable(identifier)) || !found.TryAdd(identifier, rest[2..end].ToString()))
            {
                throw new MalformedEvidenceException($"At \"{Gs1Text.Shown(rest.ToString())}\" the bar code does not go on with (00), (01), (10), "
                    + "(17) or (21), whole and once. Scan the label's logistic bar code.");
            }

            rest = rest[end..];
            rest = rest is [Separator, _, ..] ? rest[1..] : rest;
        }

        return Key(found);
    }

    private static (Gs1Key Key, ExpiryDate? Expiry) Key(Dictionary<string, string> found)
    {
        var expiry = found.TryGetValue("17", out var date) ? ExpiryDate.Parse(date) : null;
        var isProduct = found.TryGetValue("01", out var gtin);
        if (isProduct == found.TryGetValue("00", out var sscc) || (!isProduct && found.Count > 1))
        {
            throw new MalformedEvidenceException("The bar code names no single pallet (00) and no single product (01). Scan the label's logistic bar code.");
        }

        return (isProduct ? Gs1Key.Product(Gtin.Parse(gtin!), found.GetValueOrDefault("10"), found.GetValueOrDefault("21")) : Gs1Key.Pallet(Sscc.Parse(sscc!)),
            expiry);
    }

    private static void Add(ImmutableArray<(string, string)>.Builder parts, string identifier, string? value)
    {
        if (value is not null)
        {
            parts.Add((identifier, value));
        }
    }

    private static bool IsVariable(string identifier) => identifier is "10" or "21";

    private static int? FixedLength(string identifier) => identifier switch { "00" => Sscc.Length, "01" => Gtin.Length, "17" => 6, _ => null };
}
