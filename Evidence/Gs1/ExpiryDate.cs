using System.Globalization;

namespace Evidence.Gs1;

/// <summary>An expiry date as a label carries it, AI (17): YYMMDD, where day 00 is the month's last day.</summary>
public sealed record ExpiryDate
{
    private ExpiryDate(string value) => Value = value;

    /// <summary>The six digits.</summary>
    public string Value { get; }

    /// <exception cref="MalformedEvidenceException">Not six digits, or no day of any calendar.</exception>
    public static ExpiryDate Parse(string text)
    {
        if (text.Length != 6 || !CheckDigit.AreDigits(text))
        {
            throw new MalformedEvidenceException($"An expiry date has six digits, YYMMDD; \"{Gs1Text.Shown(text)}\" is none.");
        }

        var (year, month, day) = (Number(text[..2]), Number(text[2..4]), Number(text[4..]));
        return month is < 1 or > 12 || day > DateTime.DaysInMonth(2000 + year, month)
            ? throw new MalformedEvidenceException($"The expiry date {text} is no day: month {text[2..4]}, day {text[4..]}.")
            : new(text);
    }

    public static ExpiryDate Of(DateOnly day) => new(day.ToString("yyMMdd", CultureInfo.InvariantCulture));

    /// <summary>The last day of validity. The century is the one that lies nearest to now (General Specifications, 7.12).</summary>
    /// <param name="yearNow">The present year.</param>
    public DateOnly ToDate(int yearNow)
    {
        var difference = Number(Value[..2]) - (yearNow % 100);
        var century = yearNow - (yearNow % 100) + (difference switch { >= 51 => -100, <= -50 => 100, _ => 0 });
        var (year, month, day) = (century + Number(Value[..2]), Number(Value[2..4]), Number(Value[4..]));
        var last = DateTime.DaysInMonth(year, month);
        return new(year, month, day == 0 ? last : Math.Min(day, last));
    }

    public override string ToString() => Value;

    private static int Number(string digits) => int.Parse(digits, CultureInfo.InvariantCulture);
}
