using System.Threading.Channels;
using Evidence;
using Evidence.Log;
using Ledger.Log;
using Ledger.Store;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace Ledger.Admission;

/// <summary>What asking the sequencer gave.</summary>
/// <param name="Receipt">The tlog-proof; null when the round failed and the statement must be sent again.</param>
/// <param name="Trouble">Why there is no receipt.</param>
public readonly record struct Sequenced(string? Receipt, string Trouble);

/// <summary>Gives admitted statements their places and publishes them, many in one round: one commit of the store, one publication of the
/// log.</summary>
/// <remarks>
/// Promises, in order. Sequenced: the store has committed the places; a crash from here on loses nothing, because the next round (or the
/// next start)
/// publishes what the store has and the log has not. Integrated and published: <see cref="TiledLog.Publish"/>. Only then is a receipt
/// given.
/// A round that fails leaves every waiter without receipt and <see cref="Epoch"/> raised: whoever reasoned from unfinished rounds must
/// look again.
/// </remarks>
public sealed class Sequencer : IAsyncDisposable
{
    /// <summary>Most statements of one round: one full bundle of the log.</summary>
    public const int PoolMax = LogTile.FullWidth;

    /// <summary>Most statements waiting for a round; who comes then waits before its statement is taken.</summary>
    public const int WaitingMax = 4 * PoolMax;

    private readonly LedgerStore store;
    private readonly TiledLog log;
    private readonly LedgerMeter meter;
    private readonly TimeProvider clock;
    private readonly Channel<Waiter> waiting;
    private readonly Task loop;
    private readonly ReceiptLinks links;
    private long nextIndex;
    private int epoch;
    private bool stale;

    private Sequencer(LedgerStore store, TiledLog log, LedgerMeter meter, TimeProvider clock)
    {
        this.store = store;
        this.log = log;
        this.meter = meter;
        this.clock = clock;
        links = new(store);
        waiting = Channel.CreateBounded<Waiter>(new BoundedChannelOptions(WaitingMax)
        {
            SingleReader = true,
            FullMode =
            BoundedChannelFullMode.Wait
        });
        CatchUp();
        loop = Task.Run(Rounds);
    }

    /// <summary>Why nothing is logged any more although the process goes on; empty while it is.</summary>
    public string Halted { get; private set; } = "";

    /// <summary>How many rounds failed so far.</summary>
    public int Epoch => Volatile.Read(ref epoch);

    /// <summary>Completed when the sequencer ends; faulted when an invariant broke, and then the process must stop.</summary>
    public Task Ended => loop;

    /// <summary>No entry that is admitted from now on gets a lower place.</summary>
    public long NextIndexFloor => Volatile.Read(ref nextIndex);

    /// <summary>Rounds that ended well since the start: what the watchdog counts as work done.</summary>
    public long RoundsDone { get; private set; }

    /// <summary>Publishes what an earlier process sequenced and did not publish, and starts.</summary>
    /// <exception cref="EvidenceBrokenException">Store and log do not belong together.</exception>
    public static Sequencer Start(LedgerStore store, TiledLog log, LedgerMeter meter, TimeProvider clock) => new(store, log, meter, clock);

    /// <summary>Puts a statement into the next round. The outer task ends when its place in the queue is certain, the inner one with its
    /// receipt.</summary>
    /// <param name="admittedIn">The <see cref="Epoch"/> in which it was admitted.</param>
    public Task<Task<Sequenced>> Add(AdmittedStatement statement, int admittedIn, CancellationToken cancellation) => Halted.Length > 0
        ? Task.FromResult(Task.FromResult(new Sequenced(null, Halted))) : Enqueue(new(statement, null, admittedIn), cancellation);

    /// <summary>Logs nothing from now on: each new checkpoint would be a second history. What is logged can still be read.</summary>
    public void Halt(string why) => Halted = why;

    /// <summary>Asks for the receipt of an entry that has its place already, publishing it first when that is still to do.</summary>
    public Task<Task<Sequenced>> Receipt(long index, CancellationToken cancellation) => Enqueue(new(null, index, Epoch), cancellation);

    public async ValueTask DisposeAsync()
    {
        waiting.Writer.TryComplete();
        // Whoever runs the ledger watches Ended; here it only has to be over.
        await loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task<Task<Sequenced>> Enqueue(Waiter waiter, CancellationToken cancellation)
    {
        try
        {
            await waiting.Writer.WriteAsync(waiter, cancellation).ConfigureAwait(false);
        }
        catch (ChannelClosedException)
        {
            Refuse([waiter], "The ledger is stopping; send again.");
        }

        return waiter.Done.Task;
    }

    private async Task Rounds()
    {
        var pool = new List<Waiter>(PoolMax);
        try
        {
            while (await waiting.Reader.WaitToReadAsync().ConfigureAwait(false))
            {
                while (pool.Count < PoolMax && waiting.Reader.TryRead(out var waiter))
                {
                    pool.Add(waiter);
                }

                Round(pool);
                pool.Clear();
            }
        }
        finally
        {
            waiting.Writer.TryComplete();
            Refuse(pool, "The ledger has stopped; an operator must look at it.");
            while (waiting.Reader.TryRead(out var waiter))
            {
                Refuse([waiter], "The ledger has stopped; an operator must look at it.");
            }
        }
    }

    private void Round(List<Waiter> pool)
    {
        var started = clock.GetTimestamp();
        try
        {
            if (stale)
            {
                CatchUp();
            }

            // F-90: what waited in the queue when the log was found behind its own checkpoint is not published either.
            var fresh = pool.Where(waiter => waiter.Statement is not null && waiter.Epoch == epoch && Halted.Length == 0).ToList();
            SequenceAndPublish(fresh);
            Answer(pool);
            RoundsDone++;
            meter.RoundEnded(clock.GetElapsedTime(started), fresh.Count, log.Head.Size);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or DbUpdateException or SqliteException)
        {
            // Whether the failed step took effect is unknown. Nobody gets a receipt; the next round reads both stores back and goes on
            // from there.
            stale = true;
            Interlocked.Increment(ref epoch);
            meter.RoundFailed(fault);
            Refuse(pool, "The ledger could not write to its disk; send again later.");
        }
    }

    private void SequenceAndPublish(List<Waiter> fresh)
    {
        if (fresh.Count == 0)
        {
            return;
        }

        store.Sequence(nextIndex, [.. fresh.Select(waiter => waiter.Statement!)], Superseded());
        for (var i = 0; i < fresh.Count; i++)
        {
            fresh[i].Index = nextIndex + i;
        }

        Volatile.Write(ref nextIndex, nextIndex + fresh.Count);
        log.Publish([.. fresh.Select(waiter => waiter.Statement!.Statement.Bytes.AsMemory())]);
    }

    private void Answer(List<Waiter> pool)
    {
        var provers = new Dictionary<long, LogProver>();
        foreach (var waiter in pool)
        {
            if (waiter.Index is not { } index)
            {
                waiter.Done.TrySetResult(new(null, "An earlier statement could not be logged; send again."));
                continue;
            }

            waiter.Done.TrySetResult(new(ReceiptOf(waiter, index, provers), ""));
        }
    }

    private string ReceiptOf(Waiter waiter, long index, Dictionary<long, LogProver> provers)
    {
        ReadOnlyMemory<byte>? entry = waiter.Statement?.Statement.Bytes.AsMemory();
        // Asked again, the ledger shows the checkpoint that logged the entry first: its time is the bound that a verifier wants.
        var note = entry is null && store.CheckpointOver(index) is { } kept ? SignedNote.Parse(kept.Note) : log.Head.Note!;
        var size = Checkpoint.Parse(note.Text).Size;
        if (!provers.TryGetValue(size, out var prover))
        {
            prover = log.Prover(size);
            provers.Add(size, prover);
        }

        entry ??= store.Entry(index) ?? throw new EvidenceBrokenException($"Entry {index} is not in the store. Run `ledger fsck`.");
        return TiledLog.Receipt(prover, note, index, entry.Value.Span, links.Before(waiter.Statement, entry.Value, index, size));
    }

    /// <summary>The one way from "unknown" to "known", at start and after a failed round.</summary>
    private void CatchUp()
    {
        log.Load();
        var next = store.NextIndex();
        var size = log.Head.Size;
        if (size > next)
        {
            throw new EvidenceBrokenException($"The log has {size} entries, the store only {next}: the database was lost or restored " +
                $"from an old copy. " +
                "Nothing is written until the right one is back; a new database needs a new log with a new key.");
        }

        if (size > 0 && log.LastLeaf() != LogTree.LeafHash(store.Entry(size - 1)))
        {
            throw new EvidenceBrokenException($"Entry {size - 1} differs between log and store: they do not belong together. Run `ledger " +
                $"fsck`.");
        }

        log.Publish(store.EntriesFrom(size));
        Volatile.Write(ref nextIndex, next);
        stale = false;
    }

    private CheckpointRow? Superseded() => log.Head is { Note: { } note, Checkpoint: { } checkpoint, Bytes: { } bytes }
        ? new() { Size = checkpoint.Size, NoteDigest = Digest.Of(bytes), Note = note.ToString() }
        : null;

    private static void Refuse(List<Waiter> pool, string trouble)
    {
        foreach (var waiter in pool)
        {
            waiter.Done.TrySetResult(new(null, trouble));
        }
    }

    private sealed class Waiter(AdmittedStatement? statement, long? index, int epoch)
    {
        public AdmittedStatement? Statement { get; } = statement;

        public int Epoch { get; } = epoch;

        public long? Index { get; set; } = index;

        public TaskCompletionSource<Sequenced> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
