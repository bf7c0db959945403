using Evidence;
using Gateway.Tests.Evidence;
using Gateway.Tests.Ledger.Links;
using global::Ledger.Pages;

namespace Gateway.Tests.Ledger;

/// <summary>Goal: an operator takes a stolen gateway's key back by the command line, and whoever reads its record learns from when on and since when
/// that stands in the log. Method: the authority's and the operator's verbs as processes beside a running ledger.</summary>
public sealed class KeyVerbTests : IAsyncLifetime
{
    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "ledger");
    private LinkBench bench = null!;

    private TestTruck Truck => bench.Ledger.Truck;

    private string Folder => Path.GetDirectoryName(bench.Ledger.Data)!;

    public async ValueTask InitializeAsync()
    {
        bench = await LinkBench.Start();
        await File.WriteAllTextAsync(Path.Combine(bench.Ledger.Keys, "authority.key"), Truck.AuthorityKey.ExportPkcs8PrivateKeyPem(),
            TestContext.Current.CancellationToken);
    }

    public ValueTask DisposeAsync() => bench.DisposeAsync();

    /// <summary>A manifest and four batches are logged, 0 to 4; the key counts up to the third batch.</summary>
    [Theory]
    [InlineData(5, VerdictWord.Verified, Fault.None)]
    [InlineData(3, VerdictWord.SignerUnknown, Fault.KeyRevoked)]
    public async Task A_key_that_is_taken_back_counts_no_more_from_its_place_on(long from, VerdictWord word, Fault fault)
    {
        var file = await Sign(Truck.Manifest.Key.IdHex, from);
        var revoked = await Verb("key", "revoke", file, "--data", bench.Ledger.Data);
        Assert.True(revoked.ExitCode == 0, revoked.ToString());
        Assert.Contains($"from log index {from} on: entry 5 of the log", revoked.Output, StringComparison.Ordinal);
        Assert.Equal(0, (await Verb("key", "revoke", file, "--data", bench.Ledger.Data)).ExitCode);
        Assert.Equal(6, bench.Core.Log.Head.Size);

        var window = new TimeWindow(TestTruck.StartMs, Truck.NowMs - 1);
        var bundle = await bench.Http.GetByteArrayAsync($"/g/{Truck.Id}/{window}/bundle", TestContext.Current.CancellationToken);
        var verdict = Verifier.Verify(bundle, bench.Ledger.Policy);
        Assert.Equal((word, fault), (verdict.Word, verdict.Fault));
        Assert.Contains(verdict.Notes, note => note.Key == "note.revoked" && note.Sentence.Contains("The revocation is entry 5 of the log", StringComparison.Ordinal));
        Assert.DoesNotContain(verdict.Notes, note => note.Key == "note.unlinked");
        var next = await bench.Core.Intake.Accept(Truck.Id, TestLedger.UplinkOf(Truck.Seal(2)), TestContext.Current.CancellationToken);
        Assert.Equal(Refusal.Revoked, next.Refusal);
    }

    [Fact]
    public async Task What_is_no_revocation_of_a_key_of_this_log_is_refused_in_a_sentence()
    {
        var unknown = await Verb("key", "revoke", await Sign(new('a', 32), 0), "--data", bench.Ledger.Data);
        Assert.Equal((1, true), (unknown.ExitCode, unknown.Error.Contains("is enrolled in this log", StringComparison.Ordinal)));
        var other = Path.Combine(Folder, "manifest.cose");
        await File.WriteAllBytesAsync(other, [.. Truck.SignedManifest.Bytes], TestContext.Current.CancellationToken);
        var kind = await Verb("key", "revoke", other, "--data", bench.Ledger.Data);
        Assert.Equal((1, true), (kind.ExitCode, kind.Error.Contains("not a revocation", StringComparison.Ordinal)));
        var stranger = Path.Combine(Folder, "stranger.cose");
        await File.WriteAllBytesAsync(stranger, [.. Statement.Sign(StatementKind.Revocation, "authority:test",
            new Revocation(Truck.Manifest.Key.IdHex, 0, "forged").Encode(), Truck.GatewayKey).Bytes], TestContext.Current.CancellationToken);
        var forged = await Verb("key", "revoke", stranger, "--data", bench.Ledger.Data);
        Assert.Equal((1, true), (forged.ExitCode, forged.Error.Contains("no authority of this ledger's policy", StringComparison.Ordinal)));
        Assert.Equal(1, (await Verb("authority", "revoke", "xyz", "--dir", bench.Ledger.Keys, "--from", "0", "--reason", "why", "--out", Path.Combine(Folder, "x")))
            .ExitCode);
        Assert.Equal(5, bench.Core.Log.Head.Size);
    }

    private async Task<string> Sign(string key, long from)
    {
        var file = Path.Combine(Folder, $"{key[..8]}-{from}.revocation.cose");
        var signed = await Verb("authority", "revoke", key, "--dir", bench.Ledger.Keys, "--from", $"{from}", "--reason", "The box was stolen.", "--out", file);
        Assert.True(signed.ExitCode == 0, signed.ToString());
        return file;
    }

    private static Task<House.ToolResult> Verb(params string[] arguments) => House.Tool.Run("dotnet", Program, arguments);
}
