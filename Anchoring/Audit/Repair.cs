using System.Collections.Immutable;
using System.Globalization;
using Evidence.Log;

namespace Anchoring;

/// <summary>What a repair did, or would do.</summary>
/// <param name="Acts">One sentence each, in order; empty when there was nothing to do.</param>
/// <param name="Lost">What nothing here could rebuild, a sentence each: the next start declares it in the chain.</param>
/// <param name="After">What fsck says afterwards.</param>
public sealed record RepairReport(ImmutableArray<string> Acts, ImmutableArray<string> Lost, FsckReport After);

/// <summary>Rebuilds one store from the other, keeps every original beside its place, and never invents.</summary>
/// <remarks>
/// docs/operation.md, "When something is broken". The journal needs no repair of its own: a start reads round harm and declares it. What a
/// repair adds is that what both stores hold counts once, that single harmed documents do not cost a month, and that a loss is written down.
/// </remarks>
public sealed class Repair
{
    private readonly IFolder journal;
    private readonly IFolder batches;
    private readonly TlogPolicy? policy;
    private readonly long nowMs;
    private readonly ImmutableArray<string>.Builder acts = ImmutableArray.CreateBuilder<string>();
    private readonly ImmutableArray<string>.Builder lost = ImmutableArray.CreateBuilder<string>();
    private BatchStore store;

    private Repair(IFolder journal, IFolder batches, TlogPolicy? policy, long nowMs)
    {
        (this.journal, this.batches, this.policy, this.nowMs) = (journal, batches, policy, nowMs);
        store = new(batches, Told);
    }

    /// <summary>Repairs a data directory that no process has open, or says what a repair would do.</summary>
    /// <param name="directory">The data directory.</param>
    /// <param name="policy">For the look afterwards.</param>
    /// <param name="isTrial">True does everything in memory and touches no file.</param>
    /// <param name="nowMs">Wall milliseconds, for what is written down.</param>
    /// <exception cref="DirectoryInUseException">The gateway runs.</exception>
    public static RepairReport Run(string directory, TlogPolicy? policy, bool isTrial, long nowMs)
    {
        using var held = DirectoryLock.Take(directory);
        return Run(new DiskFolder(Path.Combine(directory, Logbook.JournalFolder)),
            new DiskFolder(Path.Combine(directory, Logbook.BatchesFolder)), policy, isTrial, nowMs);
    }

    /// <summary>Repairs folders that are given.</summary>
    public static RepairReport Run(IFolder journal, IFolder batches, TlogPolicy? policy, bool isTrial, long nowMs) =>
        isTrial ? new Repair(new FrozenFolder(journal), new FrozenFolder(batches), policy, nowMs).Run()
            : new Repair(journal, batches, policy, nowMs).Run();

    private RepairReport Run()
    {
        MendStore();
        SetSegmentsAside();
        BringBack();
        DeclareLost();
        return new(acts.ToImmutable(), lost.ToImmutable(), Fsck.Run(journal, batches, policy));
    }

    /// <summary>A month file in which anything is harmed is kept under another name, and all of it that is whole is written anew.</summary>
    private void MendStore()
    {
        foreach (var name in store.Files)
        {
            var (whole, fault) = BatchStore.Salvage(batches, name);
            if (fault is null)
            {
                continue;
            }

            var kept = SetAside.Move(batches, name);
            _ = SetAside.Move(batches, BatchStore.LogOf(name));
            acts.Add($"{name} is harmed ({fault}). It is kept as {kept}; {Count(whole.Count)} of its batches were whole.");
            Put(whole, name);
        }

        store = new(batches, Told);
    }

    /// <summary>The oldest segments, up to the last harmed one, when the batch store has every batch that they could still give.</summary>
    private void SetSegmentsAside()
    {
        List<JournalDamage> damages = [];
        JournalReader.ReadAll(journal, _ => { }, damages.Add);
        var numbers = journal.Names.Select(Journal.SegmentOf).OfType<long>().Order().ToList();
        for (var i = numbers.Count - 2; i >= 0; i--)
        {
            var harmed = damages.Any(damage => damage.Place.Segment <= numbers[i]);
            if (harmed && numbers[i + 1] == numbers[i] + 1 && IsStoredBefore(numbers[i + 1]))
            {
                foreach (var segment in numbers.Take(i + 1))
                {
                    acts.Add($"{Journal.NameOf(segment)} is harmed or older than a harmed one, and the batch store has all its batches. "
                        + $"It is kept as {SetAside.Move(journal, Journal.NameOf(segment))}.");
                }

                return;
            }
        }
    }

    /// <summary>Whether every batch whose records could stand before a segment is in the batch store.</summary>
    private bool IsStoredBefore(long segment)
    {
        if (SegmentScan.Read(JournalReader.Bytes(journal, segment), segment, isLast: true).Frames is not [{ Kind: FrameKind.Opening } first, ..])
        {
            return false;
        }

        var opening = RecordCodec.DecodeOpening(first);
        var end = opening.OpenIsSplit ? opening.NextNumber : opening.NextNumber - 1;
        var begin = opening.Manifests.IsEmpty ? 0 : opening.Manifests[0].Manifest.FirstNumber;
        var absences = new AbsenceBook(batches).Read();
        var stored = store.Read(begin, end).Select(batch => batch.Header.Number).ToHashSet();
        for (var number = begin; number <= end; number++)
        {
            if (!stored.Contains(number) && !absences.Any(absence => absence.First <= number && number <= absence.Last))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>What is neither here nor there may stand in a file that an earlier start put aside.</summary>
    private void BringBack()
    {
        if (Missing().Count == 0)
        {
            return;
        }

        foreach (var name in batches.Names.Where(BatchStore.IsSetAside))
        {
            var wanted = Missing();
            var (whole, _) = BatchStore.Salvage(batches, name);
            var found = whole.Where(batch => wanted.Contains(batch.Header.Number)).ToList();
            if (found.Count > 0)
            {
                acts.Add($"{Count(found.Count)} batches that are nowhere else are whole in {name} and are taken back.");
                Put(found, name);
            }
        }
    }

    private void DeclareLost()
    {
        var missing = Missing();
        for (var i = 0; i < missing.Count;)
        {
            var end = i;
            while (end + 1 < missing.Count && missing[end + 1] == missing[end] + 1)
            {
                end++;
            }

            var absence = new Absence(missing[i], missing[end], AbsenceCause.Lost, nowMs,
                "neither the journal nor the batch store could give them any more");
            new AbsenceBook(batches).Add(absence);
            lost.Add($"{absence}: lost on this gateway. Nothing is made up for them; the next start says so in the chain. The ledger has "
                + "those that are anchored: take them from its pages.");
            i = end + 1;
        }
    }

    /// <summary>Numbers of sealed batches that ought to be here and are not, the known absences left out.</summary>
    private List<long> Missing()
    {
        var chain = new Chain();
        var whole = true;
        try
        {
            JournalReader.ReadAll(journal, chain.Apply, _ => chain.Damaged());
            chain.FinishReplay();
        }
        catch (EvidenceBrokenException)
        {
            whole = false; // What fsck says afterwards names it; nothing is written off on the word of a chain that contradicts itself.
        }

        if (!whole || chain.Manifests.IsEmpty)
        {
            return [];
        }

        var (begin, end) = (chain.Manifests[0].Manifest.FirstNumber, chain.NextToSign - 1);
        var here = store.Read(begin, end).Select(batch => batch.Header.Number).ToHashSet();
        here.UnionWith(chain.Sealed.Values.Where(batch => !batch.IsPartial).Select(batch => batch.Number));
        var absences = new AbsenceBook(batches).Read();
        List<long> missing = [];
        for (var number = begin; number <= end; number++)
        {
            if (!here.Contains(number) && !absences.Any(absence => absence.First <= number && number <= absence.Last))
            {
                missing.Add(number);
            }
        }

        return missing;
    }

    private void Put(IReadOnlyList<StoredBatch> whole, string from)
    {
        store = new(batches, Told);
        if (whole.Count > 0 && store.Put(whole) is { } fault)
        {
            acts.Add($"What was whole in {from} could not be written: {fault}. The original is kept; free some space and repair again.");
        }
        else if (whole.Count > 0)
        {
            acts.Add($"{Count(whole.Count)} batches, {whole[0].Header.Number} to {whole[^1].Header.Number}, were written anew and read back.");
        }
    }

    private void Told(StoreBreak broken) => acts.Add($"{broken.Name} did not open ({broken.Words}) and is kept as {broken.KeptAs}.");

    private static string Count(int count) => count.ToString(CultureInfo.InvariantCulture);
}
