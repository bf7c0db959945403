using System.Collections.Immutable;
using System.Device.I2c;
using Evidence;

namespace Sensors;

/// <summary>The thread that reads one bus. It may be stuck in the kernel for eight seconds; then only its own channels wait.</summary>
internal sealed class BusReader : IDisposable
{
    private readonly ProbeBus bus;
    private readonly SemaphoreSlim work = new(0);
    private readonly Thread thread;
    private volatile BusRound? current;
    private volatile bool stopping;

    public BusReader(int number, ImmutableArray<ProbeSettings> settings, Func<int, I2cBus> openBus)
    {
        bus = new(number, settings, openBus);
        Channels = [.. settings.Select(probe => new ChannelId(probe.Channel))];
        thread = new(Run) { IsBackground = true, Name = $"i2c-{number}" }; // Background: a stuck bus must not hold up an orderly stop.
        thread.Start();
    }

    /// <summary>The channels whose readings this thread gives.</summary>
    public ImmutableArray<ChannelId> Channels { get; }

    /// <summary>Starts a round; null while the thread is still stuck in an earlier one.</summary>
    public BusRound? Begin(Moment moment)
    {
        if (current is not null)
        {
            return null;
        }

        var round = new BusRound(moment);
        current = round;
        work.Release();
        return round;
    }

    public void Dispose()
    {
        if (!stopping)
        {
            stopping = true;
            work.Release();
        }
    }

    private void Run()
    {
        while (true)
        {
            work.Wait();
            if (stopping)
            {
                break;
            }

            var round = current!;
            bus.Read(round.Moment, round.Take, round.Saw);
            current = null;
            round.End();
        }

        bus.Dispose();
        work.Dispose();
    }
}

/// <summary>What one bus has given in one round so far.</summary>
internal sealed class BusRound(Moment moment)
{
    private readonly Lock gate = new();
    private readonly Dictionary<ChannelId, Reading> readings = [];
    private readonly Dictionary<ChannelId, string> serials = [];
    private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool isClosed;

    public Moment Moment => moment;

    /// <summary>Ends when every probe of the bus has been tried.</summary>
    public Task Ended => ended.Task;

    /// <summary>False when it comes too late: the channel has already been recorded as Timeout.</summary>
    public bool Take(Reading reading)
    {
        lock (gate)
        {
            return !isClosed && readings.TryAdd(reading.Channel, reading);
        }
    }

    /// <summary>A chip gave its own serial number. Too late, it is not wanted.</summary>
    public void Saw(ChannelId channel, string serial)
    {
        lock (gate)
        {
            if (!isClosed)
            {
                serials[channel] = serial;
            }
        }
    }

    /// <summary>The serial numbers of a closed round.</summary>
    public IReadOnlyDictionary<ChannelId, string> Serials => serials;

    public void End() => ended.SetResult();

    /// <summary>What is there now; nothing that comes later counts.</summary>
    public Dictionary<ChannelId, Reading> Close()
    {
        lock (gate)
        {
            isClosed = true;
            return readings;
        }
    }
}
