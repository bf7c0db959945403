using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Evidence;
using Evidence.Log;
using Ledger.Store;

namespace Ledger.Log;

/// <summary>Rebuilds the log's files from the database's entries, under a checkpoint that was published and that these entries give. Signs
/// nothing and makes nothing up.</summary>
/// <param name="disk">The log's directory.</param>
public sealed class LogRepair(LogDisk disk, LogKeys keys)
{
    private readonly ImmutableArray<string>.Builder acts = ImmutableArray.CreateBuilder<string>();

    /// <summary>Does it, or only says what it would do.</summary>
    /// <param name="isTrial">True touches no file.</param>
    /// <returns>One sentence for each step; empty when the files are what the entries give.</returns>
    public ImmutableArray<string> Run(LedgerStore store, bool isTrial)
    {
        acts.Clear();
        var entries = store.EntriesFrom(0);
        var (head, isPublished) = Head(store);
        var leaves = entries.Take((int)Math.Min(head.Size, entries.Count)).Select(entry => LogTree.LeafHash(entry.Span)).ToList();
        if (head.Size > entries.Count || head.Checkpoint is { } checkpoint && LogEdge.Empty.Append([.. leaves]).Edge.Root != checkpoint.Root)
        {
            return [$"Nothing is changed: the checkpoint covers {head.Size} entries, and the database's {entries.Count} do not give its root. "
                + "Restore the newest copy of the database; the log's own files are the witness of what it must hold."];
        }

        Rebuild(entries, leaves, head.Size, isTrial);
        if (!isPublished && head.Bytes is { } note)
        {
            Put(LogDisk.CheckpointName, note, isTrial,
                string.Create(CultureInfo.InvariantCulture, $"the newest one that the database kept, over {head.Size} entries"));
        }

        return acts.ToImmutable();
    }

    /// <summary>The checkpoint in the log's directory; when it cannot be read, the newest that the database kept.</summary>
    private (LogHead Head, bool IsPublished) Head(LedgerStore store)
    {
        try
        {
            if (disk.Read(LogDisk.CheckpointName) is { } bytes)
            {
                return (LogHead.Read(bytes, keys), true);
            }
        }
        catch (EvidenceBrokenException fault)
        {
            acts.Add(fault.Message);
        }

        using var context = store.Read();
        var kept = context.Checkpoints.OrderByDescending(row => row.Size).Select(row => row.Note).FirstOrDefault();
        return (kept is null ? LogHead.None : LogHead.Read(Encoding.UTF8.GetBytes(kept), keys), false);
    }

    private void Rebuild(List<ReadOnlyMemory<byte>> entries, List<Digest> leaves, long size, bool isTrial)
    {
        var levels = new List<List<Digest>> { leaves };
        foreach (var tile in LogTile.AllOf(size))
        {
            if (tile.Level == levels.Count)
            {
                levels.Add([.. levels[^1].Chunk(LogTile.FullWidth).Where(chunk => chunk.Length == LogTile.FullWidth)
                    .Select(chunk => LogTree.Root(chunk))]);
            }

            var first = (int)(tile.Index * LogTile.FullWidth);
            Compare(tile.Path, (tile with { Width = LogTile.FullWidth }).Path,
                [.. levels[tile.Level].Skip(first).Take(tile.Width).SelectMany(hash => hash.ToBytes())], isTrial);
            if (tile.Level == 0)
            {
                Compare(tile.EntriesPath, (tile with { Width = LogTile.FullWidth }).EntriesPath,
                    EntryBundle.Write(entries.GetRange(first, tile.Width)), isTrial);
            }
        }
    }

    private void Compare(string path, string fullPath, byte[] expected, bool isTrial)
    {
        // A full tile may stand in a partial one's place: the same bytes, and more.
        var found = disk.Read(path) ?? (disk.Read(fullPath) is { } full && full.Length >= expected.Length ? full[..expected.Length] : null);
        if (found is null || !found.AsSpan().SequenceEqual(expected))
        {
            Put(path, expected, isTrial, "from the database's entries");
        }
    }

    private void Put(string path, byte[] bytes, bool isTrial, string from)
    {
        var kept = disk.Read(path) is null ? null : isTrial ? "beside the log" : disk.SetAside(path);
        if (!isTrial)
        {
            disk.WriteOnce(path, bytes);
        }

        acts.Add($"{path} is written again, {from}." + (kept is null ? "" : $" What stood there is kept: {kept}."));
    }
}
