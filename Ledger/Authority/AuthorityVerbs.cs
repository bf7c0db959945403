using System.CommandLine;
using System.Globalization;
using System.Security.Cryptography;
using Evidence;

namespace Ledger.Authority;

/// <summary>The verbs <c>ledger authority init|enrol|show</c>.</summary>
public static class AuthorityVerbs
{
    private const int Done = 0;
    private const int Refused = 1;

    /// <summary>Adds the verbs to the program's root command. Exit codes: 0 done, 1 refused with the reason on standard error.</summary>
    public static void Add(RootCommand root)
    {
        var authority = new Command("authority", "Make the authority of a fleet, and enrol gateways with it.");
        authority.Add(InitVerb());
        authority.Add(EnrolVerb());
        authority.Add(ReleaseVerb.Create());
        authority.Add(WithdrawVerb.Create());
        authority.Add(RevokeVerb.Create());
        authority.Add(ShowVerb());
        authority.Add(IssuerVerbs.Issuer());
        authority.Add(IssuerVerbs.Trust());
        root.Add(authority);
    }

    internal static Option<string> DirectoryOption() => new("--dir") { Description = "The authority's folder.", Required = true };

    internal static Option<string?> ReasonOption() => new("--reason") { Description = "Why, for the audit trail." };

    private static Command InitVerb()
    {
        var directory = DirectoryOption();
        var reason = ReasonOption();
        var name = new Option<string>("--name") { Description = "The authority's name, as verifiers print it.", Required = true };
        var origin = new Option<string>("--origin")
        {
            Description = "The log's name for ever: host and path without scheme, as ledger.example/fleet.",
            Required = true,
        };
        var hosts = new Option<string[]>("--host")
        {
            Description = "DNS name or address of the broker; give it once for each.",
            DefaultValueFactory = _ => ["localhost", "127.0.0.1"],
        };
        var verb = new Command("init", "Make the authority's key, the TLS certificates, the log's keys and the verifier's policy.")
        {
            directory, name, origin, hosts, reason,
        };
        verb.SetAction(given => Answer(() =>
        {
            var folder = AuthorityFolder.Init(given.GetValue(directory)!, given.GetValue(name)!, given.GetValue(origin)!,
                given.GetValue(hosts)!,
                given.GetValue(reason), TimeProvider.System);
            Console.Out.WriteLine($"Made the authority \"{folder.Key.Name}\", key {folder.Key.Key.IdHex}, in {given.GetValue(directory)}.");
            Console.Out.WriteLine("Keep authority.key and ca.key offline; give policy.json to whoever verifies; the broker needs server.* "
                + "and ca.crt;");
            Console.Out.WriteLine("the ledger needs ledger.*, ca.crt, log.key, clock.key and policy.json.");
        }));
        return verb;
    }

    private static Command EnrolVerb()
    {
        var request = new Argument<FileInfo>("REQUEST") { Description = "The file that `gateway enrol request` wrote." };
        var directory = DirectoryOption();
        var reason = ReasonOption();
        var answer = new Option<FileInfo>("--out")
        {
            Description = "Where to write the enrolment, for `gateway enrol accept`.",
            Required = true
        };
        var previous = new Option<FileInfo?>("--previous") { Description = "The enrolment in force; by default the newest signed here." };
        var first = new Option<long?>("--first")
        {
            Description = "First batch number of the new manifest, when the gateway was enrolled "
            + "before."
        };
        var brokers = new Option<string[]>("--broker")
        {
            Description = "Where the gateway connects, as mqtts://host:8883; up to 8. By default those of the enrolment in force; the first "
                + "time, the server certificate's first name.",
            DefaultValueFactory = _ => [],
        };
        var clock = new Option<string?>("--clock") { Description = "File with the wall time of a replayed trip. For demonstrations." };
        var verb = new Command("enrol", "Check a gateway's request, sign its manifest and its TLS certificate.")
        {
            request, directory, answer, previous, first, brokers, clock, reason,
        };
        verb.SetAction(given => Answer(() =>
        {
            var file = given.GetValue(answer)!;
            if (file.Exists)
            {
                throw new AuthorityRefusedException($"{file.FullName} exists; give another --out.");
            }

            var folder = AuthorityFolder.Open(given.GetValue(directory)!, TimeProvider.System);
            var before = given.GetValue(previous) is { } old ? Enrolment.Parse(ReadBounded(old, Enrolment.LengthMax)) : null;
            var enrolment = folder.Enrol(EnrolmentRequest.Parse(ReadBounded(given.GetValue(request)!, EnrolmentRequest.LengthMax)), before,
                given.GetValue(first), [.. given.GetValue(brokers)!.Select(BrokerAddress.Parse)], given.GetValue(reason),
                given.GetValue(clock) is { } trip ? new Hosting.FileClock(trip) : null);
            File.WriteAllBytes(file.FullName, enrolment.ToJson());
            Console.Out.WriteLine($"Enrolled gateway {enrolment.Gateway}; manifest {enrolment.Manifest.PayloadDigest.ToShortString()}.");
            Console.Out.WriteLine($"Bring {file.Name} to the gateway and run: gateway enrol accept {file.Name}");
        }));
        return verb;
    }

    private static Command ShowVerb()
    {
        var directory = DirectoryOption();
        var verb = new Command("show", "Print the authority's name, its key, its log's keys and every gateway it has "
            + "enrolled.") { directory };
        verb.SetAction(given => Answer(() =>
        {
            var folder = AuthorityFolder.Open(given.GetValue(directory)!, TimeProvider.System);
            Console.Out.WriteLine($"authority  {folder.Key.Name}");
            Console.Out.WriteLine($"key        {folder.Key.Key.IdHex}");
            foreach (var log in folder.Policy.Log.Logs)
            {
                Console.Out.WriteLine($"log        {log.Key}");
            }

            foreach (var witness in folder.Policy.Log.Witnesses)
            {
                Console.Out.WriteLine($"witness    {witness.Key}");
            }

            foreach (var (_, enrolment, manifest) in folder.Enrolled())
            {
                Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"gateway    {enrolment.Gateway} from batch {manifest.FirstNumber}, {manifest.Channels.Length} channels, key "
                        + $"{manifest.Key.IdHex}, manifest {enrolment.Manifest.PayloadDigest.ToShortString()}"));
            }
        }));
        return verb;
    }

    internal static int Answer(Action act, string verb = "authority")
    {
        try
        {
            act();
            return Done;
        }
        catch (Exception fault) when (fault is AuthorityRefusedException or MalformedEvidenceException or InvalidOperationException
            or IOException or UnauthorizedAccessException or CryptographicException)
        {
            Console.Error.WriteLine($"ledger {verb}: {fault.Message}");
            return Refused;
        }
    }

    /// <summary>Looks at the length before a byte is read: the file came from outside.</summary>
    internal static byte[] ReadBounded(FileInfo file, int lengthMax) => !file.Exists
        ? throw new AuthorityRefusedException($"{file.FullName} does not exist.")
        : file.Length <= lengthMax
            ? File.ReadAllBytes(file.FullName)
            : throw new AuthorityRefusedException($"{file.FullName} has {file.Length} bytes; at most {lengthMax} are read.");
}
