using System.Formats.Asn1;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Ledger.Authority;

/// <summary>A small X.509 authority for one fleet: it names brokers and gateways to each other, and nothing else in the world.</summary>
/// <remarks>P-256 throughout. The authority lives 10 years, what it issues 2; nothing it issues may issue in turn. Its name constraints
/// hold it to
/// the hosts given at its making, so that a stolen authority key cannot impersonate any other server.</remarks>
internal static class TlsAuthority
{
    private const int AuthorityYears = 10;
    private const int LeafYears = 2;
    private const string ServerAuth = "1.3.6.1.5.5.7.3.1";
    private const string ClientAuth = "1.3.6.1.5.5.7.3.2";
    private const string NameConstraints = "2.5.29.30";

    // A truck's clock is seldom exact when it is enrolled; five minutes keep a fresh certificate from being "not yet valid" there.
    private static readonly TimeSpan Backdating = TimeSpan.FromMinutes(5);

    public static X509Certificate2 MakeAuthority(string name, IReadOnlyList<string> hosts, ECDsa key, DateTimeOffset now)
    {
        var request = new CertificateRequest(NameOf($"{name} TLS authority"), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        request.CertificateExtensions.Add(new X509Extension(NameConstraints, Permitted(hosts), true));
        var start = now - Backdating;
        return request.CreateSelfSigned(start, start.AddYears(AuthorityYears));
    }

    /// <summary>A broker's certificate; subject alternative names are the hosts.</summary>
    public static X509Certificate2 IssueServer(X509Certificate2 authority, ECDsa authorityKey, IReadOnlyList<string> hosts,
        System.Security.Cryptography.X509Certificates.PublicKey key, DateTimeOffset now)
    {
        var names = new SubjectAlternativeNameBuilder();
        foreach (var host in hosts)
        {
            if (IPAddress.TryParse(host, out var address))
            {
                names.AddIpAddress(address);
            }
            else
            {
                names.AddDnsName(host);
            }
        }

        // Only the alternative names count. OpenSSL takes a subject that looks like a host name for one, so an address must not stand there.
        var subject = hosts.FirstOrDefault(host => !IPAddress.TryParse(host, out _)) ?? "broker";
        return Issue(authority, authorityKey, NameOf(subject), key, ServerAuth, names.Build(), now);
    }

    /// <summary>A client's certificate; its common name is what a broker takes for its identity.</summary>
    public static X509Certificate2 IssueClient(X509Certificate2 authority, ECDsa authorityKey, string commonName,
        System.Security.Cryptography.X509Certificates.PublicKey key, DateTimeOffset now) =>
        Issue(authority, authorityKey, NameOf(commonName), key, ClientAuth, null, now);

    private static X509Certificate2 Issue(X509Certificate2 authority, ECDsa authorityKey, X500DistinguishedName subject,
        System.Security.Cryptography.X509Certificates.PublicKey key, string usage, X509Extension? names, DateTimeOffset now)
    {
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], false));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(key, false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(authority, true, false));
        if (names is not null)
        {
            request.CertificateExtensions.Add(names);
        }

        var start = now - Backdating;
        var end = start.AddYears(LeafYears);
        if (end > authority.NotAfter.ToUniversalTime())
        {
            throw new InvalidOperationException(
                $"The TLS authority itself ends on {authority.NotAfter.ToUniversalTime():yyyy-MM-dd}: make a new one before issuing for "
                    + $"{LeafYears} years.");
        }

        // Positive, and never starting with a zero byte: DER has one spelling of it.
        var serial = RandomNumberGenerator.GetBytes(16);
        serial[0] = (byte)((serial[0] & 0x7F) | 0x40);
        return request.Create(authority.SubjectName, X509SignatureGenerator.CreateForECDsa(authorityKey), start, end, serial);
    }

    private static X500DistinguishedName NameOf(string commonName)
    {
        var builder = new X500DistinguishedNameBuilder();
        builder.AddCommonName(commonName);
        return builder.Build();
    }

    /// <summary>RFC 5280, 4.2.1.10: the permitted host names (each with what is below it) and addresses. With only one kind given, the
    /// other is excluded whole, since a kind that is not mentioned would be unrestricted.</summary>
    private static byte[] Permitted(IReadOnlyList<string> hosts)
    {
        var addresses = hosts.Where(host => IPAddress.TryParse(host, out _)).Select(IPAddress.Parse).ToList();
        var names = hosts.Where(host => !IPAddress.TryParse(host, out _)).ToList();
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 0)))
            {
                foreach (var name in names)
                {
                    Subtree(writer, () => writer.WriteCharacterString(UniversalTagNumber.IA5String, name,
                        new Asn1Tag(TagClass.ContextSpecific, 2)));
                }

                foreach (var address in addresses)
                {
                    var bytes = address.GetAddressBytes();
                    byte[] whole = [.. bytes, .. Enumerable.Repeat((byte)0xFF, bytes.Length)];
                    Subtree(writer, () => writer.WriteOctetString(whole, new Asn1Tag(TagClass.ContextSpecific, 7)));
                }
            }

            if (names.Count == 0 || addresses.Count == 0)
            {
                using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 1)))
                {
                    ExcludeKind(writer, names.Count == 0);
                }
            }
        }

        return writer.Encode();
    }

    private static void ExcludeKind(AsnWriter writer, bool hostNames)
    {
        if (hostNames)
        {
            Subtree(writer, () => writer.WriteCharacterString(UniversalTagNumber.IA5String, "", new Asn1Tag(TagClass.ContextSpecific, 2)));
            return;
        }

        foreach (var length in new[] { 8, 32 })
        {
            Subtree(writer, () => writer.WriteOctetString(new byte[length], new Asn1Tag(TagClass.ContextSpecific, 7)));
        }
    }

    private static void Subtree(AsnWriter writer, Action write)
    {
        using (writer.PushSequence())
        {
            write();
        }
    }
}
