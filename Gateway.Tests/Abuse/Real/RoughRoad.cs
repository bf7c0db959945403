using System.Net;
using System.Net.Sockets;

namespace Gateway.Tests.Abuse;

/// <summary>How a road behaves.</summary>
internal enum RoadState
{
    Clear = 0,

    /// <summary>Every piece of data is late by 300 ms to 2 s.</summary>
    Slow,

    /// <summary>A few bytes at a time.</summary>
    Trickle,

    /// <summary>Connections are accepted and nothing is said, nothing is passed on.</summary>
    BlackHole,

    /// <summary>Connections are closed as soon as they are made; those that were open are closed.</summary>
    Cut,
}

/// <summary>A TCP road between a client and the broker that can be made as bad as roads are.</summary>
internal sealed class RoughRoad : IAsyncDisposable
{
    private const int SlowMsMin = 300, SlowMsMax = 2_000, TrickleBytes = 48, TrickleMs = 15;
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(20);
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();
    private readonly List<TcpClient> open = [];
    private readonly int target;
    private readonly Random dice;
    private readonly Task accepting;
    private volatile RoadState state;
    private int connections;

    public RoughRoad(int target, int seed)
    {
        (this.target, dice) = (target, new(seed));
        listener.Start();
        accepting = Accept();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>How many connections were tried over it.</summary>
    public int Connections => connections;

    public RoadState State
    {
        get => state;
        set
        {
            state = value;
            if (value == RoadState.Cut)
            {
                Close();
            }
        }
    }

    /// <summary>Closes and lets through again, so many times.</summary>
    public async Task Flap(int times, TimeSpan each)
    {
        for (var i = 0; i < times; i++)
        {
            State = RoadState.Cut;
            await Task.Delay(each / 2, TimeProvider.System);
            State = RoadState.Clear;
            await Task.Delay(each / 2, TimeProvider.System);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        listener.Stop();
        Close();
        await accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        listener.Dispose();
        stop.Dispose();
    }

    private void Close()
    {
        lock (open)
        {
            open.ForEach(client => client.Dispose());
            open.Clear();
        }
    }

    private async Task Accept()
    {
        while (!stop.IsCancellationRequested)
        {
            var client = await listener.AcceptTcpClientAsync(stop.Token);
            connections++;
            lock (open)
            {
                open.Add(client);
            }

            _ = Carry(client);
        }
    }

    private async Task Carry(TcpClient client)
    {
        using var broker = new TcpClient { NoDelay = true };
        try
        {
            await Passable();
            if (state == RoadState.Cut)
            {
                return;
            }

            client.NoDelay = true;
            await broker.ConnectAsync(IPAddress.Loopback, target, stop.Token);
            await Task.WhenAny(Copy(client.GetStream(), broker.GetStream()), Copy(broker.GetStream(), client.GetStream()));
        }
        catch (Exception fault) when (fault is IOException or SocketException or ObjectDisposedException or OperationCanceledException or InvalidOperationException)
        {
            return; // One end has hung up, or the road was cut: that is what it is for.
        }
        finally
        {
            client.Dispose();
        }
    }

    private async Task Copy(NetworkStream from, NetworkStream to)
    {
        var part = new byte[16 * 1024];
        for (var read = await from.ReadAsync(part, stop.Token); read > 0; read = await from.ReadAsync(part, stop.Token))
        {
            await Passable();
            if (state == RoadState.Slow)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(LateMs()), TimeProvider.System, stop.Token);
            }

            for (var at = 0; at < read;)
            {
                var length = state == RoadState.Trickle ? Math.Min(TrickleBytes, read - at) : read - at;
                await to.WriteAsync(part.AsMemory(at, length), stop.Token);
                at += length;
                if (at < read)
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(TrickleMs), TimeProvider.System, stop.Token);
                }
            }
        }
    }

    private int LateMs()
    {
        lock (dice)
        {
            return dice.Next(SlowMsMin, SlowMsMax);
        }
    }

    private async Task Passable()
    {
        while (state == RoadState.BlackHole)
        {
            await Task.Delay(Glance, TimeProvider.System, stop.Token);
        }
    }
}
