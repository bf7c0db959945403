using Evidence;
using Evidence.Log;
using Ledger.Authority;

namespace Ledger.Log;

/// <summary>Checkpoints of this very log that somebody shows and that it cannot honour: it was restored from an old copy, database and files
/// alike. From then on nothing is logged, because each new checkpoint would be a second history (docs/decisions/0078).</summary>
/// <param name="data">The data directory.</param>
/// <param name="keys">The log's own key: only what it signed itself can stop it.</param>
public sealed class ShownAhead(string data, LogKeys keys)
{
    /// <summary>Keeps the note that was shown, over restarts.</summary>
    public const string FileName = "ahead.note";

    private string FilePath => Path.Combine(data, FileName);

    /// <summary>Holds a note against the log.</summary>
    /// <param name="note">A checkpoint note that a gateway has verified; anything else says nothing.</param>
    /// <param name="log">This log as it is published.</param>
    /// <returns>What is wrong, with the next step; null when the log begins with all that the note commits to.</returns>
    public string? Check(SignedNote note, TiledLog log)
    {
        if (!note.Check([keys.Log.Verifier]).Holds || ReadCheckpoint(note) is not { } shown || shown.Origin != keys.Origin)
        {
            return null;
        }

        var size = log.Head.Size;
        if (shown.Size > size)
        {
            return $"This ledger has lost entries that it had published: a checkpoint of {shown.Size} entries with its own signature was shown, and "
                + $"its log has {size}. An old copy was restored. Nothing is logged until the newest copy is back; without one, this log has ended "
                + "(docs/operation.md).";
        }

        return shown.Size == 0 || log.Prover(shown.Size).Root() == shown.Root ? null
            : $"This ledger has signed two histories: a checkpoint of {shown.Size} entries that was shown has root {shown.Root.ToShortString()}, its "
                + "log gives another. An old copy was restored, and more was logged on it. Nothing is logged any more: this log has ended "
                + "(docs/operation.md).";
    }

    /// <summary>Writes a note down that the log cannot honour; durable when it returns.</summary>
    public void Keep(SignedNote note)
    {
        DurableFile.Write(FilePath + ".new", FileMode.Create, secret: false, note.ToBytes());
        File.Move(FilePath + ".new", FilePath, overwrite: true);
    }

    /// <summary>Whether an earlier run wrote a note down.</summary>
    public bool IsKept => File.Exists(FilePath);

    /// <summary>What an earlier run wrote down, if it still holds. A log that honours it again, restored from a newer copy, forgets it.</summary>
    public string? Kept(TiledLog log)
    {
        var trouble = Look(log);
        if (trouble is null && IsKept)
        {
            File.Move(FilePath, FilePath + ".resolved", overwrite: true);
        }

        return trouble;
    }

    /// <summary>The same, and changes nothing: for whoever asks a stopped ledger.</summary>
    public string? Look(TiledLog log)
    {
        try
        {
            return IsKept ? Check(SignedNote.Parse(File.ReadAllBytes(FilePath)), log) : null;
        }
        catch (MalformedEvidenceException fault)
        {
            return $"{FilePath} was changed and is no note any more: {fault.Message} Restore the newest copy of the data directory.";
        }
    }

    private static Checkpoint? ReadCheckpoint(SignedNote note)
    {
        try
        {
            return Checkpoint.Parse(note.Text);
        }
        catch (MalformedEvidenceException)
        {
            return null; // A note of another kind, such as a standing.
        }
    }
}
