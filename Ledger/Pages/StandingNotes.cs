namespace Ledger.Pages;

/// <summary>The verifier's standing notes in a reader's language.</summary>
internal static class StandingNotes
{
    private static readonly string[] Keys = ["note.emulated", "note.software", "note.witness"];

    /// <summary>The note in this language; as the verifier wrote it when the catalogue does not know it.</summary>
    public static string In(Texts texts, string note) => Known(texts, note) ?? note;

    /// <summary>The note in this language; null when the catalogue does not know it and English will not do.</summary>
    public static string? Known(Texts texts, string note)
    {
        var english = Texts.For("en", null);
        return Keys.FirstOrDefault(key => english[key] == note) is { } known ? texts[known] : texts.Language == "en" ? note : null;
    }
}
