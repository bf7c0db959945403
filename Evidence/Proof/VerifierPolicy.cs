using System.Buffers;
using System.Collections.Immutable;
using System.Text.Json;
using Evidence.Log;

namespace Evidence;

/// <summary>An authority that the reader trusts to say which gateway is which.</summary>
/// <param name="Name">The reader's own name for it.</param>
public sealed record TrustedAuthority(string Name, PublicKey Key);

/// <summary>What a verifier trusts and demands: its own file, never taken from a bundle, a link or a page.</summary>
/// <param name="Authorities">Who may enrol gateways.</param>
/// <param name="LogText">Which log, which witnesses and how many of them: a C2SP tlog-policy, as text.</param>
/// <param name="DelayMaxMs">Longest time from sealing a batch to its receipt's time. Default 24 h.</param>
/// <param name="BracketMaxMs">Widest bracket between beacon and receipt. Default 48 h.</param>
/// <remarks>
/// <code>
/// {"format":"coldproof-policy/1","authorities":[{"name":"…","spki":"base64"}],"log":"C2SP tlog-policy
/// text","delayMaxHours":24,"bracketMaxHours":48}
/// </code>
/// </remarks>
public sealed record VerifierPolicy(ImmutableArray<TrustedAuthority> Authorities, string LogText, long DelayMaxMs, long BracketMaxMs)
{
    /// <summary>The log policy, read.</summary>
    /// <exception cref="MalformedEvidenceException">At construction, when the text is not one.</exception>
    public TlogPolicy Log { get; } = TlogPolicy.Parse(LogText);

    public const string Format = "coldproof-policy/1";
    public const int LengthMax = 256 * 1024;
    public const int DelayMaxHoursDefault = 24;
    public const int BracketMaxHoursDefault = 48;
    private const long HourMs = 3_600_000;

    /// <summary>How far two honest clocks may disagree before a batch's own times contradict the log's: 5 minutes.</summary>
    public const long ClockToleranceMs = 300_000;

    /// <exception cref="MalformedEvidenceException">Not a policy: another format, an unknown field, a key that is none, or a tlog-policy
    /// with an error.</exception>
    public static VerifierPolicy Parse(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Length > LengthMax)
        {
            throw new MalformedEvidenceException($"The policy has {bytes.Length} bytes; at most {LengthMax} are read.");
        }

        try
        {
            using var document = JsonDocument.Parse(bytes, new JsonDocumentOptions { MaxDepth = 4, AllowDuplicateProperties = false });
            return Read(document.RootElement);
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException or FormatException or KeyNotFoundException)
        {
            throw new MalformedEvidenceException($"The file is not a verifier's policy: {fault.Message}", fault);
        }
    }

    public byte[] ToJson()
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
        {
            WriteTo(json);
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Writes the policy as one JSON object.</summary>
    public void WriteTo(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("format", Format);
        json.WriteStartArray("authorities");
        foreach (var authority in Authorities)
        {
            json.WriteStartObject();
            json.WriteString("name", authority.Name);
            json.WriteBase64String("spki", authority.Key.Spki.AsSpan());
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteString("log", LogText);
        json.WriteNumber("delayMaxHours", DelayMaxMs / HourMs);
        json.WriteNumber("bracketMaxHours", BracketMaxMs / HourMs);
        json.WriteEndObject();
    }

    /// <summary>The trusted authority with this key identifier, or null.</summary>
    public TrustedAuthority? Find(ImmutableArray<byte> keyId) =>
        Authorities.FirstOrDefault(authority => authority.Key.Id.AsSpan().SequenceEqual(keyId.AsSpan()));

    private static VerifierPolicy Read(JsonElement root)
    {
        if (root.GetProperty("format").GetString() != Format)
        {
            throw new MalformedEvidenceException($"The policy's format is not \"{Format}\".");
        }

        foreach (var property in root.EnumerateObject())
        {
            if (property.Name is not ("format" or "authorities" or "log" or "delayMaxHours" or "bracketMaxHours"))
            {
                throw new MalformedEvidenceException($"The policy has a field \"{property.Name}\" that {Format} does not know.");
            }
        }

        var authorities = root.GetProperty("authorities").EnumerateArray().Select(authority => new TrustedAuthority(
            authority.GetProperty("name").GetString() ?? throw new MalformedEvidenceException("An authority's name is null."),
            PublicKey.FromSpki(authority.Base64("spki", PublicKey.SpkiLength))))
                .ToImmutableArray();
        return authorities.IsEmpty
            ? throw new MalformedEvidenceException("The policy trusts no authority.")
            : new(authorities, root.GetProperty("log").GetString() ?? throw new MalformedEvidenceException("The policy's log is null."),
                Hours(root, "delayMaxHours", DelayMaxHoursDefault), Hours(root, "bracketMaxHours", BracketMaxHoursDefault));
    }

    private static long Hours(JsonElement root, string name, int byDefault) => !root.TryGetProperty(name, out var value)
        ? byDefault * HourMs
        : value.TryGetInt64(out var hours) && hours is >= 1 and <= 87_600
            ? hours * HourMs
            : throw new MalformedEvidenceException($"The policy's {name} is not a whole number of hours from 1 to 87,600.");
}
