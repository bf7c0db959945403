using System.Collections.Immutable;
using System.Device.I2c;
using Evidence;

namespace Sensors;

/// <summary>All channels at one moment → one reading for each, always: step 3 of the straight line.</summary>
public sealed class Sampler : IDisposable
{
    /// <summary>How long a round may take when nothing else is asked for: 2 s. A stuck clock line holds the kernel for 8 s.</summary>
    public static readonly TimeSpan DefaultDeadline = TimeSpan.FromSeconds(2);

    private readonly ImmutableArray<BusReader> readers;
    private readonly ImmutableArray<ChannelId> channels;
    private readonly TimeProvider clock;
    private readonly TimeSpan deadline;

    /// <summary>Starts one reader thread a bus. No bus is opened before the first round.</summary>
    /// <param name="probes">Settings without problems; channels from 0 without a hole.</param>
    /// <param name="openBus">Opens /dev/i2c-N: <see cref="I2cBus.Create"/> on a truck, <c>EmulatedBus.Open</c> elsewhere.</param>
    /// <param name="clock">Owns the deadline.</param>
    /// <param name="deadline">How long a round may take; default <see cref="DefaultDeadline"/>.</param>
    /// <exception cref="ArgumentException">The settings have problems; the message names them.</exception>
    public Sampler(IReadOnlyCollection<ProbeSettings> probes, Func<int, I2cBus> openBus, TimeProvider clock, TimeSpan? deadline = null)
    {
        var problems = ProbeSettings.Problems(probes);
        if (!problems.IsEmpty)
        {
            throw new ArgumentException(string.Join(" ", problems), nameof(probes));
        }

        this.clock = clock;
        this.deadline = deadline ?? DefaultDeadline;
        Probes = [.. probes.OrderBy(probe => probe.Channel)];
        channels = [.. Probes.Select(probe => new ChannelId(probe.Channel))];
        readers = [.. Probes.GroupBy(probe => probe.Bus).Select(bus => new BusReader(bus.Key, [.. bus], openBus))];
    }

    /// <summary>The probes in the order of their channels.</summary>
    public ImmutableArray<ProbeSettings> Probes { get; }

    /// <summary>The serial numbers that the chips gave in the last round, in the order of the channels; null where a kind has none, or none
    /// was read. Empty before the first round.</summary>
    public ImmutableArray<string?> Serials { get; private set; } = [];

    /// <summary>Reads every channel. Returns at the deadline at the latest: a channel that has not answered by then is a Timeout,
    /// and so is, at once, every channel of a bus that is still stuck in an earlier round.</summary>
    /// <returns>One reading a channel, in the order of the channels, all at this moment.</returns>
    public ImmutableArray<Reading> Sample(Moment moment)
    {
        var rounds = readers.Select(reader => reader.Begin(moment)).OfType<BusRound>().ToArray();
        WaitFor(rounds);
        var readings = rounds.SelectMany(round => round.Close()).ToDictionary();
        Serials = [.. channels.Select(channel => rounds.Select(round => round.Serials.GetValueOrDefault(channel)).FirstOrDefault(
            serial => serial is not null))];
        return [.. channels.Select(channel =>
            readings.TryGetValue(channel, out var reading) ? reading : Reading.Missing(channel, moment, Outcome.Timeout))]; // F-07
    }

    /// <summary>Tells the reader threads to end. One that is stuck in the kernel ends when the kernel lets it go.</summary>
    public void Dispose()
    {
        foreach (var reader in readers)
        {
            reader.Dispose();
        }
    }

    private void WaitFor(BusRound[] rounds)
    {
        var ended = Task.WhenAll(rounds.Select(round => round.Ended));
        if (ended.IsCompleted)
        {
            return;
        }

        using var enough = new CancellationTokenSource();
        Task.WaitAny(ended, Task.Delay(deadline, clock, enough.Token));
        enough.Cancel();
    }
}
