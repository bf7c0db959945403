using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Ledger.Authority;
using Ledger.Hosting;

namespace Ledger.Wire;

/// <summary>The ledger's TLS certificates, as `ledger authority init` names them.</summary>
public sealed class WireKeys : IDisposable
{
    private WireKeys(X509Certificate2 authority, X509Certificate2 client, X509Certificate2? server) =>
        (Authority, Client, Server) = (authority, client, server);

    /// <summary>The only authority whose brokers and gateways are believed.</summary>
    public X509Certificate2 Authority { get; }

    /// <summary>CN = ledger, with its private key.</summary>
    public X509Certificate2 Client { get; }

    /// <summary>The embedded broker's, with its private key; null when there is none.</summary>
    public X509Certificate2? Server { get; }

    /// <exception cref="ConfigurationException">A file is missing or is not what it should be.</exception>
    public static WireKeys Read(string directory, bool server)
    {
        try
        {
            return new(X509CertificateLoader.LoadCertificateFromFile(Path.Combine(directory, AuthorityFolder.CaFile)),
                X509Certificate2.CreateFromPemFile(
                    Path.Combine(directory, AuthorityFolder.LedgerFile), Path.Combine(directory, AuthorityFolder.LedgerKeyFile)),
                server
                    ? X509Certificate2.CreateFromPemFile(
                        Path.Combine(directory, AuthorityFolder.ServerFile), Path.Combine(directory, AuthorityFolder.ServerKeyFile))
                    : null);
        }
        catch (Exception fault) when (fault is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException(
                $"The TLS certificates in {directory} cannot be used: {fault.Message} `ledger authority init` makes them.", fault);
        }
    }

    public void Dispose()
    {
        Authority.Dispose();
        Client.Dispose();
        Server?.Dispose();
    }
}
