using System.Collections.Immutable;
using System.Text.Json;
using Evidence;
using Gateway.Inputs;
using Gateway.Terminal;

namespace Gateway.Verbs;

/// <summary>What is known about the regulator's page that evidence came in: printed below the verdict, never part of it.</summary>
internal sealed record PageText(ImmutableArray<ProvenRelease> Releases, PageAnswer? Page)
{
    /// <summary>The releases of a verdict, and those in the page that was given; the page is null where the evidence came as another file.</summary>
    public static PageText Of(ImmutableArray<ProvenRelease> releases, SavedPage? page, VerifierPolicy policy)
    {
        ImmutableArray<ProvenRelease> all = page is null ? releases
            : [.. releases, .. page.Releases.Select(release => ReleaseCheck.Check(release, policy))];
        return new(all, page is null ? null : PageAnswer.Of(all, page.Sum));
    }

    /// <summary>For a file that holds a page or a release and no record: 0 where it holds, 1 where it does not, 3 where nothing is known.</summary>
    public int Code => Page is { } page
        ? page.Standing switch { PageStanding.Logged => ExitCode.Done, PageStanding.Unknown => ExitCode.CannotCheck, _ => ExitCode.Failed }
        : Releases.All(release => release.Holds) ? ExitCode.Done : ExitCode.Failed;

    public void Write(Screen screen)
    {
        if (Page is null && Releases.IsEmpty)
        {
            return;
        }

        screen.Line();
        screen.Line(screen.Strong("The regulator's page") + " (a program; no part of the record)");
        if (Page is { } page)
        {
            screen.Line($"  SHA-256 {page.Sum}");
            var line = $"  {Mark(page.Standing)} {Screen.Safe(page.Say("en"))}";
            screen.Line(page.Standing switch
            {
                PageStanding.Logged => screen.Ok(line),
                PageStanding.Different or PageStanding.Withdrawn => screen.Failure(line),
                _ => screen.Warning(line),
            });
            return;
        }

        foreach (var release in Releases)
        {
            if (release is { Holds: true, Release: { } said })
            {
                screen.Line("  ✓ " + Screen.Safe(Reasons.Say("en", "page.Release", [said.Name, said.Version, $"{release.Index}", release.Log,
                    release.TimeMs is { } time ? Figures.Time(time) : "an unknown time", release.Authority ?? ""])));
                screen.Line($"    SHA-256 {said.Sum}");
            }
            else if (release is { IsSigned: true, Withdrawal: { } back })
            {
                screen.Line(screen.Failure("  ✗ " + Screen.Safe(Reasons.Say("en", release.Holds ? "page.Withdrawal" : "page.Withdrawal.unlogged", [back.Name,
                    back.Version, Figures.Time(back.IssuedMs), back.Reason, $"{release.Index}", release.Log,
                    release.TimeMs is { } time ? Figures.Time(time) : "an unknown time", release.Authority ?? "", release.Finding.Say("en")]))));
                screen.Line($"    SHA-256 {back.Sum}");
            }
            else
            {
                screen.Line(screen.Warning("  ? " + Screen.Safe(release.Finding.Sentence)));
            }
        }
    }

    public void WriteJson(Utf8JsonWriter writer)
    {
        if (Page is { } page)
        {
            writer.WriteStartObject("page");
            writer.WriteString("sha256", page.Sum.ToString());
            writer.WriteString("standing", page.Standing.ToString());
            writer.WriteString("sentence", page.Say("en"));
            writer.WriteEndObject();
        }

        writer.WriteStartArray("releases");
        foreach (var release in Releases)
        {
            writer.WriteStartObject();
            writer.WriteString("fault", release.Finding.Fault.ToString());
            writer.WriteString("name", release.Release?.Name ?? release.Withdrawal?.Name);
            writer.WriteString("version", release.Release?.Version ?? release.Withdrawal?.Version);
            writer.WriteString("sha256", (release.Release?.Sum ?? release.Withdrawal?.Sum)?.ToString());
            writer.WriteString("withdrawn", release.Withdrawal?.Reason);
            writer.WriteString("authority", release.Authority);
            writer.WriteString("log", release.Log);
            writer.WriteNumber("logIndex", release.Index);
            if (release.TimeMs is { } time)
            {
                writer.WriteTime("loggedBefore", time);
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static char Mark(PageStanding standing) => standing switch
    {
        PageStanding.Logged => '✓',
        PageStanding.Different or PageStanding.Withdrawn => '✗',
        _ => '?',
    };
}
