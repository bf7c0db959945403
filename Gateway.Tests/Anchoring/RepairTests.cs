using Anchoring;
using Evidence;

namespace Gateway.Tests.Anchoring;

/// <summary>Goal: after harm to any one file, fsck says it, repair rebuilds or declares, keeps the original, and fsck has nothing more to
/// say. Method: a real directory with stored and journalled batches; each file kind is harmed, removed or made anew.</summary>
public sealed class RepairTests
{
    private const int Stored = 1_200;

    /// <summary>F-50: harmed bytes inside a month file of LiteDB.</summary>
    [Theory]
    [InlineData(0.0, 8_192)]
    [InlineData(0.3, 64)]
    [InlineData(0.5, 8_192)]
    [InlineData(0.7, 3_000)]
    [InlineData(0.95, 8_192)]
    public void What_is_whole_in_a_harmed_month_file_is_written_anew_and_the_rest_is_declared(double at, int length)
    {
        using var bench = Worked();
        var file = MonthFile(bench);
        var bytes = File.ReadAllBytes(file);
        var place = (int)(bytes.Length * at) & ~8_191;
        while (place > 0 && bytes[place + 4] == 0)
        {
            place -= 8_192; // An empty page of LiteDB, by its kind: harm there is harm to nothing.
        }

        bytes.AsSpan(place + 100, Math.Min(length, bytes.Length - place) - 100 > 0 ? Math.Min(length, bytes.Length - place) - 100 : 1).Fill(0x5A);
        File.WriteAllBytes(file, bytes);
        var before = Fsck.Run(bench.Directory, RoadLedger.Policy);
        Assert.NotEmpty(before.Findings);

        var names = Names(bench);
        var trial = Repair.Run(bench.Directory, RoadLedger.Policy, isTrial: true, bench.WallMs);
        Assert.Equal(bytes, File.ReadAllBytes(file)); // Only tried: nothing was touched.
        Assert.Equal(names, Names(bench));
        var repair = Repair.Run(bench.Directory, RoadLedger.Policy, isTrial: false, bench.WallMs);
        Assert.Equal(trial.Acts, repair.Acts);
        Assert.Equal(trial.Lost, repair.Lost);
        Assert.Empty(repair.After.Findings);
        Assert.Equal(bytes, File.ReadAllBytes(file + ".set-aside-1"));
        AssertWholeOrDeclared(bench, repair.Lost.Length > 0);
    }

    /// <summary>F-51: a month file is gone.</summary>
    [Fact]
    public void A_month_file_that_is_gone_is_declared_in_the_chain_once()
    {
        using var bench = Worked();
        File.Delete(MonthFile(bench));
        Assert.Contains("batches 0 to", Assert.Single(Fsck.Run(bench.Directory, RoadLedger.Policy).Findings).Place, StringComparison.Ordinal);
        var repair = Repair.Run(bench.Directory, RoadLedger.Policy, isTrial: false, bench.WallMs);
        Assert.Single(repair.Lost);
        Assert.Empty(repair.After.Findings);
        AssertWholeOrDeclared(bench, isLost: true);
    }

    /// <summary>F-52: an earlier start put a month file aside; what is whole in it is taken back.</summary>
    [Fact]
    public void A_file_that_a_start_put_aside_gives_back_what_is_whole_in_it()
    {
        using var bench = Worked();
        var file = MonthFile(bench);
        File.Move(file, file + ".broken-1");
        var repair = Repair.Run(bench.Directory, RoadLedger.Policy, isTrial: false, bench.WallMs);
        Assert.Empty(repair.Lost);
        Assert.Empty(repair.After.Findings);
        AssertWholeOrDeclared(bench, isLost: false);
    }

    /// <summary>F-53: a harmed segment of the journal whose batches the batch store has, as an interrupted fold leaves them.</summary>
    [Fact]
    public void A_harmed_segment_whose_batches_are_all_stored_is_set_aside_and_costs_nothing()
    {
        using var bench = new Bench(channels: 4);
        var copies = new Dictionary<string, byte[]>();
        var journal = Path.Combine(bench.Directory, Logbook.JournalFolder);
        using (var logbook = bench.Start())
        {
            for (var i = 0; i < Stored; i++)
            {
                Work(bench, logbook, 1);
                foreach (var name in Directory.GetFiles(journal, "*.segment").Where(name => !copies.ContainsKey(name) || i % 40 == 0))
                {
                    copies[name] = File.ReadAllBytes(name);
                }
            }
        }

        var gone = copies.Keys.Where(name => !File.Exists(name)).Order(StringComparer.Ordinal).Last();
        copies[gone].AsSpan(20_000, 40).Fill(0x33);
        File.WriteAllBytes(gone, copies[gone]);
        var before = Fsck.Run(bench.Directory, RoadLedger.Policy);
        Assert.NotEmpty(before.Findings);
        var repair = Repair.Run(bench.Directory, RoadLedger.Policy, isTrial: false, bench.WallMs);
        Assert.Empty(repair.Lost);
        Assert.Empty(repair.After.Findings);
        Assert.True(File.Exists(gone + ".set-aside-1"));
        AssertWholeOrDeclared(bench, isLost: false);
    }

    /// <summary>F-54: key or identity is missing or another's.</summary>
    [Fact]
    public void A_key_that_is_missing_or_of_another_gateway_is_named()
    {
        using var bench = Worked();
        var manifest = Fsck.Run(bench.Directory, RoadLedger.Policy).Manifest;
        Assert.Null(KeyAudit.Check(bench.Directory, manifest));
        var id = Path.Combine(bench.Directory, GatewayKey.IdentityName);
        File.Move(id, id + ".away");
        Assert.Contains(bench.Key.Gateway.ToString(), KeyAudit.Check(bench.Directory, manifest)!.Advice, StringComparison.Ordinal);
        File.Move(id + ".away", id);
        var key = Path.Combine(bench.Directory, GatewayKey.KeyName);
        File.Move(key, key + ".away");
        Assert.Contains("missing", KeyAudit.Check(bench.Directory, manifest)!.Fault, StringComparison.Ordinal);
        using var other = new Bench();
        File.Copy(Path.Combine(other.Directory, GatewayKey.KeyName), key);
        File.SetUnixFileMode(key, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Assert.Contains(other.Key.Public.IdHex, KeyAudit.Check(bench.Directory, manifest)!.Fault, StringComparison.Ordinal);
    }

    [Fact]
    public void A_line_that_was_torn_while_it_was_written_down_does_not_count_and_harms_no_other()
    {
        using var bench = new Bench();
        var folder = new DiskFolder(Path.Combine(bench.Directory, Logbook.BatchesFolder));
        var book = new AbsenceBook(folder);
        book.Add(new(3, 5, AbsenceCause.Retention, 7, "older than the budget"));
        var file = Path.Combine(folder.Place, AbsenceBook.Name);
        File.AppendAllText(file, File.ReadAllText(file)[..20]);
        book.Add(new(6, 6, AbsenceCause.Lost, 8, "harmed"));
        Assert.Equal([3L, 6L], book.Read().Select(absence => absence.First));
        Assert.Equal("harmed", book.Of(6)!.Words);
        Assert.Null(book.Of(7));
    }

    /// <summary>The gateway goes on, says what is lost exactly once, and gives a bundle of all that is here.</summary>
    private static void AssertWholeOrDeclared(Bench bench, bool isLost)
    {
        for (var start = 0; start < 2; start++)
        {
            bench.PowerCut();
            using var logbook = bench.Start();
            Work(bench, logbook, 10);
            var all = logbook.Extract(0, long.MaxValue);
            var said = all.Batches.SelectMany(batch => batch.Body.Events).Count(happened => happened.Kind == EventKind.StoreBroken);
            Assert.Equal(isLost, said > 0);
            Assert.Equal(isLost, !all.Missing.IsEmpty || all.Batches.Length > 0
                && BatchHeader.Decode(all.Batches[0].Statement.Payload).Number > 0);
        }

        Assert.Empty(Fsck.Run(bench.Directory, RoadLedger.Policy).Findings);
    }

    private static Bench Worked()
    {
        var bench = new Bench(channels: 4);
        using var logbook = bench.Start();
        Work(bench, logbook, Stored);
        return bench;
    }

    private static string MonthFile(Bench bench) =>
        Directory.GetFiles(Path.Combine(bench.Directory, Logbook.BatchesFolder), "*.litedb").Single();

    private static string Names(Bench bench) => string.Join(' ', Directory.GetFiles(bench.Directory, "*", SearchOption.AllDirectories)
        .Order(StringComparer.Ordinal));

    private static void Work(Bench bench, Logbook logbook, int rounds)
    {
        for (var i = 0; i < rounds; i++)
        {
            bench.Round(logbook, [.. Enumerable.Repeat(4_000 + i % 5 * 100, logbook.Manifest!.Channels.Length)]);
            logbook.SealIfDue(bench.Now(logbook));
            logbook.Offer(bench.Now(logbook));
        }
    }
}
