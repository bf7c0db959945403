using System.CommandLine;
using Evidence;

namespace Ledger.Authority;

/// <summary>The verb <c>ledger authority withdraw</c>: signs that a released page is not to be relied on any more, and why.</summary>
internal static class WithdrawVerb
{
    public static Command Create()
    {
        var directory = AuthorityVerbs.DirectoryOption();
        var release = new Argument<FileInfo>("RELEASE") { Description = "The release to take back, a *.release.json; the ledger's page /releases gives it." };
        var reason = new Option<string>("--reason")
        {
            Description = "Why, in a sentence of at most 200 characters: it stands in the log, and whoever has the page reads it.",
            Required = true,
        };
        var target = new Option<FileInfo>("--out") { Description = "Where to write the withdrawal, for `ledger release publish`.", Required = true };
        var clock = new Option<string?>("--clock") { Description = "File with the wall time of a replayed trip. For demonstrations." };
        var verb = new Command("withdraw", "Sign that a released page is not to be relied on any more, and why. For good: a mended page has another hash.")
        {
            release, directory, target, clock, reason,
        };
        verb.SetAction(given => AuthorityVerbs.Answer(() =>
        {
            var file = given.GetValue(target)!;
            if (file.Exists)
            {
                throw new AuthorityRefusedException($"{file.FullName} exists; give another --out.");
            }

            var statement = AuthorityFolder.Open(given.GetValue(directory)!, TimeProvider.System).Withdraw(Read(given.GetValue(release)!), given.GetValue(reason)!,
                given.GetValue(clock) is { } trip ? new Hosting.FileClock(trip) : null);
            File.WriteAllBytes(file.FullName, ReleaseFile.Write(statement.Bytes.AsSpan(), receipt: null));
            var back = ReleaseWithdrawal.Decode(statement.Payload);
            Console.Out.WriteLine($"Signed the withdrawal of {back.Name} {back.Version}, SHA-256 {back.Sum}, because: “{back.Reason}”");
            Console.Out.WriteLine($"Bring {file.Name} to the ledger and run: ledger release publish {file.Name}");
        }));
        return verb;
    }

    private static SoftwareRelease Read(FileInfo file)
    {
        var statement = Statement.Decode(ReleaseFile.Parse(AuthorityVerbs.ReadBounded(file, ReleaseFile.LengthMax)).Bytes.AsMemory());
        return statement.Kind == StatementKind.Release
            ? SoftwareRelease.Decode(statement.Payload)
            : throw new AuthorityRefusedException($"{file.FullName} holds a {statement.Kind}, not a release. Give the *.release.json of the page to take back.");
    }
}
