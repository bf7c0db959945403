using System.Collections.Immutable;
using Evidence;
using Evidence.Log;

namespace Ledger.Log;

/// <summary>The C2SP tiled log as static files, and the only code that signs a checkpoint.</summary>
/// <remarks>
/// Order of promises in <see cref="Publish"/>: entries, tiles, (witnesses), checkpoint last. A checkpoint is never ahead of durable
/// entries, and a round
/// that was cut off anywhere is repeated by publishing the same entries again: the store fixed their order before the first byte was
/// written here.
/// Not safe for concurrent use: the sequencer owns it. <see cref="Head"/> may be read from anywhere.
/// </remarks>
public sealed class TiledLog
{
    private readonly LogDisk disk;
    private readonly LogKeys keys;
    private readonly TimeProvider clock;
    private readonly List<ReadOnlyMemory<byte>> openBundle = [];
    private LogEdge edge = LogEdge.Empty;
    private volatile LogHead head = LogHead.None;

    public TiledLog(LogDisk disk, LogKeys keys, TimeProvider clock)
    {
        this.disk = disk;
        this.keys = keys;
        this.clock = clock;
        Load();
    }

    /// <summary>The newest published checkpoint.</summary>
    public LogHead Head => head;

    /// <summary>Reads the log's end back from the disk: at start, and after any round that failed, so that recovery is the normal
    /// path.</summary>
    /// <exception cref="EvidenceBrokenException">The checkpoint is not signed by this log's key, or tiles and entries do not give its
    /// root.</exception>
    public void Load()
    {
        openBundle.Clear();
        if (disk.Read(LogDisk.CheckpointName) is not { } bytes)
        {
            edge = LogEdge.Empty;
            head = LogHead.None;
            return;
        }

        var loaded = LogHead.Read(bytes, keys);
        edge = Guarded(() => LogEdge.Load(loaded.Size, ReadTile));
        if (edge.Root != loaded.Checkpoint!.Root)
        {
            throw new EvidenceBrokenException($"The log's tiles give root {edge.Root.ToShortString()} for {loaded.Size} entries; its " +
                $"checkpoint signs " +
                $"{loaded.Checkpoint.Root.ToShortString()}. Run `ledger fsck`.");
        }

        LoadOpenBundle(loaded.Size);
        head = loaded;
    }

    /// <summary>Appends entries and publishes the checkpoint over them. When it returns, the entries are logged.</summary>
    /// <exception cref="IOException">The disk refused. How far the round got is unknown: call <see cref="Load"/> and publish the same
    /// entries again.</exception>
    /// <exception cref="EvidenceBrokenException">Another writer was here.</exception>
    public void Publish(IReadOnlyList<ReadOnlyMemory<byte>> entries)
    {
        if (entries.Count == 0)
        {
            return;
        }

        var before = head;
        var growth = edge.Append(entries.Select(entry => LogTree.LeafHash(entry.Span)).ToArray());
        WriteEntries(before.Size, entries);
        foreach (var tile in growth.Tiles)
        {
            disk.WriteOnce(tile.Tile.Path, tile.Bytes);
        }

        // Everything below this size is durable. A public log collects its witnesses' cosignatures HERE, on the signed note and before
        // anyone
        // can see it; this embedded log has none, and every verdict says so.
        var note = Sign(growth.Edge);
        disk.ReplaceCheckpoint(before.Bytes, note.ToBytes());
        edge = growth.Edge;
        head = new(note, Checkpoint.Parse(note.Text), note.ToBytes()); // From here a restart finds these entries logged.
        DropPartials(growth);
    }

    /// <summary>The receipt of one entry: a C2SP tlog-proof under a checkpoint of this log, checked before it leaves the house.</summary>
    /// <param name="prover">A prover of that checkpoint's size; see <see cref="Prover"/>.</param>
    /// <param name="note">That checkpoint.</param>
    /// <param name="index">The entry's place.</param>
    /// <param name="entry">Its bytes.</param>
    /// <param name="before">Size of the head that the receipt is joined with, 0 when it is a gateway's first; null for a receipt without a link.</param>
    /// <exception cref="EvidenceBrokenException">The tiles do not lead from the entry to the checkpoint's root.</exception>
    public static string Receipt(LogProver prover, SignedNote note, long index, ReadOnlySpan<byte> entry, long? before = null)
    {
        var proof = new TlogProof(index, Guarded(() => prover.Inclusion(index)), note);
        var check = LogTree.VerifyInclusion(LogTree.LeafHash(entry), index, proof.Checkpoint.Size, proof.Path.AsSpan(),
            proof.Checkpoint.Root);
        var link = before is { } from ? Guarded(() => HeadLink.Of(prover, from, index)) : null;
        return check.Holds
            ? (link is null || link.Growth.Length + link.Tail.Length > HeadLink.SentMax ? proof
                : new TlogProof(index, proof.Path, note) { Extra = [.. link.Encode()] }).ToString()
            : throw new EvidenceBrokenException($"The log cannot prove its own entry {index}: {check.Reason} Run `ledger fsck`.");
    }

    /// <summary>The leaf hash of the newest entry; the log has at least one.</summary>
    public Digest LastLeaf()
    {
        var last = LogTile.At(0, (head.Size - 1) / LogTile.FullWidth, head.Size);
        return Digest.FromBytes(ReadTile(last).Span.Slice((last.Width - 1) * Digest.Length, Digest.Length));
    }

    /// <summary>Proves against any published size, from the tiles on disk. May be used from any thread.</summary>
    public LogProver Prover(long size) => new(size, ReadTile);

    private static T Guarded<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (MalformedEvidenceException fault)
        {
            throw new EvidenceBrokenException($"The log's files do not fit its checkpoint: {fault.Message} Run `ledger fsck`.", fault);
        }
    }

    private ReadOnlyMemory<byte> ReadTile(LogTile tile) =>
        disk.Read(tile.Path) ?? disk.Read((tile with { Width = LogTile.FullWidth }).Path) ?? ReadOnlyMemory<byte>.Empty;

    private void LoadOpenBundle(long size)
    {
        var width = (int)(size % LogTile.FullWidth);
        if (width == 0)
        {
            return;
        }

        var tile = LogTile.At(0, size / LogTile.FullWidth, size);
        var bytes = disk.Read(tile.EntriesPath)
            ?? throw new EvidenceBrokenException($"{tile.EntriesPath} of the log is missing, but its checkpoint covers it. Run `ledger " +
                $"fsck`.");
        openBundle.AddRange(Guarded(() => EntryBundle.Read(bytes, width)));
    }

    private void WriteEntries(long size, IReadOnlyList<ReadOnlyMemory<byte>> entries)
    {
        // On a copy: if the disk refuses here, the list still fits the published head.
        List<ReadOnlyMemory<byte>> open = [.. openBundle];
        var index = size / LogTile.FullWidth;
        foreach (var entry in entries)
        {
            open.Add(entry);
            if (open.Count == LogTile.FullWidth)
            {
                disk.WriteOnce(new LogTile(0, index, LogTile.FullWidth).EntriesPath, EntryBundle.Write(open));
                open.Clear();
                index++;
            }
        }

        if (open.Count > 0)
        {
            disk.WriteOnce(new LogTile(0, index, open.Count).EntriesPath, EntryBundle.Write(open));
        }

        openBundle.Clear();
        openBundle.AddRange(open);
    }

    private SignedNote Sign(LogEdge next)
    {
        var note = keys.Log.Sign(SignedNote.Draft(new Checkpoint(keys.Origin, next.Size, next.Root).ToText()));
        return keys.Clock.Cosign(note, Math.Max(0, clock.GetUtcNow().ToUnixTimeSeconds()));
    }

    private void DropPartials(LogGrowth growth)
    {
        foreach (var tile in growth.Tiles.Where(content => !content.Tile.IsPartial).Select(content => content.Tile))
        {
            disk.DropPartials(tile.Path);
            if (tile.Level == 0)
            {
                disk.DropPartials(tile.EntriesPath);
            }
        }
    }
}
