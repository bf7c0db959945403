namespace Ledger.Report.Pdf;

/// <summary>What a piece of a page is, for those who listen to it: a heading, a paragraph, a cell. Elements stand in reading order.</summary>
/// <param name="role">A standard structure type: Document, H1, H2, P, Table, TR, TH, TD, Figure, L, LI.</param>
/// <param name="parent">Null for the whole document only.</param>
internal sealed class PdfElement(string role, PdfElement? parent)
{
    public string Role { get; } = role;

    public PdfElement? Parent { get; } = parent;

    /// <summary>What a picture shows, in words; null for what is text itself.</summary>
    public string? Description { get; init; }

    /// <summary>Kids in order: elements, or marked pieces of a page.</summary>
    public List<(PdfElement? Element, PdfPage? Page, int Mark)> Kids { get; } = [];

    /// <summary>The object that it is written as.</summary>
    public int Id { get; set; }

    public PdfElement Add(string kidRole, string? description = null)
    {
        var kid = new PdfElement(kidRole, this) { Description = description };
        Kids.Add((kid, null, 0));
        return kid;
    }
}
