using Anchoring;
using Evidence;
using Evidence.Log;
using global::Ledger.Hosting;

namespace Gateway.Tests.Ledger;

/// <summary>Goal: each receipt joins its head with that of the same gateway's receipt before, whoever else speaks, whenever the ledger was restarted,
/// and also when it is asked for again. Method: three gateways at a real ledger, their receipts read as a truck reads them.</summary>
public sealed class ReceiptLinksTests : IAsyncDisposable
{
    private readonly TestLedger ledger = new();

    [Fact]
    public async Task Every_gateways_receipts_join_all_its_heads_over_restarts_and_when_they_are_asked_for_again()
    {
        var trucks = Enumerable.Range(0, 3).Select(_ => new Fleet(ledger.Truck)).ToList();
        var messages = trucks.ConvertAll(truck => truck.Uplinks(12));
        var answers = trucks.ConvertAll(_ => new List<Downlink>());
        for (var session = 0; session < 3; session++)
        {
            await using var core = ledger.Open();
            for (var turn = session * 4; turn < (session * 4) + 4 + (session == 2 ? 1 : 0); turn++)
            {
                foreach (var truck in turn % 2 == 0 ? new[] { 0, 1, 2 } : [2, 0, 1])
                {
                    answers[truck].Add(await Accept(core, trucks[truck], messages[truck][turn]));
                }
            }
        }

        await using var last = ledger.Open();
        for (var truck = 0; truck < trucks.Count; truck++)
        {
            Joined(trucks[truck], messages[truck], answers[truck]);
            var again = new List<Downlink>();
            foreach (var message in messages[truck])
            {
                again.Add(await Accept(last, trucks[truck], message));
            }

            Assert.Equal(answers[truck].Select(answer => answer.Receipt), again.Select(answer => answer.Receipt));
        }
    }

    [Fact]
    public async Task Batches_that_share_a_round_name_one_head_and_what_follows_them_is_joined_too()
    {
        await using var core = ledger.Open();
        var truck = new Fleet(ledger.Truck);
        var messages = truck.Uplinks(40);
        var answers = (await Task.WhenAll(messages.Select(message => Accept(core, truck, message)))).ToList();
        Joined(truck, messages, answers);
    }

    private static void Joined(Fleet truck, List<byte[]> messages, List<Downlink> answers)
    {
        var book = new HeadBook();
        var heads = new List<Checkpoint>();
        foreach (var (message, answer) in messages.Zip(answers))
        {
            var proof = TlogProof.Parse(answer.Receipt!);
            Assert.NotNull(HeadLink.In(proof));
            book.Add(Statement.Decode(Uplink.Decode(message).Statement.AsMemory()), answer.Receipt!);
            heads.Add(proof.Checkpoint);
        }

        foreach (var (from, to) in heads.DistinctBy(head => head.Size).SelectMany(from => heads.Where(to => to.Size > from.Size).Select(to => (from, to))))
        {
            Assert.True(book.Prove(from.Origin, from.Size, to.Size) is not null, $"gateway {truck.Id}: {from.Size} to {to.Size}");
        }
    }

    private static Task<Downlink> Accept(LedgerCore core, Fleet truck, byte[] message) =>
        core.Intake.Accept(truck.Id, message, TestContext.Current.CancellationToken);

    public ValueTask DisposeAsync() => ledger.DisposeAsync();
}
