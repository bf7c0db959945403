using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Gateway.Terminal;

/// <summary>What --json prints: one indented object, UTF-8, times both in milliseconds and as ISO text.</summary>
public static class Json
{
    /// <summary>Relaxed, because the output is a file or a terminal and never a web page: "°" stays "°".</summary>
    private static readonly JsonWriterOptions Options = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The text of one object whose members are written by <paramref name="members"/>.</summary>
    public static string Members(Action<Utf8JsonWriter> members)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, Options))
        {
            writer.WriteStartObject();
            members(writer);
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>"nameMs": 1651487760000, "name": "2022-05-02T10:36:00.000Z"; both null when there is no time.</summary>
    public static void WriteTime(this Utf8JsonWriter writer, string name, long? wallMs)
    {
        if (wallMs is { } ms)
        {
            writer.WriteNumber(name + "Ms", ms);
            writer.WriteString(name, DateTimeOffset.FromUnixTimeMilliseconds(ms).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'",
                System.Globalization.CultureInfo.InvariantCulture));
        }
        else
        {
            writer.WriteNull(name + "Ms");
            writer.WriteNull(name);
        }
    }

    public static void WriteNumberOrNull(this Utf8JsonWriter writer, string name, long? number)
    {
        if (number is { } value)
        {
            writer.WriteNumber(name, value);
        }
        else
        {
            writer.WriteNull(name);
        }
    }
}
