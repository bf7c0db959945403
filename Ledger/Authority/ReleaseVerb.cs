using System.CommandLine;
using System.Reflection;
using Evidence;
using Ledger.Pages;

namespace Ledger.Authority;

/// <summary>The verb <c>ledger authority release</c>: signs which regulator's page is the real one.</summary>
internal static class ReleaseVerb
{
    public static Command Create()
    {
        var directory = AuthorityVerbs.DirectoryOption();
        var reason = AuthorityVerbs.ReasonOption();
        var page = new Option<FileInfo?>("--page")
        {
            Description = "The page, verify.html, filled or not. By default the one inside this program, which this ledger serves.",
        };
        var version = new Option<string>("--version-name")
        {
            Description = "What the version is called. By default this program's.",
            DefaultValueFactory = _ => Version,
        };
        var target = new Option<FileInfo>("--out") { Description = "Where to write the release, for `ledger release publish`.", Required = true };
        var clock = new Option<string?>("--clock") { Description = "File with the wall time of a replayed trip. For demonstrations." };
        var verb = new Command("release", "Sign the SHA-256 of the regulator's page, so that it can stand in the log.")
        {
            directory, target, page, version, clock, reason,
        };
        verb.SetAction(given => AuthorityVerbs.Answer(() =>
        {
            var file = given.GetValue(target)!;
            if (file.Exists)
            {
                throw new AuthorityRefusedException($"{file.FullName} exists; give another --out.");
            }

            var sum = given.GetValue(page) is { } own ? SumOf(own) : SavedPage.Read(EvidenceHtml.Page.ToArray())!.Sum;
            var statement = AuthorityFolder.Open(given.GetValue(directory)!, TimeProvider.System).Release(SoftwareRelease.PageName,
                given.GetValue(version)!, sum, given.GetValue(reason), given.GetValue(clock) is { } trip ? new Hosting.FileClock(trip) : null);
            File.WriteAllBytes(file.FullName, ReleaseFile.Write(statement.Bytes.AsSpan(), receipt: null));
            Console.Out.WriteLine($"Signed {SoftwareRelease.PageName} {given.GetValue(version)}, SHA-256 {sum}.");
            Console.Out.WriteLine($"Bring {file.Name} to the ledger and run: ledger release publish {file.Name}");
        }));
        return verb;
    }

    /// <summary>"0.1.0": without the build's own mark behind a plus.</summary>
    private static string Version => (typeof(ReleaseVerb).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion
        ?? "unknown").Split('+')[0];

    private static Digest SumOf(FileInfo file) => SavedPage.Read(AuthorityVerbs.ReadBounded(file, 4 * 1024 * 1024)) is { } page
        ? page.Sum
        : throw new AuthorityRefusedException($"{file.FullName} is not the regulator's page: it does not have the page's three blocks. Give verify.html.");
}
