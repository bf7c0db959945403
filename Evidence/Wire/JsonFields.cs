using System.Text.Json;

namespace Evidence;

/// <summary>Strict reading of small JSON documents: known fields only, each once, each bounded.</summary>
internal static class JsonFields
{
    /// <summary>Parses, checks "format", reads. Whatever does not have its form is a <see cref="MalformedEvidenceException"/>.</summary>
    public static T Parse<T>(ReadOnlyMemory<byte> bytes, string what, string format, int lengthMax, Func<JsonElement, T> read)
    {
        if (bytes.Length > lengthMax)
        {
            throw new MalformedEvidenceException($"The {what} has {bytes.Length} bytes; at most {lengthMax} are read.");
        }

        try
        {
            using var document = JsonDocument.Parse(bytes, new JsonDocumentOptions { MaxDepth = 8, AllowDuplicateProperties = false });
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("format", out var name) || name.GetString() is not { } found)
            {
                throw new MalformedEvidenceException($"The file is not an {what}: it has no \"format\".");
            }

            return found == format
                ? read(root)
                : throw new MalformedEvidenceException($"The file's format is \"{(found.Length <= 60 ? found : found[..60])}\", not "
                    + $"\"{format}\".");
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException or FormatException)
        {
            throw new MalformedEvidenceException($"The file is not an {what}: {fault.Message}", fault);
        }
    }

    /// <summary>The element is an object with exactly these fields.</summary>
    public static void Exactly(this JsonElement element, string what, params ReadOnlySpan<string> names)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            throw new MalformedEvidenceException($"The {what} is not a JSON object.");
        }

        foreach (var name in names)
        {
            if (!element.TryGetProperty(name, out _))
            {
                throw new MalformedEvidenceException($"The {what} has no \"{name}\".");
            }
        }

        foreach (var property in element.EnumerateObject())
        {
            if (!names.Contains(property.Name))
            {
                throw new MalformedEvidenceException(
                    $"The {what} has an unknown field \"{(property.Name.Length <= 60 ? property.Name : property.Name[..60])}\".");
            }
        }
    }

    public static string Text(this JsonElement parent, string name, int max)
    {
        var text = parent.GetProperty(name).GetString() ?? throw new MalformedEvidenceException($"\"{name}\" is null.");
        return text.Length <= max ? text : throw new MalformedEvidenceException($"\"{name}\" has {text.Length} characters; at most {max} "
            + $"are allowed.");
    }

    public static string? TextOrNull(this JsonElement parent, string name, int max) =>
        parent.GetProperty(name).ValueKind == JsonValueKind.Null ? null : parent.Text(name, max);

    public static int Whole(this JsonElement parent, string name, int min, int max)
    {
        var value = parent.GetProperty(name).GetInt32();
        return value >= min && value <= max ? value : throw new MalformedEvidenceException($"\"{name}\" is {value}; {min} to {max} are "
            + $"allowed.");
    }

    /// <summary>Base64 in its one form: no white space, no surplus bits.</summary>
    public static byte[] Base64(this JsonElement parent, string name, int max)
    {
        var text = parent.Text(name, (max + 2) / 3 * 4);
        var bytes = Convert.FromBase64String(text);
        return Convert.ToBase64String(bytes) == text ? bytes : throw new MalformedEvidenceException($"The base64 of \"{name}\" is not in "
            + $"its one form.");
    }

    public static GatewayId Gateway(this JsonElement parent, string name)
    {
        var text = parent.Text(name, 36);
        return Guid.TryParseExact(text, "D", out var id) && id != Guid.Empty && id.ToString("D") == text
            ? new GatewayId(id)
            : throw new MalformedEvidenceException($"\"{name}\" is not a UUID in lower case with hyphens.");
    }
}
