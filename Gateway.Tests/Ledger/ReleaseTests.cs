using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Evidence;
using Gateway.Inputs;
using Gateway.Terminal;
using Gateway.Tests.Evidence;
using Gateway.Tests.Ledger.Links;
using Gateway.Verbs;
using global::Ledger.Log;
using global::Ledger.Pages;

namespace Gateway.Tests.Ledger;

/// <summary>Goal: the page's own hash stands in the log, and whoever saved a page finds out whether it is that one, without asking it. Method: the
/// authority's and the operator's verbs as processes beside a running ledger, real HTTP, and sha256sum.</summary>
public sealed class ReleaseTests : IAsyncLifetime
{
    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "ledger");
    private LinkBench bench = null!;

    private string Folder => Path.GetDirectoryName(bench.Ledger.Data)!;

    private string Window => $"/g/{bench.Ledger.Truck.Id}/{new TimeWindow(TestTruck.StartMs, bench.Ledger.Truck.NowMs - 1)}";

    public async ValueTask InitializeAsync()
    {
        bench = await LinkBench.Start();
        // The folder of keys is an authority's as well: its key, and a policy.
        await File.WriteAllTextAsync(Path.Combine(bench.Ledger.Keys, "authority.key"), bench.Ledger.Truck.AuthorityKey.ExportPkcs8PrivateKeyPem(),
            TestContext.Current.CancellationToken);
    }

    public ValueTask DisposeAsync() => bench.DisposeAsync();

    [Fact]
    public async Task From_the_authoritys_signature_to_the_line_on_a_saved_page()
    {
        var (_, before) = await bench.Get("/releases");
        Assert.Contains("data-standing=\"Unknown\"", before, StringComparison.Ordinal);
        Assert.Equal(PageStanding.Unknown, (await Saved(Window + "/evidence.html")).Standing);

        var file = await Publish();
        var again = await Verb("release", "publish", file, "--data", bench.Ledger.Data, "--json");
        Assert.Equal(5, (int)JsonNode.Parse(again.Output)!["logIndex"]!); // A manifest and four batches stand before it; no second entry.
        Assert.Equal(6, bench.Core.Log.Head.Size);
        Assert.Contains("is among them", (await Verb("release", "list", "--data", bench.Ledger.Data)).Output, StringComparison.Ordinal);
        foreach (var (language, words) in new[] { ("en", "It is in the log: entry 5,"), ("fr", "dans le journal\u00A0: entrée 5,"), ("zh", "第 5 条记录") })
        {
            var page = System.Net.WebUtility.HtmlDecode((await bench.Get("/releases?lang=" + language)).Text);
            Assert.Contains("data-standing=\"Logged\"", page, StringComparison.Ordinal);
            Assert.Contains(words, page, StringComparison.Ordinal);
        }

        foreach (var path in new[] { "/verify", Window + "/evidence.html" })
        {
            var answer = await Saved(path);
            Assert.Equal((PageStanding.Logged, 5L), (answer.Standing, answer.Release!.Index));
        }

        // Receipts of several sizes, the release's among them, and the log's tiles join them all.
        var evidence = await bench.Http.GetByteArrayAsync(Window + "/bundle", TestContext.Current.CancellationToken);
        Assert.NotEmpty(JsonNode.Parse(evidence)!["consistency"]!.AsArray());
        Assert.Equal(["note.softwareKey", "note.noWitness"], Verifier.Verify(evidence, bench.Ledger.Policy).Notes.Select(note => note.Key));

        var pdf = await bench.Http.GetByteArrayAsync(Window + "/evidence.pdf", TestContext.Current.CancellationToken);
        var (bundle, attached) = EvidenceFile.Read(pdf, "report.pdf");
        Assert.Equal(PageStanding.Logged, PageAnswer.Of(Verifier.Verify(bundle, bench.Ledger.Policy).Releases, attached!.Sum).Standing);
        var published = await bench.Http.GetByteArrayAsync("/verify.html", TestContext.Current.CancellationToken);
        Assert.Equal(EvidenceHtml.PublishedSum, Convert.ToHexStringLower(SHA256.HashData(published)));
        Assert.Equal(HttpStatusCode.NotFound, (await bench.Get("/releases/4")).Status);
        Assert.Empty(new CheckLog(bench.Core.Disk, bench.Core.Keys).Run(bench.Core.Store).Problems);
    }

    /// <remarks>F-131.</remarks>
    [Fact]
    public async Task What_is_downloaded_proves_itself_and_an_altered_page_is_told_from_the_real_one()
    {
        await Publish();
        var shown = ReleaseFile.Parse(await bench.Http.GetByteArrayAsync("/releases/5", TestContext.Current.CancellationToken));
        var proven = ReleaseCheck.Check(shown, bench.Ledger.Policy);
        Assert.True(proven.Holds, proven.Finding.Sentence);
        Assert.Equal(EvidenceHtml.PublishedSum, proven.Release!.Sum.ToString());
        Assert.Equal(shown.Receipt, (await bench.Get("/releases/5/receipt")).Text);
        Assert.Equal(shown.Bytes, await bench.Http.GetByteArrayAsync("/releases/5/statement", TestContext.Current.CancellationToken));

        var page = await bench.Http.GetByteArrayAsync(Window + "/evidence.html", TestContext.Current.CancellationToken);
        var altered = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(page).Replace("<body", "<body data-altered", StringComparison.Ordinal));
        foreach (var (bytes, standing, code) in new[] { (page, PageStanding.Logged, 0), (altered, PageStanding.Different, 0) })
        {
            var path = Path.Combine(Folder, $"{standing}.html");
            await File.WriteAllBytesAsync(path, bytes, TestContext.Current.CancellationToken);
            var (exit, output) = Verify(path, "--json");
            var answer = JsonNode.Parse(output)!;
            Assert.Equal((code, "Verified", standing.ToString()), (exit, (string)answer["word"]!, (string)answer["page"]!["standing"]!));
        }

        await File.WriteAllBytesAsync(Path.Combine(Folder, "empty.html"),
            await bench.Http.GetByteArrayAsync("/verify", TestContext.Current.CancellationToken), TestContext.Current.CancellationToken);
        var (done, said) = Verify(Path.Combine(Folder, "empty.html"));
        Assert.Equal(0, done);
        Assert.Contains("is entry 5 of the log", said, StringComparison.Ordinal);
        await File.WriteAllBytesAsync(Path.Combine(Folder, "page.release.json"), ReleaseFile.Write(shown.Bytes.AsSpan(), null), TestContext.Current.CancellationToken);
        Assert.Equal(1, Verify(Path.Combine(Folder, "page.release.json")).Exit);
    }

    /// <remarks>F-173. What was saved before the withdrawal cannot know of it, and says so; what is fetched afterwards does.</remarks>
    [Fact]
    public async Task A_page_that_the_authority_withdraws_is_told_everywhere_with_when_and_why()
    {
        const string Why = "It shows a gap as \"in range\", <b>see</b> notice 7.";
        await Publish();
        var before = await bench.Http.GetByteArrayAsync(Window + "/evidence.html", TestContext.Current.CancellationToken);
        var release = Path.Combine(Folder, "fetched.release.json");
        await File.WriteAllBytesAsync(release, await bench.Http.GetByteArrayAsync("/releases/5", TestContext.Current.CancellationToken),
            TestContext.Current.CancellationToken);
        var file = Path.Combine(Folder, "verify.html.withdrawal.json");
        var signed = await Verb("authority", "withdraw", release, "--dir", bench.Ledger.Keys, "--reason", Why, "--out", file);
        Assert.True(signed.ExitCode == 0, signed.ToString());
        Assert.Contains($"SHA-256 {EvidenceHtml.PublishedSum}, because: “{Why}”", signed.Output, StringComparison.Ordinal);
        var published = await Verb("release", "publish", file, "--data", bench.Ledger.Data);
        Assert.True(published.ExitCode == 0, published.ToString());
        Assert.Contains("(entry 6 of the log)", published.Output, StringComparison.Ordinal);
        Assert.Contains("Those made before cannot know of it.", published.Output, StringComparison.Ordinal);
        Assert.Equal(6, (int)JsonNode.Parse((await Verb("release", "publish", file, "--data", bench.Ledger.Data, "--json")).Output)!["logIndex"]!);
        Assert.Equal(7, bench.Core.Log.Head.Size);

        var list = (await Verb("release", "list", "--data", bench.Ledger.Data)).Output;
        Assert.Contains($"because: “{Why}” (entry 6 of the log)", list, StringComparison.Ordinal);
        Assert.Contains("The page that this ledger serves is withdrawn", list, StringComparison.Ordinal);
        foreach (var (language, words) in new[] { ("en", "It was withdrawn on"), ("fr", "Elle a été retirée le"), ("zh", "它已于") })
        {
            var (_, raw) = await bench.Get("/releases?lang=" + language);
            Assert.DoesNotContain("<b>see", raw, StringComparison.Ordinal);
            var page = WebUtility.HtmlDecode(raw);
            Assert.Contains("data-standing=\"Withdrawn\"", page, StringComparison.Ordinal);
            Assert.Contains(words, page, StringComparison.Ordinal);
            Assert.Contains(Why, page, StringComparison.Ordinal);
        }

        // The file of the withdrawal proves itself; a page and evidence of now carry it, and the record's word is the same.
        Assert.Equal(0, Verify(await Fetched("/releases/6", "back.json")).Exit);
        foreach (var path in new[] { "/verify", Window + "/evidence.html" })
        {
            var answer = await Saved(path);
            Assert.Equal((PageStanding.Withdrawn, 6L, Why), (answer.Standing, answer.Release!.Index, answer.Release.Withdrawal!.Reason));
        }

        var (code, now) = Verify(await Fetched(Window + "/evidence.html", "now.html"));
        Assert.Equal(0, code); // The record is whole; the page is what is not to be relied on.
        Assert.Contains("This page was withdrawn on", now, StringComparison.Ordinal);
        Assert.Equal(1, Verify(await Fetched("/verify", "alone.html")).Exit);
        await File.WriteAllBytesAsync(Path.Combine(Folder, "before.html"), before, TestContext.Current.CancellationToken);
        Assert.Contains("what came later than this file it cannot know", Verify(Path.Combine(Folder, "before.html")).Output, StringComparison.Ordinal);
        Assert.Empty(new CheckLog(bench.Core.Disk, bench.Core.Keys).Run(bench.Core.Store).Problems);
    }

    [Fact]
    public async Task What_takes_back_nothing_or_twice_or_is_forged_is_refused_in_a_sentence()
    {
        await Publish();
        using var stranger = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var truck = bench.Ledger.Truck;
        var own = Digest.FromBytes(Convert.FromHexString(EvidenceHtml.PublishedSum));
        var back = new ReleaseWithdrawal(SoftwareRelease.PageName, "1", own, "why", TestTruck.StartMs);
        foreach (var (statement, words) in new[]
        {
            (back.Sign("test", stranger), "which is no authority of this ledger's policy"), ((back with { Sum = Digest.Of("x"u8) }).Sign("test", truck.AuthorityKey), "nothing to take back"),
            (back.Sign("test", truck.AuthorityKey), ""), ((back with { Reason = "another" }).Sign("test", truck.AuthorityKey), "taken back already, by entry 6"),
        })
        {
            var file = Path.Combine(Folder, Guid.NewGuid() + ".json");
            await File.WriteAllBytesAsync(file, ReleaseFile.Write(statement.Bytes.AsSpan(), null), TestContext.Current.CancellationToken);
            var answer = await Verb("release", "publish", file, "--data", bench.Ledger.Data);
            Assert.Equal((words.Length == 0 ? 0 : 1, true), (answer.ExitCode, answer.Error.Contains(words, StringComparison.Ordinal)));
        }

        foreach (var reason in new[] { "", new('x', 201) })
        {
            var refused = await Verb("authority", "withdraw", Path.Combine(Folder, "verify.html.release.json"), "--dir", bench.Ledger.Keys, "--reason", reason, "--out",
                Path.Combine(Folder, "none.json"));
            Assert.Equal(1, refused.ExitCode);
            Assert.Contains("give 1 to 200", refused.Error, StringComparison.Ordinal);
        }

        Assert.Equal(7, bench.Core.Log.Head.Size);
    }

    private async Task<string> Fetched(string address, string name)
    {
        var path = Path.Combine(Folder, name);
        await File.WriteAllBytesAsync(path, await bench.Http.GetByteArrayAsync(address, TestContext.Current.CancellationToken), TestContext.Current.CancellationToken);
        return path;
    }

    [Fact]
    public async Task Only_an_authority_of_the_policy_releases_and_the_rest_is_refused_in_a_sentence()
    {
        using var stranger = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var truck = bench.Ledger.Truck;
        var sum = Digest.Of("page"u8);
        var release = new SoftwareRelease(SoftwareRelease.PageName, "1", sum, TestTruck.StartMs);
        foreach (var (statement, words) in new[]
        {
            (release.Sign("test", stranger), "which is no authority of this ledger's policy"), (release.Sign("test", truck.GatewayKey), "which is no authority"),
            (truck.SignedManifest, "not a software release"),
        })
        {
            var file = Path.Combine(Folder, Guid.NewGuid() + ".release.json");
            await File.WriteAllBytesAsync(file, ReleaseFile.Write(statement.Bytes.AsSpan(), null), TestContext.Current.CancellationToken);
            var refused = await Verb("release", "publish", file, "--data", bench.Ledger.Data);
            Assert.Equal(1, refused.ExitCode);
            Assert.Contains(words, refused.Error, StringComparison.Ordinal);
        }

        Assert.Equal(5, bench.Core.Log.Head.Size);
        // A gateway's link is not the way in, even for a true one.
        var sent = await bench.Core.Intake.Accept(truck.Id, TestLedger.UplinkOf(release.Sign("test", truck.AuthorityKey)), TestContext.Current.CancellationToken);
        Assert.Equal(Refusal.Malformed, sent.Refusal);
    }

    private async Task<string> Publish()
    {
        var file = Path.Combine(Folder, "verify.html.release.json");
        var signed = await Verb("authority", "release", "--dir", bench.Ledger.Keys, "--out", file);
        Assert.True(signed.ExitCode == 0, signed.ToString());
        Assert.Contains(EvidenceHtml.PublishedSum, signed.Output, StringComparison.Ordinal);
        var published = await Verb("release", "publish", file, "--data", bench.Ledger.Data);
        Assert.True(published.ExitCode == 0, published.ToString());
        Assert.EndsWith(": entry 5 of the log. The page /releases shows it with its receipt.\n", published.Output, StringComparison.Ordinal);
        return file;
    }

    private async Task<PageAnswer> Saved(string path)
    {
        var (bundle, page) = EvidenceFile.Read(await bench.Http.GetByteArrayAsync(path, TestContext.Current.CancellationToken), "page.html");
        var policy = bench.Ledger.Policy;
        return PageAnswer.Of([.. bundle.IsEmpty ? [] : Verifier.Verify(bundle, policy).Releases, .. page!.Releases.Select(release => ReleaseCheck.Check(release, policy))],
            page.Sum);
    }

    private (int Exit, string Output) Verify(string file, params string[] more)
    {
        using var output = new StringWriter();
        var exit = VerifyVerb.Create(new Screen(output, output, false, false), TimeProvider.System)
            .Parse([file, "--policy", Path.Combine(bench.Ledger.Keys, "policy.json"), .. more]).Invoke(new() { EnableDefaultExceptionHandler = false });
        return (exit, output.ToString());
    }

    private static Task<House.ToolResult> Verb(params string[] arguments) => House.Tool.Run("dotnet", Program, arguments);
}
