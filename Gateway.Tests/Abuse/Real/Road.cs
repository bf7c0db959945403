using System.Net;
using System.Net.Sockets;

namespace Gateway.Tests.Abuse;

/// <summary>How a road behaves.</summary>
internal enum RoadState
{
    Clear = 0,

    /// <summary>Every piece of data is late.</summary>
    Slow,

    /// <summary>A few bytes at a time.</summary>
    Trickle,

    /// <summary>Connections are accepted and nothing is said, nothing is passed on.</summary>
    BlackHole,

    /// <summary>Connections are closed as soon as they are made; those that were open are closed.</summary>
    Cut,
}

/// <summary>A TCP road between a client and a broker that counts every byte and can be made as bad as roads are.</summary>
internal sealed class Road : IAsyncDisposable
{
    private const int TrickleBytes = 48, TrickleMs = 15;
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(20);
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();
    private readonly HashSet<TcpClient> open = [];
    private readonly int target;
    private readonly Random dice;
    private readonly Task accepting;
    private long up, down;
    private volatile RoadState state;
    private volatile int connections, lateMsMin = 300, lateMsMax = 2_000;

    /// <param name="target">Where it leads: a port of this machine.</param>
    /// <param name="seed">Chooses how late each piece is on a slow road.</param>
    public Road(int target, int seed = 0)
    {
        (this.target, dice) = (target, new(seed));
        listener.Start();
        accepting = Accept();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>Bytes from the client to the broker that TCP carried so far, TLS and all, without headers of TCP and IP.</summary>
    public long Up => Interlocked.Read(ref up);

    /// <summary>Bytes from the broker to the client.</summary>
    public long Down => Interlocked.Read(ref down);

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
                Cut();
            }
        }
    }

    /// <summary>Makes every piece late by so much.</summary>
    /// <param name="leastMs">Least delay, in milliseconds; 300 until this is called.</param>
    /// <param name="mostMs">Largest delay, in milliseconds; 2,000 until this is called.</param>
    public void Slow(int leastMs, int mostMs)
    {
        (lateMsMin, lateMsMax) = (leastMs, mostMs);
        state = RoadState.Slow;
    }

    /// <summary>Closes every open connection, once; new ones are let through as the state says.</summary>
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
        Cut();
        await accepting; // Before the listener stops: a loop just between two accepts would find it closed.
        listener.Dispose();
        stop.Dispose();
    }

    private async Task Accept()
    {
        var carried = new List<Task>();
        try
        {
            while (true)
            {
                var near = await listener.AcceptTcpClientAsync(stop.Token);
                connections++;
                carried.RemoveAll(done => done.IsCompleted);
                carried.Add(Carry(near));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(carried); // The road is taken away, and everything on it ends.
        }
    }

    private async Task Carry(TcpClient near)
    {
        using var far = new TcpClient { NoDelay = true };
        try
        {
            lock (open)
            {
                open.Add(near);
                open.Add(far);
            }

            await Passable();
            if (state == RoadState.Cut)
            {
                return;
            }

            near.NoDelay = true;
            await far.ConnectAsync(IPAddress.Loopback, target, stop.Token);
            await Task.WhenAny(Copy(near, far, isUp: true), Copy(far, near, isUp: false));
        }
        catch (Exception fault) when (IsEnd(fault))
        {
            return; // Nobody listens behind the road, or it was cut: the near end is hung up, as a dead broker's kernel does.
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

    private async Task Copy(TcpClient from, TcpClient to, bool isUp)
    {
        var part = new byte[64 * 1024];
        try
        {
            var (source, sink) = (from.GetStream(), to.GetStream());
            for (var read = await source.ReadAsync(part, stop.Token); read > 0; read = await source.ReadAsync(part, stop.Token))
            {
                Interlocked.Add(ref isUp ? ref up : ref down, read);
                await Passable();
                if (state == RoadState.Slow)
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(LateMs()), TimeProvider.System, stop.Token);
                }

                await Pass(part.AsMemory(0, read), sink);
            }
        }
        catch (Exception fault) when (IsEnd(fault))
        {
            return; // One end has hung up, or the road was cut: that is what it is for. The other end is closed by the caller.
        }
    }

    private async Task Pass(ReadOnlyMemory<byte> piece, NetworkStream sink)
    {
        while (state == RoadState.Trickle && piece.Length > TrickleBytes)
        {
            await sink.WriteAsync(piece[..TrickleBytes], stop.Token);
            piece = piece[TrickleBytes..];
            await Task.Delay(TimeSpan.FromMilliseconds(TrickleMs), TimeProvider.System, stop.Token);
        }

        await sink.WriteAsync(piece, stop.Token);
    }

    private static bool IsEnd(Exception fault) =>
        fault is IOException or SocketException or ObjectDisposedException or OperationCanceledException or InvalidOperationException;

    private int LateMs()
    {
        lock (dice)
        {
            return dice.Next(lateMsMin, lateMsMax + 1);
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
