using System.Collections.Immutable;
using System.Security.Cryptography;
using Anchoring;
using Evidence;
using Evidence.Log;

namespace Gateway.Tests.Simulation;

/// <summary>A truck of one channel whose record is written by hand, so that a rule of the checker can be broken in it.</summary>
public abstract class HandWrittenTruck : IDisposable
{
    protected const long Interval = 900_000, Start = 1_767_225_600_000;

    private static readonly GatewayId Gateway = new(new Guid("5f3a91c0-0bc0-4012-8a55-0123456789ab"));

    protected HandWrittenTruck()
    {
        Checker = new(Interval, () => Head, from => Entries.Skip((int)from).ToList(), [new(2_000, 8_000, 8)]);
        Checker.Changes.Started("");
    }

    protected ECDsa Key { get; } = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    /// <summary>The ledger's log.</summary>
    protected List<ReadOnlyMemory<byte>> Entries { get; } = [];

    internal RecordChecker Checker { get; }

    protected Checkpoint? Head { get; set; }

    /// <summary>What the next header names: its number, the digest of the one before, and its first reading.</summary>
    protected (long Number, Digest Previous, long Sequence) Following { get; set; }

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing) => Key.Dispose();

    /// <summary>Signs a batch of these slots.</summary>
    /// <param name="sampleOf">What was measured in a slot.</param>
    protected (Statement Statement, BatchBody Body) SignedBatch(int[] slots, Func<int, BatchSample> sampleOf, uint boot, ImmutableArray<BatchEvent> events)
    {
        var rounds = slots.Select(slot => Start + (slot * Interval)).ToImmutableArray();
        var body = new BatchBody([.. new byte[32]], rounds, [new(Following.Sequence, [.. slots.Select(sampleOf)])], events);
        var header = new BatchHeader(Gateway, Following.Number, Following.Previous, default, rounds[0], rounds[^1], new(ClockTrust.Ntp, 0, boot, rounds[0] - Start),
            default, body.LeafCount, 1, Digest.Of(body.Encode()));
        return (Statement.Sign(StatementKind.Batch, Statement.IssuerOf(header.Gateway), header.Encode(), Key), body);
    }

    /// <summary>It leaves the truck, and the ledger logs it.</summary>
    protected void Send((Statement Statement, BatchBody Body) batch)
    {
        Leave(batch);
        Log(batch.Statement);
    }

    protected void Leave((Statement Statement, BatchBody Body) batch)
    {
        Checker.Seen(batch.Statement.PayloadDigest, new Uplink(batch.Statement.Bytes, [.. batch.Body.Encode()]).Encode());
        Following = (Following.Number + 1, batch.Statement.PayloadDigest, Following.Sequence + batch.Body.Rounds.Length);
    }

    protected void Log(Statement entry)
    {
        Entries.Add(entry.Bytes.AsMemory());
        Head = new("log", Entries.Count, LogTree.Root([.. Entries.Select(known => LogTree.LeafHash(known.Span))]));
        Checker.Logged();
    }
}
