using System.Globalization;
using Gateway.Tests.Abuse;

namespace Gateway.Tests.EndToEnd;

/// <summary>Goal: somebody who stops the demonstration half way gets a sentence, and nothing runs on. Method: the published gateway, stopped at its
/// first line and on its way.</summary>
public sealed class DemoStopTests : IDisposable
{
    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("coldproof-demostop-");

    public void Dispose() => directory.Delete(recursive: true);

    [Theory]
    [InlineData("keys are made")]
    [InlineData("Power cut at")]
    public async Task Stopped_half_way_it_says_so_and_leaves_nothing_behind(string line)
    {
        var folder = Path.Combine(directory.FullName, "demo");
        using var demo = RealProgram.Start("gateway demo", [Trip.Gateway, "demo", "--dir", folder], Path.Combine(directory.FullName, "said"));
        await Convoy.Until(() => Task.FromResult(demo.Said.Contains(line, StringComparison.Ordinal)), () => demo.HasEnded ? demo.Said : null, line);
        Assert.True(await demo.Terminate(TimeSpan.FromMinutes(1)), demo.Said);
        Assert.Equal(130, demo.ExitCode);
        Assert.Contains("Stopped before it was done", demo.Said, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", demo.Said, StringComparison.Ordinal);
        Assert.DoesNotContain(Directory.GetDirectories("/proc"), process => CommandLineOf(process).Contains(folder, StringComparison.Ordinal));
    }

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
