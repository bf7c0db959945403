using System.Security.Cryptography;
using Evidence;
using Evidence.Log;
using global::Ledger.Hosting;
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

    public void Restart()
    {
        core.DisposeAsync().AsTask().GetAwaiter().GetResult();
        core = LedgerCore.Open(data, keys, clock, NullLoggerFactory.Instance);
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
