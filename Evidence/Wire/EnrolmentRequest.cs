using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;

namespace Evidence;

/// <summary>What a gateway asks the authority: sign a manifest for my key, and a TLS certificate for my connection.</summary>
/// <param name="Gateway">The gateway's own identity.</param>
/// <param name="Key">The P-256 key that will sign batches.</param>
/// <param name="KeyProof">PKCS#10 in PEM, CN = identity, signed by <paramref name="Key"/>: the asker holds the private half.</param>
/// <param name="Csr">PKCS#10 in PEM, CN = identity, signed by the TLS key that it names.</param>
/// <param name="Channels">1 to 32, index = place in the list.</param>
/// <param name="Traits">How the gateway is built, by its own word; a manifest repeats it and verifiers print it.</param>
public sealed record EnrolmentRequest(GatewayId Gateway, PublicKey Key, string KeyProof, string Csr,
    ImmutableArray<ManifestChannel> Channels,
    GatewayTraits Traits)
{
    public const string Format = "coldproof-enrolment-request/1";

    /// <summary>Most bytes of the file.</summary>
    public const int LengthMax = 64 * 1024;

    internal const int PemLengthMax = 8 * 1024;
    private const string Seconds = "yyyy-MM-dd'T'HH:mm:ss'Z'";
    private const string Milliseconds = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    /// <summary>Makes the request: both keys prove themselves.</summary>
    public static EnrolmentRequest Create(GatewayId gateway, ECDsa evidenceKey, ECDsa tlsKey, ImmutableArray<ManifestChannel> channels,
        GatewayTraits traits)
    {
        var name = $"CN={gateway}";
        return new(gateway, PublicKey.Of(evidenceKey), new CertificateRequest(name, evidenceKey,
            HashAlgorithmName.SHA256).CreateSigningRequestPem(),
            new CertificateRequest(name, tlsKey, HashAlgorithmName.SHA256).CreateSigningRequestPem(), channels, traits);
    }

    /// <summary>Checks both proofs and returns the TLS key that the certificate is to name.</summary>
    /// <exception cref="MalformedEvidenceException">A proof is not signed by its own key, names another gateway, or is not
    /// P-256.</exception>
    public PublicKey CheckProofs()
    {
        var proven = CheckProof(KeyProof, "keyProof");
        if (!proven.Equals(Key))
        {
            throw new MalformedEvidenceException($"keyProof is made with the key {proven.IdHex}, not with the key {Key.IdHex} of the "
                + $"request.");
        }

        var tls = CheckProof(Csr, "csr");
        // One key for two purposes would let a TLS handshake and a batch borrow each other's signatures.
        return tls.Equals(Key) ? throw new MalformedEvidenceException("The TLS key is the evidence key; make two keys.") : tls;
    }

    public byte[] ToJson()
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, NewLine = "\n" }))
        {
            json.WriteStartObject();
            json.WriteString("format", Format);
            json.WriteString("gateway", Gateway.ToString());
            json.WriteBase64String("spki", Key.Spki.AsSpan());
            json.WriteString("keyProof", KeyProof);
            json.WriteString("csr", Csr);
            json.WriteStartArray("channels");
            foreach (var channel in Channels)
            {
                WriteChannel(json, channel);
            }

            json.WriteEndArray();
            json.WriteNumber("traits", (int)Traits);
            json.WriteEndObject();
        }

        return stream.ToArray();
    }

    /// <summary>Reads the file strictly. The proofs are checked by <see cref="CheckProofs"/>.</summary>
    /// <exception cref="MalformedEvidenceException">Too long, not JSON, an unknown, repeated or missing field, or a field out of its
    /// range.</exception>
    public static EnrolmentRequest Parse(ReadOnlyMemory<byte> bytes) =>
        JsonFields.Parse(bytes, "enrolment request", Format, LengthMax, root =>
    {
        root.Exactly("enrolment request", "format", "gateway", "spki", "keyProof", "csr", "channels", "traits");
        var list = root.GetProperty("channels");
        if (list.GetArrayLength() is 0 or > BatchLimits.ChannelsMax)
        {
            throw new MalformedEvidenceException($"The request has {list.GetArrayLength()} channels; 1 to {BatchLimits.ChannelsMax} are "
                + $"allowed.");
        }

        return new EnrolmentRequest(root.Gateway("gateway"), PublicKey.FromSpki(root.Base64("spki", PublicKey.SpkiLength)),
            root.Text("keyProof", PemLengthMax), root.Text("csr", PemLengthMax), [.. list.EnumerateArray().Select(ReadChannel)],
            (GatewayTraits)root.Whole("traits", 0, 3));
    });

    private PublicKey CheckProof(string pem, string what)
    {
        try
        {
            // Loading checks the PKCS#10's own signature; extensions asked for are not taken over, the authority decides them.
            var request = CertificateRequest.LoadSigningRequestPem(pem, HashAlgorithmName.SHA256);
            return request.SubjectName.Name == $"CN={Gateway}"
                ? PublicKey.FromSpki(request.PublicKey.ExportSubjectPublicKeyInfo())
                : throw new MalformedEvidenceException($"{what} is for \"{request.SubjectName.Name}\", not for \"CN={Gateway}\".");
        }
        catch (Exception fault) when (fault is CryptographicException or ArgumentException or NotSupportedException)
        {
            throw new MalformedEvidenceException($"{what} is not a PKCS#10 request in PEM signed by its own key: {fault.Message}", fault);
        }
    }

    private static void WriteChannel(Utf8JsonWriter json, ManifestChannel channel)
    {
        json.WriteStartObject();
        json.WriteString("place", channel.Place);
        json.WriteString("serial", channel.Serial);
        json.WriteNumber("low", channel.Low.Value);
        json.WriteNumber("high", channel.High.Value);
        json.WriteNumber("intervalMs", channel.IntervalMs);
        json.WriteString("certificate", channel.Certificate.IsZero ? null : channel.Certificate.ToString());
        json.WriteString("certificateExpiry", channel.CertificateExpiryMs is { } ms ? WriteTime(ms) : null);
        json.WriteString("salt", channel.Salt.ToString());
        json.WriteEndObject();
    }

    private static ManifestChannel ReadChannel(JsonElement element)
    {
        element.Exactly("channel", "place", "serial", "low", "high", "intervalMs", "certificate", "certificateExpiry", "salt");
        var channel = new ManifestChannel(element.Text("place", Manifest.TextLengthMax), element.Text("serial", Manifest.TextLengthMax),
            new(element.Whole("low", int.MinValue, int.MaxValue)), new(element.Whole("high", int.MinValue, int.MaxValue)),
            element.Whole("intervalMs", Manifest.IntervalMsMin, Manifest.IntervalMsMax),
            element.TextOrNull("certificate", 64) is { } hex ? ReadDigest("certificate", hex) : default,
            element.TextOrNull("certificateExpiry", 24) is { } time ? ReadTime(time) : null, ReadDigest("salt", element.Text("salt", 64)));
        return channel.Low <= channel.High
            ? channel
            : throw new MalformedEvidenceException($"The lower limit {channel.Low} of \"{channel.Place}\" is above its upper limit "
                + $"{channel.High}.");
    }

    private static Digest ReadDigest(string name, string hex)
    {
        if (hex.Length != 64)
        {
            throw new MalformedEvidenceException($"\"{name}\" has {hex.Length} characters, not 64 hexadecimal digits.");
        }

        var digest = Digest.FromHex(hex);
        return digest.IsZero || digest.ToString() != hex
            ? throw new MalformedEvidenceException($"\"{name}\" is not 64 lower-case hexadecimal digits, not all of them 0"
                + (name == "certificate" ? "; write null when there is no certificate." : "; draw it anew with `gateway enrol request`."))
            : digest;
    }

    private static string WriteTime(long ms) =>
        DateTimeOffset.FromUnixTimeMilliseconds(ms).ToString(ms % 1000 == 0 ? Seconds : Milliseconds, CultureInfo.InvariantCulture);

    private static long ReadTime(string text) =>
        DateTimeOffset.TryParseExact(text, [Seconds, Milliseconds], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal,
            out var time)
        && time.ToUnixTimeMilliseconds() is var ms and >= Moment.WallFloorMs and <= Moment.WallCeilingMs && WriteTime(ms) == text
            ? ms
            : throw new MalformedEvidenceException($"\"certificateExpiry\" is \"{text}\"; write UTC as 2027-05-31T00:00:00Z.");
}
