using System.Security.Cryptography;
using System.Text;
using Evidence;

namespace Ledger.Authority;

/// <summary>The authority's part in certificate codes: it makes issuers' keys and keeps the trust list that readers take.</summary>
/// <remarks><c>trust.json</c> in the authority's folder, coldproof-trust/1; every change is an act in the audit trail.</remarks>
public static class IssuerKeys
{
    public const string TrustFile = "trust.json";
    private const int NameLengthMax = 100;
    private const int JurisdictionLengthMax = 40;

    /// <summary>Makes an issuer's key and lists it.</summary>
    /// <param name="keyFile">Where the private key goes, mode 0600; never overwritten.</param>
    /// <param name="days">How long it may issue from now on.</param>
    /// <exception cref="AuthorityRefusedException">No authority, a name that cannot be one, or a file that is there already.</exception>
    public static TrustedIssuer Make(string directory, string name, string jurisdiction, int days, string keyFile, string? reason,
        TimeProvider clock)
    {
        if (!IsText(name, NameLengthMax) || !IsText(jurisdiction, JurisdictionLengthMax) || days is < 1 or > 3_660)
        {
            throw new AuthorityRefusedException($"The name has 1 to {NameLengthMax} characters, the jurisdiction 1 to {JurisdictionLengthMax}, and "
                + "--days is 1 to 3660.");
        }

        if (File.Exists(keyFile))
        {
            throw new AuthorityRefusedException($"{keyFile} exists. Keys are never overwritten; give another --out.");
        }

        AuthorityFolder.Open(directory, clock); // Refuses where there is no authority.
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var now = DateTimeOffset.FromUnixTimeSeconds(clock.GetUtcNow().ToUnixTimeSeconds());
        var issuer = new TrustedIssuer(name, jurisdiction, PublicKey.Of(key), now.ToUnixTimeMilliseconds(), now.AddDays(days).ToUnixTimeMilliseconds());
        var list = Read(directory);
        DurableFile.Write(keyFile, FileMode.CreateNew, secret: true, Encoding.UTF8.GetBytes(key.ExportPkcs8PrivateKeyPem() + "\n"));
        Replace(directory, new([.. list?.Issuers ?? [], issuer]));
        new AuditTrail(Path.Combine(directory, AuthorityFolder.AuditFile), clock).Append("issuer", reason, ("name", name),
            ("jurisdiction", jurisdiction), ("key", issuer.Key.IdHex));
        return issuer;
    }

    /// <summary>Takes another jurisdiction's issuers into the authority's list.</summary>
    /// <returns>Those that were new.</returns>
    /// <exception cref="AuthorityRefusedException">No authority, or a key that is listed here under other words.</exception>
    public static IReadOnlyList<TrustedIssuer> Add(string directory, TrustList others, string? reason, TimeProvider clock)
    {
        AuthorityFolder.Open(directory, clock);
        var list = Read(directory)?.Issuers ?? [];
        var fresh = new List<TrustedIssuer>();
        foreach (var issuer in others.Issuers)
        {
            var known = list.FirstOrDefault(listed => listed.Key.Equals(issuer.Key));
            if (known is null)
            {
                fresh.Add(issuer);
            }
            else if (known != issuer)
            {
                throw new AuthorityRefusedException($"Key {issuer.Key.IdHex[..8]}… of \"{issuer.Name}\" is listed here already, as \"{known.Name}\" with other "
                    + "words or another time. Take the old entry out of trust.json first, if the new one is right.");
            }
        }

        Replace(directory, new([.. list, .. fresh]));
        new AuditTrail(Path.Combine(directory, AuthorityFolder.AuditFile), clock).Append("trust", reason,
            ("keys", string.Join(' ', fresh.Select(issuer => issuer.Key.IdHex))));
        return fresh;
    }

    private static TrustList? Read(string directory) => Path.Combine(directory, TrustFile) is var file && File.Exists(file)
        ? TrustList.Parse(File.ReadAllBytes(file))
        : null;

    /// <summary>The new list stands beside the old one, on the disk, before it takes its name: a power cut leaves one of both, whole.</summary>
    private static void Replace(string directory, TrustList list)
    {
        var file = Path.Combine(directory, TrustFile);
        File.Delete(file + ".new");
        DurableFile.Write(file + ".new", FileMode.CreateNew, secret: false, [.. list.ToJson(), (byte)'\n']);
        File.Move(file + ".new", file, overwrite: true);
    }

    private static bool IsText(string text, int lengthMax) => text.Length is > 0 && text.Length <= lengthMax && !text.Any(char.IsControl);
}
