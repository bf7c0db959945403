using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using Anchoring;
using Evidence;
using Evidence.Log;
using Gateway.Tests.Abuse;
using MQTTnet;
using MQTTnet.Protocol;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Benchmarks;

/// <summary>What the ledger's receipts cost a metered link, with what joins their heads and without (docs/decisions/0162).</summary>
/// <remarks>A log of a hundred thousand entries, to which so many trucks add a batch each in five minutes; a third of ours are not the last of their
/// round. The same receipts are sent both times, as the intake makes them, through the same broker and TLS.</remarks>
internal static class WireAnswers
{
    private const int Before = 100_000;
    private const int Batches = 96;
    private const int ADay = 288;

    public static async Task Measure(BenchFleet fleet, BenchTruck truck, int port, X509Certificate2 client, X509Certificate2 authority, IMqttClient ledger)
    {
        foreach (var trucks in new[] { 1, 16, 1_000 })
        {
            var (with, without) = (Receipts(fleet, truck, trucks, linked: true), Receipts(fleet, truck, trucks, linked: false));
            var (more, less) = (await Carry(truck, port, client, authority, ledger, with), await Carry(truck, port, client, authority, ledger, without));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"wire: receipts from the broker in a log of {trucks} trucks: {less / Batches:0} bytes each, "
                + $"{less * ADay / Batches / 1024:0} KiB a day of {ADay}; with the link to the head before, {more / Batches:0} bytes, {more * ADay / Batches / 1024:0} KiB a day"));
        }
    }

    private static List<byte[]> Receipts(BenchFleet fleet, BenchTruck truck, int trucks, bool linked)
    {
        var (edge, tiles, before, answers) = (LogEdge.Empty, new Dictionary<LogTile, ReadOnlyMemory<byte>>(), 0L, new List<byte[]>());
        var leaf = 0;
        Append(Before);
        for (var i = 0; i <= Batches; i++)
        {
            Append((trucks - 1) / 2);
            var statement = Statement.Decode(truck.Batches[i].Statement.AsMemory());
            var index = edge.Size;
            Add(LogTree.LeafHash(statement.Bytes.AsSpan()));
            Append(i % 3 == 0 ? Math.Min(3, trucks - 1) : 0);
            var prover = new LogProver(edge.Size, tile => Read(tile));
            var note = fleet.ClockKey.Cosign(fleet.LogKey.Sign(SignedNote.Draft(new Checkpoint(fleet.LogKey.Verifier.Name, edge.Size, edge.Root).ToText())),
                BenchTruck.StartMs / 1000);
            answers.Add(new Downlink(statement.PayloadDigest, new TlogProof(index, prover.Inclusion(index), note)
            {
                Extra = linked ? [.. HeadLink.Of(prover, before, index).Encode()] : null,
            }.ToString(), null, "").Encode());
            before = edge.Size;
            Append((trucks - 1) / 2);
        }

        return answers;

        void Append(int count) => Add([.. Enumerable.Range(0, count).Select(_ => Digest.Of(BitConverter.GetBytes(leaf++)))]);

        void Add(params Digest[] leaves)
        {
            var growth = edge.Append(leaves);
            edge = growth.Edge;
            foreach (var content in growth.Tiles)
            {
                tiles[content.Tile] = content.Bytes;
            }
        }

        ReadOnlyMemory<byte> Read(LogTile tile) => Enumerable.Range(tile.Width, LogTile.FullWidth - tile.Width + 1)
            .Select(width => tiles.GetValueOrDefault(tile with { Width = width })).First(bytes => !bytes.IsEmpty);
    }

    private static async Task<double> Carry(BenchTruck truck, int port, X509Certificate2 client, X509Certificate2 authority, IMqttClient ledger, List<byte[]> answers)
    {
        await using var proxy = new Road(port);
        var link = new MqttLedgerLink(new(truck.Id, [new("127.0.0.1", proxy.Port, true)], client, authority), TimeProvider.System,
            NullLogger<MqttLedgerLink>.Instance);
        using var stop = new CancellationTokenSource();
        var running = link.Run(stop.Token);
        await WireBenchmark.Until(() => link.State.Connected, "the link to connect");
        await Give(answers[0]);
        var start = proxy.Down;
        foreach (var answer in answers.Skip(1))
        {
            await Give(answer);
        }

        var bytes = proxy.Down - start;
        await stop.CancelAsync();
        await running;
        return bytes;

        async Task Give(byte[] answer)
        {
            await ledger.PublishBinaryAsync(Topics.Down(truck.Id), answer, MqttQualityOfServiceLevel.AtLeastOnce);
            await WireBenchmark.Until(() => link.TryReceive(out _), "the answer");
        }
    }
}
