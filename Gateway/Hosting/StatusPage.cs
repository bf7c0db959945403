using Evidence;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Gateway.Hosting;

/// <summary>The local endpoints for monitors: alive, ready, and the whole status. On a loopback address only.</summary>
public static class StatusPage
{
    private const string JsonType = "application/json; charset=utf-8";

    /// <summary>A gateway whose newest round is older than this many intervals is not ready.</summary>
    public const int IntervalsMax = 3;

    public static void Map(WebApplication app, StatusBoard board, Cycle cycle, TimeProvider clock)
    {
        var lastShown = new Freshness(board, clock);
        app.MapGet("/healthz/live", () => Results.Text("live\n"));
        app.MapGet("/healthz/ready", () => lastShown.IsReady(out var why)
            ? Results.Text("ready\n")
            : Results.Text(why + "\n", statusCode: StatusCodes.Status503ServiceUnavailable));
        app.MapGet("/status", () => board.Current is { } status
            ? Results.Text(StatusJson.Write(status), JsonType)
            : Results.Text("{\"format\":\"coldproof-status/1\",\"activity\":\"starting\"}", JsonType,
                statusCode: StatusCodes.Status503ServiceUnavailable));
        app.MapGet("/bundle", (HttpContext context) => Bundle(context, board, cycle));
    }

    /// <summary>/bundle?from=MS&amp;to=MS&amp;channel=N&amp;level=NAME: the running gateway's export, because only one process may open
    /// the logbook.</summary>
    private static async Task Bundle(HttpContext context, StatusBoard board, Cycle cycle)
    {
        var query = context.Request.Query;
        if (board.Current is not { } status || ExportWindow.Parse(query["from"], query["to"], query["channel"],
            query["level"]) is not { } window)
        {
            await Refuse(context, StatusCodes.Status400BadRequest, "The window is not understood, or the gateway is just starting.");
            return;
        }

        try
        {
            var bundle = await cycle.Ask(logbook => window.Bundle(status.Gateway, logbook));
            context.Response.ContentType = JsonType;
            await context.Response.Body.WriteAsync(bundle, context.RequestAborted);
        }
        catch (Exception fault) when (fault is InvalidOperationException or IOException
            or MalformedEvidenceException or ArgumentException or ExportException)
        {
            await Refuse(context, StatusCodes.Status409Conflict, fault.Message);
        }
    }

    private static Task Refuse(HttpContext context, int code, string words)
    {
        context.Response.StatusCode = code;
        return context.Response.WriteAsync(words + "\n");
    }

    /// <summary>Age of the newest cycle by the monotonic clock: a stepped wall clock makes nothing fresh or stale.</summary>
    private sealed class Freshness(StatusBoard board, TimeProvider clock)
    {
        private readonly Lock gate = new();
        private GatewayStatus? seen;
        private long seenAt = clock.GetTimestamp();

        public bool IsReady(out string why)
        {
            lock (gate)
            {
                var status = board.Current;
                if (status is null)
                {
                    why = "No round has been recorded yet.";
                    return false;
                }

                if (!ReferenceEquals(status, seen))
                {
                    (seen, seenAt) = (status, clock.GetTimestamp());
                }

                var age = clock.GetElapsedTime(seenAt);
                why = $"The newest cycle ended {(long)age.TotalSeconds} s ago; one is due every {status.IntervalMs / 1_000} s.";
                return status.Replay is not null || age <= TimeSpan.FromMilliseconds((double)status.IntervalMs * IntervalsMax);
            }
        }
    }
}
