using System.Net;
using System.Net.Sockets;

namespace Gateway.Benchmarks;

/// <summary>Stands between a client and a broker and counts what TCP carries, TLS and all. Headers of TCP and IP are not in it.</summary>
internal sealed class CountingProxy : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();
    private readonly int target;
    private readonly Task accepting;
    private long up;
    private long down;

    public CountingProxy(int target)
    {
        this.target = target;
        listener.Start();
        accepting = Accept();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>Bytes to the broker and from it, so far.</summary>
    public (long Up, long Down) Bytes => (Interlocked.Read(ref up), Interlocked.Read(ref down));

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        listener.Stop();
        await accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        listener.Dispose();
        stop.Dispose();
    }

    private async Task Accept()
    {
        while (!stop.IsCancellationRequested)
        {
            using var client = await listener.AcceptTcpClientAsync(stop.Token);
            using var broker = new TcpClient { NoDelay = true };
            client.NoDelay = true;
            await broker.ConnectAsync(IPAddress.Loopback, target, stop.Token);
            // One client at a time is all that a benchmark has.
            await Task.WhenAny(
                Copy(client.GetStream(), broker.GetStream(), count => Interlocked.Add(ref up, count)),
                Copy(broker.GetStream(), client.GetStream(), count => Interlocked.Add(ref down, count)));
        }
    }

    private async Task Copy(NetworkStream from, NetworkStream to, Action<int> count)
    {
        var part = new byte[64 * 1024];
        try
        {
            for (var read = await from.ReadAsync(part, stop.Token); read > 0; read = await from.ReadAsync(part, stop.Token))
            {
                count(read);
                await to.WriteAsync(part.AsMemory(0, read), stop.Token);
            }
        }
        catch (IOException)
        {
            return; // One end has hung up; the other is closed by the caller.
        }
        catch (OperationCanceledException)
        {
            return;
        }
    }
}
