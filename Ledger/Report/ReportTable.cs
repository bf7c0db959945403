using Ledger.Report.Pdf;

namespace Ledger.Report;

/// <summary>A column of a table.</summary>
/// <param name="Width">In points.</param>
/// <param name="LinesMax">Most lines of a cell; a longer text is cut and ends with "…".</param>
internal sealed record Column(string Head, double Width, bool IsRight = false, bool IsMono = false, int LinesMax = 4);

/// <summary>A cell's text.</summary>
internal readonly record struct Cell(string Text, bool IsBold = false)
{
    public static implicit operator Cell(string text) => new(text);
}

/// <summary>A table that goes on over as many sheets as it takes; its head is repeated on each.</summary>
internal sealed class ReportTable
{
    private const double Padding = 3.2;
    private readonly Paper paper;
    private readonly PdfElement element;
    private readonly double size;
    private readonly List<Column> columns;

    /// <param name="size">Of its text, in points.</param>
    public ReportTable(Paper paper, PdfElement parent, List<Column> columns, double size = Paper.Small + 0.4)
    {
        (this.paper, this.columns, this.size) = (paper, columns, size);
        element = parent.Add("Table");
        Head(element.Add("TR"));
    }

    public void Row(params IReadOnlyList<Cell> cells)
    {
        var row = element.Add("TR");
        var lines = cells.Select((cell, i) => LineBreaker.Break(FaceOf(i, cell), size, cell.Text, columns[i].Width - (2 * Padding),
            columns[i].LinesMax))
            .ToList();
        var height = (lines.Max(cell => cell.Count) * Paper.Leading(size)) + (0.7 * Padding);
        if (paper.Y + height > Paper.Bottom)
        {
            paper.NewSheet();
            Head(null);
        }

        for (var (i, x) = (0, Paper.Margin); i < cells.Count; x += columns[i].Width, i++)
        {
            Set(row.Add("TD"), FaceOf(i, cells[i]), lines[i], x, columns[i]);
        }

        paper.Y += height;
        paper.Page.Begin(null);
        paper.Page.Line(Paper.Margin, paper.Y, Paper.Margin + columns.Sum(column => column.Width), paper.Y, new(0.3, 0.72));
        paper.Page.End();
    }

    private Typeface FaceOf(int column, Cell cell) => cell.IsBold ? paper.Bold : columns[column].IsMono ? paper.Mono : paper.Plain;

    private void Head(PdfElement? row)
    {
        var lines = columns.ConvertAll(column => LineBreaker.Break(paper.Bold, Paper.Small, column.Head, column.Width - (2 * Padding), 3));
        var height = (lines.Max(cell => cell.Count) * Paper.Leading(Paper.Small)) + Padding;
        paper.Need(height + (2 * Paper.Leading(size)));
        paper.Page.Begin(null);
        paper.Page.Fill(Paper.Margin, paper.Y, columns.Sum(column => column.Width), height, 0.92);
        paper.Page.End();
        for (var (i, x) = (0, Paper.Margin); i < columns.Count; x += columns[i].Width, i++)
        {
            Set(row?.Add("TH"), paper.Bold, lines[i], x, columns[i], Paper.Small);
        }

        paper.Y += height;
    }

    private void Set(PdfElement? cell, Typeface face, List<string> lines, double x, Column column, double? fontSize = null)
    {
        var of = fontSize ?? size;
        paper.Page.Begin(cell);
        for (var i = 0; i < lines.Count; i++)
        {
            var left = column.IsRight ? x + column.Width - Padding - face.Width(lines[i], of) : x + Padding;
            paper.Page.Text(face, of, left, paper.Y + (0.35 * Padding) + Paper.Ascent(of) + (i * Paper.Leading(of)), lines[i]);
        }

        paper.Page.End();
    }
}
