using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Evidence;

/// <summary>Which end of a connection a certificate is for.</summary>
public enum TlsEnd
{
    Server,
    Client,
}

/// <summary>Judges the other end's TLS certificate by the one authority that enrolment named, and by no other of the machine's.</summary>
public static class PinnedTls
{
    private const string ServerAuth = "1.3.6.1.5.5.7.3.1";
    private const string ClientAuth = "1.3.6.1.5.5.7.3.2";

    /// <summary>Null when the certificate is issued by the authority, valid now, made for this end and this host; otherwise what is wrong
    /// and what to do, in words.</summary>
    /// <param name="presented">What the other end showed; null when it showed nothing.</param>
    /// <param name="host">The name or address that was connected to; null when judging a client.</param>
    /// <param name="now">The machine's wall clock.</param>
    public static string? Fault(X509Certificate? presented, X509Certificate2 authority, TlsEnd end, string? host, DateTimeOffset now)
    {
        if (presented is null)
        {
            return "The other end showed no certificate.";
        }

        using var certificate = X509CertificateLoader.LoadCertificate(presented.GetRawCertData());
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        // Our authority publishes no list: a stolen client certificate is refused by the broker's own list, a stolen key by revocation
        // in the log.
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationTime = now.LocalDateTime;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(end == TlsEnd.Server ? ServerAuth : ClientAuth));
        if (!chain.Build(certificate))
        {
            return Words(certificate, authority, chain, end, now);
        }

        return host is null || certificate.MatchesHostname(host, allowWildcards: false, allowCommonName: false)
            ? null
            : $"The certificate of {certificate.Subject} does not hold for the host {host}. Connect under a name that it holds for, "
                + $"or issue one with this name.";
    }

    /// <summary>The common name of a certificate's subject; null unless the subject is exactly one common name.</summary>
    public static string? CommonName(X509Certificate2 certificate)
    {
        var names = certificate.SubjectName.EnumerateRelativeDistinguishedNames().ToImmutableArray();
        return names is [{ HasMultipleElements: false } only] && only.GetSingleElementType().Value == "2.5.4.3"
            ? only.GetSingleElementValue() : null;
    }

    private static string Words(X509Certificate2 certificate, X509Certificate2 authority, X509Chain chain, TlsEnd end, DateTimeOffset now)
    {
        var found = chain.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (all, status) => all | status.Status);
        if ((found & (X509ChainStatusFlags.PartialChain | X509ChainStatusFlags.UntrustedRoot
            | X509ChainStatusFlags.NotSignatureValid)) != 0)
        {
            return $"Unknown authority: the certificate of {certificate.Subject} is not issued by {authority.Subject}, the only one "
                + $"trusted here. "
                + "Check the address; if the fleet has a new authority, enrol again.";
        }

        if ((found & X509ChainStatusFlags.NotTimeValid) != 0)
        {
            var shown = now.UtcDateTime.ToString("yyyy-MM-dd HH:mm'Z'", CultureInfo.InvariantCulture);
            return now < certificate.NotBefore
                ? $"The certificate of {certificate.Subject} is valid from {certificate.NotBefore.ToUniversalTime():yyyy-MM-dd}, and "
                    + $"this machine's clock says {shown}: is it set?"
                : $"Expired certificate: that of {certificate.Subject} ended on {certificate.NotAfter.ToUniversalTime():yyyy-MM-dd}, "
                    + $"and it is {shown}. Issue a new one.";
        }

        return (found & X509ChainStatusFlags.NotValidForUsage) != 0
            ? $"The certificate of {certificate.Subject} is not made for a {(end == TlsEnd.Server ? "server" : "client")}."
            : $"The certificate of {certificate.Subject} is refused: {string.Join(", ", chain.ChainStatus.Select(status => status.Status))}.";
    }
}
