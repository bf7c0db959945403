using Evidence;
using Gateway.Tests.Evidence;
using global::Ledger.Hosting;
using global::Ledger.Log;
using global::Ledger.Pages;
using global::Ledger.Retention;

namespace Gateway.Tests.Ledger;

/// <summary>Goal: old readings go by policy, whole months, oldest first, and nothing else ever does; what is gone is said. Method: a real
/// ledger with seven years of batches, its own clock in hand; fsck, pages and the intake afterwards.</summary>
public sealed class KeepingTests : IAsyncLifetime
{
    private readonly TestLedger ledger = new();
    private LedgerCore core = null!;

    /// <summary>Two batches a month of 2026 and one a year from 2027 to 2032; all at noon of the 15th and 16th.</summary>
    public async ValueTask InitializeAsync()
    {
        core = ledger.Open();
        await ledger.Send(core, 0);
        for (var month = 1; month <= 12; month++)
        {
            await Seal(2026, month, 15);
            await Seal(2026, month, 16);
        }

        for (var year = 2027; year <= 2032; year++)
        {
            await Seal(year, 6, 15);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await core.DisposeAsync();
        await ledger.DisposeAsync();
    }

    /// <summary>F-92.</summary>
    [Fact]
    public async Task Whole_months_older_than_the_policy_go_oldest_first_and_nothing_else()
    {
        var size = core.Log.Head.Size;
        var removed = Turn(At(2031, 4, 20));
        Assert.Equal([(0L, 1L), (2L, 3L), (4L, 5L)], removed.Select(removal => (removal.First, removal.Last))); // April is not over for five years.
        Assert.Empty(Turn(At(2031, 4, 20)));
        Assert.Equal((6, 24), (Bodies(0, 6).Count(length => length == 0), Bodies(6, 30).Count(length => length > 0)));
        Assert.Equal(size, core.Log.Head.Size);
        var found = new CheckLog(core.Disk, core.Keys).Run(core.Store, new RemovalBook(core.Data).Read());
        Assert.Empty(found.Problems);
        Assert.Equal(6, found.Removed);
        Assert.Contains("\"what\":\"retention\"", File.ReadAllText(Path.Combine(core.Data, "audit.log")), StringComparison.Ordinal);

        // The gateway may ask again for a receipt of what is gone; it is the same one.
        var again = await core.Intake.Accept(ledger.Truck.Id, TestLedger.UplinkOf(ledger.Truck.Batches[0]),
            TestContext.Current.CancellationToken);
        Assert.True(ledger.Proves(again.Receipt!, ledger.Truck.Batches[0].Statement));
        Assert.Equal(0, Bodies(0, 1).Single());
    }

    [Fact]
    public void A_hold_keeps_its_months_whole_until_it_is_taken_back()
    {
        var book = new HoldBook(core.Data);
        var hold = book.Add(ledger.Truck.Id, At(2026, 2, 15).ToUnixTimeMilliseconds(), At(2026, 2, 15).ToUnixTimeMilliseconds() + 1_000, "recall", 0);
        book.Add(new(Guid.NewGuid()), 0, long.MaxValue, "another gateway's", 0);
        Assert.Equal([0L, 4L], Turn(At(2031, 4, 20)).Select(removal => removal.First));
        Assert.All(Bodies(2, 4), length => Assert.True(length > 0));
        Assert.Null(book.Remove(99));
        Assert.Equal(hold, book.Remove(hold.Id));
        Assert.Equal([2L], Turn(At(2031, 4, 20)).Select(removal => removal.First));
        Assert.Equal(3, book.Add(ledger.Truck.Id, 0, 1, "numbers are not used again", 0).Id);
    }

    /// <summary>F-93.</summary>
    [Fact]
    public void A_clock_that_ran_ahead_and_holds_that_cannot_be_read_remove_nothing_more()
    {
        Assert.Equal(24 + 1, Turn(At(2099, 1, 1)).Sum(removal => removal.Last - removal.First + 1)); // Not beyond 2027-07.
        Assert.All(Bodies(25, 30), length => Assert.True(length > 0));
        File.WriteAllText(Path.Combine(core.Data, HoldBook.FileName), "{\"format\":\"coldproof-holds/1\",\"next\":2,");
        var fault = Assert.Throws<ConfigurationException>(() => Turn(At(2099, 1, 1), years: 1));
        Assert.Contains("Nothing is removed until it can", fault.Message, StringComparison.Ordinal);
        Assert.All(Bodies(25, 30), length => Assert.True(length > 0));
    }

    [Fact]
    public void For_ever_is_for_ever_and_a_reading_that_a_hand_removed_is_a_problem()
    {
        Assert.Empty(Turn(At(2099, 1, 1), years: 0));
        using (var context = core.Store.Read())
        {
            Microsoft.EntityFrameworkCore.EntityFrameworkQueryableExtensions.ExecuteUpdate(context.Batches.Where(row => row.Number == 7),
                change => change.SetProperty(row => row.Body, Array.Empty<byte>()));
        }

        Assert.Contains(new CheckLog(core.Disk, core.Keys).Run(core.Store, new RemovalBook(core.Data).Read()).Problems,
            problem => problem.StartsWith("Batch 7 ", StringComparison.Ordinal) && problem.Contains("retention has not removed", StringComparison.Ordinal));
    }

    [Fact]
    public void A_removal_that_a_power_cut_tore_is_written_down_again()
    {
        File.WriteAllText(Path.Combine(core.Data, RemovalBook.FileName), "{\"gateway\":\"5f3a91c0-0b");
        Assert.Equal(3, Turn(At(2031, 4, 20)).Length);
        Assert.Equal([0L, 2L, 4L], new RemovalBook(core.Data).Read().Select(removal => removal.First));
    }

    [Theory]
    [InlineData("en", "this ledger keeps them for 5 years")]
    [InlineData("fr", "ce registre les garde 5 ans")]
    [InlineData("zh", "本账本保存 5 年")]
    public async Task Page_and_bundle_of_a_window_that_is_gone_say_so_in_a_sentence(string language, string words)
    {
        Turn(At(2031, 4, 20));
        await core.DisposeAsync();
        await using (var app = await LedgerHost.Build(new() { Data = ledger.Data, Keys = ledger.Keys, Listen = "http://127.0.0.1:0", KeepYears = 0 }))
        {
            await app.StartAsync(TestContext.Current.CancellationToken);
            using var http = new HttpClient { BaseAddress = new(app.Urls.Single()) };
            foreach (var (path, gone) in new[] { (Window(2026, 2), true), (Window(2026, 2) + "/bundle", true), (Window(2026, 6), false) })
            {
                var page = await http.GetStringOrError($"/g/{ledger.Truck.Id}/{path}?lang={language}");
                Assert.Equal(gone, page.Contains(words, StringComparison.Ordinal));
            }

            await app.StopAsync(TestContext.Current.CancellationToken);
        }

        core = ledger.Open();
    }

    private static string Window(int year, int month) =>
        new TimeWindow(At(year, month, 15).ToUnixTimeMilliseconds(), At(year, month, 16).ToUnixTimeMilliseconds()).ToString();

    private static DateTimeOffset At(int year, int month, int day) => new(year, month, day, 12, 0, 0, TimeSpan.Zero);

    /// <summary>One turn of retention at this time.</summary>
    private System.Collections.Immutable.ImmutableArray<Removal> Turn(DateTimeOffset now, int years = 5) => new Keeping(core.Store, core.Log, core.Data,
        years, new Microsoft.Extensions.Time.Testing.FakeTimeProvider(now)).Run(TestContext.Current.CancellationToken);

    private List<int> Bodies(long from, long end)
    {
        using var context = core.Store.Read();
        return [.. context.Batches.Where(row => row.Number >= from && row.Number < end).OrderBy(row => row.Number).Select(row => row.Body.Length)];
    }

    private async Task Seal(int year, int month, int day)
    {
        ledger.Truck.NowMs = At(year, month, day).ToUnixTimeMilliseconds();
        var answer = await core.Intake.Accept(ledger.Truck.Id, TestLedger.UplinkOf(ledger.Truck.Seal(3)), TestContext.Current.CancellationToken);
        Assert.Null(answer.Refusal);
    }
}

internal static class Pages
{
    /// <summary>The page's text, whatever its status.</summary>
    public static async Task<string> GetStringOrError(this HttpClient http, string path)
    {
        using var answer = await http.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);
        return System.Net.WebUtility.HtmlDecode(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }
}
