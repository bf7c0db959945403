using System.Data.Common;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore.Diagnostics;
using SQLitePCL;

namespace Ledger.Store;

/// <summary>Sets what every SQLite connection needs before its first statement: a commit returns only when it is on the disk.</summary>
internal sealed class SqliteDurability : DbConnectionInterceptor
{
    public override void ConnectionOpened(DbConnection connection, ConnectionEndEventData eventData) => Apply(connection);

    public override Task ConnectionOpenedAsync(DbConnection connection, ConnectionEndEventData eventData,
        CancellationToken cancellationToken = default)
    {
        Apply(connection);
        return Task.CompletedTask;
    }

    private static void Apply(DbConnection connection)
    {
        using var command = connection.CreateCommand();
        // WAL survives in the file, synchronous does not: it belongs to the connection.
        command.CommandText = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;";
        command.ExecuteNonQuery();
        if (connection is SqliteConnection { Handle: { } handle } sqlite && raw.sqlite3_db_readonly(handle, "main") == 1)
        {
            // F-112: where the disk refuses to open a file for writing, SQLite opens it for reading and says nothing. Such a connection may be read
            // from now, and must not come back out of the pool: every write would fail with it for as long as the process lives.
            SqliteConnection.ClearPool(sqlite);
        }
    }
}
