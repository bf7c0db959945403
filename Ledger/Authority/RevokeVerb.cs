using System.CommandLine;
using Evidence;

namespace Ledger.Authority;

/// <summary>The verb <c>ledger authority revoke</c>: signs that a gateway's key counts no more.</summary>
internal static class RevokeVerb
{
    public static Command Create()
    {
        var directory = AuthorityVerbs.DirectoryOption();
        var key = new Argument<string>("KEY") { Description = "The key's identifier, 32 hexadecimal digits; `gateway verify --json` prints it as keyIds." };
        var from = new Option<long>("--from")
        {
            Description = "First log index at which the key counts no more; 0 takes back all that it ever signed. Evidence logged before stays valid.",
            Required = true,
        };
        var reason = new Option<string>("--reason")
        {
            Description = "Why, in a sentence of at most 200 characters: it stands in the log, and verdicts print it.",
            Required = true,
        };
        var target = new Option<FileInfo>("--out") { Description = "Where to write the revocation, for `ledger key revoke`.", Required = true };
        var verb = new Command("revoke", "Sign that a gateway's key counts no more: it was lost, stolen or retired.") { key, directory, from, reason, target };
        verb.SetAction(given => AuthorityVerbs.Answer(() =>
        {
            var file = given.GetValue(target)!;
            if (file.Exists)
            {
                throw new AuthorityRefusedException($"{file.FullName} exists; give another --out.");
            }

            var statement = AuthorityFolder.Open(given.GetValue(directory)!, TimeProvider.System).Revoke(given.GetValue(key)!, given.GetValue(from),
                given.GetValue(reason)!);
            File.WriteAllBytes(file.FullName, [.. statement.Bytes]);
            var revocation = Revocation.Decode(statement.Payload);
            Console.Out.WriteLine($"Signed that key {revocation.KeyId} counts no more from log index {revocation.FromIndex} on, because: “{revocation.Reason}”");
            Console.Out.WriteLine($"Bring {file.Name} to the ledger and run: ledger key revoke {file.Name}");
        }));
        return verb;
    }
}
