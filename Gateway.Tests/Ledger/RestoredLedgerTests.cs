using System.Security.Cryptography;
using Evidence;
using Evidence.Log;
using Gateway.Tests.Abuse;
using Gateway.Tests.Evidence;
using global::Anchoring;
using global::Ledger.Hosting;
using global::Ledger.Log;

namespace Gateway.Tests.Ledger;

/// <summary>Goal: a ledger restored from an old copy, database and log alike, learns it from the first gateway that asks, signs no second
/// history, and goes on when the newest copy is back (F-90). Method: copied data directories of a real ledger; the gateway's own check.</summary>
public sealed class RestoredLedgerTests : IAsyncDisposable
{
    private readonly TestLedger ledger = new();

    private WordCheck Checker => new(ledger.Truck.Id, PublicKey.Of(ledger.Truck.GatewayKey), ledger.Policy.Log,
        [PublicKey.Of(ledger.Truck.AuthorityKey)]);

    public ValueTask DisposeAsync() => ledger.DisposeAsync();

    /// <summary>F-90.</summary>
    [Fact]
    public async Task A_ledger_restored_from_an_old_copy_stops_logging_when_the_first_gateway_asks_and_goes_on_with_the_newest_copy()
    {
        var (old, newest, note) = await TwoCopies();
        PutBack(old);
        await using (var core = ledger.Open())
        {
            var word = await Ask(core, note);
            Assert.Equal(5, word.Next);
            Assert.Contains("It has lost entries that it had published", word.Trouble, StringComparison.Ordinal);
            Assert.Contains("lost entries that it had published", LedgerHealth.Trouble(core)!, StringComparison.Ordinal);

            // Batch 5 would be the next one here. It is not taken: its entry number is taken already.
            var answer = await Send(core, ledger.Truck.Batches[5]);
            Assert.Equal(Refusal.Unavailable, answer.Refusal);
            Assert.Contains("Nothing is logged until the newest copy is back", answer.Words, StringComparison.Ordinal);
            Assert.NotNull((await Send(core, ledger.Truck.Batches[2])).Receipt); // What is logged can still be proved.
            Assert.Equal(6, core.Log.Head.Size);
        }

        Assert.Contains("Nothing is logged", Assert.Throws<global::Ledger.EvidenceBrokenException>(() => ledger.Open()).Message, StringComparison.Ordinal);
        await AssertFsck(1, "lost entries that it had published", "Next step: put the newest copy of");
        PutBack(newest, keep: ShownAhead.FileName);
        await AssertFsck(0, $"The log honours the checkpoint in {ShownAhead.FileName} again");
        await using (var core = ledger.Open())
        {
            Assert.Equal("", (await Ask(core, note)).Trouble);
            Assert.NotNull((await Send(core, ledger.Truck.Seal(2))).Receipt);
            Assert.Empty(new CheckLog(core.Disk, core.Keys).Run(core.Store).Problems);
            Assert.False(File.Exists(Path.Combine(ledger.Data, ShownAhead.FileName)));
        }
    }

    /// <summary>F-90: the harm is done, others were quicker; then the log has ended, and both sides say so.</summary>
    [Fact]
    public async Task A_restored_ledger_that_has_logged_more_already_is_found_out_by_any_older_checkpoint()
    {
        var (old, _, note) = await TwoCopies();
        PutBack(old);
        await using var core = ledger.Open();
        for (var i = 0; i < 8; i++)
        {
            var revocation = Statement.Sign(StatementKind.Revocation, "authority:test", new Revocation(new string('a', 32), i + 100, "other").Encode(),
                ledger.Truck.AuthorityKey);
            Assert.NotNull((await core.Intake.Accept(ledger.Truck.Id, TestLedger.UplinkOf(revocation), TestContext.Current.CancellationToken)).Receipt);
        }

        var word = await Ask(core, note);
        Assert.Contains("It shows two histories", word.Trouble, StringComparison.Ordinal);
        var size = core.Log.Head.Size;
        Assert.Contains("two histories", (await Send(core, ledger.Truck.Batches[5])).Words, StringComparison.Ordinal);
        Assert.Equal(size, core.Log.Head.Size);
    }

    /// <summary>F-90: a note by another key, of another log, or no checkpoint stops nobody's ledger.</summary>
    [Fact]
    public async Task Nobody_else_can_stop_a_ledger_with_a_checkpoint()
    {
        await using var core = ledger.Open();
        await ledger.Send(core, 3);
        using var other = NoteSigner.FromSeed(core.Keys.Origin, SignatureType.Ed25519, RandomNumberGenerator.GetBytes(32));
        var big = new Checkpoint(core.Keys.Origin, 1_000, Digest.Of([1])).ToText();
        foreach (var note in new[]
        {
            other.Sign(SignedNote.Draft(big)),
            core.Keys.Log.Sign(SignedNote.Draft(new Checkpoint("another.example/log", 1_000, Digest.Of([1])).ToText())),
            core.Keys.Log.Sign(SignedNote.Draft(new Standing(core.Keys.Origin, ledger.Truck.Id, default, null, 9, default, [], 1_000).ToText())),
            core.Log.Head.Note!,
        })
        {
            var question = new LedgerQuestion([.. RandomNumberGenerator.GetBytes(16)], 0, note.ToString());
            _ = await core.Intake.Accept(ledger.Truck.Id, question.Encode(), TestContext.Current.CancellationToken);
            Assert.Equal("", core.Sequencer.Halted);
        }

        Assert.NotNull((await Send(core, ledger.Truck.Seal(1))).Receipt);
    }

    /// <summary>What a person sees who runs `ledger fsck` on the stopped ledger; it only looks.</summary>
    private async Task AssertFsck(int code, params string[] words)
    {
        var fsck = await RealProgram.Run("ledger fsck", [.. ProgramPlaces.Ledger, "fsck", "--data", ledger.Data, "--keys", ledger.Keys],
            Path.Combine(ledger.Keys, "fsck.out"), TimeSpan.FromMinutes(4));
        Assert.True(fsck.Code == code, fsck.ToString());
        Assert.All(words, word => Assert.Contains(word, fsck.Said, StringComparison.Ordinal));
        Assert.True(File.Exists(Path.Combine(ledger.Data, ShownAhead.FileName)));
    }

    /// <summary>The data directory after five batches and after ten, and the newest checkpoint.</summary>
    private async Task<(Dictionary<string, byte[]> Old, Dictionary<string, byte[]> Newest, string Note)> TwoCopies()
    {
        Dictionary<string, byte[]> old;
        await using (var core = ledger.Open())
        {
            await ledger.Send(core, 5);
        }

        old = Copy();
        string note;
        await using (var core = ledger.Open())
        {
            for (var i = 0; i < 5; i++)
            {
                Assert.NotNull((await Send(core, ledger.Truck.Seal(3))).Receipt);
            }

            note = core.Log.Head.Note!.ToString();
        }

        return (old, Copy(), note);
    }

    private Dictionary<string, byte[]> Copy()
    {
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        return Directory.GetFiles(ledger.Data, "*", SearchOption.AllDirectories)
            .ToDictionary(file => Path.GetRelativePath(ledger.Data, file), File.ReadAllBytes);
    }

    private void PutBack(Dictionary<string, byte[]> copy, string keep = "")
    {
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        foreach (var file in Directory.GetFiles(ledger.Data, "*", SearchOption.AllDirectories).Where(file => Path.GetFileName(file) != keep))
        {
            File.Delete(file);
        }

        foreach (var (name, bytes) in copy)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(ledger.Data, name))!);
            File.WriteAllBytes(Path.Combine(ledger.Data, name), bytes);
        }
    }

    private async Task<LedgerWord> Ask(LedgerCore core, string note)
    {
        var question = new LedgerQuestion([.. RandomNumberGenerator.GetBytes(16)], 0, note);
        return Checker.Check(question, await core.Intake.Accept(ledger.Truck.Id, question.Encode(), TestContext.Current.CancellationToken));
    }

    private Task<Downlink> Send(LedgerCore core, BundleBatch batch) =>
        core.Intake.Accept(ledger.Truck.Id, TestLedger.UplinkOf(batch), TestContext.Current.CancellationToken);
}
