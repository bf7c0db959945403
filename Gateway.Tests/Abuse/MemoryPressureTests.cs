// Goal: memory that is used up costs the rounds until the next start, and nothing that was recorded; the next start says so, because the run that ended
// often cannot; and a program that stands there without recording is heard of by no watchdog.
// Method: the real programs; prlimit (util-linux) forbids the running gateway every further page of writable memory, as a machine without any left does,
// while its status is asked for. However it ends, systemd's part is played: silence is SIGKILL. Then a stranger's verdict over the whole time.
using System.Globalization;
using Gateway.Tests.House;

namespace Gateway.Tests.Abuse;

public sealed class MemoryPressureTests
{
    /// <summary>A beat comes with every round, and every 200 ms while batches wait: with a round a second this many never pass without one.</summary>
    private const int BeatsWithoutARoundMax = 30;

    private static readonly TimeSpan WatchdogPatience = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan SqueezedMax = TimeSpan.FromSeconds(20);

    /// <summary>F-46.</summary>
    [Fact]
    public async Task Memory_that_is_used_up_costs_nothing_recorded_and_the_next_start_says_what_the_last_run_could_not()
    {
        await using var drive = await Drive.Begin(new());
        await drive.StopGateway();
        await using var systemd = new StandInSystemd(drive.Convoy.At("systemd"));
        drive.Watch.LookAnew();
        drive.Convoy.StartGateway(systemd.Command);
        var before = drive.Convoy.Gateway!;
        await Convoy.Until(() => Task.FromResult(drive.Watch.Current is { IsConnected: true } status && status.Channels[0].LastHour.Length > 0
            && systemd.Beats > 4), () => before.HasEnded ? before.Said : null, "data to flow and the watchdog to hear of it");

        var end = await EndWithoutMemory(drive, systemd);
        TestContext.Current.SendDiagnosticMessage($"Without memory: {end}; {systemd.Beats} beats, at most {systemd.BeatsWithoutARoundMost} a round");
        Assert.True(before.ExitCode != 0, before.Said); // With words or without: no promise rests on them (decision 0135).
        Assert.InRange(systemd.BeatsWithoutARoundMost, 1, BeatsWithoutARoundMax);
        drive.GatewayIsGone();
        Assert.Contains("it was not told to stop", (await drive.Convoy.RunGateway("status")).Said, StringComparison.Ordinal);

        drive.Watch.LookAnew();
        drive.Convoy.StartGateway(); // As systemd does.
        await Convoy.Until(() => Task.FromResult(drive.Watch.Current?.StartGap is not null), () => drive.Convoy.Gateway!.HasEnded
            ? drive.Convoy.Gateway.Said : null, "the next start");
        Assert.Contains("the last run ended without saying goodbye", (await drive.Convoy.RunGateway("status")).Said, StringComparison.Ordinal);
        Assert.Contains("The run before ended without saying goodbye", drive.Convoy.Gateway!.Said, StringComparison.Ordinal);
        await drive.AssertClean();
    }

    /// <summary>Takes its memory until it ends, or says nothing any more, or has gone on for long enough: then it is killed, as systemd's watchdog or the
    /// kernel does.</summary>
    private static async Task<string> EndWithoutMemory(Drive drive, StandInSystemd systemd)
    {
        var gateway = drive.Convoy.Gateway!;
        var since = TimeProvider.System.GetTimestamp();
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(1) };
        for (var look = 0; !gateway.HasEnded; look++)
        {
            if (look % 40 == 0)
            {
                await Squeeze(systemd.Id); // Again and again: what a collection gave back is taken, too.
            }

            if (systemd.Silence > WatchdogPatience || TimeProvider.System.GetElapsedTime(since) > SqueezedMax)
            {
                var how = systemd.Silence > WatchdogPatience ? "it stood still, and the watchdog killed it" : "it went on, and was killed";
                systemd.Kill();
                Assert.True(await gateway.Ended(TimeSpan.FromMinutes(1)));
                return how;
            }

            await Knock(http, drive.Convoy.StatusPage); // Whoever looks now only makes it need more memory.
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, TestContext.Current.CancellationToken);
        }

        return $"it ended by itself with {gateway.ExitCode}";
    }

    private static async Task Knock(HttpClient http, Uri page)
    {
        try
        {
            _ = await http.GetStringAsync(page, TestContext.Current.CancellationToken);
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException
            || (fault is TaskCanceledException && !TestContext.Current.CancellationToken.IsCancellationRequested))
        {
            return; // It has no memory for an answer, or has ended.
        }
    }

    /// <summary>No page of writable memory beyond those that it has.</summary>
    private static async Task Squeeze(int process)
    {
        string? line;
        try
        {
            line = File.ReadLines($"/proc/{process}/status").FirstOrDefault(line => line.StartsWith("VmData:", StringComparison.Ordinal));
        }
        catch (IOException)
        {
            line = null;
        }

        if (line is null)
        {
            return; // It has just ended, or is about to and has no memory any more.
        }

        var kilobytes = long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
        var result = await Tool.Run("util-linux", "prlimit", // The soft limit: it may rise again.
            ["--pid", process.ToString(CultureInfo.InvariantCulture), $"--data={kilobytes * 1024}:"]);
        Assert.True(result.ExitCode == 0 || !Directory.Exists($"/proc/{process}"), result.ToString());
    }
}
