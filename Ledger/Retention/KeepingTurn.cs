using System.Data.Common;
using Ledger.Hosting;
using Microsoft.EntityFrameworkCore;

namespace Ledger.Retention;

/// <summary>Lets retention work once at the start and once a day, and says when the disk budget is passed.</summary>
public sealed partial class KeepingTurn(LedgerCore core, RunOptions options, ILogger<KeepingTurn> log) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromHours(24);
    private const double FreeShareMin = 0.1;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var keeping = new Keeping(core.Store, core.Log, options.Data, options.KeepYears, core.Clock);
        using var timer = new PeriodicTimer(Period, TimeProvider.System);
        try
        {
            do
            {
                await Task.Run(() => Turn(keeping, stoppingToken), stoppingToken);
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            return; // The orderly stop; a month goes whole or not at all.
        }
    }

    private void Turn(Keeping keeping, CancellationToken stop)
    {
        try
        {
            foreach (var removal in keeping.Run(stop))
            {
                Removed(log, removal.Gateway, removal.First, removal.Last, removal.Years);
            }

            var (used, disk) = (keeping.UsedBytes, new DriveInfo(Path.GetFullPath(options.Data)));
            if (used > options.BudgetMegabytes * 1_000_000L)
            {
                OverBudget(log, used / 1_000_000, options.BudgetMegabytes);
            }

            // F-44: told while there is time; a full disk only makes the ledger answer "later".
            if (disk.AvailableFreeSpace < FreeShareMin * disk.TotalSize)
            {
                LittleRoom(log, disk.AvailableFreeSpace / 1_000_000, disk.TotalSize / 1_000_000);
            }
        }
        catch (Exception fault) when (fault is ConfigurationException or IOException or DbException or DbUpdateException or UnauthorizedAccessException)
        {
            NotNow(log, fault.Message);
        }
    }

    [LoggerMessage(2601, LogLevel.Information, "Retention: the readings of gateway {Gateway}, batches {First} to {Last}, are older than {Years} years "
        + "and removed; their headers stay in the public log.")]
    private static partial void Removed(ILogger log, Evidence.GatewayId gateway, long first, long last, int years);

    [LoggerMessage(2602, LogLevel.Warning, "The ledger's files take {Used} MB, its budget is {Budget} MB (budgetMegabytes). Nothing younger than "
        + "keepYears is removed by itself: give it more disk, or shorten keepYears.")]
    private static partial void OverBudget(ILogger log, long used, int budget);

    [LoggerMessage(2603, LogLevel.Warning, "The ledger's disk has {Free} MB free of {Total} MB. When it is full, gateways are told \"later\" and keep "
        + "what they have. Free some space.")]
    private static partial void LittleRoom(ILogger log, long free, long total);

    [LoggerMessage(2604, LogLevel.Error, "Retention could not work and tries again tomorrow: {Reason}")]
    private static partial void NotNow(ILogger log, string reason);
}
