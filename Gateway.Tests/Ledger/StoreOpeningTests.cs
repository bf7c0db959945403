using System.Diagnostics;
using Gateway.Tests.Abuse;
using global::Ledger.Store;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace Gateway.Tests.Ledger;

/// <summary>Goal: no start of the ledger that was cut off keeps the next one from its database (F-110, F-111), and no moment at which the disk
/// refused (F-112). Method: the file as such a start leaves it; a real ext4. Every write of a real first start is cut off in Abuse/FirstStartTests.</summary>
public sealed class StoreOpeningTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);
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

    /// <summary>F-112: SQLite opens a file for reading that it may not open for writing, and says nothing.</summary>
    [Fact]
    public void A_connection_that_the_disk_let_only_read_is_not_kept_for_writing()
    {
        Assert.SkipWhen(SmallDisk.Impossible is not null, SmallDisk.Impossible ?? "");
        using var disk = new SmallDisk(16);
        try
        {
            ReadOnlyForAMoment(Path.Combine(disk.Folder, "ledger.db"));
        }
        finally
        {
            SqliteConnection.ClearAllPools(); // A pooled connection would hold the disk.
        }
    }

    private static void ReadOnlyForAMoment(string file)
    {
        var store = LedgerStore.Open(file);
        SqliteConnection.ClearAllPools();
        Chattr("+i", file); // Every opening for writing is refused, as by a disk in trouble.
        try
        {
            Assert.Equal(0, store.NextIndex());
            using var context = store.Read();
            Assert.ThrowsAny<SqliteException>(() => Write(context));
        }
        finally
        {
            Chattr("-i", file);
        }

        using var later = store.Read();
        Assert.Equal(0, Write(later));
    }

    private static int Write(LedgerContext context) => context.RefusalCounts.ExecuteDelete();

    private static void Chattr(string change, string file)
    {
        using var tool = Process.Start("chattr", [change, file]);
        tool.WaitForExit();
        Assert.Equal(0, tool.ExitCode);
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
