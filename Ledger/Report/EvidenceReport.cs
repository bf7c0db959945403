using Evidence;
using Ledger.Labels;
using Ledger.Pages;
using Ledger.Report.Pdf;

namespace Ledger.Report;

/// <summary>What a report is of, beside its window.</summary>
/// <param name="CodePath">The path of the regulator's page with this evidence inside, to which the code leads.</param>
/// <param name="Lines">The shipment, and for whom it is shown: the first in bold. Empty for a window of a gateway.</param>
public sealed record ReportSubject(string CodePath, params IReadOnlyList<string> Lines);

/// <summary>The files that a report speaks of and carries.</summary>
/// <param name="Link">The address of the page that the code opens, with the short root in its fragment.</param>
/// <param name="Root">Root of the last batch, 64 hex digits; empty when there is none.</param>
/// <param name="ReportName">What the report itself is called as a download.</param>
internal sealed record EvidenceFiles(string Link, string Root, string ReportName, Attachment Bundle, Attachment Readings, Attachment Verifier)
{
    /// <summary>What the link's fragment says, as it is printed under the code.</summary>
    public string ShortRoot => Link.Split('#') is [_, var fragment] ? fragment : "";

    public IEnumerable<Attachment> All => [Bundle, Readings, Verifier];

    public static EvidenceFiles Of(WindowEvidence evidence, PageRequest request, ReportSubject subject)
    {
        var name = ProofPage.FileName(evidence);
        var texts = request.Texts;
        var link = request.Address + subject.CodePath + RootFragment.Of(evidence.Root);
        return new(link, evidence.Root?.ToString() ?? "", ReportNameOf(evidence),
            new(name, "application/json", texts["report.file.bundle"], AttachmentRelation.Data, evidence.Bundle),
            new("readings.csv", "text/csv", texts["report.file.readings"], AttachmentRelation.Data, ReadingsCsv.Write(evidence.Verdict)),
            new("verify.html", "text/html", texts["report.file.verifier"], AttachmentRelation.Supplement, EvidenceHtml.Page.ToArray()));
    }

    public static string ReportNameOf(WindowEvidence evidence) =>
        ProofPage.FileName(evidence).Replace(".coldproof.json", ".pdf", StringComparison.Ordinal);
}

/// <summary>A window's evidence as paper: one sheet to sign, the details behind it, and the proof itself inside the file.</summary>
/// <remarks>The pages say what the verifier says of the bundle inside, and nothing else. Deterministic: the same evidence, language, offset and
/// address give the same bytes under one version of this program.</remarks>
public static class EvidenceReport
{
    /// <summary>Longest window of one report, in days.</summary>
    public const int DaysMax = 120;

    /// <summary>Why a window has no report; null when it has one.</summary>
    public static WindowProblem? Refuse(TimeWindow window)
    {
        var days = (window.ToMs - window.FromMs) / ChannelFigures.DayMs;
        return days > DaysMax ? new("error.report", days, DaysMax) : null;
    }

    /// <param name="request">Language, offset and the ledger's address as the reader wrote it.</param>
    public static byte[] Write(WindowEvidence evidence, PageRequest request, ReportSubject subject)
    {
        var (verdict, texts) = (evidence.Verdict, request.Texts);
        var files = EvidenceFiles.Of(evidence, request, subject);
        var title = texts.Format("report.title", evidence.Gateway.ToString()[..8], evidence.Window);
        var document = new PdfDocument(title, texts.Tag, Paper.Generator, AsOf(evidence));
        document.Attachments.AddRange(files.All);
        var paper = new Paper(document, request);
        var channels = verdict.Channels.Select(channel => new ChannelFigures(channel)).ToList();
        new FrontPage(paper, evidence, channels, files, subject).Write();
        new DetailPages(paper, evidence, channels, files).Write();
        paper.Finish($"{evidence.Gateway.ToString()[..8]} · {evidence.Window} · {files.ShortRoot}");
        return document.Write();
    }

    /// <summary>The newest instant that the evidence itself knows of: its last receipt's, or else its end.</summary>
    private static long AsOf(WindowEvidence evidence) =>
        evidence.Verdict.Brackets.Select(bracket => bracket.NotAfterMs).OfType<long>().Append(evidence.Window.ToMs).Max();
}
