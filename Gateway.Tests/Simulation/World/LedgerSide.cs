using System.Security.Cryptography;
using System.Text.Json;
using Evidence;
using Evidence.Log;
using global::Ledger.Hosting;
using global::Ledger.Pages;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Tests.Simulation;

/// <summary>The production ledger, intake to tiled log, in a directory of its own. One message at a time, so that a seed gives one
/// year.</summary>
internal sealed class LedgerSide : IDisposable
{
    private const string Origin = "log.example/year";
    private readonly string data, keys;
    private readonly TimeProvider clock;
    private LedgerCore core;

    public LedgerSide(string directory, WorldClock world)
    {
        (data, keys, clock) = (Path.Combine(directory, "ledger"), Path.Combine(directory, "keys"), new TrueClock(world));
        Directory.CreateDirectory(keys);
        using var log = NoteSigner.FromSeed(Origin, SignatureType.Ed25519, RandomNumberGenerator.GetBytes(32));
        using var cosigner = NoteSigner.FromSeed(Origin + "/clock", SignatureType.Cosignature, RandomNumberGenerator.GetBytes(32));
        File.WriteAllText(Path.Combine(keys, "log.key"), log.ToPrivateKeyText() + "\n");
        File.WriteAllText(Path.Combine(keys, "clock.key"), cosigner.ToPrivateKeyText() + "\n");
        Policy = new([new("authority", PublicKey.Of(Authority))],
            $"log {log.Verifier}\nwitness clock {cosigner.Verifier}\nquorum clock\n", 24 * 3_600_000, 48 * 3_600_000);
        File.WriteAllBytes(Path.Combine(keys, "policy.json"), Policy.ToJson());
        core = LedgerCore.Open(data, keys, clock, NullLoggerFactory.Instance);
    }

    public ECDsa Authority { get; } = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public VerifierPolicy Policy { get; }

    public Checkpoint? Head => core.Log.Head.Checkpoint;

    public Downlink Accept(GatewayId from, ReadOnlyMemory<byte> uplink) =>
        core.Intake.Accept(from, uplink, CancellationToken.None).GetAwaiter().GetResult();

    public void Restart() => Stopped(() => { });

    /// <summary>An old copy of the data directory runs in place of the newest.</summary>
    public bool IsOld { get; private set; }

    /// <summary>Entries of the copy; -1 while there is none.</summary>
    public long CopySize { get; private set; } = -1;

    /// <summary>Takes a copy of the data directory: database, log and all.</summary>
    public void Backup()
    {
        CopySize = Head?.Size ?? 0;
        Stopped(() =>
        {
            Remove(data + ".copy");
            Copy(data, data + ".copy");
        });
    }

    /// <summary>Somebody restores the copy; the newest data are kept aside.</summary>
    public void RestoreCopy()
    {
        IsOld = true;
        Stopped(() =>
        {
            Directory.Move(data, data + ".newest");
            Copy(data + ".copy", data);
        });
    }

    /// <summary>The newest data are back, and what the old copy wrote is gone.</summary>
    public void RestoreNewest()
    {
        IsOld = false;
        Stopped(() =>
        {
            Remove(data);
            Directory.Move(data + ".newest", data);
        });
    }

    /// <summary>The bundle that the ledger's own pages give for a window, and how many batches it shows; null with the key of a sentence when it
    /// gives none.</summary>
    public (byte[]? Bundle, int Batches, string Problem) Window(GatewayId gateway, long fromMs, long toMs)
    {
        using var desk = new EvidenceDesk(core);
        var (evidence, problem) = desk.Show(new(gateway, new(fromMs, toMs)), CancellationToken.None).GetAwaiter().GetResult();
        return (evidence?.Bundle, evidence is null ? 0 : JsonDocument.Parse(evidence.Bundle).RootElement.GetProperty("batches").GetArrayLength(), problem?.Key ?? "");
    }

    private void Stopped(Action work)
    {
        core.DisposeAsync().AsTask().GetAwaiter().GetResult();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools(); // A pooled connection would go on in a file that is not there any more.
        work();
        core = LedgerCore.Open(data, keys, clock, NullLoggerFactory.Instance);
    }

    private static void Remove(string directory)
    {
        if (Directory.Exists(directory))
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.EnumerateFiles(from))
        {
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        }

        foreach (var inner in Directory.EnumerateDirectories(from))
        {
            Copy(inner, Path.Combine(to, Path.GetFileName(inner)));
        }
    }

    /// <summary>Entries of the log from an index on, as the store has them.</summary>
    public List<ReadOnlyMemory<byte>> EntriesFrom(long index) => core.Store.EntriesFrom(index);

    /// <summary>What `ledger fsck` finds wrong.</summary>
    public IReadOnlyList<string> Fsck() => new global::Ledger.Log.CheckLog(core.Disk, core.Keys).Run(core.Store).Problems;

    public void Dispose()
    {
        core.DisposeAsync().AsTask().GetAwaiter().GetResult();
        Authority.Dispose();
    }

    private sealed class TrueClock(WorldClock world) : TimeProvider
    {
        public override long TimestampFrequency => 1_000;

        public override long GetTimestamp() => world.TrueMs;

        public override DateTimeOffset GetUtcNow() => DateTimeOffset.FromUnixTimeMilliseconds(world.TrueMs);
    }
}
