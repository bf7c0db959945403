using Anchoring;
using Gateway.Configuration;
using Gateway.Hosting;
using Gateway.Terminal;

namespace Gateway.Verbs;

/// <summary>What <c>gateway status</c> says when nobody answers: what the disk holds, since when, and the next step.</summary>
internal static class StoppedScreen
{
    private const string Logs = "`journalctl -u coldproof-gateway -n 50` says why it stopped.";

    /// <summary>Shows it; nothing on the disk is touched.</summary>
    /// <exception cref="VerbException">The data directory cannot be read.</exception>
    public static void Show(Screen screen, GatewaySettings settings, bool asJson)
    {
        var store = Look(settings.DataDirectory);
        var next = NextStep(settings, store);
        screen.Problem($"Nobody answers at {settings.Listen}: the gateway is {(store is { IsHeld: true } ? "starting, or it hangs, or another program has that address" : "stopped")}.");
        if (asJson)
        {
            screen.Line(Json.Members(writer =>
            {
                writer.WriteString("format", "coldproof-stopped/1");
                writer.WriteString("activity", store is { IsHeld: true } ? "starting" : "stopped");
                writer.WriteTime("lastRecorded", store?.Last?.WallMs);
                writer.WriteBoolean("orderly", store is { IsOrderly: true });
                writer.WriteNumber("sealed", store?.Sealed ?? 0);
                writer.WriteNumber("openRounds", store?.OpenRounds ?? 0);
                writer.WriteNumber("toSign", store?.ToSign ?? 0);
                writer.WriteNumber("waiting", store?.Unanchored ?? 0);
                writer.WriteTime("oldestWaiting", store?.OldestWaitingMs);
                writer.WriteNumber("harmedPlaces", store?.Harmed ?? 0);
                writer.WriteString("fault", store?.Fault ?? "");
                writer.WriteString("nextStep", next);
            }));
            return;
        }

        if (store is not null)
        {
            Write(screen, store);
            WriteKey(screen, settings.DataDirectory, store);
        }

        screen.Line("  next step  " + next);
    }

    private static StoppedStore? Look(string directory)
    {
        try
        {
            return StoppedLook.Run(directory);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new VerbException($"What {directory} holds cannot be read: {fault.Message} Run as the gateway's user, or with sudo.", fault);
        }
    }

    private static void Write(Screen screen, StoppedStore store)
    {
        screen.Line(store.Last is { } last
            ? $"  recorded   last {Figures.Time(last.WallMs)}, boot {last.Boot}; "
                + (store.IsOrderly ? "it was told to stop" : "it was not told to stop: power was lost, or it was killed or had no memory left")
            : "  recorded   nothing yet");
        screen.Line($"  sealed     {Figures.Count(store.Sealed)} batches"
            + (store.OpenRounds > 0 ? $"; {Figures.Count(store.OpenRounds)} rounds of an open one are closed by the next start" : "")
            + (store.ToSign > 0 ? $"; {Figures.Count(store.ToSign)} closed ones wait for their signature" : ""));
        screen.Line(store.OldestWaitingMs is { } oldest
            ? $"  waiting    {Figures.Count(store.Unanchored)} batches have no receipt yet, the oldest of {Figures.Time(oldest)}"
            : "  waiting    nothing: every signed batch has its receipt");
        if (store.Harmed > 0)
        {
            screen.Line(screen.Warning($"  ▲ {Figures.Count(store.Harmed)} places of the journal are harmed. The next start keeps a copy and "
                + "declares the gap; `gateway fsck` says what is lost."));
        }

        if (store.Fault.Length > 0)
        {
            screen.Line(screen.Warning("  ▲ " + store.Fault));
        }
    }

    /// <summary>A key that cannot be used keeps nothing from being recorded; a person should know before it is started.</summary>
    private static void WriteKey(Screen screen, string directory, StoppedStore store)
    {
        if (store.Manifest is not null && KeyAudit.Check(directory, store.Manifest) is { } finding)
        {
            screen.Line(screen.Warning($"  ▲ {finding.Place}: {finding.Fault} {finding.Advice}"));
            screen.Line("    Started as it is, the gateway records on; what it closes is signed when this is right again.");
        }
    }

    private static string NextStep(GatewaySettings settings, StoppedStore? store) => store switch
    {
        { IsHeld: true } => "wait a minute and ask again; if it stays so, look whose port it is (`ss -ltnp`), then: systemctl restart coldproof-gateway. "
            + Logs,
        { Fault.Length: > 0 } => "gateway fsck, before it is started. " + Logs,
        _ when !new EnrolmentFolder(settings.DataDirectory).IsEnrolled => "it is not enrolled: gateway enrol request --out request.json",
        _ => "systemctl start coldproof-gateway. " + Logs,
    };
}
