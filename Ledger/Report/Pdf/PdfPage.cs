using System.Globalization;
using System.Text;

namespace Ledger.Report.Pdf;

/// <summary>How a line is drawn.</summary>
/// <param name="Width">In points.</param>
/// <param name="Gray">0 is black, 1 white.</param>
/// <param name="Dash">Lengths on and off in points; null for a whole line.</param>
internal readonly record struct Stroke(double Width, double Gray = 0, string? Dash = null);

/// <summary>One page's drawing. Places are in points from the top left corner, as one reads.</summary>
internal sealed class PdfPage(double width, double height)
{
    private const double Thickening = 0.019; // Of the font size: what makes the Chinese font's strokes as heavy as the bold Latin ones.
    private readonly StringBuilder drawing = new();

    public double Width => width;

    public double Height => height;

    /// <summary>The elements of this page's marks, by mark.</summary>
    public List<PdfElement> Marks { get; } = [];

    /// <summary>Addresses that a part of the page leads to.</summary>
    public List<(double X, double Y, double Width, double Height, string Address)> Links { get; } = [];

    public byte[] Content => Encoding.ASCII.GetBytes(drawing.ToString());

    /// <summary>What is drawn until <see cref="End"/> belongs to this element; to nobody who listens when it is null.</summary>
    public void Begin(PdfElement? element)
    {
        if (element is null)
        {
            drawing.Append("/Artifact BMC\n");
            return;
        }

        element.Kids.Add((null, this, Marks.Count));
        drawing.Append(CultureInfo.InvariantCulture, $"/{element.Role} <</MCID {Marks.Count}>> BDC\n");
        Marks.Add(element);
    }

    public void End() => drawing.Append("EMC\n");

    public void Line(double x1, double y1, double x2, double y2, Stroke stroke)
    {
        Begin(stroke);
        drawing.Append($"{At(x1, y1)} m {At(x2, y2)} l S Q\n");
    }

    public void Box(double x, double y, double w, double h, Stroke stroke)
    {
        Begin(stroke);
        drawing.Append($"{At(x, y + h)} {N(w)} {N(h)} re S Q\n");
    }

    public void Fill(double x, double y, double w, double h, double gray) =>
        drawing.Append($"{N(gray)} g {At(x, y + h)} {N(w)} {N(h)} re f\n");

    /// <summary>Fills many boxes in one go, without seams between neighbours.</summary>
    public void Fill(IEnumerable<(double X, double Y, double Width, double Height)> boxes, double gray)
    {
        drawing.Append($"{N(gray)} g\n");
        foreach (var (x, y, w, h) in boxes)
        {
            drawing.Append($"{At(x, y + h)} {N(w)} {N(h)} re\n");
        }

        drawing.Append("f\n");
    }

    /// <summary>A line through all points.</summary>
    public void Path(IReadOnlyList<(double X, double Y)> points, Stroke stroke, bool isClosed = false)
    {
        Begin(stroke);
        for (var i = 0; i < points.Count; i++)
        {
            drawing.Append($"{At(points[i].X, points[i].Y)} {(i == 0 ? 'm' : 'l')}\n");
        }

        drawing.Append(isClosed ? "s Q\n" : "S Q\n");
    }

    public void Circle(double x, double y, double radius, Stroke stroke)
    {
        const double Bend = 0.5523; // Of the radius: four Bézier curves then follow a circle.
        var (r, b) = (radius, Bend * radius);
        Begin(stroke);
        drawing.Append($"{At(x + r, y)} m {At(x + r, y - b)} {At(x + b, y - r)} {At(x, y - r)} c {At(x - b, y - r)} {At(x - r, y - b)} " +
            $"{At(x - r, y)} c {At(x - r, y + b)} {At(x - b, y + r)} {At(x, y + r)} c {At(x + b, y + r)} {At(x + r, y + b)} {At(x + r, y)} c " +
            "s Q\n");
    }

    /// <summary>Draws only inside this box until <see cref="Unclip"/>.</summary>
    public void Clip(double x, double y, double w, double h) => drawing.Append($"q {At(x, y + h)} {N(w)} {N(h)} re W n\n");

    public void Unclip() => drawing.Append("Q\n");

    /// <summary>Sets a text on a baseline. Returns its width.</summary>
    public double Text(Typeface face, double size, double x, double y, string text, double gray = 0)
    {
        var start = x;
        var run = new StringBuilder();
        EmbeddedFont? font = null;
        foreach (var rune in text.EnumerateRunes())
        {
            var next = face.FontOf(rune.Value);
            if (next != font && font is not null)
            {
                Show(face, font, size, start, y, run, gray);
                start = x;
            }

            font = next;
            run.Append(CultureInfo.InvariantCulture, $"{next.NumberOf(rune.Value):X4}");
            x += next.WidthOf(rune.Value) * size;
        }

        if (font is not null)
        {
            Show(face, font, size, start, y, run, gray);
        }

        return x - start;
    }

    private void Show(Typeface face, EmbeddedFont font, double size, double x, double y, StringBuilder run, double gray)
    {
        var isThick = face.IsEmboldened && font == face.Fallback;
        drawing.Append($"BT {N(gray)} g {(isThick ? $"2 Tr {N(gray)} G {N(Thickening * size)} w " : "")}/{font.Resource} {N(size)} Tf " +
            $"{At(x, y)} Td <{run}> Tj {(isThick ? "0 Tr " : "")}ET\n");
        run.Clear();
    }

    private void Begin(Stroke stroke) =>
        drawing.Append($"q {N(stroke.Gray)} G {N(stroke.Width)} w {(stroke.Dash is null ? "" : $"[{stroke.Dash}] 0 d ")}1 j ");

    private string At(double x, double y) => $"{N(x)} {N(height - y)}";

    private static string N(double value) => value.ToString("0.###", CultureInfo.InvariantCulture);
}
