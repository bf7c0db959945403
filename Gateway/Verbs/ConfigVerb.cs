using System.CommandLine;
using Gateway.Configuration;
using Gateway.Terminal;

namespace Gateway.Verbs;

/// <summary><c>gateway config check|show</c>: what is wrong with the settings, and where each comes from.</summary>
public static class ConfigVerb
{
    public static Command Create(Screen screen) => new("config", "Check the settings, or show them with their origins.") { Check(screen),
        Show(screen) };

    private static Command Check(Screen screen)
    {
        var config = CommonOptions.Config();
        var json = CommonOptions.Json();
        var verb = new Command("check", "Print one line per problem. Exit: 0 no problem, 78 problems.") { config, json };
        verb.SetAction(parsed =>
        {
            var result = SettingsReader.Read(CommonOptions.Raw(parsed.GetValue(config), null));
            if (parsed.GetValue(json))
            {
                screen.Line(Json.Members(writer =>
                {
                    writer.WriteBoolean("ok", result.Settings is not null);
                    writer.WriteStartArray("problems");
                    foreach (var problem in result.Problems)
                    {
                        writer.WriteStringValue(problem);
                    }

                    writer.WriteEndArray();
                }));
            }
            else
            {
                foreach (var problem in result.Problems)
                {
                    screen.Problem(problem);
                }

                if (result.Settings is { } settings)
                {
                    screen.Line($"✓ No problem: {settings.Probes.Length} probes, a round every {Figures.Span(settings.IntervalMs)}, "
                        + $"data in {settings.DataDirectory}.");
                }
            }

            return result.Settings is null ? ExitCode.Configuration : ExitCode.Done;
        });
        return verb;
    }

    private static Command Show(Screen screen)
    {
        var config = CommonOptions.Config();
        var json = CommonOptions.Json();
        var verb = new Command("show", "Print every setting, its value and where it was set. There are no secrets among them: keys are "
            + "files.") { config, json };
        verb.SetAction(parsed =>
        {
            var result = SettingsReader.Read(CommonOptions.Raw(parsed.GetValue(config), null));
            if (parsed.GetValue(json))
            {
                screen.Line(Json.Members(writer =>
                {
                    foreach (var setting in result.Effective)
                    {
                        writer.WriteStartObject(setting.Path);
                        writer.WriteString("value", setting.Text);
                        writer.WriteString("origin", setting.Origin);
                        writer.WriteEndObject();
                    }
                }));
            }
            else
            {
                var widthPath = result.Effective.Max(setting => setting.Path.Length);
                var widthText = Math.Min(40, result.Effective.Max(setting => setting.Text.Length));
                foreach (var setting in result.Effective)
                {
                    screen.Line($"{setting.Path.PadRight(widthPath)}  {setting.Text.PadRight(widthText)}  {screen.Quiet(setting.Origin)}");
                }
            }

            foreach (var problem in result.Problems)
            {
                screen.Problem(problem);
            }

            return result.Settings is null ? ExitCode.Configuration : ExitCode.Done;
        });
        return verb;
    }
}
