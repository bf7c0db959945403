using System.CommandLine;
using System.Text.Json;
using Evidence;
using Gateway.Inputs;
using Gateway.Terminal;

namespace Gateway.Verbs;

/// <summary><c>gateway verify FILE --policy FILE</c>: needs no ledger, no gateway, no network; trusts the reader's own policy and
/// nothing else. <c>gateway verify CODE --trust FILE</c> does the same for a certificate code.</summary>
public static class VerifyVerb
{
    public static Command Create(Screen screen, TimeProvider clock)
    {
        var evidence = new Argument<string>("evidence")
        {
            Description = "The evidence: a *.coldproof.json file, a report (PDF) or saved page (HTML) with one inside, a link's disclosures.json, "
                + "or the page itself or its *.release.json; "
                + "or the text of a certificate code (CP1:…, in quotes), or a file with it.",
        };
        var policy = new Option<FileInfo?>("--policy")
        {
            Description = "For a bundle: whom you trust, authorities, log and witnesses, as JSON. Get it from the authority, not from whoever "
                + "gave you the bundle.",
        };
        var trust = new Option<FileInfo?>("--trust")
        {
            Description = "For a certificate code: whose certificates you take, a coldproof-trust/1 file.",
        };
        var json = CommonOptions.Json();
        var verb = new Command("verify", "Check a bundle of evidence, or a certificate code, with your own keys. Exit: 0 verified or valid, 1 does "
            + "not match, 2 usage, 3 cannot check.")
        {
            evidence, policy, trust, json,
        };
        verb.SetAction(parsed => (parsed.GetValue(policy), parsed.GetValue(trust)) switch
        {
            ({ } keys, null) => Run(screen, new FileInfo(parsed.GetRequiredValue(evidence)), keys, parsed.GetValue(json)),
            (null, { } list) => CertificateText.Run(screen, parsed.GetRequiredValue(evidence), list, clock, parsed.GetValue(json)),
            _ => throw new VerbException("Give --policy FILE for a bundle, or --trust FILE for a certificate code; one of them, not both.")
            {
                Code = ExitCode.Usage,
            },
        });
        return verb;
    }

    /// <summary>Every word has one exit code; what is only missing something is 3, what contradicts the keys or itself is 1.</summary>
    public static int CodeOf(VerdictWord word) => word switch
    {
        VerdictWord.Verified => ExitCode.Done,
        VerdictWord.CannotCheck or VerdictWord.NotYetAnchored => ExitCode.CannotCheck,
        _ => ExitCode.Failed,
    };

    private static int Run(Screen screen, FileInfo bundle, FileInfo policyFile, bool isJson)
    {
        var policy = ReadPolicy(policyFile);
        var (file, page) = EvidenceFile.Read(ReadFile(bundle, EvidenceFile.LengthMax, "evidence"), bundle.Name);
        if (DisclosureFile.Looks(file.Span))
        {
            return Entries(screen, DisclosureFile.Verify(file, policy.Log), isJson);
        }

        if (ReleaseFile.Looks(file.Span))
        {
            return Program(screen, PageText.Of([Release(file, policy, bundle.Name)], page, policy), isJson);
        }

        if (page is not null && file.IsEmpty)
        {
            return Program(screen, PageText.Of([], page, policy), isJson);
        }

        var verdict = Verifier.Verify(file, policy);
        var program = PageText.Of(verdict.Releases, page, policy);
        if (isJson)
        {
            screen.Line(Json.Members(writer =>
            {
                VerdictJson.Write(writer, verdict);
                program.WriteJson(writer);
            }));
        }
        else
        {
            VerdictText.Write(screen, verdict);
            program.Write(screen);
        }

        return CodeOf(verdict.Word);
    }

    private static ProvenRelease Release(ReadOnlyMemory<byte> file, VerifierPolicy policy, string name)
    {
        try
        {
            return ReleaseCheck.Check(ReleaseFile.Parse(file), policy);
        }
        catch (MalformedEvidenceException fault)
        {
            throw new VerbException($"{name} cannot be read: {fault.Message} Fetch it once more from the ledger's page /releases.", fault)
            {
                Code = ExitCode.CannotCheck,
            };
        }
    }

    /// <summary>A page or a release alone: there is no record to give a word to.</summary>
    private static int Program(Screen screen, PageText program, bool isJson)
    {
        if (isJson)
        {
            screen.Line(Json.Members(program.WriteJson));
        }
        else
        {
            program.Write(screen);
        }

        return program.Code;
    }

    private static int Entries(Screen screen, DisclosureAnswer answer, bool isJson)
    {
        if (isJson)
        {
            screen.Line(Json.Members(writer => DisclosureText.WriteJson(writer, answer)));
        }
        else
        {
            DisclosureText.Write(screen, answer);
        }

        return answer.Holds ? ExitCode.Done : ExitCode.Failed;
    }

    internal static VerifierPolicy ReadPolicy(FileInfo file)
    {
        try
        {
            return VerifierPolicy.Parse(ReadFile(file, VerifierPolicy.LengthMax, "policy"));
        }
        catch (MalformedEvidenceException fault)
        {
            throw new VerbException($"The policy {file.Name} cannot be used: {fault.Message} Ask the authority for its policy.json.", fault)
            {
                Code = ExitCode.CannotCheck,
            };
        }
    }

    internal static ReadOnlyMemory<byte> ReadFile(FileInfo file, long lengthMax, string what)
    {
        try
        {
            return file.Length <= lengthMax
                ? File.ReadAllBytes(file.FullName)
                : throw new VerbException($"The {what} {file.Name} has {Figures.Bytes(file.Length)}; none is longer than "
                    + $"{Figures.Bytes(lengthMax)}. Is it the right file?")
                {
                    Code = ExitCode.CannotCheck,
                };
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new VerbException($"The {what} cannot be read: {fault.Message} Check the path and the right to read it.", fault)
            {
                Code = ExitCode.CannotCheck,
            };
        }
    }
}

/// <summary>A verdict as JSON for programs.</summary>
internal static class VerdictJson
{
    public static void Write(Utf8JsonWriter writer, Verdict verdict)
    {
        writer.WriteString("format", "coldproof-verdict/1");
        writer.WriteString("word", verdict.Word.ToString());
        writer.WriteString("headline", verdict.Headline);
        writer.WriteString("fault", verdict.Fault.ToString());
        writer.WriteString("reason", verdict.Reason);
        writer.WriteString("temperature", verdict.Temperature.ToString());
        writer.WriteString("gateway", verdict.Gateway?.ToString());
        writer.WriteString("authority", verdict.Authority);
        writer.WriteTime("from", verdict.FromMs);
        writer.WriteTime("to", verdict.ToMs);
        writer.WriteString("level", Bundle.LevelName(verdict.Level));
        writer.WriteNumber("firstBatch", verdict.FirstNumber);
        writer.WriteNumber("lastBatch", verdict.LastNumber);
        writer.WriteNumberOrNull("logSize", verdict.LogSize);
        writer.WriteNumber("witnesses", verdict.Witnesses);
        Strings(writer, "traits", [.. verdict.Traits.ToString().Split(", ")]);
        Strings(writer, "keyIds", verdict.KeyIds);
        Strings(writer, "notes", [.. verdict.Notes.Select(note => note.Sentence)]);
        WriteChecks(writer, verdict);
        WriteChannels(writer, verdict);
        WriteBrackets(writer, verdict);
    }

    private static void WriteChecks(Utf8JsonWriter writer, Verdict verdict)
    {
        writer.WriteStartArray("checks");
        foreach (var check in verdict.Checks)
        {
            writer.WriteStartObject();
            writer.WriteString("name", check.Name);
            writer.WriteString("state", check.State.ToString());
            writer.WriteString("fault", check.Fault.ToString());
            writer.WriteString("sentence", check.Sentence);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteChannels(Utf8JsonWriter writer, Verdict verdict)
    {
        writer.WriteStartArray("channels");
        foreach (var channel in verdict.Channels)
        {
            writer.WriteStartObject();
            writer.WriteNumber("channel", channel.Channel.Value);
            writer.WriteString("place", channel.Probe.Place);
            writer.WriteString("serial", channel.Probe.Serial);
            writer.WriteNumber("lowMilliCelsius", channel.Probe.Low.Value);
            writer.WriteNumber("highMilliCelsius", channel.Probe.High.Value);
            writer.WriteString("answer", channel.Answer.ToString());
            writer.WriteNumber("readings", channel.Readings.Length);
            writer.WriteStartArray("intervals");
            foreach (var interval in channel.Intervals)
            {
                writer.WriteStartObject();
                writer.WriteTime("from", interval.FromMs);
                writer.WriteTime("to", interval.ToMs);
                writer.WriteString("answer", interval.Answer.ToString());
                writer.WriteNumberOrNull("minMilliCelsius", interval.Min?.Value);
                writer.WriteNumberOrNull("maxMilliCelsius", interval.Max?.Value);
                writer.WriteNumber("readings", interval.Readings);
                writer.WriteString("cause", interval.Cause);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteBrackets(Utf8JsonWriter writer, Verdict verdict)
    {
        writer.WriteStartArray("brackets");
        foreach (var bracket in verdict.Brackets)
        {
            writer.WriteStartObject();
            writer.WriteNumber("firstBatch", bracket.FirstNumber);
            writer.WriteNumber("lastBatch", bracket.LastNumber);
            writer.WriteTime("notBefore", bracket.NotBeforeMs);
            writer.WriteTime("notAfter", bracket.NotAfterMs);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void Strings(Utf8JsonWriter writer, string name, IEnumerable<string> texts)
    {
        writer.WriteStartArray(name);
        foreach (var text in texts)
        {
            writer.WriteStringValue(text);
        }

        writer.WriteEndArray();
    }
}
