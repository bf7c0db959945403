using System.CommandLine;
using Gateway.Configuration;
using Gateway.Terminal;

namespace Gateway.Verbs;

/// <summary>Options that several verbs have, so that they read alike everywhere.</summary>
public static class CommonOptions
{
    public static Option<bool> Json() => new("--json") { Description = "Print JSON for programs." };

    public static Option<string?> Config() => new("--config")
    {
        Description = $"The settings file; default {SettingsReader.DefaultFile}. Files in conf.d beside it and COLDPROOF__… variables "
            + $"come on top.",
    };

    public static Option<string?> DataDirectory() => new("--data")
    {
        Description = "Where journal, store, key and enrolment live; overrides DataDirectory of the settings.",
    };

    /// <summary>Reads the settings; on problems prints them, a line each, and gives null.</summary>
    public static GatewaySettings? Settings(Screen screen, string? config, string? directory, bool needsProbes)
    {
        var raw = Raw(config, directory);
        var result = SettingsReader.Read(raw, needsProbes);
        foreach (var problem in result.Problems)
        {
            screen.Problem(problem);
        }

        return result.Settings;
    }

    public static RawSettings Raw(string? config, string? directory)
    {
        var raw = RawSettings.Read(config ?? SettingsReader.DefaultFile, config is not null, Environment.GetEnvironmentVariables());
        if (directory is not null)
        {
            raw.Set("DataDirectory", Path.GetFullPath(directory), "command line");
        }

        return raw;
    }
}
