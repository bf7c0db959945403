using Evidence;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Systemd;
using Sensors.Emulation;

namespace Gateway.Hosting;

/// <summary>Owns the timer and the thread on which every cycle runs. Real time: one round a slot, and the ledger's answers in
/// between.</summary>
public sealed class CycleService(Cycle cycle, MomentClock moments, SlotGrid slots, TimeProvider clock, ISystemdNotifier? systemd,
    EmulatedTruck? truck) : BackgroundService
{
    /// <summary>How long answers may lie in the inbox while batches wait.</summary>
    private const long DrainEveryMs = 200;

    /// <summary>How long the thread may sleep at most: bounds how old a "cycle completed" can be that systemd's watchdog hears
    /// of.</summary>
    private const long SleepMaxMs = 5_000;

    /// <summary>How long an orderly stop waits for the last batch's receipt. The batch is safe either way.</summary>
    private const long StopDrainMaxMs = 3_000;

    /// <summary>How often memory is given back at least, and at most: a few milliseconds' work.</summary>
    private const long TidyEveryMs = 60_000, TidyEveryMsMin = 5_000;

    /// <summary>So many bytes made since memory was given back are reason enough to do it before the minute is over.</summary>
    private const long TidyAfterBytes = 2 * 1024 * 1024;

    /// <summary>So many are reason enough to do it at once: a segment was folded, or somebody was given an export.</summary>
    private const long TidyAtOnceBytes = 4 * 1024 * 1024;

    private long tidiedMs, madeBytes;

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.Factory.StartNew(() => DriveWhileThereIsMemory(stoppingToken), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private void DriveWhileThereIsMemory(CancellationToken stop)
    {
        try
        {
            Drive(stop);
        }
        catch (Exception fault) when (LastWords.AreFor(fault))
        {
            LastWords.End(); // F-46
        }
    }

    private void Drive(CancellationToken stop)
    {
        using var wake = new AutoResetEvent(false);
        using var timer = clock.CreateTimer(_ => wake.Set(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        WaitHandle[] either = [wake, stop.WaitHandle];
        cycle.Start(moments.Now());
        while (!stop.IsCancellationRequested)
        {
            var now = moments.Now();
            if (slots.TryTake(now.UptimeMs, out var missed))
            {
                truck?.MoveTo(now.WallMs);
                cycle.Run(now, missed);
            }
            else
            {
                cycle.Drain(now);
            }

            Report();
            Tidy(now.UptimeMs);
            var sleepMs = Math.Min(slots.UntilNextMs(moments.Now().UptimeMs), cycle.IsWaiting ? DrainEveryMs : SleepMaxMs);
            timer.Change(TimeSpan.FromMilliseconds(sleepMs), Timeout.InfiniteTimeSpan);
            WaitHandle.WaitAny(either);
        }

        cycle.Stop(moments.Now());
        for (var until = moments.Now().UptimeMs + StopDrainMaxMs; cycle.IsWaiting && cycle.IsConnected && moments.Now().UptimeMs < until;)
        {
            timer.Change(TimeSpan.FromMilliseconds(DrainEveryMs), Timeout.InfiniteTimeSpan);
            wake.WaitOne();
            cycle.Drain(moments.Now());
        }
    }

    /// <summary>Gives the memory of past rounds back to the system, between two rounds, when there is time.</summary>
    /// <remarks>Left alone, the collector waits until a part as large as the processor's cache is full, twice what a gateway needs; with a
    /// hard limit instead, a long export would end the recording (docs/decisions/0093, 0095).</remarks>
    private void Tidy(long uptimeMs)
    {
        var (sinceMs, sinceBytes) = (uptimeMs - tidiedMs, GC.GetTotalAllocatedBytes(precise: false) - madeBytes);
        if (sinceMs >= TidyEveryMs || sinceBytes >= TidyAtOnceBytes || (sinceMs >= TidyEveryMsMin && sinceBytes >= TidyAfterBytes))
        {
            (tidiedMs, madeBytes) = (uptimeMs, sinceBytes + madeBytes);
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        }
    }

    /// <summary>Tells systemd that a cycle has been completed: a cycle that hangs tells nothing, and is restarted.</summary>
    private void Report()
    {
        systemd?.Notify(new ServiceState("WATCHDOG=1"));
        systemd?.Notify(new ServiceState("STATUS=" + cycle.Summary));
    }
}
