using System.Globalization;
using System.Reflection;
using Evidence;
using Ledger.Pages;
using Ledger.Report.Pdf;

namespace Ledger.Report;

/// <summary>The sheets of one report, A4 upright: faces, margins, the place where the next line goes, and what stands at every sheet's
/// foot.</summary>
internal sealed class Paper
{
    public const double Millimetre = 72 / 25.4;

    /// <summary>A4.</summary>
    public const double SheetWidth = 210 * Millimetre;
    public const double SheetHeight = 297 * Millimetre;

    /// <summary>Left and right margin: a chart of 16 cm and its scale fit between them.</summary>
    public const double Margin = 18 * Millimetre;

    /// <summary>The width that may be written on.</summary>
    public const double Room = SheetWidth - (2 * Margin);

    /// <summary>Where the foot begins.</summary>
    public const double Bottom = SheetHeight - (19 * Millimetre);

    public const double Body = 8.5;
    public const double Small = 7.2;
    public const double Quiet = 0.36; // Gray of what is said softly: 7:1 on white.

    private const double Top = 14 * Millimetre;

    // Read once: the fonts that this program ships (Ledger/Report/Fonts).
    private static readonly Lazy<TrueTypeFont> Latin = new(() => Load("OpenSans-Regular.ttf"));
    private static readonly Lazy<TrueTypeFont> LatinBold = new(() => Load("OpenSans-Bold.ttf"));
    private static readonly Lazy<TrueTypeFont> EvenlySpaced = new(() => Load("NotoMono-Regular.ttf"));
    private static readonly Lazy<TrueTypeFont> Han = new(() => Load("DroidSansFallbackFull.ttf"));

    /// <summary>The report's faces, for other papers.</summary>
    public static TrueTypeFont LatinFont => Latin.Value;

    public static TrueTypeFont LatinBoldFont => LatinBold.Value;

    public static TrueTypeFont HanFont => Han.Value;

    public Paper(PdfDocument document, PageRequest request)
    {
        (Document, Request) = (document, request);
        var han = document.Add(Han.Value, "DroidSansFallback");
        Plain = new(document.Add(Latin.Value, "OpenSans"), han);
        Bold = new(document.Add(LatinBold.Value, "OpenSans-Bold"), han, IsEmboldened: true);
        Mono = new(document.Add(EvenlySpaced.Value, "NotoMono"), han);
        NewSheet();
    }

    /// <summary>This program and its version, as it stands at the foot and in the document's properties.</summary>
    public static string Generator { get; } = "Coldproof ledger " +
        (typeof(Paper).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "?");

    public PdfDocument Document { get; }

    public PageRequest Request { get; }

    public Texts Texts => Request.Texts;

    public Typeface Plain { get; }

    public Typeface Bold { get; }

    /// <summary>For digests, that two of them can be laid side by side.</summary>
    public Typeface Mono { get; }

    /// <summary>The sheet that is written on.</summary>
    public PdfPage Page => Document.Pages[^1];

    /// <summary>Where the next line goes: its upper edge, in points from the top.</summary>
    public double Y { get; set; }

    public void NewSheet()
    {
        Document.Pages.Add(new(SheetWidth, SheetHeight));
        Y = Top;
    }

    /// <summary>Begins a new sheet unless so much height is left.</summary>
    public void Need(double height)
    {
        if (Y + height > Bottom)
        {
            NewSheet();
        }
    }

    /// <summary>Sets a text at the margin, broken into lines, on as many sheets as it takes, and goes on below it.</summary>
    public void Say(PdfElement parent, string role, string text, Typeface? face = null, double size = Body, double gray = 0, double indent = 0,
        double? width = null, int linesMax = int.MaxValue)
    {
        var element = parent.Add(role);
        var leading = Leading(size);
        foreach (var line in LineBreaker.Break(face ?? Plain, size, text, (width ?? Room) - indent, linesMax))
        {
            Need(leading);
            Page.Begin(element);
            Page.Text(face ?? Plain, size, Margin + indent, Y + Ascent(size), line, gray);
            Page.End();
            Y += leading;
        }
    }

    /// <summary>A heading with a thin line under it; never the last thing on a sheet.</summary>
    public void Head(PdfElement parent, string text, double keepWith = 40)
    {
        const double Size = 11;
        Need(keepWith + Leading(Size) + 8);
        Y += 8;
        Say(parent, "H2", text, Bold, Size);
        Page.Begin(null);
        Page.Line(Margin, Y + 1.5, Margin + Room, Y + 1.5, new(0.6));
        Page.End();
        Y += 5;
    }

    /// <summary>Height of a line.</summary>
    public static double Leading(double size) => Math.Round(size * 1.36, 2);

    /// <summary>From a line's upper edge to its baseline.</summary>
    public static double Ascent(double size) => size * 1.04;

    public static double Centred(Typeface face, double size, string text, double x, double width) => x + ((width - face.Width(text, size)) / 2);

    /// <summary>Writes the foot of every sheet, now that their number is known.</summary>
    public void Finish(string record)
    {
        var zone = Request.Offset is { } minutes ? Texts.Format("report.zone.local", PageRequest.OffsetName(minutes)) : Texts["report.zone"];
        for (var i = 0; i < Document.Pages.Count; i++)
        {
            var page = Document.Pages[i];
            var number = string.Create(CultureInfo.InvariantCulture, $"{i + 1}/{Document.Pages.Count}");
            page.Begin(null);
            page.Line(Margin, Bottom + 8, Margin + Room, Bottom + 8, new(0.4, Quiet));
            page.Text(Plain, Small, Margin, Bottom + 18, record, Quiet);
            page.Text(Plain, Small, Margin, Bottom + 28, $"{Generator} · {zone}", Quiet);
            page.Text(Bold, Body, Margin + Room - Bold.Width(number, Body), Bottom + 18, number);
            page.End();
        }
    }

    private static TrueTypeFont Load(string name)
    {
        using var stream = typeof(Paper).Assembly.GetManifestResourceStream("Fonts/" + name)!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return new(bytes);
    }
}
