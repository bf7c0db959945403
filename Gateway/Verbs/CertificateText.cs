using System.Text;
using System.Text.Json;
using Evidence;
using Gateway.Terminal;

namespace Gateway.Verbs;

/// <summary><c>gateway verify CODE --trust FILE</c>: a certificate code against the reader's own list of issuers, offline.</summary>
internal static class CertificateText
{
    private const int FileLengthMax = 64 * 1024;

    /// <param name="evidence">The code's text, or the path of a file that holds it.</param>
    public static int Run(Screen screen, string evidence, FileInfo trustFile, TimeProvider clock, bool isJson)
    {
        var code = evidence.StartsWith("CP", StringComparison.Ordinal) && !File.Exists(evidence) ? evidence
            : Encoding.UTF8.GetString(VerifyVerb.ReadFile(new(evidence), FileLengthMax, "certificate code").Span).Trim();
        if (code.StartsWith('{'))
        {
            throw new VerbException($"{evidence} is a bundle or another JSON file, no certificate code; for a bundle give --policy instead of --trust.")
            {
                Code = ExitCode.Usage,
            };
        }

        var answer = CertificateCheck.Verify(code, ReadTrust(trustFile), clock.GetUtcNow().ToUnixTimeMilliseconds());
        if (isJson)
        {
            screen.Line(Json.Members(writer => WriteJson(writer, answer)));
        }
        else
        {
            Write(screen, answer);
        }

        return answer.Word switch
        {
            CertificateWord.Valid => ExitCode.Done,
            CertificateWord.CannotCheck => ExitCode.CannotCheck,
            _ => ExitCode.Failed,
        };
    }

    private static TrustList ReadTrust(FileInfo file)
    {
        try
        {
            return TrustList.Parse(VerifyVerb.ReadFile(file, TrustList.LengthMax, "trust list"));
        }
        catch (MalformedEvidenceException fault)
        {
            throw new VerbException($"The trust list {file.Name} cannot be used: {fault.Message} Ask the authority for its trust.json.", fault)
            {
                Code = ExitCode.CannotCheck,
            };
        }
    }

    private static void Write(Screen screen, CertificateVerdict answer)
    {
        var headline = $"{(answer.Word == CertificateWord.Valid ? '✓' : answer.Word == CertificateWord.CannotCheck ? '?' : '✗')} {answer.Headline}";
        screen.Line(answer.Word == CertificateWord.Valid ? screen.Ok(headline) : screen.Failure(headline));
        if (answer.Sentence.Length > 0)
        {
            screen.Line("  " + Screen.Safe(answer.Sentence));
        }

        if (answer.Certificate is not { } certificate)
        {
            screen.Line("  Scan the code again, straight on and sharp, or ask for the evidence file.");
            return;
        }

        screen.Line(answer.Issuer is { } issuer ? $"  Issued by {Screen.Safe(issuer.Name)} ({Screen.Safe(issuer.Jurisdiction)}), {Figures.Time(certificate.IssuedMs)}, valid until {Figures.Time(certificate.ExpiresMs)}"
            : $"  Says that \"{Screen.Safe(answer.ClaimedIssuer ?? "")}\" issued it, {Figures.Time(certificate.IssuedMs)}");
        if (answer.Word == CertificateWord.Changed)
        {
            return; // What somebody changed is not repeated.
        }

        if (certificate.Shipment is { } shipment)
        {
            screen.Line($"  Shipment {Screen.Safe(shipment)}");
        }

        screen.Line($"  Gateway {certificate.Gateway}, {Figures.Time(certificate.FromMs)} → {Figures.Time(certificate.ToMs)}");
        screen.Line($"  The issuer found the record {(certificate.Word == VerdictWord.Verified ? "VERIFIED" : "whole, its TIME NOT PROVEN")}, up to batch "
            + $"{certificate.LastNumber}, root {Convert.ToHexStringLower(certificate.Root.AsSpan())}…");
        screen.Line($"  Log {Screen.Safe(certificate.Log.Origin)}, {Figures.Count(certificate.Log.Size)} entries, {certificate.Witnesses} independent witnesses");
        screen.Line();
        screen.Line(screen.Strong("Temperature, as the issuer claims it"));
        foreach (var claim in certificate.Channels)
        {
            WriteClaim(screen, claim);
        }

        screen.Line();
        screen.Line("  These are the issuer's claims. The evidence file, *.coldproof.json, proves every reading: ask for it.");
        if (certificate.Traits.HasFlag(GatewayTraits.EmulatedProbes))
        {
            screen.Line("  The probes are emulated: this is a demonstration, not a shipment.");
        }
    }

    private static void WriteClaim(Screen screen, ChannelClaim claim)
    {
        var word = claim.Answer switch { Answer.InRange => "✓ IN RANGE", Answer.OutOfRange => "▲ OUT OF RANGE", _ => "? NO DATA" };
        var extremes = claim is { Min: { } min, Max: { } max } ? $"{min} to {max} °C" : "extremes not stated";
        var outside = claim.OutMinutes == 0 ? "" : $", {Figures.Count(claim.OutMinutes)} min out of range";
        var gaps = claim.Gaps == 0 ? "" : $", {Figures.Count(claim.Gaps)} spans without data, {Figures.Count(claim.GapMinutes)} min together";
        screen.Line($"  {(claim.Answer == Answer.InRange ? screen.Ok(word) : screen.Warning(word))}  channel {claim.Channel}, {Screen.Safe(claim.Place)}, "
            + $"limits {claim.Low} to {claim.High} °C: {extremes}, {Figures.Count(claim.Readings)} readings{outside}{gaps}");
    }

    private static void WriteJson(Utf8JsonWriter writer, CertificateVerdict answer)
    {
        writer.WriteString("format", "coldproof-certificate-verdict/1");
        writer.WriteString("word", answer.Word.ToString());
        writer.WriteString("headline", answer.Headline);
        writer.WriteString("fault", answer.Fault.ToString());
        writer.WriteString("reason", answer.Sentence);
        writer.WriteString("issuer", answer.Issuer?.Name);
        writer.WriteString("jurisdiction", answer.Issuer?.Jurisdiction);
        writer.WriteString("claimedIssuer", answer.ClaimedIssuer);
        writer.WriteString("identity", answer.Identity?.ToString());
        if (answer.Certificate is not { } certificate)
        {
            return;
        }

        writer.WriteString("gateway", certificate.Gateway.ToString());
        writer.WriteTime("from", certificate.FromMs);
        writer.WriteTime("to", certificate.ToMs);
        writer.WriteString("verdict", certificate.Word.ToString());
        writer.WriteString("temperature", certificate.Temperature.ToString());
        writer.WriteString("traits", certificate.Traits.ToString());
        writer.WriteNumber("lastBatch", certificate.LastNumber);
        writer.WriteString("root", Convert.ToHexStringLower(certificate.Root.AsSpan()));
        writer.WriteString("logOrigin", certificate.Log.Origin);
        writer.WriteNumber("logSize", certificate.Log.Size);
        writer.WriteString("logRoot", certificate.Log.Root.ToString());
        writer.WriteNumber("witnesses", certificate.Witnesses);
        writer.WriteTime("issued", certificate.IssuedMs);
        writer.WriteTime("expires", certificate.ExpiresMs);
        writer.WriteString("shipment", certificate.Shipment);
        writer.WriteStartArray("channels");
        foreach (var claim in certificate.Channels)
        {
            writer.WriteStartObject();
            writer.WriteNumber("channel", claim.Channel.Value);
            writer.WriteString("place", claim.Place);
            writer.WriteString("answer", claim.Answer.ToString());
            writer.WriteNumber("lowMilliCelsius", claim.Low.Value);
            writer.WriteNumber("highMilliCelsius", claim.High.Value);
            writer.WriteNumberOrNull("minMilliCelsius", claim.Min?.Value);
            writer.WriteNumberOrNull("maxMilliCelsius", claim.Max?.Value);
            writer.WriteNumber("readings", claim.Readings);
            writer.WriteNumber("outMinutes", claim.OutMinutes);
            writer.WriteNumber("gaps", claim.Gaps);
            writer.WriteNumber("gapMinutes", claim.GapMinutes);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}
