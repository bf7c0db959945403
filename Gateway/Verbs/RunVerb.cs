using System.CommandLine;
using Gateway.Hosting;
using Gateway.Terminal;

namespace Gateway.Verbs;

/// <summary><c>gateway run</c>: the daemon.</summary>
public static class RunVerb
{
    public static Command Create(Screen screen, TimeProvider clock)
    {
        var config = CommonOptions.Config();
        var directory = CommonOptions.DataDirectory();
        var source = ProbeSource.Options();
        var replayClock = new Option<FileInfo?>("--replay-clock")
        {
            Description = "Where the replayed trip's time is written for a "
            + "ledger with --clock."
        };
        var verb = new Command("run", "Sample, record, seal and offer until told to stop. Exit: 0 stopped, 1 an invariant broke, 78 "
            + "settings or enrolment.")
        {
            config, directory, source.Emulate, source.Probes, source.Mishaps, source.Replay, replayClock,
        };
        verb.SetAction(async (parsed, stop) =>
        {
            using var probes = ProbeSource.Choose(parsed, source);
            var settings = CommonOptions.Settings(screen, parsed.GetValue(config), parsed.GetValue(directory), needsProbes: probes is null);
            return settings is null
                ? ExitCode.Configuration
                : await Daemon.Run(settings, probes, parsed.GetValue(replayClock)?.FullName, clock, stop);
        });
        return verb;
    }
}
