using System.Globalization;
using System.Net.Http;
using Gateway.Hosting;
using Gateway.Replay;
using Gateway.Terminal;
using Gateway.Verbs;
using Sensors.Emulation;

namespace Gateway.Demo;

/// <summary>A real trip through two real programs: the gateway and the ledger, two processes, as in production but for emulated
/// chips.</summary>
internal sealed class Demonstration(Screen screen, DemoFolder folder, ProgramFile gateway, ProgramFile ledger, TimeProvider clock)
{
    private const string Host = "127.0.0.1";
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StallPatience = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(20);
    private readonly ReplayTrip trip = ReplayTrip.BundledFridgeTag();

    /// <summary>Runs the whole trip, prints the verdict and the page's link, and serves until it is told to stop.</summary>
    /// <param name="isOnce">Ends after the verdict instead of serving.</param>
    public async Task<int> Run(bool isOnce, CancellationToken stop)
    {
        screen.Line(screen.Strong("Coldproof demonstration"));
        screen.Line($"A real logger's trip, {Figures.Count(trip.Rows.Length)} readings in 37 days, through emulated chips, gateway, "
            + $"broker, log and verdict.");
        screen.Line(screen.Quiet($"Everything lies in {folder.Root}"));
        screen.Line();
        using (var tripClock = new ReplayClockFile(folder.Clock))
        {
            tripClock.Write(trip.Rows[0].WallMs); // The ledger lives in the trip's time from its first second on.
        }

        await RunLedger(stop, "authority", "init", "--dir", folder.Authority, "--name", "Demo authority", "--origin",
            "demo.coldproof.example/log");
        Done("The authority, the log and their keys are made");
        using var ledgerProcess = StartLedger();
        try
        {
            await WaitFor(ledgerProcess, async () => await Answers($"{folder.Page}/healthz/ready", stop), "the ledger to be ready", stop);
            Done($"The ledger runs with its broker inside: process {ledgerProcess.Id}, TLS with client certificates");
            await Release(stop);
            await Enrol(stop);
            await Travel(ledgerProcess, isOnce, stop);
            return ExitCode.Done;
        }
        finally
        {
            await ledgerProcess.End(EndPatience, clock);
        }
    }

    /// <summary>The authority signs which page is the real one, and the log says so to everybody.</summary>
    private async Task Release(CancellationToken stop)
    {
        await RunLedger(stop, "authority", "release", "--dir", folder.Authority, "--clock", folder.Clock, "--out", folder.File("verify.html.release.json"));
        await RunLedger(stop, "release", "publish", folder.File("verify.html.release.json"), "--data", folder.LedgerData);
        Done($"The hash of the check page is in the log: {folder.Page}/releases");
    }

    private async Task Enrol(CancellationToken stop)
    {
        await File.WriteAllTextAsync(folder.File("gateway.json"), Json.Members(writer =>
        {
            writer.WriteString("DataDirectory", folder.GatewayData);
            writer.WriteStartObject("Sampling");
            writer.WriteNumber("IntervalMs", trip.IntervalMs);
            writer.WriteEndObject();
            writer.WriteStartObject("Sealing");
            writer.WriteNumber("AgeMaxSeconds", 3_600);
            writer.WriteEndObject();
            writer.WriteStartObject("Status");
            writer.WriteString("Listen", folder.StatusListen);
            writer.WriteEndObject();
        }), stop);
        await RunGateway(stop, "enrol", "request", "--replay", "--out", folder.File("request.json"));
        await RunLedger(stop, "authority", "enrol", folder.File("request.json"), "--dir", folder.Authority, "--broker",
            string.Create(CultureInfo.InvariantCulture, $"mqtts://{Host}:{folder.BrokerPort}"), "--clock", folder.Clock, "--out",
                folder.File("enrolment.json"));
        await RunGateway(stop, "enrol", "accept", folder.File("enrolment.json"));
        Done("The gateway asked, the authority enrolled it, the gateway checked and accepted");
    }

    private async Task Travel(ChildProcess ledgerProcess, bool isOnce, CancellationToken stop)
    {
        var gatewayProcess = StartGateway();
        try
        {
            foreach (var gap in trip.Gaps)
            {
                await Watch(gatewayProcess, ledgerProcess, status => status.Replay?.State == "at-gap", stop);
                await gatewayProcess.Kill(stop);
                gatewayProcess.Dispose();
                Done($"Power cut at {Figures.Time(gap.LastBeforeWallMs)}: process {gatewayProcess.Id} killed; power is back "
                    + $"{Figures.Span(gap.DurationMs)} later");
                gatewayProcess = StartGateway();
            }

            var status = await Watch(gatewayProcess, ledgerProcess, IsOver, stop);
            Done($"All of it is anchored: {Figures.Count(status.Recorded)} readings in {Figures.Count(status.Sealed)} signed batches, "
                + $"each with a verified receipt");
            await Prove(status, stop);
            ShowPage(status);
            if (!isOnce)
            {
                screen.Line("Ctrl-C ends both programs.");
                await UntilStopped(gatewayProcess, ledgerProcess, stop);
            }
        }
        finally
        {
            await gatewayProcess.End(EndPatience, clock);
            gatewayProcess.Dispose();
        }
    }

    private static bool IsOver(GatewayStatus status) => status.Replay?.State == "done" && status.Waiting == 0;

    /// <summary>Two ways to the same answer: the gateway's own export, and the bundle that the page offers to anybody.</summary>
    private async Task Prove(GatewayStatus status, CancellationToken stop)
    {
        var exported = folder.File("trip.coldproof.json");
        await RunGateway(stop, "export", "--from", Instant(trip.Rows[0].WallMs), "--to", Instant(trip.Rows[^1].WallMs), "--out", exported);
        await RunGateway(stop, "verify", exported, "--policy", folder.Policy);
        Done($"The gateway's export verifies with the authority's policy: {Figures.Bytes(new FileInfo(exported).Length)}");
        var downloaded = folder.File("page.coldproof.json");
        using (var http = new HttpClient())
        {
            await File.WriteAllBytesAsync(downloaded, await http.GetByteArrayAsync(new Uri(PageLinks.Bundle(folder.Page, status.Gateway,
                trip.Rows[0].WallMs, trip.Rows[^1].WallMs)), stop), stop);
        }

        await RunGateway(stop, "verify", downloaded, "--policy", folder.Policy);
        Done("The bundle that the ledger's page offers verifies as well");
        screen.Line();
        screen.Line(folder.IsKept
            ? "  Check it yourself, with both programs stopped:"
            : "  Check it yourself from another terminal (--dir DIR keeps the files when the demonstration ends):");
        screen.Line($"  gateway verify {downloaded} --policy {folder.Policy}");
    }

    private void ShowPage(GatewayStatus status)
    {
        var link = PageLinks.Window(folder.Page, status.Gateway, trip.Rows[0].WallMs, trip.Rows[^1].WallMs);
        screen.Line();
        foreach (var line in QrBlocks.Draw(link))
        {
            screen.Line("  " + line);
        }

        screen.Line();
        screen.Line("The trip, its excursions and its verdict:");
        screen.Line(screen.Strong(link));
        screen.Line();
    }

    private ChildProcess StartLedger() => ChildProcess.Start("ledger", ledger,
        ["run", "--data", folder.LedgerData, "--keys", folder.Authority, "--listen", folder.Page, "--clock", folder.Clock,
            "--embedded-broker", folder.BrokerPort.ToString(CultureInfo.InvariantCulture)], folder.File("ledger.log"));

    private ChildProcess StartGateway() => ChildProcess.Start("gateway", gateway,
        ["run", "--config", folder.File("gateway.json"), "--replay", "--replay-clock", folder.Clock], folder.File("gateway.log"));

    private Task RunGateway(CancellationToken stop, params string[] arguments)
    {
        string[] all = arguments[0] == "verify" ? arguments : [.. arguments, "--config", folder.File("gateway.json")];
        return ChildProcess.RunToEnd("gateway", gateway, all, folder.File("gateway.log"), stop);
    }

    /// <summary>Looks at the gateway until the condition holds; draws the bar.</summary>
    /// <exception cref="VerbException">A program ended, or nothing moved for two minutes.</exception>
    private async Task<GatewayStatus> Watch(ChildProcess gatewayProcess, ChildProcess ledgerProcess, Func<GatewayStatus, bool> isThere,
        CancellationToken stop)
    {
        var bar = new ProgressBar(screen, clock, isAlwaysShown: true);
        var movedAt = clock.GetTimestamp();
        (long, long) before = default;
        while (true)
        {
            ThrowIfEnded(gatewayProcess);
            ThrowIfEnded(ledgerProcess);
            if (await StatusVerb.Ask(folder.StatusListen, stop) is { Replay: { } replay } status)
            {
                bar.Show(replay.Rows + status.Anchored, replay.RowsTotal + Math.Max(1, status.Sealed),
                    $"{Figures.Count(replay.Rows)} readings recorded · {Figures.Count(status.Sealed)} batches sealed · "
                        + $"{Figures.Count(status.Anchored)} anchored");
                if (isThere(status))
                {
                    bar.End();
                    return status;
                }

                if ((replay.Rows, status.Anchored) != before)
                {
                    (before, movedAt) = ((replay.Rows, status.Anchored), clock.GetTimestamp());
                }
            }

            if (clock.GetElapsedTime(movedAt) > StallPatience)
            {
                bar.End();
                throw new VerbException($"Nothing has moved for {StallPatience.TotalSeconds:0} s. See {gatewayProcess.LogFile} and "
                    + $"{ledgerProcess.LogFile}.");
            }

            await Task.Delay(Glance, clock, stop);
        }
    }

    private async Task UntilStopped(ChildProcess gatewayProcess, ChildProcess ledgerProcess, CancellationToken stop)
    {
        try
        {
            while (true)
            {
                await Task.Delay(Glance, clock, stop);
                ThrowIfEnded(gatewayProcess);
                ThrowIfEnded(ledgerProcess);
            }
        }
        catch (OperationCanceledException)
        {
            screen.Line("Stopping.");
        }
    }

    private async Task WaitFor(ChildProcess process, Func<Task<bool>> condition, string what, CancellationToken stop)
    {
        var started = clock.GetTimestamp();
        while (!await condition())
        {
            ThrowIfEnded(process);
            if (clock.GetElapsedTime(started) > StartPatience)
            {
                throw new VerbException($"Waited {StartPatience.TotalSeconds:0} s for {what}; see {process.LogFile}.");
            }

            await Task.Delay(Glance, clock, stop);
        }
    }

    private static async Task<bool> Answers(string link, CancellationToken stop)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(2) };
        try
        {
            using var answer = await http.GetAsync(new Uri(link), stop);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception fault) when (fault is HttpRequestException or TaskCanceledException && !stop.IsCancellationRequested)
        {
            return false; // Not there yet; WaitFor bounds how long that is believed.
        }
    }

    private static void ThrowIfEnded(ChildProcess process)
    {
        if (process.HasEnded)
        {
            throw new VerbException($"The {process.Name} ended with {process.ExitCode}: {process.LastLine()} See {process.LogFile}.");
        }
    }

    private Task RunLedger(CancellationToken stop, params string[] arguments) =>
        ChildProcess.RunToEnd("ledger", ledger, arguments, folder.File("ledger.log"), stop);

    private void Done(string what) => screen.Line($"  {screen.Ok("✓")} {what}");

    private static string Instant(long wallMs) =>
        DateTimeOffset.FromUnixTimeMilliseconds(wallMs).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
