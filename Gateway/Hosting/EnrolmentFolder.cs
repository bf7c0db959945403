using System.Collections.Immutable;
using System.Security.Cryptography;
using Evidence;
using Gateway.Configuration;
using Gateway.Verbs;

namespace Gateway.Hosting;

/// <summary>The enrolment as it lies in the data directory: the authority's answer, and the TLS key that was made for it.</summary>
/// <remarks>The TLS key identifies a connection and signs no evidence; systemd may give it as a credential of the same name
/// instead.</remarks>
public sealed class EnrolmentFolder(string directory)
{
    public const string AnswerName = "enrolment.json";
    public const string TlsKeyName = "uplink.key";
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private string AnswerPath => Path.Combine(directory, AnswerName);

    private string TlsKeyPath =>
        Environment.GetEnvironmentVariable("CREDENTIALS_DIRECTORY") is { Length: > 0 } credentials && Path.Combine(credentials,
            TlsKeyName) is var path
        && File.Exists(path) ? path : Path.Combine(directory, TlsKeyName);

    public bool IsEnrolled => File.Exists(AnswerPath);

    /// <summary>The TLS key in PEM.</summary>
    /// <exception cref="VerbException">It cannot be read.</exception>
    public string TlsKeyPem() => Readable(() => File.ReadAllText(TlsKeyPath), $"The TLS key {TlsKeyPath}");

    /// <summary>Reads the TLS key, or makes it at the first request.</summary>
    public ECDsa TlsKey()
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        if (!File.Exists(TlsKeyPath))
        {
            Write(TlsKeyPath, System.Text.Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem()));
            return key;
        }

        try
        {
            key.ImportFromPem(TlsKeyPem());
            return key;
        }
        catch (Exception fault) when (fault is CryptographicException or ArgumentException)
        {
            key.Dispose();
            throw new VerbException($"The TLS key {TlsKeyPath} is harmed: {fault.Message} It signs no evidence: remove the file, and "
                + "`gateway enrol request` makes a new one for the authority to certify.", fault)
            {
                Code = ExitCode.Configuration,
            };
        }
    }

    /// <summary>The authority's answer that was accepted.</summary>
    /// <exception cref="VerbException">The gateway is not enrolled, or the file cannot be read.</exception>
    public Enrolment Answer()
    {
        if (!IsEnrolled)
        {
            throw new VerbException($"This gateway is not enrolled: {AnswerPath} is not there. Run `gateway enrol request --out "
                + $"request.json`, have the "
                + "authority answer it, then `gateway enrol accept enrolment.json`.")
            {
                Code = ExitCode.Configuration,
            };
        }

        try
        {
            return Enrolment.Parse(Readable(() => File.ReadAllBytes(AnswerPath), $"The enrolment {AnswerPath}"));
        }
        catch (MalformedEvidenceException fault)
        {
            throw Damaged(fault);
        }
    }

    private VerbException Damaged(MalformedEvidenceException fault) =>
        new($"{AnswerPath} is damaged: {fault.Message} Run `gateway enrol accept` with the authority's answer again.", fault)
        {
            Code = ExitCode.Configuration,
        };

    /// <summary>The accepted answer, all its parts readable; or why it cannot be used, with the next step.</summary>
    public (Enrolment? Enrolment, VerbException? Harm) Usable()
    {
        try
        {
            var answer = Answer();
            _ = VerifierPolicy.Parse(answer.Policy.AsMemory());
            _ = Manifest.Decode(answer.Manifest);
            return (answer, null);
        }
        catch (VerbException harm)
        {
            return (null, harm);
        }
        catch (MalformedEvidenceException fault)
        {
            return (null, Damaged(fault));
        }
    }

    public void Keep(Enrolment enrolment) => Write(AnswerPath, enrolment.ToJson());

    /// <summary>What the settings ask the authority to sign, channel by channel, each under a fresh salt.</summary>
    public static ImmutableArray<ManifestChannel> ChannelsOf(ImmutableArray<ConfiguredProbe> probes, int intervalMs) =>
    [
        .. probes.Select(configured => configured.Probe.Calibration is { } calibration
            ? new ManifestChannel(configured.Probe.Place, configured.Probe.Serial, configured.Low, configured.High, intervalMs,
                Digest.FromHex(calibration.CertificateSha256), calibration.Expires.ToUnixTimeMilliseconds(), FreshSalt())
            : new ManifestChannel(configured.Probe.Place, configured.Probe.Serial, configured.Low, configured.High, intervalMs, default,
                null, FreshSalt())),
    ];

    /// <summary>How the settings differ from what the authority signed, a sentence each; empty when they agree.</summary>
    public static ImmutableArray<string> Differences(ImmutableArray<ManifestChannel> configured, ImmutableArray<ManifestChannel> enrolled)
    {
        if (configured.Length != enrolled.Length)
        {
            return [$"The settings have {configured.Length} probes, the enrolment {enrolled.Length}. {EnrolAgain}"];
        }

        return
        [
            .. configured.Zip(enrolled).Select((pair, i) => (pair.First, pair.Second, i))
                .Where(channel => channel.First with { Salt = channel.Second.Salt } != channel.Second)
                .Select(channel => $"Channel {channel.i}: the settings say {Words(channel.First)}, the enrolment says "
                    + $"{Words(channel.Second)}. {EnrolAgain}"),
        ];
    }

    private static Digest FreshSalt() => Digest.FromBytes(RandomNumberGenerator.GetBytes(Digest.Length));

    private const string EnrolAgain = "Correct the settings, or enrol anew with `gateway enrol request`.";

    private static string Words(ManifestChannel channel) =>
        $"\"{channel.Place}\", serial {channel.Serial}, {channel.Low} to {channel.High} °C every {channel.IntervalMs} ms, certificate "
        + (channel.Certificate.IsZero ? "none" : channel.Certificate.ToShortString());

    private static T Readable<T>(Func<T> read, string what)
    {
        try
        {
            return read();
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new VerbException($"{what} cannot be read: {fault.Message} Check that it is there and belongs to the gateway's user.",
                fault)
            {
                Code = ExitCode.Configuration,
            };
        }
    }

    /// <summary>Written beside, flushed, then moved over: a power cut leaves the old file or the new one.</summary>
    private static void Write(string path, byte[] bytes)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerOnly;
        }

        using (var file = new FileStream(path + ".new", options))
        {
            file.Write(bytes);
            file.Flush(flushToDisk: true);
        }

        File.Move(path + ".new", path, overwrite: true);
    }
}
