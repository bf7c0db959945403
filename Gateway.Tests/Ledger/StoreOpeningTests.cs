using global::Ledger.Store;
using Microsoft.Data.Sqlite;

namespace Gateway.Tests.Ledger;

/// <summary>Goal: no start of the ledger that was cut off keeps the next one from its database (F-110, F-111). Method: the file as such a start
/// leaves it. Every write of a real first start is cut off in Abuse/FirstStartTests.</summary>
public sealed class StoreOpeningTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("coldproof-store-");

    private string File => Path.Combine(directory.FullName, "ledger.db");

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        directory.Delete(recursive: true);
    }

    /// <summary>F-110: made, and nothing written into it yet.</summary>
    [Fact]
    public void A_file_that_was_left_empty_is_filled()
    {
        System.IO.File.WriteAllBytes(File, []);
        Assert.Equal(0, LedgerStore.Open(File).NextIndex());
    }

    /// <summary>F-110: a header is there, and the file is not yet one with a write-ahead log.</summary>
    [Fact]
    public void A_file_that_was_left_before_it_had_a_write_ahead_log_is_filled()
    {
        Do("PRAGMA journal_mode=DELETE; CREATE TABLE made (number INTEGER); DROP TABLE made;");
        Assert.Equal(0, LedgerStore.Open(File).NextIndex());
    }

    /// <summary>F-111: a start takes EF Core's lock for the tables, which is a row in the file, and a kill leaves it there.</summary>
    [Fact]
    public async Task The_lock_of_a_start_that_was_killed_binds_nobody()
    {
        LedgerStore.Open(File);
        Do("INSERT INTO \"__EFMigrationsLock\" (\"Id\", \"Timestamp\") VALUES (1, '2026-11-26 00:00:00+00:00');");
        var opening = Task.Run(() => LedgerStore.Open(File).NextIndex(), TestContext.Current.CancellationToken);
        Assert.Equal(0, await opening.WaitAsync(Patience, TestContext.Current.CancellationToken));
    }

    private void Do(string statements)
    {
        using var connection = new SqliteConnection($"Data Source={File};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = statements;
        command.ExecuteNonQuery();
    }
}
