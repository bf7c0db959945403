using System.CommandLine;
using System.Security.Cryptography;
using System.Text;
using Evidence;
using Gateway.Inputs;
using Gateway.Terminal;

namespace Gateway.Verbs;

/// <summary><c>gateway unpack BUNDLE --out DIR</c>: writes a bundle out as standard files, for programs that are not ours.</summary>
public static class UnpackVerb
{
    private const string IndexFile = "index.txt";

    public static Command Create(Screen screen)
    {
        var bundle = new Argument<FileInfo>("bundle") { Description = "The evidence, a *.coldproof.json file." };
        var target = new Option<DirectoryInfo>("--out")
        {
            Description = "A directory that does not exist yet, or is empty. Nothing is ever overwritten.",
            Required = true,
        };
        var policy = new Option<FileInfo?>("--policy")
        {
            Description = "Your own policy: its keys are written beside, as authority-1.pem and log.txt, for openssl and Go.",
        };
        var verb = new Command("unpack", "Write a bundle out as standard files: COSE, PEM, DER, tlog-proofs, checkpoints, CBOR. Checks nothing; "
            + "docs/verify-without-us.md walks through checking them without this program.")
        {
            bundle, target, policy,
        };
        verb.SetAction(parsed =>
            Run(screen, parsed.GetRequiredValue(bundle), parsed.GetRequiredValue(target).ToString(), parsed.GetValue(policy)));
        return verb;
    }

    private static int Run(Screen screen, FileInfo bundle, string target, FileInfo? policyFile)
    {
        var bytes = EvidenceFile.BundleIn(VerifyVerb.ReadFile(bundle, EvidenceFile.LengthMax, "evidence"), bundle.Name);
        var policy = policyFile is null ? null : VerifyVerb.ReadPolicy(policyFile);
        try
        {
            var parts = BundleParts.Of(bytes).Concat(policy is null ? [] : KeysOf(policy));
            Prepare(target);
            var index = new StringBuilder("Unpacked from ").Append(Screen.Safe(bundle.Name)).Append(", SHA-256 ")
                .Append(Convert.ToHexStringLower(SHA256.HashData(bytes.Span))).Append(".\nNothing was checked. File, bytes, SHA-256, what it is:\n\n");
            var count = 0;
            foreach (var part in parts)
            {
                Write(target, part.Path, part.Bytes);
                index.Append(part.Path).Append('\t').Append(part.Bytes.Length).Append('\t')
                    .Append(Convert.ToHexStringLower(SHA256.HashData(part.Bytes))).Append('\t').Append(part.Says).Append('\n');
                count++;
            }

            Write(target, IndexFile, Encoding.UTF8.GetBytes(index.ToString()));
            screen.Line($"{Figures.Count(count)} files in {Screen.Safe(target)}; {IndexFile} says which is what. Nothing was checked.");
            return ExitCode.Done;
        }
        catch (MalformedEvidenceException fault)
        {
            throw new VerbException($"{bundle.Name} cannot be unpacked: {fault.Message}", fault) { Code = ExitCode.CannotCheck };
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new VerbException($"The files cannot be written: {fault.Message} Give another --out.", fault);
        }
    }

    private static IEnumerable<BundlePart> KeysOf(VerifierPolicy policy) =>
    [
        .. policy.Authorities.Index().Select(item => new BundlePart($"policy/authority-{item.Index + 1}.pem", BundleParts.Pem(item.Item.Key),
            "an authority's public key, from your policy and not from the bundle")),
        new("policy/log.txt", Encoding.UTF8.GetBytes(policy.LogText), "log and witnesses, from your policy: C2SP tlog-policy"),
    ];

    /// <summary>A new directory, or an empty one; a link to a directory elsewhere is neither.</summary>
    private static void Prepare(string target)
    {
        var directory = new DirectoryInfo(target);
        if (directory.LinkTarget is not null || File.Exists(target) || (directory.Exists && directory.EnumerateFileSystemInfos().Any()))
        {
            throw new VerbException($"{target} is there already and is not an empty directory. Nothing is overwritten: give another --out.");
        }

        directory.Create();
    }

    private static void Write(string target, string path, byte[] bytes)
    {
        var file = Path.Combine(target, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        using var stream = new FileStream(file, FileMode.CreateNew, FileAccess.Write);
        stream.Write(bytes);
    }
}
