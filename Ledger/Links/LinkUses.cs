using Evidence;

namespace Ledger.Links;

/// <summary>Counts uses of links into entries of the log: at most one entry a link in each minute, whatever a crawler does.</summary>
/// <remarks>
/// The first use after a quiet minute is in the log before anything is shown. Uses in the minute after it are counted in memory and logged as
/// one entry at its end, and the next minute begins. An orderly stop logs what is counted; a crash loses at most the count of that minute.
/// </remarks>
/// <param name="desk">Writes the entries.</param>
/// <param name="wall">The time that entries carry.</param>
/// <param name="pace">Measures the minute; its monotonic clock only.</param>
public sealed partial class LinkUses(LinkDesk desk, TimeProvider wall, TimeProvider pace, ILogger<LinkUses> log) : IAsyncDisposable
{
    /// <summary>How long uses of one link are counted into one entry.</summary>
    public static readonly TimeSpan Fold = TimeSpan.FromMinutes(1);

    private readonly Lock guard = new();
    private readonly Dictionary<LinkId, Minute> minutes = [];

    /// <summary>Takes note of one use. When it returns, this use or the one that opened its minute is in the log.</summary>
    /// <exception cref="LinkRefusedException">It could not be logged: show nothing.</exception>
    public async Task Note(LinkId link, ShownForms shown)
    {
        Minute minute;
        var nowMs = wall.GetUtcNow().ToUnixTimeMilliseconds();
        lock (guard)
        {
            if (minutes.TryGetValue(link, out var running))
            {
                minute = running;
                minute.Count(nowMs, shown);
            }
            else
            {
                minute = new(pace.GetTimestamp());
                minute.Logged = Task.Run(() => Write(link, new(nowMs, nowMs, 1, shown)));
                minutes.Add(link, minute);
            }
        }

        try
        {
            await minute.Logged.ConfigureAwait(false);
        }
        catch (LinkRefusedException)
        {
            lock (guard)
            {
                if (minutes.TryGetValue(link, out var running) && running == minute)
                {
                    minutes.Remove(link);
                }
            }

            throw;
        }
    }

    /// <summary>Logs what was counted in minutes that have ended. Called every few seconds.</summary>
    public async Task Turn(bool isEnd = false)
    {
        foreach (var (link, uses) in Ended(isEnd))
        {
            try
            {
                await Write(link, uses).ConfigureAwait(false);
            }
            catch (LinkRefusedException fault)
            {
                NotLogged(log, uses.Count, link, fault.Message);
                lock (guard)
                {
                    Running(link).Add(uses); // Counted again at the next turn: a full disk does not make uses disappear.
                }
            }
        }
    }

    /// <summary>Logs what this link has counted so far, so that its revocation comes after it.</summary>
    public async Task Close(LinkId link)
    {
        UseCount uses;
        lock (guard)
        {
            uses = minutes.TryGetValue(link, out var minute) ? minute.Take() : default;
        }

        if (uses.Count > 0)
        {
            await Write(link, uses).ConfigureAwait(false);
        }
    }

    public async ValueTask DisposeAsync() => await Turn(isEnd: true).ConfigureAwait(false);

    private Task<long> Write(LinkId link, UseCount uses) => desk.Use(link, uses, CancellationToken.None);

    private List<(LinkId Link, UseCount Uses)> Ended(bool isEnd)
    {
        var due = new List<(LinkId, UseCount)>();
        lock (guard)
        {
            foreach (var (link, minute) in minutes.ToList())
            {
                if (!isEnd && (pace.GetElapsedTime(minute.Started) < Fold || !minute.Logged.IsCompleted))
                {
                    continue;
                }

                if (minute.Take() is { Count: > 0 } uses)
                {
                    due.Add((link, uses));
                    minute.Started = pace.GetTimestamp();
                }
                else
                {
                    minutes.Remove(link);
                }
            }
        }

        return due;
    }

    private Minute Running(LinkId link)
    {
        if (!minutes.TryGetValue(link, out var minute))
        {
            minute = new(pace.GetTimestamp());
            minutes.Add(link, minute);
        }

        return minute;
    }

    [LoggerMessage(2301, LogLevel.Warning, "{Count} uses of link {Link} are not in the log yet, and are tried again: {Trouble}")]
    private static partial void NotLogged(ILogger log, long count, LinkId link, string trouble);

    private sealed class Minute(long started)
    {
        private UseCount uses;

        public long Started { get; set; } = started;

        /// <summary>The entry of the use that opened it.</summary>
        public Task Logged { get; set; } = Task.CompletedTask;

        public void Count(long nowMs, ShownForms shown) => Add(new(nowMs, nowMs, 1, shown));

        public void Add(UseCount more) => uses = uses.Count == 0 ? more
            : new(Math.Min(uses.FirstMs, more.FirstMs), Math.Max(uses.LastMs, more.LastMs), uses.Count + more.Count, uses.Shown | more.Shown);

        public UseCount Take()
        {
            var taken = uses;
            uses = default;
            return taken;
        }
    }
}

/// <summary>Turns the minutes of <see cref="LinkUses"/> over while the ledger runs.</summary>
public sealed class LinkUsesTurn(LinkUses uses) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, TimeProvider.System);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await uses.Turn();
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            return; // What is counted is logged when the uses are disposed of, after the last request.
        }
    }
}
