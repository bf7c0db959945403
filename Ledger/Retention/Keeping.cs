using System.Collections.Immutable;
using System.Globalization;
using Evidence;
using Ledger.Authority;
using Ledger.Log;
using Ledger.Store;
using Microsoft.EntityFrameworkCore;

namespace Ledger.Retention;

/// <summary>How long the ledger keeps readings: whole calendar months of a gateway, oldest first, once all of a month is older than the policy.
/// The public log, headers and receipts never go.</summary>
/// <param name="store">The database.</param>
/// <param name="log">What is published: only what is anchored may go.</param>
/// <param name="data">The data directory.</param>
/// <param name="years">Years to keep, 1 to 100; 0 keeps for ever.</param>
/// <param name="clock">Whose time counts.</param>
public sealed class Keeping(LedgerStore store, TiledLog log, string data, int years, TimeProvider clock)
{
    /// <summary>Years that readings are kept when nothing else is said.</summary>
    public const int YearsDefault = 5;

    private const int ClockAheadDaysMax = 31;
    private readonly HoldBook holds = new(data);
    private readonly RemovalBook removals = new(data);

    /// <summary>Bytes of the database and the log's files.</summary>
    public long UsedBytes => new DirectoryInfo(data).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length);

    /// <summary>Removes what the policy lets go.</summary>
    /// <returns>What was removed now.</returns>
    /// <exception cref="Hosting.ConfigurationException">The holds cannot be read: nothing is removed.</exception>
    public ImmutableArray<Removal> Run(CancellationToken stop)
    {
        if (years == 0 || Cutoff() is not { } cutoff)
        {
            return [];
        }

        var removed = ImmutableArray.CreateBuilder<Removal>();
        foreach (var gateway in Gateways())
        {
            for (var month = FirstMonth(gateway, null); month is { } first && first.AddMonths(1) <= cutoff; month = FirstMonth(gateway,
                first.AddMonths(1)))
            {
                stop.ThrowIfCancellationRequested();
                if (Remove(new(gateway), first) is { } done)
                {
                    removed.Add(done);
                }
            }
        }

        return removed.ToImmutable();
    }

    /// <summary>Everything before this instant may go. A clock that ran ahead lets nothing go: it is held against the newest batch.</summary>
    private DateTimeOffset? Cutoff()
    {
        using var context = store.Read();
        if (context.Batches.Max(row => (long?)row.ClosedMs) is not { } newest)
        {
            return null;
        }

        var bound = DateTimeOffset.FromUnixTimeMilliseconds(newest).AddDays(ClockAheadDaysMax);
        var now = clock.GetUtcNow();
        return (now < bound ? now : bound).AddYears(-years);
    }

    private List<Guid> Gateways()
    {
        using var context = store.Read();
        return [.. context.Manifests.Select(row => row.Gateway).Distinct()];
    }

    /// <summary>The first month, from an instant on, in which a gateway still has readings.</summary>
    private DateTimeOffset? FirstMonth(Guid gateway, DateTimeOffset? from)
    {
        using var context = store.Read();
        var fromMs = from?.ToUnixTimeMilliseconds() ?? 0;
        var closedMs = context.Batches.Where(row => row.Gateway == gateway && row.ClosedMs >= fromMs && row.Body != BatchRow.NoBody)
            .OrderBy(row => row.ClosedMs).Select(row => (long?)row.ClosedMs).FirstOrDefault();
        return closedMs is { } ms && DateTimeOffset.FromUnixTimeMilliseconds(ms) is var time
            ? new DateTimeOffset(time.Year, time.Month, 1, 0, 0, 0, TimeSpan.Zero) : null;
    }

    private Removal? Remove(GatewayId gateway, DateTimeOffset month)
    {
        using var gate = holds.Enter();
        var (fromMs, endMs) = (month.ToUnixTimeMilliseconds(), month.AddMonths(1).ToUnixTimeMilliseconds());
        using var context = store.Read();
        var rows = context.Batches.Where(row => row.Gateway == gateway.Value && row.ClosedMs >= fromMs && row.ClosedMs < endMs);
        var span = rows.GroupBy(row => row.Gateway).Select(all => new
        {
            First = all.Min(row => row.Number),
            Last = all.Max(row => row.Number),
            FromMs = all.Min(row => row.OpenedMs),
            ToMs = all.Max(row => row.ClosedMs),
            LastIndex = all.Max(row => row.LogIndex),
        }).Single();
        // A month goes whole or stays whole: one held day keeps it.
        if (span.LastIndex >= log.Head.Size || holds.Read().Any(hold => hold.Gateway == gateway && hold.FromMs <= span.ToMs && hold.ToMs >= span.FromMs))
        {
            return null;
        }

        var removal = new Removal(gateway, span.First, span.Last, span.FromMs, span.ToMs, clock.GetUtcNow().ToUnixTimeMilliseconds(), years);
        removals.Add(removal); // Written down before it is done.
        Audit.Of(data, clock).Append("retention", $"readings are kept for {years} years", ("gateway", gateway.ToString()),
            ("month", month.ToString("yyyy-MM", CultureInfo.InvariantCulture)), ("first", span.First.ToString(CultureInfo.InvariantCulture)),
            ("last", span.Last.ToString(CultureInfo.InvariantCulture)));
        rows.ExecuteUpdate(change => change.SetProperty(row => row.Body, BatchRow.NoBody));
        return removal;
    }
}
