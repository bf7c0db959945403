using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Evidence;
using PublicKey = Evidence.PublicKey;

namespace Anchoring;

/// <summary>The gateway's identity and its P-256 signing key, both drawn once, on this machine, and never changed.</summary>
/// <remarks>
/// The key is a PKCS#8 PEM file that only its owner may read, or a systemd credential of the same name; <see
/// cref="GatewayTraits.SoftwareKey"/>
/// says so in every manifest. The identity stands beside it.
/// </remarks>
public sealed class GatewayKey : IDisposable
{
    public const string KeyName = "gateway.key";
    public const string IdentityName = "gateway.id";
    private const string CredentialsVariable = "CREDENTIALS_DIRECTORY";
    private readonly ECDsa key;

    private GatewayKey(GatewayId gateway, ECDsa key)
    {
        Gateway = gateway;
        this.key = key;
        Public = PublicKey.Of(key);
    }

    public GatewayId Gateway { get; }

    public PublicKey Public { get; }

    /// <summary>The key is a file, and says so.</summary>
    public static GatewayTraits Trait => GatewayTraits.SoftwareKey;

    /// <summary>Reads key and identity of a data directory, or makes them on the first start.</summary>
    /// <exception cref="GatewayKeyException">The key can be read by others, is not a P-256 key, or only one of the two files is
    /// there.</exception>
    public static GatewayKey LoadOrCreate(string directory)
    {
        var identityPath = Path.Combine(directory, IdentityName);
        var credential = CredentialPath();
        var keyPath = credential ?? Path.Combine(directory, KeyName);
        var identityExists = File.Exists(identityPath);
        if (File.Exists(keyPath))
        {
            var id = identityExists ? ReadIdentity(identityPath) : credential is not null ? CreateIdentity(directory)
                : throw new GatewayKeyException(
                $"{keyPath} is there, but {identityPath} is not. Restore it: a new identity could not continue this gateway's chain.");
            return new(id, Read(keyPath, isCredential: credential is not null));
        }

        if (identityExists && Directory.Exists(Path.Combine(directory, Logbook.JournalFolder)))
        {
            throw new GatewayKeyException($"{identityPath} is there, but the key {keyPath} is not. Restore the key, or enrol this "
                + $"device as a new "
                + "gateway with an empty data directory.");
        }

        return Create(directory, identityExists ? ReadIdentity(identityPath) : null);
    }

    /// <summary>Whether a data directory (or systemd) already holds a key.</summary>
    public static bool Exists(string directory) => File.Exists(CredentialPath() ?? Path.Combine(directory, KeyName));

    /// <summary>Signs as this gateway. Each call gives another signature: sign once and keep.</summary>
    public Statement Sign(StatementKind kind, byte[] payload) => Statement.Sign(kind, Statement.IssuerOf(Gateway), payload, key);

    /// <summary>A PKCS#10 request in PEM with the gateway's identity as common name: proves to the authority that the key is
    /// here.</summary>
    public string CreateRequestPem() =>
        new CertificateRequest(new X500DistinguishedName($"CN={Gateway}"), key, HashAlgorithmName.SHA256).CreateSigningRequestPem();

    public void Dispose() => key.Dispose();

    private static string? CredentialPath() =>
        Environment.GetEnvironmentVariable(CredentialsVariable) is { Length: > 0 } directory && Path.Combine(directory, KeyName) is var path
        && File.Exists(path) ? path : null;

    private static GatewayKey Create(string directory, GatewayId? unfinished)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        // The identity first: if power is lost between the two files, the next start finds an identity that has signed nothing and goes on.
        var id = unfinished ?? CreateIdentity(directory);
        WriteDurably(directory, KeyName, key.ExportPkcs8PrivateKeyPem());
        return new(id, key);
    }

    private static GatewayId CreateIdentity(string directory)
    {
        // A UUID of version 4 (RFC 9562) from the cryptographic generator; the banned call is for ids that nobody answers for.
        var bytes = RandomNumberGenerator.GetBytes(GatewayId.Length);
        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x40);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        var id = GatewayId.FromBytes(bytes);
        WriteDurably(directory, IdentityName, id.ToString());
        return id;
    }

    private static GatewayId ReadIdentity(string path) =>
        Guid.TryParseExact(File.ReadAllText(path).Trim(), "D", out var id) && id != Guid.Empty
            ? new(id)
            : throw new GatewayKeyException($"{path} does not hold a UUID; restore it from the enrolment request.");

    private static ECDsa Read(string path, bool isCredential)
    {
        if (!OperatingSystem.IsWindows())
        {
            // systemd shows a credential's access list as group read; no other process of that group gets into its directory.
            const UnixFileMode owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            var allowed = isCredential ? owner | UnixFileMode.GroupRead : owner;
            var mode = File.GetUnixFileMode(path);
            if ((mode & ~allowed) != 0)
            {
                throw new GatewayKeyException($"{path} can be read or changed by others (mode {Convert.ToString((int)mode, 8)}). "
                    + $"Run chmod 600 {path}; if others had access to this machine, enrol a new key.");
            }
        }

        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(File.ReadAllText(path));
            _ = PublicKey.Of(key);
            return key;
        }
        catch (Exception fault) when (fault is CryptographicException or ArgumentException or MalformedEvidenceException)
        {
            key.Dispose();
            throw new GatewayKeyException($"{path} is not a P-256 private key in PKCS#8 PEM; restore it from your copy.", fault);
        }
    }

    private static void WriteDurably(string directory, string name, string text)
    {
        var path = Path.Combine(directory, name);
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (var stream = new FileStream(path + ".new", options))
        {
            stream.Write(Encoding.ASCII.GetBytes(text));
            stream.Flush(flushToDisk: true);
        }

        File.Move(path + ".new", path);
        DiskFolder.SyncDirectory(directory);
    }
}

/// <summary>The gateway's key or identity cannot be used as it is; the message says what to do.</summary>
public sealed class GatewayKeyException : Exception
{
    public GatewayKeyException() { }

    public GatewayKeyException(string message) : base(message) { }

    public GatewayKeyException(string message, Exception inner) : base(message, inner) { }
}
