namespace Evidence.Gs1;

/// <summary>GS1's check digit: modulo 10, weights 3 and 1 alternating from the right (GS1 General Specifications, 7.9).</summary>
internal static class CheckDigit
{
    /// <summary>The digit that belongs behind these digits.</summary>
    public static char For(ReadOnlySpan<char> digits)
    {
        var sum = 0;
        for (var i = 0; i < digits.Length; i++)
        {
            sum += (digits[^(i + 1)] - '0') * (i % 2 == 0 ? 3 : 1);
        }

        return (char)('0' + ((10 - (sum % 10)) % 10));
    }

    /// <summary>Whether these are digits of ASCII and nothing else: other scripts' digits are not GS1's.</summary>
    public static bool AreDigits(ReadOnlySpan<char> text) => !text.IsEmpty && !text.ContainsAnyExceptInRange('0', '9');

    /// <exception cref="MalformedEvidenceException">The last digit is not the check digit of those before it.</exception>
    public static void Hold(string what, string digits)
    {
        if (For(digits.AsSpan(0, digits.Length - 1)) is var expected && digits[^1] != expected)
        {
            throw new MalformedEvidenceException($"The {what} {digits} ends with {digits[^1]}, but its check digit is {expected}: one of its "
                + "digits was read or typed wrong. Compare it with the label.");
        }
    }
}
