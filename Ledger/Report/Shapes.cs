using Evidence;
using Ledger.Report.Pdf;

namespace Ledger.Report;

/// <summary>The shapes that stand beside words: what a fax or a poor copy leaves of a verdict.</summary>
internal static class Shapes
{
    public static void Draw(PdfPage page, Shape shape, double x, double y, double size)
    {
        var (s, stroke) = (size / 24, new Stroke(size / 11));
        switch (shape)
        {
            case Shape.Tick:
                page.Circle(x + (12 * s), y + (12 * s), 10.5 * s, stroke);
                page.Path([(x + (7 * s), y + (12.5 * s)), (x + (10.6 * s), y + (16 * s)), (x + (17.2 * s), y + (8.4 * s))], new(size / 9));
                break;
            case Shape.Triangle:
                page.Path([(x + (12 * s), y + (2.5 * s)), (x + (22.5 * s), y + (21.5 * s)), (x + (1.5 * s), y + (21.5 * s))], stroke, isClosed: true);
                page.Line(x + (12 * s), y + (9.5 * s), x + (12 * s), y + (15.2 * s), stroke);
                page.Line(x + (12 * s), y + (17.2 * s), x + (12 * s), y + (19.2 * s), stroke);
                break;
            case Shape.Cross:
                page.Box(x + (2 * s), y + (2 * s), 20 * s, 20 * s, new(size / 8));
                page.Line(x + (7 * s), y + (7 * s), x + (17 * s), y + (17 * s), new(size / 8));
                page.Line(x + (17 * s), y + (7 * s), x + (7 * s), y + (17 * s), new(size / 8));
                break;
            default:
                page.Circle(x + (12 * s), y + (12 * s), 10.5 * s,
                    stroke with { Dash = FormattableString.Invariant($"{4 * s:0.##} {3 * s:0.##}") });
                (double X, double Y)[] hook = [(8.5, 9.5), (9.5, 7.2), (12, 6.4), (14.6, 7.4), (15.2, 9.6), (13.8, 11.6), (12, 12.8), (12, 14.6)];
                page.Path([.. hook.Select(point => (x + (point.X * s), y + (point.Y * s)))], stroke);
                page.Line(x + (12 * s), y + (16.6 * s), x + (12 * s), y + (18.4 * s), stroke);
                break;
        }
    }

    public static Shape Of(VerdictWord word) => word switch
    {
        VerdictWord.Verified => Shape.Tick,
        VerdictWord.NotYetAnchored or VerdictWord.TimeNotProven or VerdictWord.SignerUnknown => Shape.Triangle,
        VerdictWord.CannotCheck => Shape.Ring,
        _ => Shape.Cross,
    };

    public static Shape Of(Answer answer) => answer switch
    {
        Answer.InRange => Shape.Tick,
        Answer.OutOfRange => Shape.Triangle,
        _ => Shape.Ring,
    };

    public static Shape Of(CheckState state) => state switch
    {
        CheckState.Ok => Shape.Tick,
        CheckState.Failed => Shape.Cross,
        _ => Shape.Ring,
    };
}

internal enum Shape
{
    /// <summary>A dashed ring with a question mark: not known.</summary>
    Ring = 0,
    Tick,
    Triangle,
    Cross,
}
