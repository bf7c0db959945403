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
    private readonly ECDsa key;

    internal GatewayKey(GatewayId gateway, ECDsa key)
    {
        Gateway = gateway;
        this.key = key;
        Public = PublicKey.Of(key);
    }

    public GatewayId Gateway { get; }

    public PublicKey Public { get; }

    /// <summary>The key is a file, and says so.</summary>
    public static GatewayTraits Trait => GatewayTraits.SoftwareKey;

    /// <summary>Reads key and identity of a data directory, or makes them before anything was ever recorded there.</summary>
    /// <exception cref="GatewayKeyException">One of them cannot be used, or is missing beside a record that it belongs to: a new one could not
    /// continue that.</exception>
    public static GatewayKey LoadOrCreate(string directory)
    {
        using var found = KeyFiles.Look(directory);
        if (found.Whole() is { } whole)
        {
            return whole;
        }

        var isRecorded = Directory.Exists(Path.Combine(directory, Logbook.JournalFolder));
        if (found.HasKey)
        {
            return found.KeyTrouble.Length > 0 ? throw new GatewayKeyException(found.KeyTrouble)
                : found.IsCredential && !found.HasIdentity && !isRecorded
                    ? found.Take(CreateIdentity(directory))!
                : throw new GatewayKeyException($"{found.KeyPath} is there, but: {found.IdentityTrouble} Restore it: a new identity could not "
                    + "continue this gateway's chain. `gateway fsck` says which one is meant.");
        }

        if (isRecorded)
        {
            throw new GatewayKeyException($"{directory} holds a record, but not its key: {found.KeyTrouble} A new key could not continue the "
                + "record; without a copy, enrol this device as a new gateway with an empty data directory and keep this one.");
        }

        if (found is { HasIdentity: true, Identity: null })
        {
            throw new GatewayKeyException(found.IdentityTrouble);
        }

        return Create(directory, found.Identity);
    }

    /// <summary>Whether anything lies where a data directory's key, or systemd's credential, belongs.</summary>
    public static bool Exists(string directory)
    {
        using var found = KeyFiles.Look(directory);
        return found.HasKey;
    }

    /// <summary>Signs as this gateway. Each call gives another signature: sign once and keep.</summary>
    public Statement Sign(StatementKind kind, byte[] payload) => Statement.Sign(kind, Statement.IssuerOf(Gateway), payload, key);

    /// <summary>A PKCS#10 request in PEM with the gateway's identity as common name: proves to the authority that the key is
    /// here.</summary>
    public string CreateRequestPem() =>
        new CertificateRequest(new X500DistinguishedName($"CN={Gateway}"), key, HashAlgorithmName.SHA256).CreateSigningRequestPem();

    public void Dispose() => key.Dispose();

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
