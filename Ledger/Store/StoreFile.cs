using Microsoft.Data.Sqlite;

namespace Ledger.Store;

/// <summary>The database's file as a start finds it, before any table is looked at.</summary>
internal static class StoreFile
{
    /// <summary>Makes the file when there is none, and brings one that a cut-off start left into the state on which the rest may build.</summary>
    /// <param name="path">The file. Whoever calls holds the directory's lock, so that nobody else has it open.</param>
    /// <exception cref="SqliteException">The disk refuses, or the file is no database.</exception>
    public static void MakeReady(string path)
    {
        using var connection = new SqliteConnection($"Data Source={path};Default Timeout=30;Pooling=False");
        connection.Open();

        // F-110: EF Core looks first through a connection that may only read. A first start that was cut off leaves an empty file, a rollback journal
        // or a file without write-ahead log, and that connection can mend none of them: it would say "readonly database" at every start from then on.
        Do(connection, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;");

        // F-111: EF Core's lock for changing tables is a row in the file, taken at every start, and for ever when that start was killed. Who holds the
        // directory's lock is alone, so a row is of a process that has died.
        if (Do(connection, "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = '__EFMigrationsLock';") is > 0L)
        {
            Do(connection, "DELETE FROM \"__EFMigrationsLock\";");
        }
    }

    /// <summary>Opens the database's files for writing once, after SQLite could not: where the disk refuses, SQLite says "readonly database" or "unable to
    /// open database file" and names neither the file nor the system's reason.</summary>
    /// <exception cref="IOException">One of them cannot be opened; the message names it and says why.</exception>
    public static void Probe(string path)
    {
        foreach (var file in new[] { path, path + "-wal", path + "-shm" })
        {
            if (Directory.Exists(file))
            {
                throw new IOException($"{file} is a directory where the database belongs. Move it away"
                    + (file == path ? " and restore the newest copy of the data directory." : "."));
            }

            if (File.Exists(file))
            {
                try
                {
                    File.OpenHandle(file, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite).Dispose();
                }
                catch (UnauthorizedAccessException fault)
                {
                    throw new IOException($"{file} cannot be opened for writing: {fault.Message} Give it to the user that runs the ledger.", fault);
                }
            }
        }
    }

    /// <summary>What SQLite's refusal means for whoever reads it, with the file's name.</summary>
    public static Exception Told(string path, SqliteException refused) => refused.SqliteErrorCode switch
    {
        Harmed or NoDatabase => new EvidenceBrokenException($"{path} is harmed: {refused.Message} Keep it, and restore the newest copy of the data "
            + "directory.", refused),
        Full => new IOException($"{path}, or a file beside it, has no room on its disk ({refused.Message}).", refused),
        ReadOnly or CannotOpen => new IOException($"{path}, its -wal or its -shm could be opened a moment ago and could not just now: an error of the disk "
            + $"that passed, or no file handles left ({refused.Message}).", refused),
        _ => new IOException($"{path} could not be made ready: {refused.Message}.", refused),
    };

    private const int ReadOnly = 8, Harmed = 11, Full = 13, CannotOpen = 14, NoDatabase = 26;

    private static object? Do(SqliteConnection connection, string statement)
    {
        using var command = connection.CreateCommand();
        command.CommandText = statement;
        return command.ExecuteScalar();
    }
}
