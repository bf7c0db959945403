using Anchoring;
using Evidence;
using Gateway.Tests.Simulation;

namespace Gateway.Tests.Anchoring;

/// <summary>Goal: a card that fails while batches are folded into the store stops neither the cycle nor loses a batch (F-80). Method: every
/// operation of a fold fails in turn; LiteDB writes from a thread of its own, and must not be left waiting for it.</summary>
public sealed class FailingCardTests
{
    [Fact]
    public void Every_operation_of_a_fold_may_fail_and_the_store_is_whole_at_the_next_try()
    {
        for (var failAt = 1; ; failAt++)
        {
            var card = new Card(new((ulong)failAt));
            List<StoreBreak> broken = [];
            var batches = Batches();
            Assert.Null(new BatchStore(card.Folder("batches"), broken.Add).Put([batches[0]]));
            card.FailAfter(failAt);
            var failed = Record.Exception(() => new BatchStore(card.Folder("batches"), broken.Add).Put(batches));
            Assert.True(failed is null or IOException, $"operation {failAt}: {failed}");
            if (card.Failed == 0)
            {
                Assert.True(failAt > 5, "The fold has more operations than that.");
                return;
            }

            var again = new BatchStore(card.Folder("batches"), broken.Add);
            Assert.Null(again.Put(batches));
            Assert.Equal(batches.Select(batch => batch.Check()), again.Read(0, 10).Select(batch => batch.Check()));
            Assert.Empty(broken);
        }
    }

    /// <summary>F-113: what is folded is read from the journal before, and its segment deleted after; neither may end the gateway.</summary>
    [Fact]
    public void Every_operation_around_a_fold_may_fail_and_the_cycle_goes_on()
    {
        var survived = 0;
        for (var failAt = 1; ; failAt++)
        {
            using var bench = new Bench();
            var card = new Card(new((ulong)failAt));
            using var logbook = bench.Start(card.Folder);
            while (card.FilesOf("journal").Count() < 3)
            {
                bench.Round(logbook, 4_000, 5_000); // One batch fills the first segment, and a second one is in use.
            }

            logbook.SealOpen(bench.Now(logbook));
            card.FailAfter(failAt);
            try
            {
                Offer(bench, logbook);
                survived++;
            }
            catch (NotRecordedException)
            {
                continue; // The receipt could not be recorded, which comes before the fold: the gateway has to end.
            }

            if (card.Failed == 0)
            {
                Assert.True(survived > 10, $"Only {survived - 1} operations of a fold have failed.");
                return;
            }

            bench.Round(logbook, 4_000, 5_000); // Recording goes on.
            logbook.SealOpen(bench.Now(logbook));
            Offer(bench, logbook);
            Assert.DoesNotContain(card.FilesOf("journal"), file => file.Name == Journal.NameOf(1));
            var extract = logbook.Extract(0, long.MaxValue);
            Assert.Empty(extract.Missing);
            Assert.Equal(2, extract.Batches.Length);
        }
    }

    /// <summary>Manifest and batches go, their receipts come, and what is anchored is folded.</summary>
    private static void Offer(Bench bench, Logbook logbook)
    {
        for (var i = 0; i < 6; i++)
        {
            logbook.Offer(bench.Now(logbook));
        }
    }

    /// <summary>F-81.</summary>
    [Fact]
    public void A_fold_that_is_the_first_work_of_a_session_hides_nothing_of_the_month()
    {
        var (card, batches) = (new Card(new(1)), Batches());
        Assert.Null(new BatchStore(card.Folder("batches"), _ => { }).Put(batches[..2]));
        var next = new BatchStore(card.Folder("batches"), _ => { });
        Assert.Null(next.Put(batches[2..]));
        Assert.Equal(batches.Select(batch => batch.Check()), next.Read(0, 10).Select(batch => batch.Check()));
        Assert.Equal((0, 3), next.Span());
    }

    [Fact]
    public void A_card_that_fails_while_the_months_are_looked_up_hides_none_of_them()
    {
        var (card, batches) = (new Card(new(1)), Batches());
        Assert.Null(new BatchStore(card.Folder("batches"), _ => { }).Put(batches));
        card.Folder("batches").Delete(card.Folder("batches").Names.Single(name => name.EndsWith("-log", StringComparison.Ordinal)));
        var store = new BatchStore(card.Folder("batches"), _ => { });
        card.FailAfter(1);
        Assert.Throws<IOException>(() => store.Span());
        Assert.Equal((0, 3), store.Span());
    }

    private static List<StoredBatch> Batches()
    {
        using var bench = new Bench();
        using var logbook = bench.Start();
        for (var i = 0; i < 4; i++)
        {
            bench.Round(logbook, 4_000, 5_000);
            logbook.SealOpen(bench.Now(logbook));
        }

        return [.. logbook.Extract(0, long.MaxValue).Batches.Select(batch =>
            new StoredBatch(batch.Statement, batch.Body.Encode(), null, "", [0, 0]))];
    }
}
