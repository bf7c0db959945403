namespace Ledger.Pages;

/// <summary>A table that becomes a row of cards on a phone. Its roles are written out, because browsers forget them then.</summary>
/// <param name="columns">The heads of its columns.</param>
internal sealed class StackTable(params string[] columns)
{
    /// <summary>Rows that are seen at once; the others are unfolded, and stand on paper where the browser can open them; where it cannot, their number does. A few more are not worth the fold.</summary>
    private const int RowsFirst = 10, RowsSpare = 4;

    private readonly List<Markup[]> rows = [];

    /// <summary>Adds a row, a cell for each column.</summary>
    public void Row(params Markup[] cells)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(cells.Length, columns.Length);
        rows.Add(cells);
    }

    /// <summary>A cell of plain text.</summary>
    public static Markup Text(string text) => new Html().Add($"{text}").ToMarkup();

    /// <summary>A cell of somebody's text, whose direction changes nothing beside it.</summary>
    public static Markup Quoted(string text) => new Html().Add($"<bdi>{text}</bdi>").ToMarkup();

    /// <param name="caption">What the rows are; empty where a heading has just said it.</param>
    public Markup Write(Texts texts, string caption = "")
    {
        var first = rows.Count <= RowsFirst + RowsSpare ? rows.Count : RowsFirst;
        var html = new Html();
        html.Add($"{Part(caption, rows.Take(first))}");
        if (first < rows.Count)
        {
            html.Add($"<details><summary>{texts.Format("table.rest", texts.Number(rows.Count - first))}</summary>{Part(caption, rows.Skip(first))}</details>");
        }

        return html.ToMarkup();
    }

    private Markup Part(string caption, IEnumerable<Markup[]> shown)
    {
        var html = new Html();
        html.Add($"<div class=\"scroll\"><table class=\"stack\" role=\"table\">");
        if (caption.Length > 0)
        {
            html.Add($"<caption class=\"quiet\">{caption}</caption>");
        }

        html.Add($"<thead role=\"rowgroup\"><tr role=\"row\">");
        foreach (var column in columns)
        {
            html.Add($"<th scope=\"col\" role=\"columnheader\">{column}</th>");
        }

        html.Add($"</tr></thead><tbody role=\"rowgroup\">");
        foreach (var row in shown)
        {
            html.Add($"<tr role=\"row\">");
            for (var i = 0; i < row.Length; i++)
            {
                html.Add($"<td role=\"cell\" data-label=\"{columns[i]}\"><span>{row[i]}</span></td>");
            }

            html.Add($"</tr>");
        }

        return html.Add($"</tbody></table></div>").ToMarkup();
    }
}
