using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;

namespace Evidence;

/// <summary>
/// The sentences of a verdict in three languages: why something does not hold, and what must be read with it. The files Reasons/*.json are the
/// one catalogue for the C# and the browser's verifier, for the ledger's pages and the regulator's (docs/decisions/0065).
/// </summary>
public static class Reasons
{
    /// <summary>The first one is what programs and people without a choice get.</summary>
    public static readonly ImmutableArray<string> Languages = ["en", "fr", "zh"];

    private static readonly FrozenDictionary<string, FrozenDictionary<string, string>> Catalogues = Languages.ToFrozenDictionary(language => language, Load);

    /// <summary>The sentence with its values filled in as text, whatever stands in them.</summary>
    /// <exception cref="KeyNotFoundException">No such language or sentence: a fault of this program.</exception>
    public static string Say(string language, string key, ImmutableArray<string> values) =>
        string.Format(CultureInfo.InvariantCulture, Catalogues[language][key], (object[])[.. values]);

    /// <summary>Every sentence of a language as it stands in the catalogue, with its places to fill.</summary>
    public static IReadOnlyDictionary<string, string> All(string language) => Catalogues[language];

    private static FrozenDictionary<string, string> Load(string language)
    {
        using var stream = typeof(Reasons).Assembly.GetManifestResourceStream("Reasons/" + language)
            ?? throw new InvalidOperationException($"The assembly holds no catalogue of reasons in \"{language}\".");
        using var document = JsonDocument.Parse(stream);
        return document.RootElement.EnumerateObject().ToFrozenDictionary(sentence => sentence.Name, sentence => sentence.Value.GetString() ?? "");
    }
}
