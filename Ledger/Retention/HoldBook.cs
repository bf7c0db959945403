using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Evidence;
using Ledger.Authority;
using Ledger.Hosting;

namespace Ledger.Retention;

/// <summary>Readings that must stay, however old: a dispute, a recall, an inspection.</summary>
/// <param name="Id">Its number, never used again.</param>
/// <param name="Gateway">Whose.</param>
/// <param name="FromMs">First wall millisecond.</param>
/// <param name="ToMs">Last wall millisecond.</param>
/// <param name="AtMs">When it was set.</param>
/// <param name="Reason">Why.</param>
public sealed record Hold(int Id, GatewayId Gateway, long FromMs, long ToMs, long AtMs, string Reason);

/// <summary>The legal holds of a ledger: a small file in the data directory, so that a person sets one while the ledger runs.</summary>
/// <remarks><code>DATA/holds.json = {"format":"coldproof-holds/1","next":3,"holds":[{"id","gateway","fromMs","toMs","atMs","reason"}]}</code></remarks>
/// <param name="data">The data directory.</param>
public sealed class HoldBook(string data)
{
    public const string FileName = "holds.json";
    private const string GateName = "retention.lock";
    private const string Form = "coldproof-holds/1";
    private const int LengthMax = 16 * 1024 * 1024;

    private string FilePath => Path.Combine(data, FileName);

    /// <summary>Every hold, oldest first.</summary>
    /// <exception cref="ConfigurationException">The file does not have its form. Nothing may be removed then.</exception>
    public ImmutableArray<Hold> Read() => ReadFile().Holds;

    /// <summary>Sets one; it counts when this returns.</summary>
    /// <exception cref="ConfigurationException">Retention is removing a month right now, or the file does not have its form.</exception>
    public Hold Add(GatewayId gateway, long fromMs, long toMs, string reason, long nowMs)
    {
        using var gate = Enter();
        var (next, holds) = ReadFile();
        var hold = new Hold(next, gateway, fromMs, toMs, nowMs, reason);
        Write(next + 1, holds.Add(hold));
        return hold;
    }

    /// <summary>Takes one back.</summary>
    /// <returns>What it was; null when there is none of this number.</returns>
    /// <exception cref="ConfigurationException">As with <see cref="Add"/>.</exception>
    public Hold? Remove(int id)
    {
        using var gate = Enter();
        var (next, holds) = ReadFile();
        var hold = holds.FirstOrDefault(known => known.Id == id);
        if (hold is not null)
        {
            Write(next, holds.Remove(hold));
        }

        return hold;
    }

    /// <summary>Keeps others out: a hold is not set while a month goes, and no month goes while a hold is being set.</summary>
    internal FileStream Enter()
    {
        try
        {
            return new(Path.Combine(data, GateName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException fault)
        {
            throw new ConfigurationException("Retention is at work in this ledger right now. Try again in a minute.", fault);
        }
        catch (UnauthorizedAccessException fault)
        {
            throw new ConfigurationException($"{data} cannot be written: {fault.Message} Run it as the ledger's user.", fault);
        }
    }

    private (int Next, ImmutableArray<Hold> Holds) ReadFile()
    {
        if (!File.Exists(FilePath))
        {
            return (1, []);
        }

        try
        {
            var bytes = File.ReadAllBytes(FilePath);
            using var document = JsonDocument.Parse(bytes.Length <= LengthMax ? bytes : throw new FormatException("it is too long"));
            var root = document.RootElement;
            return root.GetProperty("format").GetString() == Form
                ? (root.GetProperty("next").GetInt32(), [.. root.GetProperty("holds").EnumerateArray().Select(hold => new Hold(
                    hold.GetProperty("id").GetInt32(), new(hold.GetProperty("gateway").GetGuid()), hold.GetProperty("fromMs").GetInt64(),
                    hold.GetProperty("toMs").GetInt64(), hold.GetProperty("atMs").GetInt64(), hold.GetProperty("reason").GetString() ?? ""))])
                : throw new FormatException($"its format is not {Form}");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or JsonException or KeyNotFoundException
            or InvalidOperationException or FormatException)
        {
            throw new ConfigurationException($"{FilePath} cannot be read as holds: {fault.Message}. Nothing is removed until it can; restore it "
                + $"from a copy, {Audit.FileName} says what was in it.", fault);
        }
    }

    private void Write(int next, ImmutableArray<Hold> holds)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteString("format", Form);
            json.WriteNumber("next", next);
            json.WriteStartArray("holds");
            foreach (var hold in holds)
            {
                json.WriteStartObject();
                json.WriteNumber("id", hold.Id);
                json.WriteString("gateway", hold.Gateway.Value);
                json.WriteNumber("fromMs", hold.FromMs);
                json.WriteNumber("toMs", hold.ToMs);
                json.WriteNumber("atMs", hold.AtMs);
                json.WriteString("reason", hold.Reason);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        DurableFile.Write(FilePath + ".new", FileMode.Create, secret: true, buffer.GetBuffer().AsSpan(0, (int)buffer.Length));
        File.Move(FilePath + ".new", FilePath, overwrite: true); // A power cut leaves the old file or the new one.
    }
}

/// <summary>The ledger's own trail: what was removed and held, by whom and why.</summary>
internal static class Audit
{
    public const string FileName = "audit.log";

    public static AuditTrail Of(string data, TimeProvider clock) => new(Path.Combine(data, FileName), clock);
}
