using System.Security.Cryptography;
using Evidence;

namespace Anchoring;

/// <summary>Key and identity of a data directory as they are found: nothing is made and nothing mended.</summary>
/// <remarks>A key that cannot be used must not cost a reading: whoever is known by the journal's manifest records on and signs when the key
/// is right again (docs/decisions/0155).</remarks>
public sealed class KeyFiles : IDisposable
{
    private const string CredentialsVariable = "CREDENTIALS_DIRECTORY";
    private readonly string identityPath;
    private ECDsa? key;

    private KeyFiles(string directory)
    {
        identityPath = Path.Combine(directory, GatewayKey.IdentityName);
        (IsCredential, KeyPath) = CredentialPath() is { } credential ? (true, credential) : (false, Path.Combine(directory, GatewayKey.KeyName));
        (Identity, IdentityTrouble) = ReadIdentity(identityPath);
        (key, KeyTrouble) = ReadKey(KeyPath, IsCredential);
    }

    /// <summary>What <c>gateway.id</c> names; null when it cannot be used.</summary>
    public GatewayId? Identity { get; }

    /// <summary>Why the identity cannot be used, in a sentence; empty when it can.</summary>
    public string IdentityTrouble { get; }

    /// <summary>Why the key cannot be used and the next step, in sentences; empty when it can.</summary>
    public string KeyTrouble { get; }

    /// <summary>Where the key is looked for: systemd's credential if there is one, otherwise in the data directory.</summary>
    public string KeyPath { get; }

    public bool IsCredential { get; }

    /// <summary>Anything at all lies where the key or the identity belongs.</summary>
    public bool HasKey => Path.Exists(KeyPath);

    public bool HasIdentity => Path.Exists(identityPath);

    /// <summary>The key's public half; null when it cannot be used.</summary>
    public PublicKey? Public => key is null ? null : PublicKey.Of(key);

    public static KeyFiles Look(string directory) => new(directory);

    /// <summary>Key and identity when both can be used, once; null otherwise.</summary>
    public GatewayKey? Whole() => Identity is { } id ? Take(id) : null;

    /// <summary>The key to sign with under a manifest, once, and what is wrong.</summary>
    /// <param name="manifest">The newest that the journal knows: the authority's word on which gateway has which key.</param>
    /// <returns>No key: record, close, and sign nothing. A key and trouble: only the identity file is wrong, and the manifest stands in for it.
    /// </returns>
    public (GatewayKey? Key, string Trouble) For(Manifest manifest)
    {
        if (key is null)
        {
            return (null, NotSigning(KeyTrouble));
        }

        if (!manifest.Key.Equals(PublicKey.Of(key)))
        {
            return (null, OfAnother(PublicKey.Of(key), manifest));
        }

        var trouble = Identity == manifest.Gateway ? "" : (Identity is { } other ? $"{identityPath} names gateway {other}." : IdentityTrouble)
            + $" Signing goes on: the authority's manifest names gateway {manifest.Gateway} for this very key. Write that UUID into the file: "
            + $"echo {manifest.Gateway} > {identityPath}";
        return (Take(manifest.Gateway), trouble);
    }

    public void Dispose() => key?.Dispose();

    /// <summary>What a person reads when the key at hand is another's.</summary>
    internal string OfAnother(PublicKey found, Manifest manifest) => NotSigning($"{KeyPath} is the key {found.IdHex}; the manifest of gateway "
        + $"{manifest.Gateway} names the key {manifest.Key.IdHex}. Put this gateway's own key back from your copy.");

    private string NotSigning(string trouble) => $"Nothing is signed: {trouble} Recording goes on and nothing is lost; what is closed meanwhile is "
        + "signed when the key is right again, " + (IsCredential ? "after `systemctl restart coldproof-gateway`." : "without a restart.");

    /// <summary>The key under an identity, once; null when it cannot be used.</summary>
    internal GatewayKey? Take(GatewayId id)
    {
        var taken = key is null ? null : new GatewayKey(id, key);
        key = null;
        return taken;
    }

    private static string? CredentialPath() =>
        Environment.GetEnvironmentVariable(CredentialsVariable) is { Length: > 0 } directory
        && Path.Combine(directory, GatewayKey.KeyName) is var path && File.Exists(path) ? path : null;

    private static (GatewayId? Identity, string Trouble) ReadIdentity(string path)
    {
        if (!File.Exists(path))
        {
            return (null, Directory.Exists(path) ? $"{path} is a directory; remove it." : $"{path} is not there.");
        }

        try
        {
            return Guid.TryParseExact(File.ReadAllText(path).Trim(), "D", out var id) && id != Guid.Empty ? (new(id), "")
                : (null, $"{path} does not hold a UUID; restore it from the enrolment request.");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return (null, $"{path} cannot be read: {fault.Message}");
        }
    }

    private static (ECDsa? Key, string Trouble) ReadKey(string path, bool isCredential)
    {
        if (!File.Exists(path))
        {
            return (null, Directory.Exists(path) ? $"{path} is a directory; remove it and restore the key from your copy."
                : $"{path} is not there; restore it from your copy.");
        }

        var read = ECDsa.Create();
        try
        {
            if (ModeTrouble(path, isCredential) is { Length: > 0 } trouble)
            {
                read.Dispose();
                return (null, trouble);
            }

            read.ImportFromPem(File.ReadAllText(path));
            _ = PublicKey.Of(read);
            return (read, "");
        }
        catch (Exception fault) when (fault is CryptographicException or ArgumentException or MalformedEvidenceException)
        {
            read.Dispose();
            return (null, $"{path} is not a P-256 private key in PKCS#8 PEM; restore it from your copy.");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            read.Dispose();
            return (null, $"{path} cannot be read: {fault.Message} Check that it belongs to the gateway's user, and the disk (dmesg).");
        }
    }

    private static string ModeTrouble(string path, bool isCredential)
    {
        if (OperatingSystem.IsWindows())
        {
            return "";
        }

        // systemd shows a credential's access list as group read; no other process of that group gets into its directory.
        const UnixFileMode owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        var allowed = isCredential ? owner | UnixFileMode.GroupRead : owner;
        var mode = File.GetUnixFileMode(path);
        return (mode & ~allowed) == 0 ? "" : $"{path} can be read or changed by others (mode {Convert.ToString((int)mode, 8)}). "
            + $"Run chmod 600 {path}; if others had access to this machine, enrol the device as a new gateway with a new key.";
    }
}
