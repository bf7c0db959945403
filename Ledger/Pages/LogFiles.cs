using Evidence.Log;
using Ledger.Hosting;
using Ledger.Log;

namespace Ledger.Pages;

/// <summary>The endpoints for machines: the log's static files as tlog-tiles names them, the policy, and the health of the
/// service.</summary>
public static class LogFiles
{
    private const string Forever = "public, max-age=31536000, immutable";

    /// <summary>/log/checkpoint, /log/tile/…: what monitors and witnesses read. /policy.json: what these pages verify with.</summary>
    public static void MapLog(this WebApplication app)
    {
        app.MapGet("/log/checkpoint", (LedgerCore core, HttpResponse response) =>
        {
            response.Headers.CacheControl = "no-cache";
            return core.Log.Head.Bytes is { } bytes ? Results.Bytes(bytes, "text/plain; charset=utf-8") : Results.NotFound();
        });
        app.MapGet("/log/{**path}", (string? path, LedgerCore core, HttpResponse response) => Tile(core, response, path ?? ""));
        app.MapGet("/policy.json", (LedgerCore core) => Results.Bytes(core.Policy.ToJson(), "application/json"));
    }

    /// <summary>/healthz/live: the process answers. /healthz/ready: it can take statements; what keeps links from being made is said, too.</summary>
    public static void MapHealth(this WebApplication app)
    {
        app.MapGet("/healthz/live", () => Results.Text("live\n"));
        app.MapGet("/healthz/ready", (LedgerCore core) => LedgerHealth.Trouble(core) is { } trouble
            ? Results.Text(trouble + "\n", statusCode: StatusCodes.Status503ServiceUnavailable)
            : Results.Text(core.LinkTrouble.Length == 0 ? "ready\n" : $"ready; links cannot be made while this ledger runs: {core.LinkTrouble}\n"));
    }

    private static IResult Tile(LedgerCore core, HttpResponse response, string path)
    {
        // Only the one right spelling of a tile gets through, so no path can leave the log's directory.
        if (!LogTile.TryParsePath(path, out var tile, out var entries))
        {
            return Results.NotFound();
        }

        var bytes = core.Disk.Read(entries ? tile.EntriesPath : tile.Path);
        if (bytes is null || !IsPublished(core, tile))
        {
            return Results.NotFound();
        }

        response.Headers.CacheControl = Forever;
        return Results.Bytes(bytes, "application/octet-stream");
    }

    /// <summary>A file of a round that is not published yet is not shown: its round may still be repeated with more entries.</summary>
    private static bool IsPublished(LedgerCore core, LogTile tile)
    {
        var hashes = tile.Level * 8 >= 63 ? 0 : core.Log.Head.Size >> (tile.Level * 8);
        return (tile.Index * LogTile.FullWidth) + tile.Width <= hashes;
    }
}
