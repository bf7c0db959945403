using System.Net;
using Ledger.Hosting;

namespace Ledger.Pages;

/// <summary>Who may see the gateways' own pages, which show everything of everybody. Until there are accounts: the ledger's own machine; all
/// others get links.</summary>
public static class GatewayAccess
{
    /// <summary>What a proxy adds; whoever sends one of these is not, or not certainly, on this machine.</summary>
    private static readonly string[] ProxyHeaders = ["Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP"];

    /// <summary>Whether this request may see /g.</summary>
    public static bool Allows(HttpContext http) => http.RequestServices.GetRequiredService<RunOptions>().Gateways switch
    {
        GatewayReaders.Everyone => true,
        GatewayReaders.Nobody => false,
        _ => IsLocal(http),
    };

    /// <summary>Answers /g for whoever may not see it.</summary>
    public static async Task Guard(HttpContext http, RequestDelegate next)
    {
        if (http.Request.Path.StartsWithSegments("/g", StringComparison.OrdinalIgnoreCase) && !Allows(http))
        {
            await PageFrame.Problem(http, new("error.local")).ExecuteAsync(http);
            return;
        }

        await next(http);
    }

    /// <summary>The connection comes from this machine, no proxy says that it speaks for somebody else, and the reader's browser was asked for a
    /// loopback name: a foreign page whose name was turned to 127.0.0.1 is refused.</summary>
    private static bool IsLocal(HttpContext http) =>
        http.Connection.RemoteIpAddress is { } reader && IPAddress.IsLoopback(reader)
        && !ProxyHeaders.Any(http.Request.Headers.ContainsKey)
        && (http.Request.Host.Host is "localhost" || (IPAddress.TryParse(http.Request.Host.Host.Trim('[', ']'), out var asked) && IPAddress.IsLoopback(asked)));
}
