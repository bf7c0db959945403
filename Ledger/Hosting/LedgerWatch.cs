using Microsoft.Extensions.Hosting.Systemd;

namespace Ledger.Hosting;

/// <summary>Stops the process when an invariant broke, and tells systemd that work is done, from work that was really done.</summary>
public sealed partial class LedgerWatch(LedgerCore core, IHostApplicationLifetime lifetime, ILogger<LedgerWatch> log,
    IServiceProvider services) : BackgroundService
{
    /// <summary>How often the ledger proves to itself that it still reads its disk, when nobody sends anything. systemd's limit is 60
    /// s.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(15);

    /// <summary>Whether the sequencer ended by a broken invariant.</summary>
    public bool IsBroken => core.Sequencer.Ended.IsFaulted;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var notifier = services.GetService<ISystemdNotifier>(); // Not registered outside systemd.
        using var timer = new PeriodicTimer(Period, TimeProvider.System);
        try
        {
            do
            {
                if (IsBroken)
                {
                    Broken(log, core.Sequencer.Ended.Exception!.InnerException);
                    lifetime.StopApplication();
                    return;
                }

                if (LedgerHealth.Trouble(core) is { } trouble)
                {
                    NotReady(log, trouble);
                }
                else
                {
                    // The store answered and the log's head was read: a completed piece of work.
                    notifier?.Notify(new ServiceState("WATCHDOG=1"));
                }
            }
            while (await Next(timer, stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            return; // The orderly stop.
        }
    }

    private async Task<bool> Next(PeriodicTimer timer, CancellationToken stopping)
    {
        var tick = timer.WaitForNextTickAsync(stopping).AsTask();
        await Task.WhenAny(tick, core.Sequencer.Ended);
        return core.Sequencer.Ended.IsCompleted ? !stopping.IsCancellationRequested && IsBroken : await tick;
    }

    [LoggerMessage(2101, LogLevel.Critical, "The ledger stops: an invariant does not hold.")]
    private static partial void Broken(ILogger log, Exception? fault);

    [LoggerMessage(2102, LogLevel.Error, "The ledger is not ready: {Trouble}")]
    private static partial void NotReady(ILogger log, string trouble);
}
