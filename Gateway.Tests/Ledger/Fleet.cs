using System.Security.Cryptography;
using Evidence;
using Gateway.Tests.Evidence;

namespace Gateway.Tests.Ledger;

/// <summary>One more gateway under the same authority, with batches of one round each.</summary>
internal sealed class Fleet
{
    private readonly ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly Statement manifest;
    private readonly Manifest enrolled;

    public Fleet(TestTruck authority)
    {
        Id = GatewayId.FromBytes(RandomNumberGenerator.GetBytes(GatewayId.Length));
        enrolled = authority.Manifest with { Gateway = Id, Key = PublicKey.Of(key) };
        manifest = enrolled.Sign("authority:test", authority.AuthorityKey);
    }

    public GatewayId Id { get; }

    public List<Statement> Batches { get; } = [];

    /// <summary>The manifest's message, then so many batches'.</summary>
    public List<byte[]> Uplinks(int batches)
    {
        List<byte[]> messages = [TestLedger.UplinkOf(manifest)];
        for (var number = 0; number < batches; number++)
        {
            var opened = TestTruck.StartMs + (number * 60_000L);
            var parts = enrolled.Channels.Select(_ => new BodyChannel(number, [new(Outcome.Measured, new(5_000 + number), 640)]));
            var body = new BatchBody([.. RandomNumberGenerator.GetBytes(32)], [opened], [.. parts], []);
            var hashes = BatchLeaves.Hashes(BatchLeaves.Build(body, opened, enrolled.Channels));
            var header = new BatchHeader(Id, number, Batches.Count == 0
                ? default : Batches[^1].PayloadDigest, manifest.PayloadDigest, opened, opened + 1,
                new(ClockTrust.Ntp, 0, 1, opened - TestTruck.StartMs), default, hashes.Length, enrolled.Channels.Length,
                    BatchTree.Root(hashes.AsSpan()));
            Batches.Add(Statement.Sign(StatementKind.Batch, Statement.IssuerOf(Id), header.Encode(), key));
            messages.Add(new Uplink(Batches[^1].Bytes, [.. body.Encode()]).Encode());
        }

        return messages;
    }
}
