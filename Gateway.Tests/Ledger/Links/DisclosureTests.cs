using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Evidence;
using Evidence.Gs1;
using Evidence.Log;
using global::Ledger.Links;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Ledger.Links;

/// <summary>Goal: every link and every use stands in the log, a party can check it, and a stranger learns nothing. Method: the served file is checked
/// with Evidence alone, the log's public files are searched byte by byte, and the disk fails at each step.</summary>
public sealed class DisclosureTests
{
    private static readonly string[] Hostile = ["<script>alert('&\"1\")</script>", "'; DROP TABLE Links;--", "{\"x\":1}", "Ünïcödé 中文 עברית"];

    [Fact]
    public async Task A_party_can_check_that_every_entry_is_in_the_log_and_a_stranger_learns_nothing()
    {
        await using var bench = await LinkBench.Start();
        var terms = bench.Terms() with { Recipient = Hostile[0], Reason = Hostile[3] };
        var (link, path) = await bench.Make(terms);
        var (other, otherPath) = await bench.Make(bench.Terms(DisclosureLevel.Verdicts, LinkAccess.Open));
        Assert.DoesNotContain("<script>alert", (await bench.Get(path + "/page")).Text, StringComparison.Ordinal);
        await bench.Get(otherPath);
        await bench.Core.Links.Revoke(other.Id, Hostile[1], TestContext.Current.CancellationToken);

        var file = (await bench.Get(path + "/page/disclosures.json")).Text;
        var entries = Check(file, bench);
        var answer = DisclosureFile.Verify(Encoding.UTF8.GetBytes(file), bench.Ledger.Policy.Log);
        Assert.True(answer is { Holds: true, IsWhole: true }, answer.Reason);
        Assert.Equal(entries.Select(entry => entry.Content), answer.Entries.Select(entry => entry.Content), (a, b) => a.Encode().AsSpan().SequenceEqual(b.Encode()));
        Assert.Equal([typeof(LinkCreated), typeof(LinkCreated), typeof(LinkUsed), typeof(LinkUsed), typeof(LinkRevoked)], entries.Select(entry => entry.Content.GetType()));
        var made = Assert.IsType<LinkCreated>(entries[0].Content);
        Assert.Equal((link.Id, terms.Recipient, terms.Reason, terms.Level, terms.Key), (made.Link, made.Terms.Recipient, made.Terms.Reason, made.Terms.Level, made.Terms.Key));
        Assert.Equal(ShownForms.Page, Assert.IsType<LinkUsed>(entries[2].Content).Shown);

        // What anyone can fetch of the log, and copy.
        foreach (var name in Directory.EnumerateFiles(bench.Ledger.LogDirectory, "*", SearchOption.AllDirectories))
        {
            var bytes = await File.ReadAllBytesAsync(name, TestContext.Current.CancellationToken);
            foreach (var entry in entries)
            {
                Assert.True(bytes.AsSpan().IndexOf(entry.Content.Encode()) < 0 && bytes.AsSpan().IndexOf(entry.Salt) < 0 && bytes.AsSpan().IndexOf(entry.Content.Link.ToBytes()) < 0, name);
            }

            foreach (var secret in new[] { terms.Recipient, terms.Reason, "Regional office", LinkBench.Pallet, path[3..] })
            {
                Assert.True(bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(secret)) < 0, $"{name} holds {secret}");
            }
        }
    }

    [Fact]
    public async Task A_file_of_entries_that_was_changed_is_refused_with_the_entry_that_does_not_hold()
    {
        await using var bench = await LinkBench.Start();
        var (link, path) = await bench.Make(bench.Terms());
        await bench.Get(path);
        await bench.Core.Links.Revoke(link.Id, "done", TestContext.Current.CancellationToken);
        var (_, other) = await bench.Make(bench.Terms());
        var good = JsonNode.Parse((await bench.Get(other + "/page/disclosures.json")).Text)!;
        Assert.True(Verify(good).Holds);
        var left = Bent(good, entries => entries.RemoveAt(1));
        Assert.Contains("something between them is left out", Verify(left).Reason, StringComparison.Ordinal);
        var head = Bent(good, entries => entries.RemoveAt(0));
        Assert.True(Verify(head) is { Holds: true, IsWhole: false });
        Assert.Contains("says something else", Verify(Bent(good, entries => entries[1]!["salt"] = Convert.ToBase64String(new byte[32]))).Reason, StringComparison.Ordinal);
        Assert.Contains("says something else", Verify(Bent(good, entries => entries[1]!["content"] = (string)entries[0]!["content"]!)).Reason, StringComparison.Ordinal);
        Assert.Contains("not proven to be in the log", Verify(Bent(good, entries => entries[1]!["receipt"] = (string)entries[0]!["receipt"]!)).Reason, StringComparison.Ordinal);
        Assert.False(Verify(Bent(good, entries => entries[1]!["statement"] = (string)entries[0]!["statement"]!)).Holds);
        Assert.False(Verify(Bent(good, entries => entries[1]!["salt"] = (string)entries[1]!["salt"]! + "\n")).Holds);
        Assert.False(Verify(Bent(good, entries => entries[1]!["more"] = 1)).Holds);
        Assert.Contains("format", DisclosureFile.Verify(Encoding.UTF8.GetBytes("{}"), bench.Ledger.Policy.Log).Reason, StringComparison.Ordinal);

        DisclosureAnswer Verify(JsonNode file) => DisclosureFile.Verify(Encoding.UTF8.GetBytes(file.ToJsonString()), bench.Ledger.Policy.Log);

        static JsonNode Bent(JsonNode file, Action<JsonArray> bend)
        {
            var bent = file.DeepClone();
            bend(bent["entries"]!.AsArray());
            return bent;
        }
    }

    [Fact]
    public async Task An_open_links_page_names_no_other_recipient()
    {
        await using var bench = await LinkBench.Start();
        var (_, secret) = await bench.Make(bench.Terms() with { Recipient = "The other customer" });
        var (_, open) = await bench.Make(bench.Terms(DisclosureLevel.Verdicts, LinkAccess.Open));
        Assert.DoesNotContain("The other customer", (await bench.Get(open + "/page")).Text, StringComparison.Ordinal);
        Assert.Contains("Regional office", (await bench.Get(secret + "/page")).Text, StringComparison.Ordinal);
        Assert.DoesNotContain(open[3..], (await bench.Get(secret + "/page")).Text, StringComparison.Ordinal);
        Assert.All(Check((await bench.Get(open + "/page/disclosures.json")).Text, bench), entry => Assert.NotEqual("The other customer", (entry.Content as LinkCreated)?.Terms.Recipient));
    }

    [Fact]
    public async Task A_page_reads_the_newest_uses_and_says_how_many_stand_before_them()
    {
        const int Uses = LinkPages.RowsMax + 5;
        await using var bench = await LinkBench.Start();
        var (link, path) = await bench.Make(bench.Terms());
        for (var i = 0; i < Uses; i++)
        {
            await bench.Core.Links.Use(link.Id, new(bench.NowMs + i, bench.NowMs + i, 1, ShownForms.Bundle), TestContext.Current.CancellationToken);
        }

        var (newest, count) = bench.Core.Links.Book.NewestFor(link, LinkPages.RowsMax);
        Assert.Equal((LinkPages.RowsMax, Uses + 1), (newest.Count, count));
        var all = bench.Core.Links.Book.EntriesFor(link).ConvertAll(entry => entry.LogIndex);
        Assert.Equal([all[0], .. all.TakeLast(LinkPages.RowsMax - 1)], newest.Select(entry => entry.LogIndex));
        Assert.Equal(all.Skip(3).Take(4), bench.Core.Links.Book.EntriesFor(link, all[2], 4).Select(entry => entry.LogIndex));
        Assert.Contains("7 earlier uses are in the file.", (await bench.Get(path + "/page")).Text, StringComparison.Ordinal); // This look is one more.
        Assert.Equal(Uses + 2, Check((await bench.Get(path + "/page/disclosures.json")).Text, bench).Count);
    }

    [Fact]
    public async Task A_crawler_makes_one_entry_a_minute_and_every_use_is_counted()
    {
        await using var ledger = new TestLedger();
        await using var core = ledger.Open();
        await ledger.Send(core, 1);
        var pace = new FakeTimeProvider();
        await using var uses = new LinkUses(core.Links, ledger.Clock, pace, NullLogger<LinkUses>.Instance);
        var (link, _) = await core.Links.Create(Terms(ledger), TestContext.Current.CancellationToken);
        await Task.WhenAll(Enumerable.Range(0, 500).Select(i => uses.Note(link.Id, i % 2 == 0 ? ShownForms.Page : ShownForms.Bundle)));
        await uses.Turn();
        Assert.Equal([1], Counts(core, link));
        pace.Advance(LinkUses.Fold);
        await uses.Turn();
        Assert.Equal([1, 499], Counts(core, link));
        await uses.Note(link.Id, ShownForms.Page); // Still the minute of the entry before.
        Assert.Equal([1, 499], Counts(core, link));
        pace.Advance(LinkUses.Fold);
        await uses.Turn();
        pace.Advance(LinkUses.Fold);
        await uses.Turn();
        await uses.Note(link.Id, ShownForms.Page); // After a quiet minute the first use is logged before it is shown.
        Assert.Equal([1, 499, 1, 1], Counts(core, link));
        await uses.Note(link.Id, ShownForms.Page);
        await uses.Turn(isEnd: true);
        Assert.Equal([1, 499, 1, 1, 1], Counts(core, link));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Link_and_entry_are_both_there_or_neither_wherever_the_disk_fails(bool persists)
    {
        // F-73: the step between the store's commit and the log's publication, and each step of it. Every failure is a restart.
        await using var ledger = new TestLedger();
        await using (var core = ledger.Open())
        {
            await ledger.Send(core, 2);
        }

        for (var fail = 1; ; fail++)
        {
            var disk = new global::Gateway.Tests.Ledger.FailingDisk(ledger.LogDirectory);
            LinkToken? token = null;
            var failed = false;
            await using (var core = ledger.Open(disk))
            {
                (disk.Persists, disk.FailAt) = (persists, disk.Calls + fail);
                try
                {
                    (_, token) = await core.Links.Create(Terms(ledger), TestContext.Current.CancellationToken);
                }
                catch (LinkRefusedException fault)
                {
                    failed = true;
                    Assert.Contains("could not write", fault.Message, StringComparison.Ordinal);
                }
            }

            await using (var core = ledger.Open())
            {
                Assert.Equal(failed, token is null);
                Assert.True(token is not { } known || core.Links.Book.Find(known) is not null);
                Assert.All(core.Links.Book.All(), link => Assert.Equal(StatementKind.Disclosure, Statement.Decode(core.Store.Entry(link.LogIndex)!).Kind));
                Assert.Equal(core.Store.NextIndex(), core.Log.Head.Size);
                var findings = new global::Ledger.Log.CheckLog(core.Disk, core.Keys).Run(core.Store);
                Assert.Empty(findings.Problems);
            }

            if (!failed)
            {
                Assert.True(fail > 3, $"The disk was only asked {fail - 1} times.");
                return;
            }
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData("two\nlines")]
    [InlineData("\u001B[2Jcleared")]
    [InlineData("\u202Eturned round")]
    [InlineData("nul\0")]
    [InlineData("\u2028")]
    public async Task A_text_that_steers_a_terminal_or_turns_a_line_round_is_refused(string text)
    {
        await using var ledger = new TestLedger();
        await using var core = ledger.Open();
        await ledger.Send(core, 1);
        var fault = await Assert.ThrowsAsync<MalformedEvidenceException>(() => core.Links.Create(Terms(ledger) with { Recipient = text }, TestContext.Current.CancellationToken));
        Assert.StartsWith("The recipient", fault.Message, StringComparison.Ordinal);
        Assert.Empty(core.Links.Book.All());
    }

    [Fact]
    public void Another_way_of_writing_an_entry_is_refused_and_hostile_text_comes_back_as_it_was()
    {
        foreach (var text in Hostile)
        {
            var link = LinkId.FromBytes(new byte[16]);
            var made = new LinkCreated(link, default, 5, new(Gs1Key.Product(Gtin.Parse("09521234543213"), "A/B"), new(Guid.Empty), [new(0), new(3)], 1, 2,
                DisclosureLevel.Verdicts, LinkAccess.Open, text, text, 9));
            Assert.Equal(made.Encode(), Disclosure.Decode(made.Encode()).Encode());
            Assert.Equal(text, Assert.IsType<LinkCreated>(Disclosure.Decode(made.Encode())).Terms.Reason);
            Assert.Throws<MalformedEvidenceException>(() => Disclosure.Decode((byte[])[.. made.Encode(), 0]));
            Assert.Throws<MalformedEvidenceException>(() => Disclosure.Decode(made.Encode().AsMemory()[..^1]));
            Assert.Throws<MalformedEvidenceException>(() => Disclosure.Decode((made with { Previous = Digest.Of([1]) }).Encode()));
            Assert.Throws<MalformedEvidenceException>(() => Disclosure.Decode(new LinkUsed(link, 0, default, 1, 1, 1, ShownForms.Page).Encode()));
            Assert.Throws<MalformedEvidenceException>(() => Disclosure.Decode(new LinkUsed(link, 1, Digest.Of([1]), 2, 1, 1, ShownForms.Page).Encode()));
        }
    }

    private static LinkTerms Terms(TestLedger ledger) => new(Gs1Key.Pallet(Sscc.Parse(LinkBench.Pallet)), ledger.Truck.Id, [new(0)],
        global::Gateway.Tests.Evidence.TestTruck.StartMs, ledger.Truck.NowMs - 1, DisclosureLevel.Readings, LinkAccess.Token, "Office", "Release",
        ledger.Clock.GetUtcNow().ToUnixTimeMilliseconds() + 3_600_000);

    private static List<long> Counts(global::Ledger.Hosting.LedgerCore core, KnownLink link) =>
        [.. core.Links.Book.EntriesFor(link).Select(entry => entry.Content).OfType<LinkUsed>().Select(used => used.Count)];

    /// <summary>As a party does it: commitments, receipts, numbers and hashes, with Evidence alone.</summary>
    private static List<(Disclosure Content, byte[] Salt)> Check(string file, LinkBench bench)
    {
        var root = JsonDocument.Parse(file).RootElement;
        Assert.Equal("coldproof-disclosures/1", root.GetProperty("format").GetString());
        var (entries, tips) = (new List<(Disclosure, byte[])>(), new Dictionary<LinkId, (long Number, Digest Digest)>());
        foreach (var row in root.GetProperty("entries").EnumerateArray())
        {
            var (statement, salt) = (Statement.Decode(row.GetProperty("statement").GetBytesFromBase64()), row.GetProperty("salt").GetBytesFromBase64());
            var content = Disclosure.Decode(row.GetProperty("content").GetBytesFromBase64());
            Assert.Equal(Disclosure.ReadCommitment(statement), Disclosure.Commit(salt, content.Encode()));
            Assert.Equal("ledger:log.example/test", statement.Issuer);
            var receipt = TlogProof.Parse(Encoding.UTF8.GetString(row.GetProperty("receipt").GetBytesFromBase64()));
            Assert.True(receipt.Verify(LogTree.LeafHash(statement.Bytes.AsSpan()), bench.Ledger.Policy.Log).Holds);
            Assert.Equal(tips.TryGetValue(content.Link, out var tip) ? (tip.Number + 1, tip.Digest) : (0, default), (content.Number, content.Previous));
            tips[content.Link] = (content.Number, statement.PayloadDigest);
            entries.Add((content, salt));
        }

        return entries;
    }
}
