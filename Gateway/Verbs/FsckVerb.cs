using System.CommandLine;
using Anchoring;
using Evidence;
using Gateway.Hosting;
using Gateway.Terminal;

namespace Gateway.Verbs;

/// <summary><c>gateway fsck</c>: rereads everything of a stopped gateway and rebuilds every root, chain and signature. Changes
/// nothing.</summary>
public static class FsckVerb
{
    public static Command Create(Screen screen)
    {
        var config = CommonOptions.Config();
        var directory = CommonOptions.DataDirectory();
        var json = CommonOptions.Json();
        var verb = new Command("fsck", "Check all that is stored, the gateway stopped. Exit: 0 all whole, 1 findings, 78 "
            + "settings.") { config, directory, json };
        verb.SetAction(parsed =>
        {
            var settings = CommonOptions.Settings(screen, parsed.GetValue(config), parsed.GetValue(directory), needsProbes: false);
            if (settings is null)
            {
                return ExitCode.Configuration;
            }

            var report = Check(settings.DataDirectory);
            if (parsed.GetValue(json))
            {
                WriteJson(screen, report);
            }
            else
            {
                Write(screen, report);
            }

            return report.Findings.IsEmpty ? ExitCode.Done : ExitCode.Failed;
        });
        return verb;
    }

    private static FsckReport Check(string directory)
    {
        var folder = new EnrolmentFolder(directory);
        try
        {
            // Without an enrolment there is no log to trust: receipts are then not judged, everything else is.
            return Fsck.Run(directory, folder.IsEnrolled ? VerifierPolicy.Parse(folder.Answer().Policy.AsMemory()).Log : null);
        }
        catch (DirectoryInUseException fault)
        {
            throw new VerbException($"{fault.Message} Stop the gateway first: systemctl stop coldproof-gateway.", fault);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new VerbException(fault.Message, fault);
        }
    }

    private static void Write(Screen screen, FsckReport report)
    {
        screen.Line($"{Figures.Count(report.Batches)} batches, {Figures.Count(report.Rounds)} rounds, {Figures.Count(report.Receipts)} "
            + $"receipts; "
            + $"{report.OpenRounds} rounds not yet sealed; {report.Segments} journal segments, {Figures.Count(report.Stored)} batches "
                + $"in the store.");
        if (report.TornLength > 0)
        {
            screen.Line($"The last write was cut off after {report.TornLength} bytes; the next start cuts it away. Nothing recorded is "
                + $"lost by it.");
        }

        foreach (var finding in report.Findings)
        {
            screen.Line(screen.Failure($"✗ {finding.Place}: {finding.Fault}"));
            screen.Line("    " + finding.Advice);
        }

        if (report.Findings.IsEmpty)
        {
            screen.Line(screen.Ok("✓ Every root, every chain and every signature holds."));
        }
    }

    private static void WriteJson(Screen screen, FsckReport report) => screen.Line(Json.Members(writer =>
    {
        writer.WriteNumber("batches", report.Batches);
        writer.WriteNumber("rounds", report.Rounds);
        writer.WriteNumber("receipts", report.Receipts);
        writer.WriteNumber("openRounds", report.OpenRounds);
        writer.WriteNumber("segments", report.Segments);
        writer.WriteNumber("stored", report.Stored);
        writer.WriteNumber("tornBytes", report.TornLength);
        writer.WriteStartArray("findings");
        foreach (var finding in report.Findings)
        {
            writer.WriteStartObject();
            writer.WriteString("place", finding.Place);
            writer.WriteString("fault", finding.Fault);
            writer.WriteString("advice", finding.Advice);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }));
}
