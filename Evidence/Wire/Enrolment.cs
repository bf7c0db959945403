using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;

namespace Evidence;

/// <summary>The authority's answer: everything a gateway needs to be believed, to connect, and to check the ledger's receipts. No
/// secret.</summary>
/// <param name="Gateway">Whose it is.</param>
/// <param name="Manifest">The signed manifest, what opens its channels beside it.</param>
/// <param name="Certificate">The TLS client certificate in PEM, CN = identity.</param>
/// <param name="Authority">The TLS authority's certificate in PEM: the only one the gateway trusts for its brokers.</param>
/// <param name="Policy">The verifier's policy as JSON, whole.</param>
/// <param name="Brokers">1 to 8, tried in this order and then around again.</param>
public sealed record Enrolment(GatewayId Gateway, Statement Manifest, string Certificate, string Authority, ImmutableArray<byte> Policy,
    ImmutableArray<BrokerAddress> Brokers)
{
    public const string Format = "coldproof-enrolment/1";

    /// <summary>Most bytes of the file.</summary>
    public const int LengthMax = 256 * 1024;

    /// <summary>Most brokers.</summary>
    public const int BrokersMax = 8;

    private const int PolicyLengthMax = 64 * 1024;

    /// <summary>Checks that this answer is for this gateway, and signed and issued by the same hands that it names.</summary>
    /// <param name="evidenceKey">The gateway's own batch key.</param>
    /// <param name="tlsKey">The gateway's own TLS key.</param>
    /// <param name="authorities">The authorities that the caller holds (from the policy).</param>
    /// <returns>The manifest.</returns>
    /// <exception cref="MalformedEvidenceException">Something in it belongs to another gateway or key, or a signature does not
    /// verify.</exception>
    public Manifest CheckFor(GatewayId gateway, PublicKey evidenceKey, PublicKey tlsKey, IEnumerable<PublicKey> authorities)
    {
        if (Gateway != gateway)
        {
            throw new MalformedEvidenceException($"The enrolment is for the gateway {Gateway}; this one is {gateway}.");
        }

        if (Manifest.Kind != StatementKind.Manifest || !authorities.Any(Manifest.VerifiedBy))
        {
            throw new MalformedEvidenceException("The enrolment's manifest is not signed by an authority of its policy.");
        }

        var manifest = Evidence.Manifest.Decode(Manifest);
        if (manifest.Gateway != gateway || !manifest.Key.Equals(evidenceKey))
        {
            throw new MalformedEvidenceException(
                $"The manifest enrols gateway {manifest.Gateway} with key {manifest.Key.IdHex}; this gateway is {gateway} with key "
                    + $"{evidenceKey.IdHex}.");
        }

        try
        {
            using var leaf = X509Certificate2.CreateFromPem(Certificate);
            using var authority = X509Certificate2.CreateFromPem(Authority);
            if (leaf.SubjectName.Name != $"CN={gateway}" || !PublicKey.FromSpki(leaf.PublicKey.ExportSubjectPublicKeyInfo()).Equals(tlsKey))
            {
                throw new MalformedEvidenceException($"The certificate is for \"{leaf.SubjectName.Name}\" or for another key, not for "
                    + $"this gateway's TLS key.");
            }

            CheckChain(leaf, authority);
        }
        catch (CryptographicException fault)
        {
            throw new MalformedEvidenceException($"A certificate of the enrolment cannot be read: {fault.Message}", fault);
        }

        return manifest;
    }

    public byte[] ToJson()
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, NewLine = "\n" }))
        {
            json.WriteStartObject();
            json.WriteString("format", Format);
            json.WriteString("gateway", Gateway.ToString());
            json.WriteBase64String("manifest", Manifest.Bytes.AsSpan());
            json.WriteBase64String("openings", Manifest.Openings.AsSpan());
            json.WriteString("certificate", Certificate);
            json.WriteString("ca", Authority);
            json.WritePropertyName("policy");
            json.WriteRawValue(Policy.AsSpan());
            json.WriteStartArray("brokers");
            foreach (var broker in Brokers)
            {
                json.WriteStringValue(broker.ToString());
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return stream.ToArray();
    }

    /// <summary>Reads the file strictly. Whether it may be believed, <see cref="CheckFor"/> says.</summary>
    /// <exception cref="MalformedEvidenceException">Too long, not JSON, an unknown, repeated or missing field, or a field out of its
    /// form.</exception>
    public static Enrolment Parse(ReadOnlyMemory<byte> bytes) => JsonFields.Parse(bytes, "enrolment", Format, LengthMax, root =>
    {
        root.Exactly("enrolment", "format", "gateway", "manifest", "openings", "certificate", "ca", "policy", "brokers");
        var policy = root.GetProperty("policy");
        if (policy.ValueKind != JsonValueKind.Object || policy.GetRawText() is not { Length: <= PolicyLengthMax } text)
        {
            throw new MalformedEvidenceException($"\"policy\" is not a JSON object of at most {PolicyLengthMax} characters.");
        }

        var list = root.GetProperty("brokers");
        if (list.GetArrayLength() is 0 or > BrokersMax)
        {
            throw new MalformedEvidenceException($"The enrolment names {list.GetArrayLength()} brokers; 1 to {BrokersMax} are allowed.");
        }

        return new Enrolment(root.Gateway("gateway"), Statement.Decode(root.Base64("manifest", BatchLimits.StatementLengthMax))
                .With([.. root.Base64("openings", Evidence.Manifest.OpeningsLengthMax)]),
            root.Text("certificate", EnrolmentRequest.PemLengthMax), root.Text("ca", EnrolmentRequest.PemLengthMax),
            ImmutableArray.Create(Encoding.UTF8.GetBytes(text)),
            [.. list.EnumerateArray().Select(item => BrokerAddress.Parse(item.GetString() ?? ""))]);
    });

    private static void CheckChain(X509Certificate2 leaf, X509Certificate2 authority)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        // A truck without a clock must still be enrolled; validity is checked where it counts, at every connection.
        chain.ChainPolicy.VerificationFlags = X509VerificationFlags.IgnoreNotTimeValid;
        if (!chain.Build(leaf))
        {
            throw new MalformedEvidenceException(
                $"The certificate is not issued by the enrolment's own authority: "
                    + $"{string.Join(", ", chain.ChainStatus.Select(status => status.Status))}.");
        }
    }
}
