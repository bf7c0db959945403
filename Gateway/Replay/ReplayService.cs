using Evidence;
using Gateway.Hosting;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Sensors.Emulation;

namespace Gateway.Replay;

/// <summary>Drives the same cycles through a logger's trip, as fast as the work allows. Time is the trip's; only waiting is real.</summary>
/// <remarks>
/// One call continues after the newest recorded moment to the end of that segment. At a gap the truck's power is cut: it waits there to
/// be killed, and the next process continues behind the gap, which its boot event declares.
/// </remarks>
public sealed class ReplayService(Cycle cycle, EmulatedTruck truck, ReplayTrip trip, ReplayClockFile? clockFile, uint boot,
    long? lastRecordedMs,
    TimeProvider clock, ILogger<ReplayService> log) : BackgroundService
{
    /// <summary>The replay waits when so many batches have no receipt: receipts must come, in the trip's time, within the policy's
    /// delay.</summary>
    public const int WaitingMax = 12;

    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan StopDrainMax = TimeSpan.FromSeconds(3);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.Factory.StartNew(() => Drive(stoppingToken), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private void Drive(CancellationToken stop)
    {
        using var wake = new AutoResetEvent(false);
        using var timer = clock.CreateTimer(_ => wake.Set(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        WaitHandle[] either = [wake, stop.WaitHandle];
        void Pause()
        {
            timer.Change(Glance, Timeout.InfiniteTimeSpan);
            WaitHandle.WaitAny(either);
        }

        var first = trip.Rows.TakeWhile(row => row.WallMs <= (lastRecordedMs ?? long.MinValue)).Count();
        var moment = MomentOf(Math.Min(first, trip.Rows.Length - 1), first);
        if (first < trip.Rows.Length)
        {
            clockFile?.Write(moment.WallMs);
        }

        cycle.Start(moment);
        var next = first;
        while (next < trip.Rows.Length && !stop.IsCancellationRequested && !IsGapBefore(next, first))
        {
            moment = MomentOf(next, first);
            truck.MoveTo(moment.WallMs);
            clockFile?.Write(moment.WallMs);
            next++;
            cycle.Replay = new("running", next, trip.Rows.Length);
            cycle.Run(moment, missed: 0);
            while (cycle.Waiting > WaitingMax && !stop.IsCancellationRequested)
            {
                Pause();
                cycle.Drain(moment);
            }
        }

        if (!stop.IsCancellationRequested)
        {
            EndOfSegment(next, moment);
        }

        while (!stop.IsCancellationRequested)
        {
            cycle.Drain(moment);
            Pause();
        }

        cycle.Stop(moment);
        // The stop's own batch is anchored too, if the ledger answers soon; it is safe either way.
        for (var started = clock.GetTimestamp(); cycle.IsWaiting && cycle.IsConnected && clock.GetElapsedTime(started) < StopDrainMax;)
        {
            timer.Change(Glance, Timeout.InfiniteTimeSpan);
            wake.WaitOne();
            cycle.Drain(moment);
        }
    }

    private void EndOfSegment(int next, Moment moment)
    {
        if (next < trip.Rows.Length)
        {
            cycle.Replay = new("at-gap", next, trip.Rows.Length);
            DaemonLog.AtGap(log, trip.Rows[next].WallMs - trip.Rows[next - 1].WallMs);
            return;
        }

        cycle.Replay = new("done", next, trip.Rows.Length);
        cycle.Seal(moment); // The open batch would wait for its age, and the trip's time stands still from here.
        DaemonLog.TripOver(log, next);
    }

    private bool IsGapBefore(int row, int first) => row > first && trip.Rows[row].WallMs - trip.Rows[row - 1].WallMs > 2 * trip.IntervalMs;

    /// <summary>The logger's own battery-backed clock; uptime counts from the first row after power came.</summary>
    private Moment MomentOf(int row, int first) =>
        new(boot, trip.Rows[row].WallMs - trip.Rows[Math.Min(first, row)].WallMs, trip.Rows[row].WallMs, ClockTrust.Rtc);
}
