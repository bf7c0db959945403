using System.Collections.Immutable;
using Evidence;
using Gateway.Tests.Evidence;
using global::Ledger.Hosting;
using global::Ledger.Log;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Ledger;

/// <summary>A real ledger in a directory of its own, and a truck that it can be told about. Reopening it is a restart.</summary>
public sealed class TestLedger : IAsyncDisposable
{
    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("coldproof-ledger-");

    public TestLedger(TestTruck? truck = null)
    {
        Truck = truck ?? new(channels: 2);
        Directory.CreateDirectory(Keys);
        File.WriteAllText(Path.Combine(Keys, "log.key"), Truck.LogKey.ToPrivateKeyText() + "\n");
        File.WriteAllText(Path.Combine(Keys, "clock.key"), Truck.ClockKey.ToPrivateKeyText() + "\n");
        File.WriteAllBytes(Path.Combine(Keys, "policy.json"), Policy.ToJson());
        Clock.SetUtcNow(DateTimeOffset.FromUnixTimeMilliseconds(TestTruck.StartMs));
    }

    public TestTruck Truck { get; }

    public FakeTimeProvider Clock { get; } = new(DateTimeOffset.FromUnixTimeMilliseconds(TestTruck.StartMs - 86_400_000));

    public string Data => Path.Combine(directory.FullName, "data");

    public string Keys => Path.Combine(directory.FullName, "keys");

    /// <summary>Trusts this ledger's log and clock, and no witness: what `ledger authority init` writes.</summary>
    public VerifierPolicy Policy => new([new("test authority", PublicKey.Of(Truck.AuthorityKey))],
        $"log {Truck.LogKey.Verifier}\nwitness clock {Truck.ClockKey.Verifier}\nquorum clock\n", 24 * 3_600_000, 48 * 3_600_000);

    public LedgerCore Open(LogDisk? disk = null) => LedgerCore.Open(Data, Keys, Clock, NullLoggerFactory.Instance, disk);

    public string LogDirectory => Path.Combine(Data, "log");

    public static byte[] UplinkOf(BundleBatch batch) => new Uplink(batch.Statement.Bytes, [.. batch.Body.Encode()]).Encode();

    public static byte[] UplinkOf(Statement statement) =>
        new Uplink(statement.Bytes, statement.Kind == StatementKind.Manifest ? statement.Openings : null).Encode();

    /// <summary>Sends the manifest and so many batches, and gives the answers.</summary>
    public async Task<List<Downlink>> Send(LedgerCore core, int batches, int rounds = 3)
    {
        var answers = new List<Task<Downlink>> { core.Intake.Accept(Truck.Id, UplinkOf(Truck.SignedManifest), CancellationToken.None) };
        for (var i = 0; i < batches; i++)
        {
            answers.Add(core.Intake.Accept(Truck.Id, UplinkOf(Truck.Seal(rounds)), CancellationToken.None));
            Clock.SetUtcNow(DateTimeOffset.FromUnixTimeMilliseconds(Truck.NowMs));
        }

        return [.. await Task.WhenAll(answers)];
    }

    /// <summary>Whether a receipt proves this statement under the ledger's own policy.</summary>
    public bool Proves(string receipt, Statement statement) => global::Evidence.Log.TlogProof.Parse(receipt)
        .Verify(global::Evidence.Log.LogTree.LeafHash(statement.Bytes.AsSpan()), Policy.Log).Holds;

    public ValueTask DisposeAsync()
    {
        Truck.Dispose();
        directory.Delete(recursive: true);
        return ValueTask.CompletedTask;
    }
}
