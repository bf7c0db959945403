namespace Evidence.Gs1;

/// <summary>What a shipment is called on its label: a pallet by its SSCC, or a product by its GTIN, with lot, with serial number.</summary>
/// <remarks>Exactly one of <see cref="Sscc"/> and <see cref="Gtin"/> is there. Two keys are equal when all their parts are; letters of lots
/// and serial numbers count with their case.</remarks>
public sealed record Gs1Key
{
    private Gs1Key(Sscc? sscc, Gtin? gtin, string? lot, string? serial)
    {
        Sscc = sscc;
        Gtin = gtin;
        Lot = lot;
        Serial = serial;
    }

    public Sscc? Sscc { get; }

    public Gtin? Gtin { get; }

    /// <summary>AI (10), 1 to 20 characters of GS1's set 82; null when the key names none.</summary>
    public string? Lot { get; }

    /// <summary>AI (21), 1 to 20 characters of GS1's set 82; null when the key names none.</summary>
    public string? Serial { get; }

    /// <summary>A pallet or case.</summary>
    public static Gs1Key Pallet(Sscc sscc) => new(sscc, null, null, null);

    /// <summary>A product; the narrower, the fewer boxes the key names.</summary>
    /// <exception cref="MalformedEvidenceException">Lot or serial number is not GS1's.</exception>
    public static Gs1Key Product(Gtin gtin, string? lot = null, string? serial = null) =>
        new(null, gtin, lot is null ? null : Gs1Text.Check("lot", lot), serial is null ? null : Gs1Text.Check("serial number", serial));

    /// <summary>As people read it under a bar code: "(01)09521234543213(10)ABC123".</summary>
    public override string ToString() => ElementString.Of(this).Text;
}
