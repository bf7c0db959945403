using System.Net;
using System.Net.Sockets;

namespace Gateway.Tests.Wire;

/// <summary>A TCP road between two ends that counts every byte and can be cut.</summary>
internal sealed class CountingProxy : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();
    private readonly List<TcpClient> open = [];
    private readonly int target;
    private readonly Task accepting;
    private long up, down;

    public CountingProxy(int target)
    {
        this.target = target;
        listener.Start();
        accepting = Accept();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>Bytes from the client to the server, TLS and all.</summary>
    public long Up => Interlocked.Read(ref up);

    /// <summary>Bytes from the server to the client.</summary>
    public long Down => Interlocked.Read(ref down);

    /// <summary>Closes every connection at once; new ones are let through.</summary>
    public void Cut()
    {
        lock (open)
        {
            open.ForEach(client => client.Dispose());
            open.Clear();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        Cut();
        await accepting; // Before the listener stops: a loop just between two accepts would find it closed.
        listener.Stop();
        stop.Dispose();
    }

    private async Task Accept()
    {
        var pumps = new List<Task>();
        try
        {
            while (true)
            {
                var near = await listener.AcceptTcpClientAsync(stop.Token);
                var far = new TcpClient();
                await far.ConnectAsync(IPAddress.Loopback, target, stop.Token);
                lock (open)
                {
                    open.AddRange([near, far]);
                }

                pumps.Add(Pump(near, far, count => Interlocked.Add(ref up, count)));
                pumps.Add(Pump(far, near, count => Interlocked.Add(ref down, count)));
            }
        }
        catch (Exception end) when (end is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            Cut();
            await Task.WhenAll(pumps);
        }
    }

    private static async Task Pump(TcpClient from, TcpClient to, Action<int> count)
    {
        try
        {
            var (source, target) = (from.GetStream(), to.GetStream());
            var bytes = new byte[16 * 1024];
            for (var read = await source.ReadAsync(bytes); read > 0; read = await source.ReadAsync(bytes))
            {
                count(read);
                await target.WriteAsync(bytes.AsMemory(0, read));
            }
        }
        catch (Exception end) when (end is IOException or ObjectDisposedException or InvalidOperationException)
        {
            to.Dispose(); // One side gone, the other follows.
            return;
        }

        to.Dispose();
    }
}
