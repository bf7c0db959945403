using System.CommandLine;
using System.Security.Cryptography;
using Anchoring;
using Evidence;
using Gateway.Configuration;
using Gateway.Hosting;
using Gateway.Terminal;

namespace Gateway.Verbs;

/// <summary><c>gateway enrol request|accept</c>: two files, carried by hand or by mail; neither holds a secret.</summary>
public static class EnrolVerb
{
    public static Command Create(Screen screen) => new("enrol",
        "Ask the authority for a manifest and a certificate, and accept its answer.")
    {
        Request(screen), Accept(screen),
    };

    private static Command Request(Screen screen)
    {
        var config = CommonOptions.Config();
        var directory = CommonOptions.DataDirectory();
        var source = ProbeSource.Options();
        var answer = new Option<FileInfo>("--out") { Description = "Where to write the request.", Required = true };
        var verb = new Command("request", "Make the keys if there are none, and write what the authority has to sign. Exit: 0 done, 1 "
            + "not done, 78 settings.")
        {
            config, directory, source.Emulate, source.Probes, source.Replay, answer,
        };
        verb.SetAction(parsed =>
        {
            var probes = ProbeSource.Choose(parsed, source);
            var settings = CommonOptions.Settings(screen, parsed.GetValue(config), parsed.GetValue(directory), needsProbes: probes is null);
            if (settings is null)
            {
                return ExitCode.Configuration;
            }

            var configured = probes?.Configured ?? settings.Probes;
            var folder = Open(settings.DataDirectory);
            using var key = GatewayKey.LoadOrCreate(settings.DataDirectory);
            using var tlsKey = folder.TlsKey();
            var traits = GatewayKey.Trait | (probes is null ? GatewayTraits.None : GatewayTraits.EmulatedProbes);
            var csr = new System.Security.Cryptography.X509Certificates.CertificateRequest($"CN={key.Gateway}", tlsKey,
                HashAlgorithmName.SHA256);
            var request = new EnrolmentRequest(key.Gateway, key.Public, key.CreateRequestPem(), csr.CreateSigningRequestPem(),
                EnrolmentFolder.ChannelsOf(configured, settings.IntervalMs), traits);
            _ = request.CheckProofs();
            var file = parsed.GetRequiredValue(answer);
            File.WriteAllBytes(file.FullName, request.ToJson());
            screen.Line($"✓ Gateway {key.Gateway}, key {key.Public.IdHex}, {configured.Length} channels.");
            screen.Line($"  Places ({string.Join(", ", configured.Select(channel => $"\"{channel.Probe.Place}\""))}), serial numbers and limits are shown to whoever is shown");
            screen.Line("  their channel; the public log holds a salted hash of them. The file names them: give it to the authority only.");
            screen.Line($"  Bring {file.Name} to the authority: ledger authority enrol {file.Name} --dir … --out enrolment.json");
            return ExitCode.Done;
        });
        return verb;
    }

    private static Command Accept(Screen screen)
    {
        var config = CommonOptions.Config();
        var directory = CommonOptions.DataDirectory();
        var file = new Argument<FileInfo>("enrolment") { Description = "The file that `ledger authority enrol` wrote." };
        var verb = new Command("accept", "Check the authority's answer against this gateway's own keys, and keep it. Exit: 0 done, 1 "
            + "refused, 78 settings.")
        {
            file, config, directory,
        };
        verb.SetAction(parsed =>
        {
            var settings = CommonOptions.Settings(screen, parsed.GetValue(config), parsed.GetValue(directory), needsProbes: false);
            if (settings is null)
            {
                return ExitCode.Configuration;
            }

            if (!GatewayKey.Exists(settings.DataDirectory))
            {
                throw new VerbException($"{settings.DataDirectory} holds no gateway key, so no answer can be for it; run `gateway enrol "
                    + $"request` first.");
            }

            var folder = Open(settings.DataDirectory);
            using var key = GatewayKey.LoadOrCreate(settings.DataDirectory);
            using var tlsKey = folder.TlsKey();
            var enrolment = Read(parsed.GetRequiredValue(file));
            var manifest = Check(enrolment, key, PublicKey.Of(tlsKey));
            folder.Keep(enrolment);
            screen.Line($"✓ Enrolled from batch {manifest.FirstNumber} on: {manifest.Channels.Length} channels, brokers "
                + $"{string.Join(", ", enrolment.Brokers)}.");
            screen.Line("  Start the gateway: systemctl restart coldproof-gateway");
            return ExitCode.Done;
        });
        return verb;
    }

    private static EnrolmentFolder Open(string directory)
    {
        try
        {
            Directory.CreateDirectory(directory);
            return new(directory);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new VerbException($"{directory} cannot be made: {fault.Message} Run as the gateway's user, or give --data.", fault);
        }
    }

    private static Enrolment Read(FileInfo file)
    {
        try
        {
            return file.Length <= Enrolment.LengthMax
                ? Enrolment.Parse(File.ReadAllBytes(file.FullName))
                : throw new VerbException($"{file.Name} has {Figures.Bytes(file.Length)}; an enrolment has "
                    + $"{Figures.Bytes(Enrolment.LengthMax)} at most. Is it the right file?");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new VerbException($"The enrolment cannot be read: {fault.Message} Check the path.", fault);
        }
        catch (MalformedEvidenceException fault)
        {
            throw new VerbException($"{file.Name} is no enrolment: {fault.Message} Ask the authority for the file again.", fault);
        }
    }

    private static Manifest Check(Enrolment enrolment, GatewayKey key, PublicKey tlsKey)
    {
        try
        {
            var policy = VerifierPolicy.Parse(enrolment.Policy.AsMemory());
            return enrolment.CheckFor(key.Gateway, key.Public, tlsKey, policy.Authorities.Select(authority => authority.Key));
        }
        catch (MalformedEvidenceException fault)
        {
            throw new VerbException($"The enrolment is refused: {fault.Message} Nothing was changed.", fault);
        }
    }
}
