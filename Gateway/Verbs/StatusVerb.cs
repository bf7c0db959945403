using System.CommandLine;
using System.Net.Http;
using System.Text.Json;
using Evidence;
using Gateway.Hosting;
using Gateway.Terminal;
using Sensors;

namespace Gateway.Verbs;

/// <summary><c>gateway status</c>: one screen. Asks the running gateway; when none runs, says so and shows what the disk holds.</summary>
public static class StatusVerb
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    public static Command Create(Screen screen)
    {
        var config = CommonOptions.Config();
        var directory = CommonOptions.DataDirectory();
        var json = CommonOptions.Json();
        var verb = new Command("status", "Show what the gateway is doing. Exit: 0 all well, 1 something needs attention or it is "
            + "stopped, 78 settings.")
        {
            config, directory, json,
        };
        verb.SetAction(async (parsed, stop) =>
        {
            var settings = CommonOptions.Settings(screen, parsed.GetValue(config), parsed.GetValue(directory), needsProbes: false);
            if (settings is null)
            {
                return ExitCode.Configuration;
            }

            if (await Ask(settings.Listen.ToString(), stop) is { } status)
            {
                screen.Line(parsed.GetValue(json) ? StatusJson.Write(status) : "");
                if (!parsed.GetValue(json))
                {
                    Write(screen, status, settings.WordPatienceSeconds);
                }

                return status.Trouble.IsEmpty ? ExitCode.Done : ExitCode.Failed;
            }

            StoppedScreen.Show(screen, settings, parsed.GetValue(json));
            return ExitCode.Failed;
        });
        return verb;
    }

    /// <summary>The running gateway's status; null when nobody answers there.</summary>
    /// <exception cref="VerbException">Somebody answers, but not a gateway.</exception>
    public static async Task<GatewayStatus?> Ask(string listen, CancellationToken stop)
    {
        using var http = new HttpClient { Timeout = Patience };
        try
        {
            using var answer = await http.GetAsync(new Uri($"http://{listen}/status"), stop);
            return answer.IsSuccessStatusCode ? StatusJson.Read(await answer.Content.ReadAsStringAsync(stop)) : null;
        }
        catch (Exception fault) when (fault is HttpRequestException or TaskCanceledException && !stop.IsCancellationRequested)
        {
            return null;
        }
        catch (JsonException fault)
        {
            throw new VerbException($"What answers at {listen} is no gateway of this version; check Status:Listen.", fault);
        }
    }

    private static void Write(Screen screen, GatewayStatus status, int patienceSeconds)
    {
        var now = status.Now;
        screen.Line($"{screen.Strong("● " + status.Activity)}   {Figures.Time(now.WallMs)}   gateway {status.Gateway}");
        screen.Line();
        var width = status.Channels.Max(channel => channel.Place.Length);
        foreach (var channel in status.Channels)
        {
            screen.Line($"  {channel.Place.PadRight(width)}  {ReadingOf(screen, channel)}  {Sparkline.Draw(channel.LastHour, 60)}");
        }

        screen.Line();
        screen.Line($"  recorded   {Figures.Count(status.Recorded)} readings, a round every {Figures.Span(status.IntervalMs)}, boot "
            + $"{now.Boot}, up {Figures.Span(now.UptimeMs)}");
        if (status.StartGap is { Cause: GapCause.PowerLoss } gap)
        {
            screen.Line($"  before     the last run ended without saying goodbye (no power, killed, or no memory); nothing was recorded for "
                + $"{Figures.Gap(gap.FromMs, gap.ToMs)} until {Figures.Time(gap.ToMs)}: a declared gap");
        }

        screen.Line($"  sealed     {Figures.Count(status.Sealed)} batches" + (status.LastSealedMs is { } last
            ? $", the newest {Figures.Span(Math.Max(0, now.WallMs - last))} ago" : ""));
        if (status.ToSign > 0)
        {
            screen.Line($"  closed     {Figures.Count(status.ToSign)} batches wait for the ledger's word before they are signed; recording goes on");
            if (!status.IsConnected)
            {
                screen.Line($"             not heard, they are signed {Figures.Span(patienceSeconds * 1_000L)} after the start (Sealing:WordPatienceSeconds)");
            }
        }

        screen.Line($"  anchored   {Figures.Count(status.Anchored)} batches"
            + (status.OldestWaitingMs is { } oldest ? $"; {Figures.Count(status.Waiting)} wait, the oldest for "
                + $"{Figures.Span(Math.Max(0, now.WallMs - oldest))}" : ""));
        screen.Line($"  link       {(status.IsConnected ? "connected" : "not connected; recording goes on")}");
        screen.Line($"  clock      {ClockWords(now)}");
        screen.Line("  disk       " + (status is { DiskFreeBytes: { } free, DiskTotalBytes: { } total } ? $"{Figures.Bytes(free)} free of {Figures.Bytes(total)}" : "does not say how much room it has"));
        screen.Line($"  kept       {Figures.Bytes(status.StoreBytes)} of a budget of {Figures.Bytes(status.BudgetBytes)}"
            + (status.OldestKept is { } kept ? $", from batch {Figures.Count(kept)} on" : ""));
        if (status.Replay is { } replay)
        {
            screen.Line($"  replay     {replay.State}, {Figures.Count(replay.Rows)} of {Figures.Count(replay.RowsTotal)} rows (emulated "
                + $"probes)");
        }

        foreach (var trouble in status.Trouble)
        {
            screen.Line("  " + screen.Warning("▲ " + trouble));
        }
    }

    private static string ReadingOf(Screen screen, ChannelStatus channel) => channel.Last switch
    {
        { Temperature: { } t } when t < channel.Low || t > channel.High => screen.Warning($"▲ {t,8} °C OUT OF RANGE"),
        { Temperature: { } t } => $"  {t,8} °C",
        { Outcome: Outcome.NotSampled } => "? no reading yet",
        var failed => screen.Warning($"? {failed.Outcome}: {ProbeAdvice.For(failed.Outcome)}"),
    };

    private static string ClockWords(Moment now) => now.Trust switch
    {
        ClockTrust.Ntp => $"set by network time, off by at most {Figures.Span(now.ErrorMs)}",
        ClockTrust.Rtc => "from the board's battery-backed clock",
        _ => "not set: times are marked as unknown until network time arrives",
    };
}
