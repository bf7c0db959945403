using Evidence;
using Ledger.Pages;
using Ledger.Report.Pdf;

namespace Ledger.Report;

/// <summary>What the gateway claims, in place of limits, figures and charts: those are made of readings.</summary>
internal static class ClaimLines
{
    private const double Indent = 20;

    public static void Write(Paper paper, PdfElement parent, DisclosureLevel level, IEnumerable<ChannelFigures> channels)
    {
        paper.Say(parent, "P", paper.Texts[level == DisclosureLevel.Headers ? "claims.headers" : "claims"], indent: Indent);
        foreach (var channel in level == DisclosureLevel.Headers ? [] : channels)
        {
            paper.Say(parent, "P", $"{channel.Verdict.Channel.Value} {channel.Probe.Place}: {Claims.Say(paper.Texts, level, channel.Verdict)}", indent: Indent,
                linesMax: 3);
        }
    }
}
