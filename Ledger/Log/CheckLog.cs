using System.Collections.Immutable;
using Evidence;
using Evidence.Log;
using Ledger.Retention;
using Ledger.Store;
using Microsoft.EntityFrameworkCore;

namespace Ledger.Log;

/// <summary>What <see cref="CheckLog"/> found.</summary>
/// <param name="Problems">One sentence each; empty when everything derives again.</param>
public sealed record LogFindings(long Entries, long Batches, long Checkpoints, ImmutableArray<string> Problems)
{
    /// <summary>Batches whose readings retention has removed.</summary>
    public long Removed { get; init; }
}

/// <summary>Derives the log's tree from its raw entries, compares it with every tile, every kept checkpoint and the store, and every
/// batch's root with its body.</summary>
/// <param name="disk">The log's directory; only read.</param>
public sealed class CheckLog(LogDisk disk, LogKeys keys)
{
    private readonly List<string> problems = [];
    private IReadOnlyList<Removal> removals = [];
    private long removed;

    /// <summary>Checks everything. Takes as long as reading all of it twice.</summary>
    /// <param name="store">The database.</param>
    /// <param name="gone">What retention has written down as removed.</param>
    public LogFindings Run(LedgerStore store, params IReadOnlyList<Removal> gone)
    {
        problems.Clear();
        (removals, removed) = (gone, 0);
        long entries = 0, batches = 0, checkpoints = 0;
        try
        {
            var head = disk.Read(LogDisk.CheckpointName) is { } bytes ? LogHead.Read(bytes, keys) : LogHead.None;
            var leaves = ReadEntries(head.Size, store);
            entries = leaves.Count;
            CheckPublished(head, store);
            checkpoints = CheckHeads(head, leaves, store);
            CheckTiles(leaves, head.Size);
            batches = CheckBatches(store);
            CheckDisclosures(store);
            CheckReleases(store);
        }
        catch (Exception fault) when (fault is EvidenceBrokenException or MalformedEvidenceException)
        {
            problems.Add(fault.Message);
        }

        return new(entries, batches, checkpoints, [.. problems]) { Removed = removed };
    }

    private void CheckPublished(LogHead head, LedgerStore store)
    {
        using var context = store.Read();
        if (head.Note is null && context.Checkpoints.Any())
        {
            problems.Add("The log's checkpoint file is missing, though checkpoints were published.");
        }

        var rows = context.Entries.Count();
        if (rows < head.Size)
        {
            problems.Add($"The log has {head.Size} entries, the database only {rows}: it was lost or restored from an old copy. Restore the " +
                "newest copy; the log's own files are the witness of what it must hold.");
        }
    }

    private List<Digest> ReadEntries(long size, LedgerStore store)
    {
        var leaves = new List<Digest>();
        for (long first = 0; first < size; first += LogTile.FullWidth)
        {
            var tile = LogTile.At(0, first / LogTile.FullWidth, size);
            if ((disk.Read(tile.EntriesPath) ?? disk.Read((tile with { Width = LogTile.FullWidth }).EntriesPath)) is not { } bytes)
            {
                throw new EvidenceBrokenException($"{tile.EntriesPath} is missing.");
            }

            var stored = store.EntriesFrom(first, tile.Width);
            var logged = EntryBundle.Read(bytes, tile.Width);
            for (var i = 0; i < logged.Length; i++)
            {
                if (i >= stored.Count || !logged[i].Span.SequenceEqual(stored[i].Span))
                {
                    problems.Add($"Entry {first + i} is not the same in log and store.");
                }

                leaves.Add(LogTree.LeafHash(logged[i].Span));
            }
        }

        return leaves;
    }

    private long CheckHeads(LogHead head, List<Digest> leaves, LedgerStore store)
    {
        using var context = store.Read();
        var notes = context.Checkpoints.OrderBy(row => row.Size).ToList();
        var edge = LogEdge.Empty;
        foreach (var note in notes.Select(row => LogHead.Read(System.Text.Encoding.UTF8.GetBytes(row.Note), keys)).Append(head))
        {
            if (note.Size > leaves.Count || note.Size < edge.Size)
            {
                problems.Add($"A checkpoint over {note.Size} entries was published; the log has {leaves.Count}.");
                continue;
            }

            edge = edge.Append(leaves.GetRange((int)edge.Size, (int)(note.Size - edge.Size)).ToArray()).Edge;
            if (note.Checkpoint is { } checkpoint && checkpoint.Root != edge.Root)
            {
                problems.Add($"The entries give root {edge.Root.ToShortString()} for size {note.Size}; its checkpoint signs " +
                    $"{checkpoint.Root.ToShortString()}.");
            }
        }

        return notes.Count + (head.Note is null ? 0 : 1);
    }

    private void CheckTiles(List<Digest> leaves, long size)
    {
        var levels = new List<List<Digest>> { leaves };
        foreach (var tile in LogTile.AllOf(size))
        {
            if (tile.Level == levels.Count)
            {
                levels.Add([.. levels[^1].Chunk(LogTile.FullWidth).Where(chunk => chunk.Length == LogTile.FullWidth)
                    .Select(chunk => LogTree.Root(chunk))]);
            }

            var expected = levels[tile.Level].Skip((int)(tile.Index * LogTile.FullWidth)).Take(tile.Width)
                .SelectMany(hash => hash.ToBytes()).ToArray();
            var found = disk.Read(tile.Path) ?? disk.Read((tile with { Width = LogTile.FullWidth }).Path);
            if (found is null || found.Length < expected.Length || !found.AsSpan(0, expected.Length).SequenceEqual(expected))
            {
                problems.Add($"{tile.Path} is {(found is null ? "missing" : "not what the entries give")}.");
            }
        }
    }

    private long CheckBatches(LedgerStore store)
    {
        using var context = store.Read();
        var manifests = context.Manifests
            .Join(context.Entries, row => row.LogIndex, entry => entry.LogIndex, (row, entry) => new { entry.Statement, row.Openings })
            .AsEnumerable().Select(found => Statement.Decode(found.Statement).With([.. found.Openings]))
            .ToDictionary(statement => statement.PayloadDigest, statement => Manifest.Decode(statement));
        long count = 0;
        var previous = new Dictionary<Guid, (long Number, Digest Digest)>();
        foreach (var (row, bytes) in context.Batches.OrderBy(row => row.Gateway).ThenBy(row => row.Number)
            .Join(context.Entries, row => row.LogIndex, entry => entry.LogIndex, (row, entry) => new { Row = row, entry.Statement })
            .OrderBy(found => found.Row.LogIndex).AsEnumerable().Select(found => (found.Row, found.Statement)))
        {
            count++;
            CheckBatch(row, Statement.Decode(bytes), manifests, previous);
        }

        return count;
    }

    /// <summary>Salt and content of each entry about a link give the hash that stands in the log, and each link's entries follow each
    /// other.</summary>
    private void CheckDisclosures(LedgerStore store)
    {
        using var context = store.Read();
        var tips = new Dictionary<Guid, (long Number, Digest Digest)>();
        foreach (var (row, bytes) in context.Disclosures
            .Join(context.Entries, row => row.LogIndex, entry => entry.LogIndex, (row, entry) => new { Row = row, entry.Statement })
            .OrderBy(found => found.Row.LogIndex).AsEnumerable().Select(found => (found.Row, found.Statement)))
        {
            var (statement, content) = (Statement.Decode(bytes), Disclosure.Decode(row.Content));
            var (number, previous) = tips.TryGetValue(row.Link, out var tip) ? (tip.Number + 1, tip.Digest) : (0, default);
            if (Disclosure.ReadCommitment(statement) != Disclosure.Commit(row.Salt, row.Content) || content.Link.Value != row.Link
                || (content.Number, content.Previous) != (number, previous))
            {
                problems.Add($"What opens entry {row.LogIndex}, about link {row.Link}, does not belong to it.");
            }

            tips[row.Link] = (content.Number, statement.PayloadDigest);
        }
    }

    /// <summary>Each row about a software release or its withdrawal belongs to its entry.</summary>
    private void CheckReleases(LedgerStore store)
    {
        using var context = store.Read();
        foreach (var (row, bytes) in context.Releases
            .Join(context.Entries, row => row.LogIndex, entry => entry.LogIndex, (row, entry) => new { Row = row, entry.Statement })
            .AsEnumerable().Select(found => (found.Row, found.Statement)))
        {
            var statement = Statement.Decode(bytes);
            var name = statement.Kind switch
            {
                StatementKind.Release => SoftwareRelease.Decode(statement.Payload).Name,
                StatementKind.Withdrawal => ReleaseWithdrawal.Decode(statement.Payload).Name,
                _ => null,
            };
            if (statement.PayloadDigest != row.PayloadDigest || name != row.Name)
            {
                problems.Add($"Entry {row.LogIndex} is not the software release, or the withdrawal, that the database takes it for.");
            }
        }
    }

    private void CheckBatch(BatchRow row, Statement statement, Dictionary<Digest, Manifest> manifests, Dictionary<Guid,
        (long Number, Digest Digest)> previous)
    {
        var header = BatchHeader.Decode(statement.Payload);
        var name = $"Batch {row.Number} of gateway {row.Gateway}";
        if (header.Number != row.Number || header.Gateway.Value != row.Gateway || statement.PayloadDigest != row.PayloadDigest)
        {
            problems.Add($"{name} and its log entry {row.LogIndex} are not the same batch.");
            return;
        }

        if (previous.TryGetValue(row.Gateway, out var before) ? header.Number != before.Number + 1
            || header.Previous != before.Digest : !header.Previous.IsZero)
        {
            problems.Add($"{name} does not follow the batch before it.");
        }

        previous[row.Gateway] = (header.Number, statement.PayloadDigest);
        if (!manifests.TryGetValue(header.Manifest, out var manifest) || !statement.VerifiedBy(manifest.Key))
        {
            problems.Add($"{name} is not signed by the key of a logged manifest.");
            return;
        }

        if (row.Body.Length == 0)
        {
            removed++;
            if (!removals.Any(removal => removal.Gateway.Value == row.Gateway && removal.First <= row.Number && removal.Last >= row.Number))
            {
                problems.Add($"{name} has no readings, and retention has not removed them: the database was changed by hand. Restore the newest "
                    + "copy.");
            }

            return;
        }

        var body = BodyPacking.Unpack(row.Body);
        var root = body.LeafCount == header.LeafCount
            ? BatchTree.Root(BatchLeaves.Hashes(BatchLeaves.Build(body, header.OpenedMs, manifest.Channels)).AsSpan()) : default;
        if (root != header.Root)
        {
            problems.Add($"{name}: the stored body does not give the signed root.");
        }
    }
}
