using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Evidence;
using Evidence.Log;

namespace Ledger.Authority;

/// <summary>The authority does not do what it was asked; the message says why and what to do.</summary>
public sealed class AuthorityRefusedException : Exception
{
    public AuthorityRefusedException() { }

    public AuthorityRefusedException(string message) : base(message) { }

    public AuthorityRefusedException(string message, Exception inner) : base(message, inner) { }
}

/// <summary>The folder in which an authority keeps its keys, its certificates and what it has signed.</summary>
/// <remarks>
/// <code>
/// authority.key  ca.key                     stay with the authority, offline if it can be
/// ca.crt  policy.json                       public
/// server.key  server.crt                    the broker's
/// ledger.key  ledger.crt                    the ledger's own MQTT client, CN = ledger
/// log.key  clock.key                        the ledger's: its log's signature, and its clock's
/// enrolled/UUID.FIRST.json                  every enrolment signed
/// trust.json                                whose certificate codes readers of this authority take; public
/// audit.log                                 every act, with who, when and why
/// </code>
/// Private keys have mode 0600 and are never overwritten.
/// </remarks>
public sealed class AuthorityFolder
{
    public const string AuthorityKeyFile = "authority.key";
    public const string CaKeyFile = "ca.key";
    public const string CaFile = "ca.crt";
    public const string ServerKeyFile = "server.key";
    public const string ServerFile = "server.crt";
    public const string LedgerKeyFile = "ledger.key";
    public const string LedgerFile = "ledger.crt";
    public const string LogKeyFile = "log.key";
    public const string ClockKeyFile = "clock.key";
    public const string PolicyFile = "policy.json";
    public const string AuditFile = "audit.log";
    public const string EnrolledFolder = "enrolled";

    /// <summary>The common name of the ledger's own certificate; what a broker's access rules call it.</summary>
    public const string LedgerName = "ledger";

    private const int DefaultPort = 8883;
    private readonly string directory;
    private readonly TimeProvider clock;
    private readonly AuditTrail audit;

    private AuthorityFolder(string directory, TimeProvider clock)
    {
        this.directory = directory;
        this.clock = clock;
        audit = new(Path.Combine(directory, AuditFile), clock);
        Policy = VerifierPolicy.Parse(File.ReadAllBytes(Path.Combine(directory, PolicyFile)));
        Key = Policy.Authorities[0];
    }

    /// <summary>What a verifier of this authority's gateways and this ledger's log trusts.</summary>
    public VerifierPolicy Policy { get; }

    /// <summary>The authority's own name and public key.</summary>
    public TrustedAuthority Key { get; }

    /// <summary>Opens a folder that <see cref="Init"/> made.</summary>
    /// <exception cref="AuthorityRefusedException">There is none.</exception>
    /// <exception cref="MalformedEvidenceException">Its policy is not one.</exception>
    public static AuthorityFolder Open(string directory, TimeProvider clock) => File.Exists(Path.Combine(directory, PolicyFile))
        ? new(directory, clock)
        : throw new AuthorityRefusedException($"{directory} holds no authority; make one with: ledger authority init --dir {directory} "
            + $"--name NAME --origin ORIGIN");

    /// <summary>Makes all keys and certificates of a new authority and its ledger.</summary>
    /// <param name="name">The authority's name, as verifiers print it, 1 to 60 characters.</param>
    /// <param name="origin">The log's name, forever: a host and path without scheme, as "ledger.example/fleet".</param>
    /// <param name="hosts">DNS names and addresses under which the broker is reached; the certificates hold for no other.</param>
    /// <exception cref="AuthorityRefusedException">The folder already holds one of the files, or a name cannot be one.</exception>
    public static AuthorityFolder Init(string directory, string name, string origin, IReadOnlyList<string> hosts, string? reason,
        TimeProvider clock)
    {
        if (name.Length is 0 or > 60 || name.Any(char.IsControl) || hosts.Count == 0 || hosts.FirstOrDefault(IsNoHost) is not null)
        {
            throw new AuthorityRefusedException(
                "The name has 1 to 60 characters, and every --host is a DNS name or an IP address; at least one is needed.");
        }

        if (OperatingSystem.IsWindows())
        {
            throw new AuthorityRefusedException("Private keys are kept by file modes; make an authority on Linux.");
        }

        Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        foreach (var file in new[] { AuthorityKeyFile, CaKeyFile, CaFile, ServerKeyFile, ServerFile, LedgerKeyFile, LedgerFile,
            LogKeyFile, ClockKeyFile, PolicyFile })
        {
            if (File.Exists(Path.Combine(directory, file)))
            {
                throw new AuthorityRefusedException(
                    $"{Path.Combine(directory, file)} exists. Keys are never overwritten: with a new one nothing enrolled before could be "
                        + $"verified. Use another --dir.");
            }
        }

        using var authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var policy = MakePolicy(directory, name, origin, authorityKey);
        WriteSecret(directory, AuthorityKeyFile, authorityKey.ExportPkcs8PrivateKeyPem());
        MakeCertificates(directory, name, hosts, clock.GetUtcNow());
        // Last: a folder with a policy is a finished one, whatever power cut came before.
        WriteNew(directory, PolicyFile, Encoding.UTF8.GetString(policy.ToJson()) + "\n", secret: false);
        var folder = new AuthorityFolder(directory, clock);
        folder.audit.Append("init", reason, ("name", name), ("origin", origin), ("key", folder.Key.Key.IdHex),
            ("hosts", string.Join(' ', hosts)));
        return folder;
    }

    /// <summary>Signs a gateway's manifest and its TLS certificate.</summary>
    /// <param name="previous">The enrolment in force, when the gateway was enrolled before; null takes the newest that this authority
    /// signed.</param>
    /// <param name="first">The first batch number for which the new manifest holds; null for a gateway's first enrolment, which starts
    /// at 0.</param>
    /// <param name="brokers">Where the gateway connects; empty keeps those of the enrolment in force; without one, the server
    /// certificate's first name at port 8883.</param>
    /// <param name="issued">Whose wall time the manifest carries; null takes the machine's. Certificates always follow the machine's.</param>
    /// <exception cref="AuthorityRefusedException">Enrolled before and no number given, or the other way about, or another key than
    /// before.</exception>
    /// <exception cref="MalformedEvidenceException">A proof of the request does not hold.</exception>
    public Enrolment Enrol(EnrolmentRequest request, Enrolment? previous, long? first, IReadOnlyList<BrokerAddress> brokers, string? reason,
        TimeProvider? issued = null)
    {
        var tlsKey = request.CheckProofs();
        var before = previous is null ? NewestOf(request.Gateway) : previous;
        var (number, digest) = Place(request, before, first);
        using var authorityKey = ECDsa.Create();
        authorityKey.ImportFromPem(File.ReadAllText(Path.Combine(directory, AuthorityKeyFile)));
        var manifest = new Manifest(request.Gateway, request.Key, number, (issued ?? clock).GetUtcNow().ToUnixTimeMilliseconds(), request.Channels,
            default, digest, request.Traits);
        var statement = manifest.Sign($"authority:{Key.Name}", authorityKey);
        // What is signed is read back by the rules that every verifier uses.
        _ = Manifest.Decode(statement);

        using var caKey = ECDsa.Create();
        caKey.ImportFromPem(File.ReadAllText(Path.Combine(directory, CaKeyFile)));
        using var ca = X509CertificateLoader.LoadCertificateFromFile(Path.Combine(directory, CaFile));
        using var certificate = TlsAuthority.IssueClient(ca, caKey, request.Gateway.ToString(),
            System.Security.Cryptography.X509Certificates.PublicKey.CreateFromSubjectPublicKeyInfo(tlsKey.Spki.AsSpan(), out _),
                clock.GetUtcNow());
        var enrolment = new Enrolment(request.Gateway, statement, certificate.ExportCertificatePem(), ca.ExportCertificatePem(),
            [.. Policy.ToJson()], brokers.Count > 0 ? [.. brokers] : before?.Brokers ?? [DefaultBroker()]);
        _ = enrolment.CheckFor(request.Gateway, request.Key, tlsKey, [Key.Key]);

        var enrolled = Directory.CreateDirectory(Path.Combine(directory, EnrolledFolder)).FullName;
        WriteNew(enrolled, FileOf(request.Gateway, number), Encoding.UTF8.GetString(enrolment.ToJson()), secret: false);
        audit.Append("enrol", reason, ("gateway", request.Gateway.ToString()), ("key", request.Key.IdHex),
            ("first", number.ToString(CultureInfo.InvariantCulture)), ("manifest", statement.PayloadDigest.ToString()),
            ("channels", request.Channels.Length.ToString(CultureInfo.InvariantCulture)), ("certificate", certificate.SerialNumber));
        return enrolment;
    }

    /// <summary>Signs that a file is a program of this authority's.</summary>
    /// <param name="issued">Whose wall time the release carries; null takes the machine's.</param>
    public Statement Release(string name, string version, Digest sum, string? reason, TimeProvider? issued = null)
    {
        using var authorityKey = ECDsa.Create();
        authorityKey.ImportFromPem(File.ReadAllText(Path.Combine(directory, AuthorityKeyFile)));
        var statement = new SoftwareRelease(name, version, sum, (issued ?? clock).GetUtcNow().ToUnixTimeMilliseconds()).Sign(Key.Name, authorityKey);
        _ = SoftwareRelease.Decode(statement.Payload); // What is signed is read back by the rules that every verifier uses.
        audit.Append("release", reason, ("name", name), ("version", version), ("sha256", sum.ToString()));
        return statement;
    }

    /// <summary>Signs that a released file is not to be relied on any more.</summary>
    /// <param name="release">What was released.</param>
    /// <param name="reason">Why: it stands in the log, for everybody.</param>
    /// <param name="issued">Whose wall time the withdrawal carries; null takes the machine's.</param>
    /// <exception cref="AuthorityRefusedException">There is no reason, or it is too long.</exception>
    public Statement Withdraw(SoftwareRelease release, string reason, TimeProvider? issued = null)
    {
        if (reason.Length is 0 or > ReleaseWithdrawal.ReasonLengthMax)
        {
            throw new AuthorityRefusedException($"The reason has {reason.Length} characters; give 1 to {ReleaseWithdrawal.ReasonLengthMax}: everybody who has the page reads it.");
        }

        using var authorityKey = ECDsa.Create();
        authorityKey.ImportFromPem(File.ReadAllText(Path.Combine(directory, AuthorityKeyFile)));
        var statement = new ReleaseWithdrawal(release.Name, release.Version, release.Sum, reason, (issued ?? clock).GetUtcNow().ToUnixTimeMilliseconds())
            .Sign(Key.Name, authorityKey);
        _ = ReleaseWithdrawal.Decode(statement.Payload); // What is signed is read back by the rules that every verifier uses.
        audit.Append("withdraw", reason, ("name", release.Name), ("version", release.Version), ("sha256", release.Sum.ToString()));
        return statement;
    }

    /// <summary>Signs that a gateway's key counts no more from a place of the log on.</summary>
    /// <param name="keyId">kid, 32 hexadecimal digits.</param>
    /// <param name="from">First log index at which it does not count.</param>
    /// <param name="reason">Why, 1 to 200 characters: it stands in the log, for everybody.</param>
    /// <exception cref="AuthorityRefusedException">Out of these bounds.</exception>
    public Statement Revoke(string keyId, long from, string reason)
    {
        if (keyId.Length != 32 || !keyId.All(char.IsAsciiHexDigit) || from is < 0 or > Leaf.NumberMax || reason.Length is 0 or > 200)
        {
            throw new AuthorityRefusedException("A key identifier has 32 hexadecimal digits, the log index is 0 or more, and the reason has 1 to 200 characters.");
        }

        using var authorityKey = ECDsa.Create();
        authorityKey.ImportFromPem(File.ReadAllText(Path.Combine(directory, AuthorityKeyFile)));
        var revocation = new Revocation(keyId.ToLowerInvariant(), from, reason);
        var statement = Statement.Sign(StatementKind.Revocation, $"authority:{Key.Name}", revocation.Encode(), authorityKey);
        _ = Revocation.Decode(statement.Payload); // What is signed is read back by the rules that every verifier uses.
        audit.Append("revoke", reason, ("key", revocation.KeyId), ("from", from.ToString(CultureInfo.InvariantCulture)));
        return statement;
    }

    /// <summary>Every enrolment that this authority has signed, by gateway and first number.</summary>
    public IEnumerable<(string File, Enrolment Enrolment, Manifest Manifest)> Enrolled()
    {
        var folder = Path.Combine(directory, EnrolledFolder);
        foreach (var file in Directory.Exists(folder) ? Directory.GetFiles(folder, "*.json").Order(StringComparer.Ordinal)
            : Enumerable.Empty<string>())
        {
            var enrolment = Enrolment.Parse(File.ReadAllBytes(file));
            yield return (file, enrolment, Manifest.Decode(enrolment.Manifest));
        }
    }

    private (long Number, Digest Previous) Place(EnrolmentRequest request, Enrolment? before, long? first)
    {
        if (before is null)
        {
            return first is null or 0
                ? (0, default)
                : throw new AuthorityRefusedException($"Gateway {request.Gateway} was never enrolled here: its first manifest starts at "
                    + $"batch 0. Leave out --first, or name its enrolment with --previous FILE.");
        }

        if (before.Gateway != request.Gateway || !before.Manifest.VerifiedBy(Key.Key))
        {
            throw new AuthorityRefusedException($"The previous enrolment is of gateway {before.Gateway} or of another authority; the "
                + $"request is of {request.Gateway}.");
        }

        var old = Manifest.Decode(before.Manifest);
        if (!old.Key.Equals(request.Key))
        {
            throw new AuthorityRefusedException(
                $"The request is for the key {request.Key.IdHex}, the enrolment in force for {old.Key.IdHex}. A gateway with a new key is "
                    + $"a new gateway: run `gateway enrol request` with a fresh data directory.");
        }

        return first is { } number && number > old.FirstNumber
            ? (number, before.Manifest.PayloadDigest)
            : throw new AuthorityRefusedException(
                $"Gateway {request.Gateway} is enrolled from batch {old.FirstNumber} on. For changed channels give --first N, the next "
                    + $"batch number that `gateway status` shows, above {old.FirstNumber}. To hand out the same enrolment again, copy "
                    + $"{FileOf(old.Gateway, old.FirstNumber)} from {Path.Combine(directory, EnrolledFolder)}.");
    }

    private Enrolment? NewestOf(GatewayId gateway) =>
        Enrolled().Where(item => item.Enrolment.Gateway == gateway).OrderBy(item => item.Manifest.FirstNumber).LastOrDefault().Enrolment;

    private BrokerAddress DefaultBroker()
    {
        using var server = X509CertificateLoader.LoadCertificateFromFile(Path.Combine(directory, ServerFile));
        return new(server.GetNameInfo(X509NameType.SimpleName, false), DefaultPort, true);
    }

    private static VerifierPolicy MakePolicy(string directory, string name, string origin, ECDsa authorityKey)
    {
        try
        {
            using var log = NoteSigner.FromSeed(origin, SignatureType.Ed25519, RandomNumberGenerator.GetBytes(NoteSigner.SeedLength));
            using var time = NoteSigner.FromSeed($"{origin}/clock", SignatureType.Cosignature,
                RandomNumberGenerator.GetBytes(NoteSigner.SeedLength));
            var text = $"""
                # The log "{origin}", and its own clock, which says when it signed.
                # There is no independent witness: whoever runs this ledger could show different logs to different people.
                # Before relying on it against its operator, add witnesses of others here and raise the quorum.
                log {log.Verifier}
                witness clock {time.Verifier}
                quorum clock

                """;
            var policy = new VerifierPolicy([new TrustedAuthority(name, Evidence.PublicKey.Of(authorityKey))], text,
                VerifierPolicy.DelayMaxHoursDefault * 3_600_000L, VerifierPolicy.BracketMaxHoursDefault * 3_600_000L);
            WriteSecret(directory, LogKeyFile, log.ToPrivateKeyText() + "\n");
            WriteSecret(directory, ClockKeyFile, time.ToPrivateKeyText() + "\n");
            return policy;
        }
        catch (MalformedEvidenceException fault)
        {
            throw new AuthorityRefusedException($"\"{origin}\" cannot be the log's origin: {fault.Message}", fault);
        }
    }

    private static void MakeCertificates(string directory, string name, IReadOnlyList<string> hosts, DateTimeOffset now)
    {
        using var caKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var ca = TlsAuthority.MakeAuthority(name, hosts, caKey, now);
        WriteSecret(directory, CaKeyFile, caKey.ExportPkcs8PrivateKeyPem());
        WriteNew(directory, CaFile, ca.ExportCertificatePem() + "\n", secret: false);

        using var serverKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var server = TlsAuthority.IssueServer(ca, caKey, hosts, new(serverKey), now);
        WriteSecret(directory, ServerKeyFile, serverKey.ExportPkcs8PrivateKeyPem());
        WriteNew(directory, ServerFile, server.ExportCertificatePem() + "\n", secret: false);

        using var ledgerKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var ledger = TlsAuthority.IssueClient(ca, caKey, LedgerName, new(ledgerKey), now);
        WriteSecret(directory, LedgerKeyFile, ledgerKey.ExportPkcs8PrivateKeyPem());
        WriteNew(directory, LedgerFile, ledger.ExportCertificatePem() + "\n", secret: false);
    }

    private static bool IsNoHost(string host) => Uri.CheckHostName(host) is UriHostNameType.Unknown or UriHostNameType.Basic
        || !host.All(char.IsAscii);

    private static string FileOf(GatewayId gateway, long first) => string.Create(CultureInfo.InvariantCulture,
        $"{gateway}.{first:D12}.json");

    private static void WriteSecret(string directory, string name, string text) => WriteNew(directory, name, text, secret: true);

    private static void WriteNew(string directory, string name, string text, bool secret) =>
        DurableFile.Write(Path.Combine(directory, name), FileMode.CreateNew, secret, Encoding.UTF8.GetBytes(text));
}
