using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;

namespace Evidence;

/// <summary>A certificate issuer that the reader trusts.</summary>
/// <param name="Name">The reader's own name for it, at most 100 characters.</param>
/// <param name="Jurisdiction">Where it speaks for: a country code or a name, at most 40 characters.</param>
/// <param name="FromMs">Certificates issued before do not count.</param>
/// <param name="ToMs">Nor do those issued at or after.</param>
public sealed record TrustedIssuer(string Name, string Jurisdiction, PublicKey Key, long FromMs, long ToMs);

/// <summary>Whose certificates a reader takes: a plain file that the reader holds, as with the policy. Presence is trust; taking an
/// entry out ends it.</summary>
/// <remarks>
/// <code>
/// {"format":"coldproof-trust/1","issuers":[{"name":"…","jurisdiction":"FR","spki":"base64","from":"2026-01-01T00:00:00Z","to":"2028-…"}]}
/// </code>
/// Two jurisdictions share one by putting each other's entries into their files.
/// </remarks>
public sealed record TrustList(ImmutableArray<TrustedIssuer> Issuers)
{
    public const string Format = "coldproof-trust/1";
    public const int LengthMax = 256 * 1024;
    private const int IssuersMax = 1_000;
    private const int NameLengthMax = 100;
    private const int JurisdictionLengthMax = 40;
    private const string TimeForm = "yyyy-MM-dd'T'HH:mm:ss'Z'";

    /// <exception cref="MalformedEvidenceException">Another format, an unknown, repeated or missing field, a key that is none, or one key
    /// listed twice.</exception>
    public static TrustList Parse(ReadOnlyMemory<byte> bytes) =>
        JsonFields.Parse(bytes, "issuer trust list", Format, LengthMax, root =>
    {
        root.Exactly("trust list", "format", "issuers");
        var list = root.GetProperty("issuers");
        var count = list.GetArrayLength();
        if (count is 0 or > IssuersMax)
        {
            throw new MalformedEvidenceException($"The trust list names {count} issuers; 1 to {IssuersMax} are read.");
        }

        var issuers = list.EnumerateArray().Select(Read).ToImmutableArray();
        return issuers.Select(issuer => issuer.Key.IdHex).Distinct().Count() == count
            ? new TrustList(issuers)
            : throw new MalformedEvidenceException("The trust list names one key twice.");
    });

    public byte[] ToJson()
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteString("format", Format);
            json.WriteStartArray("issuers");
            foreach (var issuer in Issuers)
            {
                json.WriteStartObject();
                json.WriteString("name", issuer.Name);
                json.WriteString("jurisdiction", issuer.Jurisdiction);
                json.WriteBase64String("spki", issuer.Key.Spki.AsSpan());
                json.WriteString("from", Time(issuer.FromMs));
                json.WriteString("to", Time(issuer.ToMs));
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>The issuer with this key identifier, or null.</summary>
    public TrustedIssuer? Find(ImmutableArray<byte> keyId) =>
        Issuers.FirstOrDefault(issuer => issuer.Key.Id.AsSpan().SequenceEqual(keyId.AsSpan()));

    private static TrustedIssuer Read(JsonElement element)
    {
        element.Exactly("issuer", "name", "jurisdiction", "spki", "from", "to");
        var issuer = new TrustedIssuer(element.Text("name", NameLengthMax), element.Text("jurisdiction", JurisdictionLengthMax),
            PublicKey.FromSpki(element.Base64("spki", PublicKey.SpkiLength)), ReadTime(element, "from"), ReadTime(element, "to"));
        return issuer.FromMs < issuer.ToMs
            ? issuer
            : throw new MalformedEvidenceException($"The validity of issuer key {issuer.Key.IdHex[..8]}… ends before it begins.");
    }

    private static string Time(long wallMs) =>
        DateTimeOffset.FromUnixTimeMilliseconds(wallMs).ToString(TimeForm, CultureInfo.InvariantCulture);

    private static long ReadTime(JsonElement element, string name) => DateTimeOffset.TryParseExact(element.Text(name, 20), TimeForm,
        CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
        && time.ToUnixTimeMilliseconds() is >= Moment.WallFloorMs and var wallMs
            ? wallMs
            : throw new MalformedEvidenceException($"\"{name}\" is not a time like 2026-01-01T00:00:00Z.");
}
