using Anchoring;
using Evidence;

namespace Gateway.Tests.Anchoring;

/// <summary>Goal: a number that was signed is never signed again, even if the journal forgot it (F-56). Method: the last seal's frame is
/// harmed, the journal folder is copied back, the journal is removed; real files.</summary>
public sealed class SignedMarkTests
{
    [Fact]
    public void A_number_that_was_signed_is_not_signed_again_without_the_ledgers_word()
    {
        using var bench = Worked();
        var file = Path.Combine(bench.Directory, Logbook.JournalFolder, JournalTests.NameOf(1));
        var bytes = File.ReadAllBytes(file);
        bytes[bytes.AsSpan().LastIndexOfAnyExcept((byte)0) - 60] ^= 0x10; // Inside the seal, the last frame that was written.
        File.WriteAllBytes(file, bytes);
        AssertHeld(bench, "Batch 2 ");
    }

    [Fact]
    public void An_older_journal_that_is_copied_back_signs_nothing()
    {
        using var bench = Worked();
        var journal = Path.Combine(bench.Directory, Logbook.JournalFolder);
        var old = Directory.GetFiles(journal).ToDictionary(file => file, File.ReadAllBytes);
        bench.PowerCut();
        using (var logbook = bench.Start())
        {
            Batches(bench, logbook, 2);
        }

        foreach (var (file, bytes) in old)
        {
            File.WriteAllBytes(file, bytes);
        }

        AssertHeld(bench, "Batch 4 ");
    }

    [Fact]
    public void A_journal_that_is_gone_is_refused_even_before_anything_is_stored()
    {
        using var bench = Worked();
        Directory.Delete(Path.Combine(bench.Directory, Logbook.JournalFolder), recursive: true);
        Assert.Contains("second history", Assert.Throws<EvidenceBrokenException>(bench.Start).Message, StringComparison.Ordinal);
    }

    /// <summary>F-141.</summary>
    [Fact]
    public void A_mark_of_a_header_that_was_taken_back_counts_for_nothing_and_hides_no_lower_one()
    {
        using var bench = Worked();
        var folder = new DiskFolder(Path.Combine(bench.Directory, Logbook.BatchesFolder));
        var mark = new SignedMark(folder);
        var (lower, withdrawn) = (Digest.Of([8]), Digest.Of([9]));
        mark.Write(8, lower);
        mark.Write(9, withdrawn);
        Assert.Equal((9, withdrawn), mark.Read(_ => false));
        Assert.Equal((8, lower), mark.Read(digest => digest == withdrawn));
        Assert.Null(mark.Read(_ => true));
    }

    [Fact]
    public void A_torn_mark_leaves_the_one_before()
    {
        using var bench = Worked();
        var file = Path.Combine(bench.Directory, Logbook.BatchesFolder, "signed.mark");
        var bytes = File.ReadAllBytes(file);
        bytes.AsSpan(0, 20).Clear(); // The sector of batch 2; batch 1's is the other.
        File.WriteAllBytes(file, bytes);
        bench.PowerCut();
        using (var logbook = bench.Start())
        {
            Batches(bench, logbook, 1);
        }

        Assert.Empty(Fsck.Run(bench.Directory, RoadLedger.Policy).Findings);
    }

    private static void AssertHeld(Bench bench, string batch)
    {
        Assert.Contains(Fsck.Run(bench.Directory, RoadLedger.Policy).Findings, finding => finding.Fault.Contains("signed here",
            StringComparison.Ordinal));
        bench.PowerCut();
        using var logbook = bench.Start();
        var (recorded, signed) = (logbook.Status.NextNumber, logbook.Status.Sealed);
        Batches(bench, logbook, 3);
        Assert.Contains(logbook.Status.Faults, fault => fault.StartsWith(batch, StringComparison.Ordinal));
        Assert.Equal((signed, recorded + 3), (logbook.Status.Sealed, logbook.Status.NextNumber));
        Assert.True(logbook.Status.ToSign >= 3);
    }

    private static Bench Worked()
    {
        var bench = new Bench();
        bench.Ledger.Connected = false;
        using var logbook = bench.Start();
        Batches(bench, logbook, 3);
        return bench;
    }

    private static void Batches(Bench bench, Logbook logbook, int count)
    {
        for (var i = 0; i < count; i++)
        {
            bench.Round(logbook, 4_000, 5_000);
            logbook.SealOpen(bench.Now(logbook));
        }
    }
}
