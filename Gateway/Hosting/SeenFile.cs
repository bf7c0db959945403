using System.Text.Json;

namespace Gateway.Hosting;

/// <summary>What this gateway saw when it last looked: settings that touch evidence, and the serial numbers that chips gave.</summary>
/// <remarks>`seen.json` in the data directory, one flat object of texts. It proves nothing; it lets a start tell what has changed since the
/// last one. Written beside, flushed, then moved over: a power cut leaves the old file or the new one. When it is lost, the record says that
/// nothing is known of before.</remarks>
public sealed class SeenFile
{
    public const string Name = "seen.json";
    private const int LengthMax = 64 * 1024;
    private readonly string path;
    private readonly SortedDictionary<string, string> entries = new(StringComparer.Ordinal);
    private bool isChanged;

    /// <param name="directory">The data directory.</param>
    public SeenFile(string directory)
    {
        path = Path.Combine(directory, Name);
        Read();
    }

    /// <summary>There was no file, or none that could be read.</summary>
    public bool IsNew { get; private set; }

    /// <summary>Why an existing file could not be read; empty when there is nothing to tell. It was set aside.</summary>
    public string Fault { get; private set; } = "";

    /// <summary>What was last seen under a name; null for nothing. Setting it does not write the file: <see cref="Save"/> does.</summary>
    public string? this[string name]
    {
        get => entries.GetValueOrDefault(name);
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            isChanged |= entries.GetValueOrDefault(name) != value;
            entries[name] = value;
        }
    }

    /// <summary>All names that begin so, in order.</summary>
    public IReadOnlyList<string> Under(string prefix) => [.. entries.Keys.Where(name => name.StartsWith(prefix, StringComparison.Ordinal))];

    public void Remove(string name) => isChanged |= entries.Remove(name);

    /// <summary>Makes what is known durable, if anything changed.</summary>
    /// <returns>Why that failed; empty when it did not. Nothing of the record depends on it: the next start tells the same again.</returns>
    public string Save()
    {
        if (!isChanged)
        {
            return "";
        }

        try
        {
            using (var file = new FileStream(path + ".new", FileMode.Create, FileAccess.Write))
            {
                using (var json = new Utf8JsonWriter(file, new() { Indented = true }))
                {
                    json.WriteStartObject();
                    foreach (var (name, value) in entries)
                    {
                        json.WriteString(name, value);
                    }

                    json.WriteEndObject();
                }

                file.Flush(flushToDisk: true);
            }

            File.Move(path + ".new", path, overwrite: true);
            (isChanged, IsNew) = (false, false);
            return "";
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return $"{path} could not be written: {fault.Message} Check the disk; a change that was told already is told again after the "
                + "next start.";
        }
    }

    private void Read()
    {
        if (!File.Exists(path))
        {
            IsNew = true;
            return;
        }

        try
        {
            var bytes = File.ReadAllBytes(path);
            using var json = JsonDocument.Parse(bytes.Length <= LengthMax ? bytes : throw new JsonException("it is too long"));
            foreach (var member in json.RootElement.EnumerateObject())
            {
                entries[member.Name] = member.Value.GetString() ?? throw new JsonException($"{member.Name} is no text");
            }
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            entries.Clear();
            IsNew = true;
            Fault = $"{path} could not be read ({fault.Message}). What the settings and the chips were before is not known here.";
        }
    }
}
