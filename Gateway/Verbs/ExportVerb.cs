using System.CommandLine;
using System.Globalization;
using System.Net.Http;
using Anchoring;
using Evidence;
using Gateway.Configuration;
using Gateway.Hosting;
using Gateway.Terminal;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Verbs;

/// <summary><c>gateway export</c>: a window as a bundle that anyone can check. Asks the running gateway, or opens the store of a stopped
/// one.</summary>
public static class ExportVerb
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    public static Command Create(Screen screen, TimeProvider clock)
    {
        var config = CommonOptions.Config();
        var directory = CommonOptions.DataDirectory();
        var from = new Option<string>("--from")
        {
            Description = "First instant, 2022-05-02T04:44:00Z; without a zone it is UTC.",
            Required = true
        };
        var to = new Option<string>("--to") { Description = "Last instant, included.", Required = true };
        var channels = new Option<ushort[]>("--channel") { Description = "Channel; give it once for each. Default: all." };
        var level = new Option<DisclosureLevel>("--level")
        {
            Description = "How much is shown: Headers, Verdicts, Summaries or Readings.",
            DefaultValueFactory = _ => DisclosureLevel.Readings,
        };
        var file = new Option<FileInfo>("--out") { Description = "Where to write, NAME.coldproof.json.", Required = true };
        var verb = new Command("export", "Write the evidence of a window into a bundle. Exit: 0 done, 1 not done, 2 usage, 78 settings.")
        {
            config, directory, from, to, channels, level, file,
        };
        verb.SetAction(async (parsed, stop) =>
        {
            var settings = CommonOptions.Settings(screen, parsed.GetValue(config), parsed.GetValue(directory), needsProbes: false);
            if (settings is null)
            {
                return ExitCode.Configuration;
            }

            var window = new ExportWindow(Instant(parsed.GetRequiredValue(from), "--from"), Instant(parsed.GetRequiredValue(to), "--to"),
                [.. (parsed.GetValue(channels) ?? []).Distinct().Order()], parsed.GetValue(level));
            if (window.FromMs > window.ToMs)
            {
                throw new VerbException("--from is later than --to; exchange them.") { Code = ExitCode.Usage };
            }

            var bar = new ProgressBar(screen, clock);
            var making = Make(settings, window, clock, stop);
            while (await Task.WhenAny(making, Task.Delay(TimeSpan.FromMilliseconds(200), clock, stop)) != making)
            {
                bar.Show(0, 0, "collecting batches");
            }

            bar.End();
            var (bundle, toSign) = await making;
            await File.WriteAllBytesAsync(parsed.GetRequiredValue(file).FullName, bundle, stop);
            screen.Line($"✓ {parsed.GetRequiredValue(file).FullName}: {Figures.Bytes(bundle.Length)}. Anyone can check it: gateway "
                + $"verify FILE --policy policy.json");
            if (toSign > 0)
            {
                screen.Line(screen.Warning($"▲ {Figures.Count(toSign)} closed batches after the last signed one are not in it: they wait for the ledger's word. "
                    + "`gateway status` says how long."));
            }

            return ExitCode.Done;
        });
        return verb;
    }

    private static async Task<(byte[] Bundle, long ToSign)> Make(GatewaySettings settings, ExportWindow window, TimeProvider clock, CancellationToken stop)
    {
        if (await StatusVerb.Ask(settings.Listen.ToString(), stop) is { } status)
        {
            using var http = new HttpClient { Timeout = Patience };
            using var answer = await http.GetAsync(new Uri($"http://{settings.Listen}/bundle?{window.ToQuery()}"), stop);
            return answer.IsSuccessStatusCode
                ? (await answer.Content.ReadAsByteArrayAsync(stop), status.ToSign)
                : throw new VerbException((await answer.Content.ReadAsStringAsync(stop)).Trim());
        }

        return FromStore(settings, window, clock);
    }

    private static (byte[] Bundle, long ToSign) FromStore(GatewaySettings settings, ExportWindow window, TimeProvider clock)
    {
        using var keys = KeyWatch.Open(settings.DataDirectory);
        var folder = new EnrolmentFolder(settings.DataDirectory);
        var (enrolment, harm) = folder.Usable();
        // Never run: nothing is sent from here.
        var link = enrolment is null ? new NoRoad(harm!.Message)
            : Daemon.Link(settings, enrolment, folder, clock, NullLogger<MqttLedgerLink>.Instance);
        try
        {
            using var logbook = Daemon.Open(settings, keys, link, enrolment, NullLogger.Instance);
            _ = logbook.Manifest ?? throw harm!; // Never enrolled.
            return (window.Bundle(logbook.Owner!.Value.Gateway, logbook, isRunning: false), logbook.Status.ToSign);
        }
        catch (DirectoryInUseException fault)
        {
            throw new VerbException($"{fault.Message} It does not answer at {settings.Listen}; check Status:Listen.", fault);
        }
        catch (Exception fault) when (fault is ExportException or MalformedEvidenceException)
        {
            throw new VerbException(fault.Message, fault);
        }
    }

    private static long Instant(string text, string option) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
        && time.ToUnixTimeMilliseconds() is var ms and >= Moment.WallFloorMs and <= Moment.WallCeilingMs
            ? ms
            : throw new VerbException($"{option} is \"{text}\"; give a time such as 2022-05-02T04:44:00Z.") { Code = ExitCode.Usage };
}
