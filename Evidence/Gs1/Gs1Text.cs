using System.Buffers;

namespace Evidence.Gs1;

/// <summary>Lots and serial numbers: 1 to 20 characters of GS1's character set 82 (General Specifications, 7.11).</summary>
public static class Gs1Text
{
    /// <summary>Most characters of a lot or serial number.</summary>
    public const int LengthMax = 20;

    private const int ShownMax = 60;

    private static readonly SearchValues<char> Set82 =
        SearchValues.Create("!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz");

    /// <summary>Gives the text back when it may be a lot or a serial number.</summary>
    /// <param name="what">"lot" or "serial number", for the sentence.</param>
    /// <remarks>"." and ".." are in GS1's set, and no web address can carry them: RFC 3986, 5.2.4 takes them out of a path, and browsers take out
    /// "%2E" as well (WHATWG URL, "single-dot URL path segment"). A link to such a box would lead to all boxes of its product.</remarks>
    /// <exception cref="MalformedEvidenceException">Empty, too long, a character outside the set, or only one or two dots.</exception>
    public static string Check(string what, string text)
    {
        if (text.Length is < 1 or > LengthMax)
        {
            throw new MalformedEvidenceException($"A {what} has 1 to {LengthMax} characters; \"{Shown(text)}\" has {text.Length}.");
        }

        if (text is "." or "..")
        {
            throw new MalformedEvidenceException($"The {what} \"{text}\" cannot stand in a web address: browsers leave out a part that is only "
                + $"one or two dots, and the link would name other boxes. Leave the {what} out, or name the pallet by its SSCC.");
        }

        return text.AsSpan().IndexOfAnyExcept(Set82) is >= 0 and var at
            ? throw new MalformedEvidenceException($"Character {at + 1} of the {what} \"{Shown(text)}\" is not in GS1's character set 82 "
                + "(letters and digits of ASCII and !\"%&'()*+,-./:;<=>?_). Copy it from the label.")
            : text;
    }

    /// <summary>What may be repeated in a sentence: bounded, and without control characters.</summary>
    internal static string Shown(string text) => string.Concat((text.Length <= ShownMax ? text : text[..ShownMax] + "…")
        .Select(character => char.IsControl(character) || char.IsSurrogate(character) ? '\uFFFD' : character));

    internal static string Ungrouped(string text) =>
        text.Contains("  ", StringComparison.Ordinal) || text.StartsWith(' ') || text.EndsWith(' ') ? text : text.Replace(" ", "", StringComparison.Ordinal);
}
