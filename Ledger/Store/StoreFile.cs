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

    private static object? Do(SqliteConnection connection, string statement)
    {
        using var command = connection.CreateCommand();
        command.CommandText = statement;
        return command.ExecuteScalar();
    }
}
