using System.Net;
using System.Net.Sockets;

namespace Gateway.Benchmarks;

/// <summary>A TCP road between two programs that counts every byte, and can be cut, closed and slowed.</summary>
internal sealed class SoakRoad : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();
    private readonly HashSet<TcpClient> open = [];
    private readonly int target;
    private readonly Task accepting;
    private long up, down, delayMs;
    private volatile bool isClosed;

    public SoakRoad(int target)
    {
        this.target = target;
        listener.Start();
        accepting = Accept();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>Bytes that TCP carried both ways so far, TLS and all, without headers of TCP and IP.</summary>
    public long Bytes => Interlocked.Read(ref up) + Interlocked.Read(ref down);

    /// <summary>Bytes towards the broker.</summary>
    public long Up => Interlocked.Read(ref up);

    /// <summary>How long each piece waits before it goes on, in milliseconds. Default 0.</summary>
    public long DelayMs { get => Interlocked.Read(ref delayMs); set => Interlocked.Exchange(ref delayMs, value); }

    /// <summary>Every new connection is hung up at once. Those that are open stay.</summary>
    public bool IsClosed { get => isClosed; set => isClosed = value; }

    /// <summary>Closes every open connection.</summary>
    public void Cut()
    {
        lock (open)
        {
            foreach (var client in open)
            {
                client.Dispose();
            }

            open.Clear();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        Cut();
        await accepting;
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
                pumps.RemoveAll(pump => pump.IsCompleted);
                pumps.Add(Carry(near));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(pumps); // The road is taken away; every connection on it was cut before.
        }
    }

    private async Task Carry(TcpClient near)
    {
        using var far = new TcpClient { NoDelay = true };
        near.NoDelay = true;
        try
        {
            if (isClosed)
            {
                return;
            }

            await far.ConnectAsync(IPAddress.Loopback, target, stop.Token);
            lock (open)
            {
                open.Add(near);
                open.Add(far);
            }

            await Task.WhenAny(Pump(near, far, isUp: true), Pump(far, near, isUp: false));
        }
        catch (Exception fault) when (fault is SocketException or OperationCanceledException)
        {
            return; // Nobody listens behind the road: the near end is hung up, as a dead broker's kernel does.
        }
        finally
        {
            near.Dispose();
            lock (open)
            {
                open.Remove(near);
                open.Remove(far);
            }
        }
    }

    private async Task Pump(TcpClient from, TcpClient to, bool isUp)
    {
        var part = new byte[64 * 1024];
        try
        {
            for (var read = await from.GetStream().ReadAsync(part, stop.Token); read > 0; read = await from.GetStream().ReadAsync(part, stop.Token))
            {
                Interlocked.Add(ref isUp ? ref up : ref down, read);
                if (DelayMs is > 0 and var wait)
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(wait), TimeProvider.System, stop.Token);
                }

                await to.GetStream().WriteAsync(part.AsMemory(0, read), stop.Token);
            }
        }
        catch (Exception fault) when (fault is IOException or ObjectDisposedException or InvalidOperationException or OperationCanceledException)
        {
            return; // One end has hung up or the road was cut; the other end is closed by the caller.
        }
    }
}
