namespace Ledger.Pages;

/// <summary>HEAD, with which mail programs, messengers and link checkers ask whether a link works: the headers that GET would have, no body
/// (RFC 9110, 9.3.2).</summary>
public static class HeadRequests
{
    /// <summary>Must come before the routes, which know GET only.</summary>
    public static void UseHeadRequests(this WebApplication app)
    {
        app.Use(Answer);
        app.UseRouting(); // Said here, or the host would find the route before the line above has run.
    }

    private static async Task Answer(HttpContext http, RequestDelegate next)
    {
        if (!HttpMethods.IsHead(http.Request.Method))
        {
            await next(http);
            return;
        }

        var body = http.Response.Body;
        http.Request.Method = HttpMethods.Get;
        http.Response.Body = Stream.Null;
        try
        {
            await next(http);
        }
        finally
        {
            http.Request.Method = HttpMethods.Head;
            http.Response.Body = body;
        }
    }
}
