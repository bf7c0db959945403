using System.Collections;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Gateway.Configuration;

/// <summary>One setting as it was written, and where.</summary>
/// <param name="Text">Its text; numbers as they stood, "true" and "false" for flags.</param>
/// <param name="Origin">"/etc/coldproof/gateway.json", "environment COLDPROOF__…", "command line", "default".</param>
public readonly record struct RawValue(string Text, string Origin);

/// <summary>All settings of all sources, flattened to paths ("Probes:0:Place"), later sources over earlier ones.</summary>
/// <remarks>Order: the main file, conf.d/*.json by name, the environment (COLDPROOF__Sampling__IntervalMs), the command line.
/// Own reading instead of a binder: a binder drops an unknown key in silence, and a mistyped limit must not.</remarks>
public sealed class RawSettings
{
    public const string EnvironmentPrefix = "COLDPROOF__";
    private const int FileLengthMax = 1024 * 1024;

    /// <summary>Most values, lists and objects of one file: 32 probes with all that can be said of each take some 700.</summary>
    private const int ElementsMax = 10_000;

    private int elements;
    private readonly SortedDictionary<string, RawValue> values = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<string> problems = [];

    /// <summary>What is wrong with the sources themselves: unreadable, not JSON. A sentence each.</summary>
    public IReadOnlyList<string> Problems => problems;

    public IEnumerable<KeyValuePair<string, RawValue>> Values => values;

    /// <summary>Reads the main file, its neighbours in conf.d, and the environment.</summary>
    /// <param name="file">The main file.</param>
    /// <param name="isRequired">Whether its absence is a problem: yes when it was named on the command line.</param>
    /// <param name="environment">The process's environment.</param>
    public static RawSettings Read(string file, bool isRequired, IDictionary environment)
    {
        var raw = new RawSettings();
        if (File.Exists(file))
        {
            raw.AddFile(file);
        }
        else if (isRequired)
        {
            raw.problems.Add($"{file} does not exist; write it, or leave --config out to use /etc/coldproof/gateway.json.");
        }

        var parts = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(file)) ?? "/", "conf.d");
        if (Directory.Exists(parts))
        {
            foreach (var part in Directory.EnumerateFiles(parts, "*.json").Order(StringComparer.Ordinal))
            {
                raw.AddFile(part);
            }
        }

        foreach (DictionaryEntry variable in environment)
        {
            if (variable.Key is string name && name.StartsWith(EnvironmentPrefix, StringComparison.Ordinal))
            {
                raw.Set(name[EnvironmentPrefix.Length..].Replace("__", ":", StringComparison.Ordinal), (string?)variable.Value ?? "",
                    $"environment {name}");
            }
        }

        return raw;
    }

    public bool TryGet(string path, out RawValue value) => values.TryGetValue(path, out value);

    /// <summary>How many elements the list at this path has: one more than its highest index.</summary>
    public int CountOf(string path)
    {
        var count = 0;
        foreach (var key in values.Keys)
        {
            if (key.StartsWith(path + ":", StringComparison.OrdinalIgnoreCase)
                && int.TryParse(key[(path.Length + 1)..].Split(':')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var index)
                    && index < 1_000)
            {
                count = Math.Max(count, index + 1);
            }
        }

        return count;
    }

    public bool Has(string section) => values.Keys.Any(key => key.StartsWith(section + ":", StringComparison.OrdinalIgnoreCase));

    public void Set(string path, string text, string origin) => values[path] = new(text, origin);

    private void AddFile(string file)
    {
        try
        {
            if (new FileInfo(file).Length > FileLengthMax)
            {
                problems.Add($"{file} is longer than {FileLengthMax} bytes; a gateway's settings are a few kilobytes.");
                return;
            }

            var options = new JsonDocumentOptions { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip, MaxDepth = 16 };
            using var document = JsonDocument.Parse(File.ReadAllText(file, new UTF8Encoding(false, true)), options);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                problems.Add($"{file} holds a JSON {document.RootElement.ValueKind}; settings are an object: {{ … }}.");
                return;
            }

            elements = 0;
            AddObject("", document.RootElement, file);
            if (elements > ElementsMax)
            {
                problems.Add($"{file} holds more than {ElementsMax} values, and the rest was not read; is it the right file?"); // F-99
            }
        }
        catch (JsonException fault)
        {
            problems.Add($"{file}, line {fault.LineNumber + 1}, is not JSON: {FirstSentence(fault.Message)}. Correct that line.");
        }
        catch (DecoderFallbackException)
        {
            problems.Add($"{file} is not UTF-8 text; save it as UTF-8.");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            problems.Add($"{file} cannot be read: {fault.Message} Give the gateway's user the right to read it.");
        }
    }

    private void AddObject(string prefix, JsonElement element, string origin)
    {
        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var property in element.EnumerateObject())
        {
            if (!seen.Add(property.Name))
            {
                problems.Add($"{origin} has {prefix}{property.Name} twice; keep one.");
            }

            Add(prefix + property.Name, property.Value, origin);
        }
    }

    private void Add(string path, JsonElement element, string origin)
    {
        if (elements++ >= ElementsMax)
        {
            return;
        }

        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                AddObject(path + ":", element, origin);
                break;
            case JsonValueKind.Array:
                RemoveBelow(path); // A later file's list replaces an earlier one's whole: half of two lists is nobody's wish.
                var index = 0;
                foreach (var item in element.EnumerateArray())
                {
                    Add(string.Create(CultureInfo.InvariantCulture, $"{path}:{index++}"), item, origin);
                }

                break;
            case JsonValueKind.Null:
                values.Remove(path);
                RemoveBelow(path);
                break;
            case JsonValueKind.String:
                Set(path, element.GetString()!, origin);
                break;
            default:
                Set(path, element.GetRawText(), origin);
                break;
        }
    }

    private void RemoveBelow(string path)
    {
        foreach (var key in values.Keys.Where(key => key.StartsWith(path + ":", StringComparison.OrdinalIgnoreCase)).ToList())
        {
            values.Remove(key);
        }
    }

    /// <summary>A JSON fault's message ends with its own place, which we have said already.</summary>
    private static string FirstSentence(string message) => message.Split(". ")[0].TrimEnd('.');
}
