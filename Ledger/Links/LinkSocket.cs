using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Ledger.Hosting;

namespace Ledger.Links;

/// <summary>How `ledger link` speaks to a running ledger: a socket file in the data directory that only the ledger's own user, and root, may
/// open. Nothing of it can be reached over a network.</summary>
/// <remarks>One connection, one request: a line of JSON; one answer: a line of JSON (docs/decisions/0106).</remarks>
public sealed partial class LinkSocket(LedgerCore core, LinkOffice office, ILogger<LinkSocket> log) : BackgroundService
{
    public const string SocketFile = "ledger.socket";

    private const int WaitingMax = 8;
    private const int AnswerLengthMax = 64 * 1024 * 1024;
    private static readonly TimeSpan TryAgain = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan RequestTimeMax = TimeSpan.FromSeconds(10);

    /// <summary>Asks the running ledger; null when no ledger listens there.</summary>
    /// <exception cref="IOException">It went away before it had answered: what became of the request is unknown.</exception>
    public static async Task<JsonObject?> Ask(string data, JsonObject request, CancellationToken cancellation)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(PathOf(data)), cancellation).ConfigureAwait(false);
        }
        catch (SocketException)
        {
            return null;
        }

        using var stream = new NetworkStream(socket);
        await stream.WriteAsync(Encoding.UTF8.GetBytes(request.ToJsonString() + "\n"), cancellation).ConfigureAwait(false);
        return await ReadLine(stream, AnswerLengthMax, cancellation).ConfigureAwait(false) is { } answer
            ? JsonNode.Parse(answer)!.AsObject()
            : throw new IOException("The ledger ended before it had answered. Look with `ledger link list` whether it was done.");
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var path = PathOf(core.Data);
        using var socket = await Listening(path, stoppingToken).ConfigureAwait(false);
        while (socket is not null)
        {
            try
            {
                var asking = await socket.AcceptAsync(stoppingToken).ConfigureAwait(false);
                _ = Serve(asking, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                Clear(path);
                return;
            }
        }
    }

    /// <summary>Listens at the socket file, tried again and again while something stands against it; null when the ledger stops before.</summary>
    /// <remarks>F-167: pages, intake and log go on without it, and the verbs work while the ledger is stopped.</remarks>
    private async Task<Socket?> Listening(string path, CancellationToken stopping)
    {
        while (true)
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                Clear(path); // Left by a ledger that was killed; this one holds the directory's lock.
                Bind(socket, path);
                if (core.LinkTrouble.Length > 0)
                {
                    Again(log, path);
                }

                core.LinkTrouble = "";
                return socket;
            }
            catch (Exception fault) when (fault is SocketException or ArgumentException or IOException or UnauthorizedAccessException)
            {
                socket.Dispose();
                var trouble = Directory.Exists(path) ? $"{path} is a directory. Remove it: links can be made within a minute."
                    : $"{path}: {fault.Message} Mend it: links can be made within a minute, or while the ledger is stopped.";
                if (core.LinkTrouble != trouble)
                {
                    core.LinkTrouble = trouble;
                    NoSocket(log, trouble);
                }
            }

            try
            {
                await Task.Delay(TryAgain, TimeProvider.System, stopping).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return null;
            }
        }
    }

    private static void Clear(string path)
    {
        if (!Directory.Exists(path))
        {
            File.Delete(path);
        }
    }

    private static void Bind(Socket socket, string path)
    {
        socket.Bind(new UnixDomainSocketEndPoint(path));
        if (!OperatingSystem.IsWindows())
        {
            // Before it listens, so nobody else is ever let in.
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        socket.Listen(WaitingMax);
    }

    private async Task Serve(Socket asking, CancellationToken stopping)
    {
        using var owned = asking;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        limit.CancelAfter(RequestTimeMax);
        try
        {
            using var stream = new NetworkStream(asking);
            var answer = await ReadLine(stream, LinkOffice.RequestLengthMax, limit.Token).ConfigureAwait(false) is { } request
                ? await office.Answer(Encoding.UTF8.GetBytes(request), stopping).ConfigureAwait(false)
                : LinkOffice.Problem($"A request has one line of at most {LinkOffice.RequestLengthMax} bytes.");
            await stream.WriteAsync(Encoding.UTF8.GetBytes(answer.ToJsonString() + "\n"), stopping).ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is IOException or SocketException or OperationCanceledException)
        {
            Broken(log, fault.Message);
        }
    }

    /// <summary>A line without its newline; null when it ends earlier or is longer.</summary>
    private static async Task<string?> ReadLine(NetworkStream stream, int lengthMax, CancellationToken cancellation)
    {
        using var line = new MemoryStream();
        var piece = new byte[4096];
        while (line.Length <= lengthMax)
        {
            var read = await stream.ReadAsync(piece, cancellation).ConfigureAwait(false);
            var end = piece.AsSpan(0, read).IndexOf((byte)'\n');
            line.Write(piece, 0, end < 0 ? read : end);
            if (end >= 0 || read == 0)
            {
                return end < 0 ? null : Encoding.UTF8.GetString(line.GetBuffer(), 0, (int)line.Length);
            }
        }

        return null;
    }

    private static string PathOf(string data) => Path.GetFullPath(Path.Combine(data, SocketFile));

    [LoggerMessage(2302, LogLevel.Error, "`ledger link` cannot reach this ledger while it runs; everything else goes on. {Trouble}")]
    private static partial void NoSocket(ILogger log, string trouble);

    [LoggerMessage(2304, LogLevel.Information, "`ledger link` reaches this ledger again, by {Path}.")]
    private static partial void Again(ILogger log, string path);

    [LoggerMessage(2303, LogLevel.Warning, "A request of `ledger link` ended early: {Trouble}")]
    private static partial void Broken(ILogger log, string trouble);
}
