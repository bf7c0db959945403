using System.Globalization;
using System.Text.RegularExpressions;
using Gateway.Tests.Abuse;

namespace Gateway.Tests.EndToEnd;

/// <summary>Goal: somebody who stops the demonstration half way reads what is kept and where, and nothing runs on. Method: the published gateway,
/// stopped at its first line and on its way.</summary>
public sealed partial class DemoStopTests : IDisposable
{
    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("coldproof-demostop-");

    public void Dispose() => directory.Delete(recursive: true);

    /// <summary>F-120.</summary>
    [Theory]
    [InlineData("keys are made", "Nothing was recorded yet; delete ")]
    [InlineData("Power cut at", "What was recorded is kept in ")]
    public async Task Stopped_half_way_it_says_what_is_kept_and_where(string line, string kept)
    {
        var folder = Path.Combine(directory.FullName, "demo");
        var said = await StopAt(line, "--dir", folder);
        Assert.Contains("Stopped before it was done. Both programs have ended.", said, StringComparison.Ordinal);
        Assert.Contains(kept + folder, said, StringComparison.Ordinal);
        var running = Directory.GetDirectories("/proc").Select(CommandLineOf).Where(command => command.Contains(folder, StringComparison.Ordinal));
        Assert.Empty(running);
        if (LookForm().Match(said) is { Success: true } look)
        {
            var status = await Verb([Trip.Gateway, .. look.Groups["verb"].Value.Split(' ')]);
            Assert.Contains("  recorded   last ", status.Said, StringComparison.Ordinal);
            var fsck = await Verb([Trip.Gateway, "fsck", "--config", Path.Combine(folder, "gateway.json")]);
            Assert.True(fsck.Code == 0, fsck.ToString());
        }
    }

    [Fact]
    public async Task Without_a_directory_nothing_is_left_behind()
    {
        var said = await StopAt("The ledger runs with its broker inside");
        Assert.Contains("Nothing is kept; ", said, StringComparison.Ordinal);
        Assert.False(Directory.Exists(FolderForm().Match(said).Groups["folder"].Value));
    }

    /// <summary>Starts the demonstration, interrupts it once it has said the line, and returns all that it said.</summary>
    private async Task<string> StopAt(string line, params string[] more)
    {
        using var demo = RealProgram.Start("gateway demo", [Trip.Gateway, "demo", .. more], Path.Combine(directory.FullName, "said"));
        await Convoy.Until(() => Task.FromResult(demo.Said.Contains(line, StringComparison.Ordinal)), () => demo.HasEnded ? demo.Said : null, line);
        Assert.True(await demo.Terminate(TimeSpan.FromMinutes(1)), demo.Said);
        Assert.Equal(130, demo.ExitCode);
        Assert.DoesNotContain("   at ", demo.Said, StringComparison.Ordinal); // No trace of calls.
        return demo.Said;
    }

    private Task<RunResult> Verb(string[] command) =>
        RealProgram.Run(command[1], command, Path.Combine(directory.FullName, "verb"), TimeSpan.FromMinutes(1));

    [GeneratedRegex("`gateway (?<verb>status --config [^`]+)`")]
    private static partial Regex LookForm();

    [GeneratedRegex("Everything lies in (?<folder>/\\S+)")]
    private static partial Regex FolderForm();

    private static string CommandLineOf(string process)
    {
        try
        {
            return int.TryParse(Path.GetFileName(process), NumberStyles.None, CultureInfo.InvariantCulture, out _)
                ? File.ReadAllText(Path.Combine(process, "cmdline")) : "";
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return ""; // It ended while it was looked at.
        }
    }
}
