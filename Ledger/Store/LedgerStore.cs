using System.Collections.Immutable;
using System.Globalization;
using Evidence;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace Ledger.Store;

/// <summary>One statement that passed admission, with the rows it brings.</summary>
/// <param name="Gateway">Whose link it came over; null for what the ledger itself logs.</param>
/// <param name="Statement">The entry of the log.</param>
/// <param name="Row">Makes the row that belongs to the entry, once its index is known.</param>
public sealed record AdmittedStatement(Guid? Gateway, Statement Statement, Func<long, object> Row);

/// <summary>One manifest of a gateway.</summary>
public sealed record KnownManifest(Digest PayloadDigest, Manifest Manifest);

/// <summary>What the store knows about one gateway when it is asked to admit its next statement.</summary>
/// <param name="Manifests">All its manifests, in log order.</param>
/// <param name="NextNumber">The batch number that must come next; null while no batch is logged.</param>
/// <param name="LastDigest">Payload digest of the last logged header; zero while there is none.</param>
/// <param name="NextSequences">Per channel the sequence number that must come next.</param>
public sealed record GatewayTip(ImmutableArray<KnownManifest> Manifests, long? NextNumber, Digest LastDigest,
    ImmutableArray<long> NextSequences);

/// <summary>The database: everything that was accepted, and what was refused. One writer, the sequencer, adds entries.</summary>
public sealed class LedgerStore
{
    private readonly LedgerContextFactory contexts;

    private LedgerStore(LedgerContextFactory contexts) => this.contexts = contexts;

    /// <summary>Opens the file, makes it when there is none, and brings an older one to this version's tables.</summary>
    /// <param name="path">The file. Whoever calls holds the directory's lock.</param>
    /// <exception cref="IOException">It cannot be opened; the message names the file and the reason.</exception>
    /// <exception cref="EvidenceBrokenException">It is no database, or a harmed one.</exception>
    public static LedgerStore Open(string path)
    {
        try
        {
            StoreFile.MakeReady(path);
            var contexts = new LedgerContextFactory(path);
            using var context = contexts.CreateDbContext();
            context.Database.Migrate();
            return new(contexts);
        }
        catch (Exception fault) when (fault.GetBaseException() is SqliteException refused)
        {
            StoreFile.Probe(path); // Not before: closing a file takes away the locks that this process's other connections hold on it.
            throw StoreFile.Told(path, refused);
        }
    }

    /// <summary>For reading; the caller disposes it.</summary>
    public LedgerContext Read() => contexts.CreateDbContext();

    /// <summary>Where the next entry goes.</summary>
    public long NextIndex()
    {
        using var context = Read();
        return context.Entries.Max(entry => (long?)entry.LogIndex) + 1 ?? 0;
    }

    /// <summary>Gives admitted statements their places, all or none, and keeps the checkpoint that is about to be replaced.</summary>
    /// <param name="firstIndex">Where the first goes.</param>
    /// <param name="pool">In the order in which they get their places.</param>
    /// <param name="superseded">The newest published checkpoint; null when it is kept already or there is none.</param>
    public void Sequence(long firstIndex, IReadOnlyList<AdmittedStatement> pool, CheckpointRow? superseded)
    {
        using var context = contexts.CreateDbContext();
        context.ChangeTracker.AutoDetectChangesEnabled = false;
        for (var i = 0; i < pool.Count; i++)
        {
            var (gateway, statement, row) = pool[i];
            context.Entries.Add(new()
            {
                LogIndex = firstIndex + i,
                Kind = statement.Kind,
                Gateway = gateway,
                PayloadDigest = statement.PayloadDigest,
                Statement = [.. statement.Bytes],
            });
            context.Add(row(firstIndex + i));
        }

        if (superseded is not null && !context.Checkpoints.Any(kept => kept.Size == superseded.Size))
        {
            context.Checkpoints.Add(superseded);
        }

        context.SaveChanges(); // From here the statements have their places for ever; publishing them can be repeated.
    }

    /// <summary>The entries from an index on, in order.</summary>
    public List<ReadOnlyMemory<byte>> EntriesFrom(long index, int countMax = int.MaxValue)
    {
        using var context = Read();
        return [.. context.Entries.Where(entry => entry.LogIndex >= index).OrderBy(entry => entry.LogIndex).Take(countMax)
            .Select(entry => entry.Statement).AsEnumerable().Select(bytes => new ReadOnlyMemory<byte>(bytes))];
    }

    public byte[]? Entry(long index)
    {
        using var context = Read();
        return context.Entries.Where(entry => entry.LogIndex == index).Select(entry => entry.Statement).FirstOrDefault();
    }

    public GatewayTip Tip(Guid gateway)
    {
        using var context = Read();
        var last = context.Batches.Where(batch => batch.Gateway == gateway).OrderByDescending(batch => batch.Number)
            .Select(batch => new { batch.Number, batch.PayloadDigest, batch.NextSequences }).FirstOrDefault();
        return new([.. ManifestStatements(context, gateway)
            .Select(found => new KnownManifest(found.Statement.PayloadDigest, Manifest.Decode(found.Statement)))],
            last?.Number + 1, last?.PayloadDigest ?? default, last is null ? [] : ReadSequences(last.NextSequences));
    }

    /// <summary>A logged batch's payload digest and place; null when none has this number.</summary>
    public (Digest PayloadDigest, long LogIndex)? FindBatch(Guid gateway, long number)
    {
        using var context = Read();
        var found = context.Batches.Where(batch => batch.Gateway == gateway && batch.Number == number)
            .Select(batch => new { batch.PayloadDigest, batch.LogIndex }).FirstOrDefault();
        return found is null ? null : (found.PayloadDigest, found.LogIndex);
    }

    /// <summary>Signed headers of a gateway from a number on, so many at most, and the newest one behind them.</summary>
    public List<ImmutableArray<byte>> Headers(Guid gateway, long from, int countMax)
    {
        using var context = Read();
        var batches = context.Batches.Where(batch => batch.Gateway == gateway);
        var newest = batches.OrderByDescending(batch => batch.Number).Take(1);
        return [.. batches.Where(batch => batch.Number >= from).OrderBy(batch => batch.Number).Take(countMax).Union(newest)
            .Join(context.Entries, batch => batch.LogIndex, entry => entry.LogIndex, (batch, entry) => new { batch.Number, entry.Statement })
            .OrderBy(found => found.Number).AsEnumerable().Select(found => ImmutableArray.Create(found.Statement))];
    }

    /// <summary>All manifests of a gateway with their places, in log order.</summary>
    public List<(Statement Statement, long LogIndex)> Manifests(Guid gateway)
    {
        using var context = Read();
        return ManifestStatements(context, gateway);
    }

    /// <summary>Over whose link an entry came; null for what the ledger itself logs.</summary>
    public Guid? GatewayOf(long index)
    {
        using var context = Read();
        return context.Entries.Where(entry => entry.LogIndex == index).Select(entry => entry.Gateway).FirstOrDefault();
    }

    /// <summary>Where the newest batch or manifest of a gateway before a place stands; null when there is none.</summary>
    /// <param name="below">The batch's own number; of a manifest, its first. It leads to the row without looking at all.</param>
    public long? PlaceBefore(Guid gateway, long index, long below)
    {
        using var context = Read();
        var batch = context.Batches.Where(row => row.Gateway == gateway && row.Number < below && row.LogIndex < index).OrderByDescending(row => row.Number)
            .Select(row => (long?)row.LogIndex).FirstOrDefault();
        var manifest = context.Manifests.Where(row => row.Gateway == gateway && row.LogIndex < index).Max(row => (long?)row.LogIndex);
        return batch is null || manifest > batch ? manifest : batch;
    }

    /// <summary>Where a manifest is logged; null when it is not.</summary>
    public long? FindManifest(Digest payload)
    {
        using var context = Read();
        return context.Manifests.Where(row => row.PayloadDigest == payload).Select(row => (long?)row.LogIndex).FirstOrDefault();
    }

    public bool HasConflict(Guid gateway, long number)
    {
        using var context = Read();
        return context.Conflicts.Any(conflict => conflict.Gateway == gateway && conflict.Number == number);
    }

    /// <summary>Whose manifest names a key; null when none does. Reads all manifests: for an operator, not for the road.</summary>
    public Guid? GatewayWithKey(string keyId)
    {
        using var context = Read();
        return context.Manifests.Join(context.Entries, row => row.LogIndex, entry => entry.LogIndex, (row, entry) => new { row.Gateway, entry.Statement })
            .AsEnumerable().FirstOrDefault(found => Manifest.Decode(Statement.Decode(found.Statement).Payload).Key.IdHex == keyId)?.Gateway;
    }

    /// <summary>All revocations, in log order.</summary>
    public List<RevocationRow> Revocations()
    {
        using var context = Read();
        return [.. context.Revocations.OrderBy(row => row.LogIndex)];
    }

    /// <summary>The signed revocation that takes a key back earliest; null when none does.</summary>
    public ImmutableArray<byte>? RevocationOf(string keyId)
    {
        using var context = Read();
        return context.Revocations.Where(row => row.KeyId == keyId).OrderBy(row => row.FromIndex)
            .Join(context.Entries, row => row.LogIndex, entry => entry.LogIndex, (row, entry) => entry.Statement).FirstOrDefault() is { } bytes
            ? ImmutableArray.Create(bytes) : null;
    }

    /// <summary>Where a revocation with this payload is logged; null when it is not.</summary>
    public long? FindRevocation(Digest payload)
    {
        using var context = Read();
        return context.Entries.Where(entry => entry.Kind == StatementKind.Revocation && entry.PayloadDigest == payload)
            .Select(entry => (long?)entry.LogIndex).FirstOrDefault();
    }

    /// <summary>Where a software release or a withdrawal with this payload is logged; null when it is not.</summary>
    public long? FindRelease(Digest payload)
    {
        using var context = Read();
        return context.Releases.Where(row => row.PayloadDigest == payload).Select(row => (long?)row.LogIndex).FirstOrDefault();
    }

    /// <summary>Software releases of a file of this name, or withdrawals of them, newest first, so many at most.</summary>
    /// <param name="kind"><see cref="StatementKind.Release"/> or <see cref="StatementKind.Withdrawal"/>.</param>
    public List<(byte[] Statement, long LogIndex)> Releases(string name, StatementKind kind, int countMax)
    {
        using var context = Read();
        return [.. context.Releases.Where(row => row.Name == name)
            .Join(context.Entries.Where(entry => entry.Kind == kind), row => row.LogIndex, entry => entry.LogIndex, (row, entry) => new { entry.Statement, entry.LogIndex })
            .OrderByDescending(found => found.LogIndex).Take(countMax).AsEnumerable().Select(found => (found.Statement, found.LogIndex))];
    }

    /// <summary>The smallest kept checkpoint that covers an entry: the one its first receipt was made from. Null when only the newest
    /// does.</summary>
    public CheckpointRow? CheckpointOver(long index)
    {
        using var context = Read();
        return context.Checkpoints.Where(row => row.Size > index).OrderBy(row => row.Size).FirstOrDefault();
    }

    /// <summary>How "next sequence numbers" stand in a row.</summary>
    public static string WriteSequences(IEnumerable<long> sequences) =>
        string.Join(',', sequences.Select(sequence => sequence.ToString(CultureInfo.InvariantCulture)));

    private static List<(Statement Statement, long LogIndex)> ManifestStatements(LedgerContext context, Guid gateway) =>
        [.. context.Manifests.Where(row => row.Gateway == gateway)
            .Join(context.Entries, row => row.LogIndex, entry => entry.LogIndex,
                (row, entry) => new { entry.Statement, row.Openings, entry.LogIndex })
            .OrderBy(found => found.LogIndex).AsEnumerable()
            .Select(found => (Statement.Decode(found.Statement).With([.. found.Openings]), found.LogIndex))];

    private static ImmutableArray<long> ReadSequences(string text) =>
        [.. text.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(part => long.Parse(part, CultureInfo.InvariantCulture))];
}
