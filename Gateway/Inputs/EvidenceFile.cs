using System.Text;
using Evidence;
using Gateway.Verbs;

namespace Gateway.Inputs;

/// <summary>A file that carries evidence: a bundle itself, a report (PDF), or a saved page (HTML). What a file is, its first bytes say; its
/// name does not count.</summary>
public static class EvidenceFile
{
    /// <summary>The longest file that is read: a page carries one bundle, in which every "&lt;" takes six bytes.</summary>
    public const int LengthMax = PdfAttachments.LengthMax;

    private const string BundleEnding = ".coldproof.json";
    private const int HeadLength = 1024;

    /// <summary>The bundle in a file. What is no bundle, PDF or page is handed on as it is: the verifier says what is wrong with it.</summary>
    /// <exception cref="VerbException">A PDF or page from which no bundle can be taken, with the reason and what to do.</exception>
    public static ReadOnlyMemory<byte> BundleIn(ReadOnlyMemory<byte> bytes, string name) => Read(bytes, name) is var (bundle, page)
        && (page is null || !bundle.IsEmpty)
        ? bundle
        : throw Refused($"{name} is a web page without a proof inside. Choose the saved evidence page, or the *{BundleEnding} file.");

    /// <summary>The bundle in a file, and the page that it came in or that was attached; a page without evidence gives no bundle.</summary>
    /// <exception cref="VerbException">As for <see cref="BundleIn"/>.</exception>
    public static (ReadOnlyMemory<byte> Bundle, SavedPage? Page) Read(ReadOnlyMemory<byte> bytes, string name)
    {
        var head = bytes.Span[..Math.Min(bytes.Length, HeadLength)];
        if (head.IndexOf("%PDF-"u8) >= 0)
        {
            return OfPdf(bytes, name);
        }

        var text = Encoding.Latin1.GetString(head).TrimStart('\u00ef', '\u00bb', '\u00bf', ' ', '\t', '\r', '\n');
        return text.Length > 1 && text[0] == '<' && (char.IsAsciiLetter(text[1]) || text[1] is '!' or '?') ? OfPage(bytes, name) : (bytes, null);
    }

    private static (ReadOnlyMemory<byte> Bundle, SavedPage? Page) OfPdf(ReadOnlyMemory<byte> bytes, string name)
    {
        try
        {
            var files = PdfAttachments.Of(bytes);
            var proofs = files.Where(file => file.Name.EndsWith(BundleEnding, StringComparison.Ordinal)).ToList();
            return proofs.Count switch
            {
                1 => (proofs[0].Bytes, files.Where(file => file.Name == SoftwareRelease.PageName).Select(file => SavedPage.Read(file.Bytes)).FirstOrDefault()),
                0 => throw Refused($"{name} is a PDF without a proof. Ask for the PDF with the proof attached, or for the *{BundleEnding} file."),
                _ => throw Refused($"{name} is a PDF with {proofs.Count} proofs. Take out the one that you mean, and verify that."),
            };
        }
        catch (MalformedEvidenceException fault)
        {
            throw Refused($"{name} is a PDF that cannot be read: {fault.Message} Fetch it once more, or ask for the *{BundleEnding} file.", fault);
        }
    }

    /// <summary>A saved page carries the bundle's JSON in one block (docs/formats.md, "The page"). Its own program is not run.</summary>
    private static (ReadOnlyMemory<byte> Bundle, SavedPage? Page) OfPage(ReadOnlyMemory<byte> bytes, string name) => SavedPage.Read(bytes) is { } page
        ? (page.Bundle, page)
        : throw Refused($"{name} is a web page without a proof inside. Choose the saved evidence page, or the *{BundleEnding} file.");

    private static VerbException Refused(string message, Exception? cause = null) =>
        cause is null ? new(message) { Code = ExitCode.CannotCheck } : new(message, cause) { Code = ExitCode.CannotCheck };
}
