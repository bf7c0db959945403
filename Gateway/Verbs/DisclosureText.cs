using System.Text.Json;
using Evidence;
using Evidence.Gs1;
using Gateway.Terminal;

namespace Gateway.Verbs;

/// <summary>What checking a link's entries gave, for people and for programs.</summary>
internal static class DisclosureText
{
    public static void Write(Screen screen, DisclosureAnswer answer)
    {
        screen.Line(answer.Holds ? screen.Ok("✓ LOGGED") : screen.Failure("✗ DOES NOT HOLD"));
        screen.Line(answer.Holds
            ? $"{answer.Entries.Length} entries stand in the log that your policy trusts. " + (answer.IsWhole
                ? "Each link's entries begin with its creation, and none is left out up to the last one here."
                : "The file begins in the middle of a link's entries: what came before is in the file's earlier part.")
            : answer.Reason);
        foreach (var entry in answer.Entries)
        {
            screen.Line($"  {entry.LogIndex,8}  {Figures.Time(entry.Content.AtMs)}  {Words(entry.Content)}");
        }

        screen.Line(screen.Quiet("Whether later entries are kept back, no file can say: look at the link's page."));
    }

    public static void WriteJson(Utf8JsonWriter writer, DisclosureAnswer answer)
    {
        writer.WriteString("format", "coldproof-disclosures-answer/1");
        writer.WriteBoolean("holds", answer.Holds);
        writer.WriteBoolean("whole", answer.IsWhole);
        writer.WriteString("reason", answer.Reason);
        writer.WriteStartArray("entries");
        foreach (var entry in answer.Entries)
        {
            writer.WriteStartObject();
            writer.WriteNumber("logIndex", entry.LogIndex);
            writer.WriteString("link", entry.Content.Link.ToString());
            writer.WriteNumber("number", entry.Content.Number);
            writer.WriteTime("at", entry.Content.AtMs);
            writer.WriteTime("logged", entry.LoggedMs);
            writer.WriteString("words", Words(entry.Content));
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static string Words(Disclosure content) => content switch
    {
        LinkCreated { Terms: var terms } => $"made for {terms.Recipient}: {terms.Reason}; {terms.Key}, {Bundle.LevelName(terms.Level)}, "
            + $"{Figures.Time(terms.FromMs)} to {Figures.Time(terms.ToMs)}, {(terms.Access == LinkAccess.Open ? "open" : "by token")} until {Figures.Time(terms.ExpiresMs)}",
        LinkUsed used => $"shown {Figures.Count(used.Count)} times, the last {Figures.Time(used.LastMs)}: {used.Shown}",
        LinkRevoked revoked => $"taken back: {revoked.Reason}",
        _ => throw new InvalidOperationException($"A disclosure of type {content.GetType().Name} has no words."),
    };
}
