namespace Gateway.Tests.Simulation;

/// <summary>Both clocks of the truck: a monotonic one that is true, and a wall clock that lies as it is told to.</summary>
/// <remarks>A deadline is over only when the world says that time has passed: <see cref="Expire"/>. Whichever comes first, the timer or
/// the word, the outcome is the same, so that one seed gives one year.</remarks>
public sealed class WorldClock(long startMs) : TimeProvider
{
    private readonly Lock gate = new();
    private Action? waiting;
    private bool isExpired;

    /// <summary>Milliseconds since 1970 UTC by a clock that nobody in the truck has.</summary>
    public long TrueMs { get; private set; } = startMs;

    /// <summary>What the truck's wall clock is ahead of that.</summary>
    public long WallOffsetMs { get; set; }

    public override long TimestampFrequency => 1_000;

    public override long GetTimestamp() => TrueMs;

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.FromUnixTimeMilliseconds(Math.Max(0, TrueMs + WallOffsetMs));

    public void Advance(long ms)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(ms);
        TrueMs += ms;
    }

    /// <summary>The deadline that is being waited for, or will be in this round, is over.</summary>
    public void Expire()
    {
        lock (gate)
        {
            isExpired = true;
            waiting?.Invoke();
        }
    }

    /// <summary>A new round: its deadline is not over.</summary>
    public void BeginRound()
    {
        lock (gate)
        {
            (isExpired, waiting) = (false, null);
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        lock (gate)
        {
            var timer = new WaitingTimer(callback, state);
            waiting = timer.Fire;
            if (isExpired)
            {
                timer.Fire();
            }

            return timer;
        }
    }

    private sealed class WaitingTimer(TimerCallback callback, object? state) : ITimer
    {
        // On the pool, as the system's own timers: the waiter may hold locks of its own.
        public void Fire() => ThreadPool.QueueUserWorkItem(_ => callback(state));

        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
