namespace Evidence.Gs1;

/// <summary>Serial Shipping Container Code: the number of one pallet or case on its way, AI (00).</summary>
/// <remarks>Eighteen digits: extension digit, GS1 company prefix with serial reference, check digit. It stands on the label for everyone
/// to read and is no secret.</remarks>
public sealed record Sscc
{
    /// <summary>How many digits there are, the check digit included.</summary>
    public const int Length = 18;

    private Sscc(string value) => Value = value;

    /// <summary>The eighteen digits.</summary>
    public string Value { get; }

    /// <summary>Reads eighteen digits; single spaces between them are passed over, because people group them.</summary>
    /// <exception cref="MalformedEvidenceException">Another length, something else than digits, or a wrong check digit.</exception>
    public static Sscc Parse(string text)
    {
        var digits = Gs1Text.Ungrouped(text);
        if (digits.Length != Length || !CheckDigit.AreDigits(digits))
        {
            throw new MalformedEvidenceException($"An SSCC has {Length} digits; \"{Gs1Text.Shown(text)}\" has {digits.Length} characters. It "
                + "stands on the pallet's label behind (00).");
        }

        CheckDigit.Hold("SSCC", digits);
        return new(digits);
    }

    public override string ToString() => Value;
}
