namespace Evidence.Gs1;

/// <summary>Global Trade Item Number: which product, AI (01). Always fourteen digits here; shorter ones are padded with zeroes.</summary>
public sealed record Gtin
{
    /// <summary>How many digits there are, the check digit included.</summary>
    public const int Length = 14;

    private Gtin(string value) => Value = value;

    /// <summary>The fourteen digits.</summary>
    public string Value { get; }

    /// <summary>Reads a GTIN-14, -13, -12 or -8; single spaces between digits are passed over.</summary>
    /// <exception cref="MalformedEvidenceException">Another length, something else than digits, or a wrong check digit.</exception>
    public static Gtin Parse(string text)
    {
        var digits = Gs1Text.Ungrouped(text);
        if (digits.Length is not (14 or 13 or 12 or 8) || !CheckDigit.AreDigits(digits))
        {
            throw new MalformedEvidenceException($"A GTIN has 14, 13, 12 or 8 digits; \"{Gs1Text.Shown(text)}\" has {digits.Length} "
                + "characters. It stands under the product's bar code, or behind (01).");
        }

        CheckDigit.Hold("GTIN", digits); // Zeroes in front weigh nothing: the digit is the same before and after padding.
        return new(digits.PadLeft(Length, '0'));
    }

    public override string ToString() => Value;
}
