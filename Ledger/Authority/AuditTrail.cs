using System.Text.Json;

namespace Ledger.Authority;

/// <summary>What people did with the authority: one JSON line an act, only ever appended, on the disk before the act's result is
/// shown.</summary>
/// <param name="path">The file.</param>
/// <param name="clock">Whose wall time the lines carry.</param>
internal sealed class AuditTrail(string path, TimeProvider clock)
{
    /// <param name="act">What was done: "enrol".</param>
    /// <param name="reason">Why, in the words of who did it; null when they gave none.</param>
    /// <param name="facts">What exactly: names, digests, numbers. Never a secret.</param>
    public void Append(string act, string? reason, params ReadOnlySpan<(string Name, string Value)> facts) =>
        AppendAs(Who(), act, reason, facts);

    /// <summary>The same, for an act that somebody asked of a running program.</summary>
    /// <param name="who">What <see cref="Who"/> gave where it was asked.</param>
    public void AppendAs(string who, string act, string? reason, params ReadOnlySpan<(string Name, string Value)> facts)
    {
        using var line = new MemoryStream();
        using (var json = new Utf8JsonWriter(line))
        {
            json.WriteStartObject();
            json.WriteString("when", clock.GetUtcNow().UtcDateTime);
            json.WriteString("who", who);
            json.WriteString("what", act);
            json.WriteString("why", reason);
            foreach (var (name, value) in facts)
            {
                json.WriteString(name, value);
            }

            json.WriteEndObject();
        }

        line.WriteByte((byte)'\n');
        DurableFile.Write(path, FileMode.Append, secret: true, line.GetBuffer().AsSpan(0, (int)line.Length));
    }

    /// <summary>The operating system's user; behind sudo, also who called it.</summary>
    public static string Who() => Environment.GetEnvironmentVariable("SUDO_USER") is { Length: > 0 } caller
        ? $"{Environment.UserName} (sudo by {caller})"
        : Environment.UserName;
}
