using System.Collections.Immutable;
using System.CommandLine;
using Anchoring;
using Evidence;
using Evidence.Log;
using Gateway.Configuration;
using Gateway.Hosting;
using Gateway.Terminal;

namespace Gateway.Verbs;

/// <summary><c>gateway fsck [--repair]</c>: rereads everything of a stopped gateway and rebuilds every root, chain and signature. Without
/// --repair it changes nothing.</summary>
public static class FsckVerb
{
    public static Command Create(Screen screen, TimeProvider clock)
    {
        var config = CommonOptions.Config();
        var directory = CommonOptions.DataDirectory();
        var json = CommonOptions.Json();
        var repair = new Option<bool>("--repair")
        {
            Description = "Rebuild each store from the other where the evidence is whole. Originals are kept beside; what cannot be rebuilt "
                + "is declared as lost, never made up."
        };
        var verb = new Command("fsck", "Check all that is stored, the gateway stopped. Exit: 0 all whole, 1 findings are left, 78 "
            + "settings.") { config, directory, repair, json };
        verb.SetAction(parsed =>
        {
            var settings = CommonOptions.Settings(screen, parsed.GetValue(config), parsed.GetValue(directory), needsProbes: false);
            if (settings is null)
            {
                return ExitCode.Configuration;
            }

            var result = Check(screen, clock, settings, parsed.GetValue(repair));
            if (parsed.GetValue(json))
            {
                WriteJson(screen, result);
            }
            else
            {
                Write(screen, result);
            }

            return result.Left.IsEmpty ? ExitCode.Done : ExitCode.Failed;
        });
        return verb;
    }

    /// <summary>What was found, and what was done or would be done about it.</summary>
    /// <param name="Found">The look before.</param>
    /// <param name="Outside">What is wrong with key, identity and enrolment.</param>
    /// <param name="Repair">Null when nothing was found that a repair could change.</param>
    /// <param name="IsDone">The repair was made, not only tried in memory.</param>
    private sealed record Result(FsckReport Found, ImmutableArray<FsckFinding> Outside, RepairReport? Repair, bool IsDone)
    {
        /// <summary>What is wrong now.</summary>
        public ImmutableArray<FsckFinding> Left => [.. (IsDone && Repair is { } made ? made.After : Found).Findings, .. Outside];
    }

    private static Result Check(Screen screen, TimeProvider clock, GatewaySettings settings, bool isRepair)
    {
        var directory = settings.DataDirectory;
        try
        {
            var (policy, enrolment) = Trusted(directory);
            var bar = new ProgressBar(screen, clock);
            var found = Fsck.Run(directory, policy, (done, all) => bar.Show(done, all, $"{Figures.Count(done)} of {Figures.Count(all)} batches"));
            bar.End();
            ImmutableArray<FsckFinding> outside =
                [.. new[] { enrolment, KeyAudit.Check(directory, found.Manifest) }.OfType<FsckFinding>()];
            var repair = found.Findings.IsEmpty ? null
                : Repair.Run(directory, policy, !isRepair, clock.GetUtcNow().ToUnixTimeMilliseconds());
            return new(found, outside, repair, isRepair);
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

    /// <summary>The policy for receipts. Without an enrolment there is no log to trust: receipts are then not judged, all else is.</summary>
    private static (TlogPolicy? Policy, FsckFinding? Finding) Trusted(string directory)
    {
        var folder = new EnrolmentFolder(directory);
        try
        {
            return (folder.IsEnrolled ? VerifierPolicy.Parse(folder.Answer().Policy.AsMemory()).Log : null, null);
        }
        catch (Exception fault) when (fault is VerbException or MalformedEvidenceException)
        {
            return (null, new(EnrolmentFolder.AnswerName, fault.Message, "Receipts could not be judged without it. Take the authority's "
                + "answer again: gateway enrol accept FILE."));
        }
    }

    private static void Write(Screen screen, Result result)
    {
        var report = result.IsDone && result.Repair is { } made ? made.After : result.Found;
        foreach (var finding in result.Found.Findings.Concat(result.Outside))
        {
            screen.Line(screen.Failure($"✗ {finding.Place}: {finding.Fault}"));
            screen.Line("    " + finding.Advice);
        }

        if (result.Repair is { } repair)
        {
            screen.Line();
            screen.Line(result.IsDone ? "Repaired:" : "With --repair, this would be done (nothing is changed yet):");
            foreach (var act in repair.Acts.Concat(repair.Lost))
            {
                screen.Line("  • " + act);
            }

            if (repair.Acts.IsEmpty && repair.Lost.IsEmpty)
            {
                screen.Line("  • nothing: no store can rebuild what is wrong. The lines above say what to do.");
            }

            foreach (var finding in repair.After.Findings)
            {
                screen.Line($"  • left afterwards: {finding.Place}: {finding.Fault}");
            }

            screen.Line();
        }

        screen.Line($"{Figures.Count(report.Batches)} batches, {Figures.Count(report.Rounds)} rounds, {Figures.Count(report.Receipts)} "
            + $"receipts; {report.Unanchored} batches wait for the ledger, {report.ToSign} for their signature, {report.OpenRounds} rounds are not yet "
            + "sealed; "
            + $"{report.Segments} journal segments, {Figures.Count(report.Stored)} batches in the store.");
        if (report.TornLength > 0)
        {
            screen.Line($"The last write was cut off after {report.TornLength} bytes; the next start cuts it away. Nothing recorded is "
                + $"lost by it.");
        }

        foreach (var note in report.Notes)
        {
            screen.Line(screen.Quiet("  " + note));
        }

        if (result.Left.IsEmpty)
        {
            screen.Line(screen.Ok("✓ Every root, every chain and every signature holds."));
        }
    }

    private static void WriteJson(Screen screen, Result result) => screen.Line(Json.Members(writer =>
    {
        var report = result.IsDone && result.Repair is { } made ? made.After : result.Found;
        writer.WriteNumber("batches", report.Batches);
        writer.WriteNumber("rounds", report.Rounds);
        writer.WriteNumber("receipts", report.Receipts);
        writer.WriteNumber("unanchored", report.Unanchored);
        writer.WriteNumber("toSign", report.ToSign);
        writer.WriteNumber("openRounds", report.OpenRounds);
        writer.WriteNumber("segments", report.Segments);
        writer.WriteNumber("stored", report.Stored);
        writer.WriteNumber("tornBytes", report.TornLength);
        WriteFindings(writer, "findings", result.Left);
        WriteLines(writer, "notes", report.Notes);
        if (result.Repair is { } repair)
        {
            writer.WriteStartObject("repair");
            writer.WriteBoolean("done", result.IsDone);
            WriteLines(writer, "acts", repair.Acts);
            WriteLines(writer, "lost", repair.Lost);
            WriteFindings(writer, "left", repair.After.Findings);
            writer.WriteEndObject();
        }
    }));

    private static void WriteFindings(System.Text.Json.Utf8JsonWriter writer, string name, ImmutableArray<FsckFinding> findings)
    {
        writer.WriteStartArray(name);
        foreach (var finding in findings)
        {
            writer.WriteStartObject();
            writer.WriteString("place", finding.Place);
            writer.WriteString("fault", finding.Fault);
            writer.WriteString("advice", finding.Advice);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteLines(System.Text.Json.Utf8JsonWriter writer, string name, ImmutableArray<string> lines)
    {
        writer.WriteStartArray(name);
        foreach (var line in lines)
        {
            writer.WriteStringValue(line);
        }

        writer.WriteEndArray();
    }
}
