using System.Globalization;
using Anchoring;
using Evidence;
using Microsoft.Data.Sqlite;

namespace Gateway.Benchmarks;

/// <summary>What a day of recording costs the card: bytes at the block device for each durable round of eight probes.</summary>
/// <remarks>
/// Ours is the whole logbook: journal, seals every five minutes, receipts of a real ledger, and folding into LiteDB. The peer stores
/// eight plain rows a round in one SQLite transaction, once without any index and once with the one that finds a channel's window; it
/// neither hashes, signs nor anchors anything. Each has an ext4 of its own.
/// </remarks>
internal static class DiskBenchmark
{
    private const int Channels = 8;
    private const int IntervalMs = 10_000;
    private const int RoundsOfADay = 8_640;
    private const int DiskMebibytes = 256;
    private const int WarmUp = 1_500; // More than the 1,000 pages after which SQLite's log has its full length and is written over.
    private const int PacedRounds = 10;
    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(6);

    public static int Run(string[] arguments)
    {
        if (!Environment.IsPrivilegedProcess)
        {
            Console.Error.WriteLine("disk: needs root, to mount an ext4 on a loop device.");
            return 1;
        }

        var rounds = arguments is ["--rounds", var count, ..] ? int.Parse(count, CultureInfo.InvariantCulture) : RoundsOfADay;
        Console.WriteLine($"disk: bytes at the block device for each durable round of {Channels} probes, ext4 with blocks of 4 KiB");
        var share = rounds * 100.0 / RoundsOfADay;
        Compare($"{rounds} rounds ({share:0} % of a day at {IntervalMs / 1000} s) as fast as the disk allows", 0, rounds, TimeSpan.Zero);
        var paced = $"{PacedRounds} rounds in real time, one every {Pace.TotalSeconds:0} s, after {WarmUp} quick ones";
        // Compressed time hides what the file system does by the clock: every 5 s ext4 commits the file times that each write has changed.
        Compare(paced, WarmUp, PacedRounds, Pace);
        return 0;
    }

    private static void Compare(string what, int warmUp, int rounds, TimeSpan pace)
    {
        Func<IRecorder>[] makers = [() => new Logged(), () => new Sqlite(indexed: false), () => new Sqlite(indexed: true)];
        // Side by side where most of the time is waiting, one after the other where it is not.
        var measures = pace > TimeSpan.Zero
            ? Task.WhenAll(makers.Select(make => Task.Factory.StartNew(() => Measure(make(), warmUp, rounds, pace),
                CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default))).GetAwaiter().GetResult()
            : [.. makers.Select(make => Measure(make(), warmUp, rounds, pace))];
        Console.WriteLine($"disk: {what}:");
        foreach (var (bytes, words) in measures)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"disk:   {(double)bytes / rounds,6:0} bytes a round, logbook's ratio to it "
                + $"{(double)measures[0].Bytes / bytes:0.00}: {words}"));
        }
    }

    private static (long Bytes, string Words) Measure(IRecorder recorder, int warmUp, int rounds, TimeSpan pace)
    {
        using var disk = new LoopDisk(DiskMebibytes);
        var fridge = new BenchFridge(Channels);
        long bytes;
        string words;
        using (recorder)
        {
            recorder.Open(disk.Mount);
            for (var round = 0; round < warmUp; round++)
            {
                recorder.Record(round, fridge.Round());
            }

            var before = disk.SyncedBytesWritten();
            for (var round = warmUp; round < warmUp + rounds; round++)
            {
                recorder.Record(round, fridge.Round());
                if (pace > TimeSpan.Zero)
                {
                    Thread.Sleep(pace);
                }
            }

            words = recorder.Words;
            // Before closing: the log that SQLite then folds in at once belongs to many more rounds than a short run has.
            bytes = disk.SyncedBytesWritten() - before;
        }

        return (bytes, $"{words}; ext4 {disk.MountOptions}");
    }

    private interface IRecorder : IDisposable
    {
        void Open(string directory);

        void Record(int round, BatchSample[] samples);

        /// <summary>What it has done and promised.</summary>
        string Words { get; }
    }

    private sealed class Logged : IRecorder
    {
        private readonly BenchFleet fleet = new();
        private GatewayKey key = null!;
        private LedgerAtHand ledger = null!;
        private Logbook logbook = null!;

        public void Open(string directory)
        {
            key = GatewayKey.LoadOrCreate(directory);
            ledger = new(fleet, key.Gateway);
            logbook = Logbook.Open(Path.Combine(directory, "data"), new(), key, ledger);
            logbook.Enrol(fleet.Enrol(key.Gateway, key.Public, Channels, IntervalMs, BenchTruck.StartMs).Statement);
            logbook.TrustLog(fleet.Policy.Log);
            logbook.Start(At(-1));
        }

        public void Record(int round, BatchSample[] samples)
        {
            var now = At(round);
            logbook.Record(now, [.. samples.Select((sample, i) =>
                Reading.Measured(new((ushort)i), now, sample.Temperature!.Value, sample.RawCode))]);
            logbook.SealIfDue(now);
            logbook.Offer(now);
        }

        public string Words => logbook.Status is var status ? $"logbook, each round durable by fdatasync, {status.Sealed + 1 ?? 0} batches "
            + $"sealed, {status.Anchored + 1 ?? 0} anchored, {status.JournalLength / 1024} KiB of journal not folded yet" : "";

        public void Dispose()
        {
            logbook?.Dispose();
            ledger?.Dispose();
            key?.Dispose();
            fleet.Dispose();
        }

        private Moment At(int round) => Moment.FromClocks(logbook.Boot, 20_000 + ((long)round * IntervalMs),
            BenchTruck.StartMs + ((long)round * IntervalMs), ClockTrust.Ntp, 5);
    }

    private sealed class Sqlite(bool indexed) : IRecorder
    {
        private SqliteConnection connection = null!;
        private SqliteCommand insert = null!;

        public void Open(string directory)
        {
            connection = new($"Data Source={Path.Combine(directory, "readings.db")};Pooling=False");
            connection.Open();
            using var create = connection.CreateCommand();
            create.CommandText = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; "
                + "CREATE TABLE reading (time INTEGER, channel INTEGER, outcome INTEGER, milli_celsius INTEGER, code INTEGER);"
                + (indexed ? "CREATE INDEX reading_by_channel ON reading (channel, time);" : "");
            create.ExecuteNonQuery();
            insert = connection.CreateCommand();
            insert.CommandText = "INSERT INTO reading VALUES ($time, $channel, $outcome, $milli, $code)";
            foreach (var name in new[] { "$time", "$channel", "$outcome", "$milli", "$code" })
            {
                insert.Parameters.Add(new SqliteParameter(name, 0L));
            }
        }

        public void Record(int round, BatchSample[] samples)
        {
            using var transaction = connection.BeginTransaction();
            insert.Transaction = transaction;
            for (var channel = 0; channel < samples.Length; channel++)
            {
                insert.Parameters[0].Value = BenchTruck.StartMs + ((long)round * IntervalMs);
                insert.Parameters[1].Value = channel;
                insert.Parameters[2].Value = (int)samples[channel].Outcome;
                insert.Parameters[3].Value = samples[channel].Temperature!.Value.Value;
                insert.Parameters[4].Value = samples[channel].RawCode;
                insert.ExecuteNonQuery();
            }

            transaction.Commit();
        }

        public string Words => "SQLite, a transaction a round, WAL, synchronous=FULL, eight rows "
            + (indexed ? "and an index by channel and time" : "without index");

        public void Dispose()
        {
            insert?.Dispose();
            connection?.Dispose();
        }
    }
}
