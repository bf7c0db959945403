using Evidence;

namespace Gateway.Hosting;

/// <summary>Gives moments: uptime from the monotonic clock, wall time with its trust.</summary>
/// <param name="clock">Both clocks.</param>
/// <param name="boot">How often the gateway has started.</param>
/// <param name="read">Asks the kernel about the wall clock: <see cref="ClockSource.Read"/>.</param>
/// <param name="unsetMs">This session's own part of a clock that nobody has set; by chance, 0 to <see cref="Moment.UnsetMsMax"/>.</param>
public sealed class MomentClock(TimeProvider clock, uint boot, Func<ClockState> read, int unsetMs)
{
    private readonly long started = clock.GetTimestamp();

    public Moment Now()
    {
        var state = read();
        var uptimeMs = (long)clock.GetElapsedTime(started).TotalMilliseconds;
        return Moment.FromClocks(boot, uptimeMs, clock.GetUtcNow().ToUnixTimeMilliseconds(), state.Trust, state.ErrorMs, unsetMs);
    }
}

/// <summary>The times at which rounds are due: whole multiples of the interval on the monotonic clock. A missed slot is never filled
/// later.</summary>
/// <param name="intervalMs">Time from one slot to the next, 1 or more.</param>
public sealed class SlotGrid(int intervalMs)
{
    /// <summary>The newest slot that was taken; −1 before the first.</summary>
    public long Taken { get; private set; } = -1;

    /// <summary>Takes the slot that is due at this uptime.</summary>
    /// <param name="missed">How many slots passed untaken before it.</param>
    /// <returns>False when the newest slot is taken already.</returns>
    public bool TryTake(long uptimeMs, out long missed)
    {
        var slot = uptimeMs / intervalMs;
        missed = Math.Max(0, slot - Taken - 1);
        if (slot <= Taken)
        {
            return false;
        }

        Taken = slot;
        return true;
    }

    /// <summary>Milliseconds until the next slot; 0 when it is due.</summary>
    public long UntilNextMs(long uptimeMs) => Math.Max(0, ((Taken + 1) * intervalMs) - uptimeMs);
}
