using System.Collections.Frozen;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Evidence;

namespace Ledger.Pages;

/// <summary>The pages' words in one language, and how that language writes numbers, temperatures and durations. One catalogue file a
/// language.</summary>
public sealed partial class Texts
{
    /// <summary>Languages of the pages, the default first.</summary>
    public static readonly string[] Languages = ["en", "fr", "zh"];

    private static readonly FrozenDictionary<string, Texts> Catalogues = Languages.ToFrozenDictionary(language => language, Load);

    private readonly FrozenDictionary<string, string> words;
    private readonly NumberFormatInfo numbers;

    private Texts(string language, FrozenDictionary<string, string> words)
    {
        Language = language;
        this.words = words;
        numbers = (NumberFormatInfo)CultureInfo.InvariantCulture.NumberFormat.Clone();
        if (language == "fr")
        {
            (numbers.NumberDecimalSeparator, numbers.NumberGroupSeparator) = (",", "\u202F");
        }
    }

    public string Language { get; }

    /// <summary>The BCP 47 tag for the page's lang attribute.</summary>
    public string Tag => Language == "zh" ? "zh-Hans" : Language;

    /// <summary>All keys of this catalogue.</summary>
    public IEnumerable<string> Keys => words.Keys;

    /// <exception cref="KeyNotFoundException">The catalogue has no such text: a fault of this program.</exception>
    public string this[string key] => words[key];

    /// <summary>The catalogue that a reader asked for, by ?lang= first and by the browser's preference next.</summary>
    public static Texts For(string? asked, string? acceptLanguage)
    {
        foreach (var wish in (acceptLanguage ?? "").Split(',').Prepend(asked ?? ""))
        {
            var language = wish.Split(';', '-')[0].Trim().ToLowerInvariant();
            if (Catalogues.TryGetValue(language, out var found))
            {
                return found;
            }
        }

        return Catalogues[Languages[0]];
    }

    public string Format(string key, params object[] values) => string.Format(CultureInfo.InvariantCulture, words[key], values);

    /// <summary>The text of this key, or what stands in for it when the verifier says something that the catalogue does not know.</summary>
    public string Or(string key, string fallback) => words.TryGetValue(key, out var text) ? text : fallback;

    public string Number(long value) => value.ToString("N0", numbers);

    /// <summary>One decimal at least, as many as the value has at most: a limit is never rounded into range.</summary>
    public string Temperature(MilliCelsius value) => (value.Value / 1000m).ToString("0.0##", numbers) + "\u00A0°C";

    /// <summary>A number as it is, with this language's decimal sign.</summary>
    public string Figure(decimal value) => value.ToString(numbers);

    /// <summary>A computed temperature, to the hundredth of a degree. What rounds to zero has no sign: "-0.0" would be taken for frost.</summary>
    public string Computed(double milliCelsius) =>
        (Math.Round((decimal)milliCelsius / 1000, 2) is not 0 and var degrees ? degrees : 0m).ToString("0.0#", numbers) + "\u00A0°C";

    /// <summary>With what this language sets before that which explains it: "Why: ".</summary>
    public string Colon(string text) => text + Language switch { "fr" => "\u00A0: ", "zh" => "：", _ => ": " };

    /// <summary>The two largest units: "5 h 52 min".</summary>
    public string Duration(long milliseconds)
    {
        var span = TimeSpan.FromMilliseconds(milliseconds);
        (long Count, string Unit)[] parts =
            [(span.Days, "unit.d"), (span.Hours, "unit.h"), (span.Minutes, "unit.min"), (span.Seconds, "unit.s")];
        var shown = parts.SkipWhile(part => part.Count == 0).Take(2).Where(part => part.Count > 0).ToList();
        return shown.Count == 0 ? $"0\u00A0{words["unit.s"]}"
            : string.Join(' ', shown.Select(part => $"{Number(part.Count)}\u00A0{words[part.Unit]}"));
    }

    private static Texts Load(string language)
    {
        // The pages' words, and those of the printed report.
        return new(language, ((string[])["Texts/", "ReportTexts/"]).SelectMany(catalogue => Read(catalogue + language)).ToFrozenDictionary());
    }

    /// <summary>French sets a space before its double signs; one that does not break, so that none of them begins a line.</summary>
    private static string Spaced(string resource, string text) =>
        resource.EndsWith("fr", StringComparison.Ordinal) ? DoubleSigns().Replace(text, "\u00A0").Replace("« ", "«\u00A0", StringComparison.Ordinal) : text;

    [GeneratedRegex(" (?=[:;?!»])")]
    private static partial Regex DoubleSigns();

    private static List<KeyValuePair<string, string>> Read(string resource)
    {
        using var stream = typeof(Texts).Assembly.GetManifestResourceStream(resource)!;
        using var document = JsonDocument.Parse(stream);
        return [.. document.RootElement.EnumerateObject().Select(text => KeyValuePair.Create(text.Name, Spaced(resource, text.Value.GetString()!)))];
    }
}
