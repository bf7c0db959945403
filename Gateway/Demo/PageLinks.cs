using System.Globalization;
using Evidence;

namespace Gateway.Demo;

/// <summary>The ledger's public addresses for one gateway's window.</summary>
internal static class PageLinks
{
    public static string Window(string page, GatewayId gateway, long fromMs, long toMs) =>
        string.Create(CultureInfo.InvariantCulture, $"{page}/g/{gateway}?from={fromMs}&to={toMs}");

    public static string Bundle(string page, GatewayId gateway, long fromMs, long toMs) =>
        string.Create(CultureInfo.InvariantCulture, $"{page}/g/{gateway}/bundle?from={fromMs}&to={toMs}");
}
