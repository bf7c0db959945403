// Goal: over a real broker, a card whose older image was put back learns from the ledger that it is behind before anybody sees a second
// header; and what a broker forges neither stops a gateway nor lets it sign.
// Method: the real logbook, link, intake and ledger; a real mosquitto with the shipped configuration; copied data folders.
#pragma warning disable xUnit1069 // The fleet waits with the token of the test itself.
using Anchoring;
using Evidence;
using Evidence.Log;
using Ledger.Pages;
using MQTTnet;

namespace Gateway.Tests.Wire;

public sealed class RollbackWireTests
{
    private const int Minute = 60_000;

    /// <summary>F-59.</summary>
    [Fact(Timeout = 5 * Minute)]
    public async Task A_card_rolled_back_is_told_over_mosquitto_and_goes_on_after_re_enrolment()
    {
        await using var stage = await LivingStage.Begin();
        var (fleet, truck) = (stage.Fleet, stage.Truck);
        await stage.Listen();
        await Live(truck, 4);
        var image = truck.Image();
        await Live(truck, 5);
        var next = truck.Status.NextNumber;
        var size = fleet.Core.Log.Head.Size;

        truck.PutBack(image);
        truck.Start();
        truck.Batch();
        truck.Batch();
        await truck.Until(() => truck.Status.Faults.Any(fault => fault.Contains($"--first {next}", StringComparison.Ordinal)));
        truck.Batch();
        Assert.True(truck.Status.ToSign >= 3);
        Assert.Equal(size, fleet.Core.Log.Head.Size);
        await truck.Cut();

        truck.Enrol(next);
        truck.Start();
        truck.Batch();
        await truck.Until(() => truck.Status is { Unanchored: 0, ToSign: 0, UnanchoredManifests: 0 });
        truck.Batch();
        truck.Batch();
        await truck.Until(() => truck.Status.Unanchored == 0);
        Assert.Empty(truck.Status.Faults);
        Assert.Empty(truck.Logbook.Extract(0, long.MaxValue).Missing.Where(number => number >= next));
        await truck.Cut();

        Assert.DoesNotContain(fleet.Core.Store.EntriesFrom(0), entry => Statement.Decode(entry).Kind == StatementKind.Conflict);
        await AssertVerified(fleet, truck.Id);
        Assert.Empty(Fsck.Run(truck.Folder, null).Findings);
    }

    /// <summary>F-40, F-42: whoever runs the broker answers in the ledger's place.</summary>
    [Fact(Timeout = 5 * Minute)]
    public async Task Answers_that_a_broker_forges_are_counted_and_the_ledgers_own_are_taken()
    {
        await using var stage = await LivingStage.Begin();
        var (fleet, truck) = (stage.Fleet, stage.Truck);
        using var forger = new MqttClientFactory().CreateMqttClient();
        using var signer = NoteSigner.FromSeed("ledger.example/test", SignatureType.Ed25519, new byte[32]);
        await forger.ConnectAsync(fleet.Rogue(stage.Broker.Port, fleet.LedgerCertificate, "forger"), TestContext.Current.CancellationToken);
        forger.ApplicationMessageReceivedAsync += arguments =>
        {
            var message = System.Buffers.BuffersExtensions.ToArray(arguments.ApplicationMessage.Payload);
            var answers = LedgerQuestion.IsOne(message) ? Digest.Of(message)
                : Statement.Decode(Uplink.Decode(message).Statement.AsMemory()).PayloadDigest;
            var refusal = LedgerQuestion.IsOne(message) ? (Refusal?)null : Refusal.Conflict;
            var note = signer.Sign(SignedNote.Draft(new Standing("ledger.example/test", truck.Id, answers, refusal, 0, default, [], 0).ToText()));
            return forger.PublishAsync(WireTests.Message(Topics.Down(truck.Id), new Downlink(answers, null, refusal, "forged")
            {
                Proof = new(note.ToString(), refusal is null ? [] : [truck.Key.Sign(StatementKind.Manifest, [1]).Bytes], "", []),
            }.Encode()));
        };
        await forger.SubscribeAsync(Topics.Up(truck.Id), cancellationToken: TestContext.Current.CancellationToken);

        truck.Start();
        truck.Batch();
        await truck.Until(() => truck.Status.Faults.Any(fault => fault.Contains("did not hold", StringComparison.Ordinal)));
        Assert.Equal(1, truck.Status.ToSign);

        await stage.Listen();
        truck.Pass(Outbox.AnswerMsMax);
        await truck.Until(() => truck.Status.ToSign == 0);
        truck.Batch();
        await truck.Until(() => truck.Status.Unanchored == 0);
        Assert.Null(truck.Status.Refused);
        await truck.Cut();
        await forger.DisconnectAsync(cancellationToken: TestContext.Current.CancellationToken);
    }

    /// <summary>F-59: two boxes with one identity. The second that speaks is told, and only the authority decides which one goes on.</summary>
    [Fact(Timeout = 5 * Minute)]
    public async Task A_copied_gateway_is_told_that_another_one_signs_with_its_key()
    {
        await using var stage = await LivingStage.Begin(patienceSeconds: 0);
        var (fleet, truck) = (stage.Fleet, stage.Truck);
        await stage.Listen();
        await Live(truck, 3);
        var copy = truck.Image();
        await Live(truck, 1);
        var original = truck.Image();

        truck.PutBack(copy); // The copy speaks second, and has signed offline what it sealed at its start.
        truck.Start();
        truck.Batch();
        truck.Batch();
        await truck.Until(() => truck.Status.Faults.Any(fault => fault.StartsWith("The ledger has another batch", StringComparison.Ordinal)));
        await truck.Cut();
        truck.PutBack(original);
        await Live(truck, 2);
        Assert.DoesNotContain(fleet.Core.Store.EntriesFrom(0), entry => Statement.Decode(entry).Kind == StatementKind.Conflict);
        await AssertVerified(fleet, truck.Id);
    }

    private static async Task Live(LivingTruck truck, int batches)
    {
        truck.Start();
        for (var i = 0; i < batches; i++)
        {
            truck.Batch();
        }

        await truck.Until(() => truck.Status is { Unanchored: 0, UnanchoredManifests: 0 });
        truck.Batch(); // Signed now at the latest: the word is known.
        await truck.Until(() => truck.Status.Unanchored == 0);
        await truck.Cut();
    }

    private static async Task AssertVerified(Fleet fleet, GatewayId id)
    {
        using var context = fleet.Core.Store.Read();
        var rows = context.Batches.Where(row => row.Gateway == id.Value).OrderBy(row => row.Number).ToList();
        Assert.Equal(Enumerable.Range(0, rows.Count).Select(number => (long)number), rows.Select(row => row.Number));
        using var desk = new EvidenceDesk(fleet.Core);
        var (evidence, problem) = await desk.Show(new(id, new TimeWindow(rows[0].OpenedMs, rows[^1].ClosedMs)), TestContext.Current.CancellationToken);
        Assert.Null(problem);
        Assert.Equal((VerdictWord.Verified, ""), (evidence!.Verdict.Word, evidence.Verdict.Reason));
    }
}
