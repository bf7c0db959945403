using System.Collections.Immutable;
using Evidence;
using Evidence.Log;

namespace Anchoring;

/// <summary>How the heads of the log are followed: each receipt is held against the one before, and what joins them stays with them.</summary>
public sealed partial class Logbook
{
    /// <summary>Batches read back before a window for the head that its first header names: two weeks at one a five minutes. Beyond it that
    /// head is not joined, and the verdict says so.</summary>
    private const int EarlierMax = 4_096;

    private (string Origin, LogRange Entries)? followed;
    private bool isRecalled;

    private void TakeReceipt(Statement statement, ReceiptRecord receipt)
    {
        Append(FrameKind.Receipt, RecordCodec.Encode(receipt));
        // From here the statement is anchored. What follows only keeps the heads of the manifests joined with the newer ones.
        var (book, origin) = (new HeadBook(), OriginOf(receipt.Note));
        if (followed is { } before)
        {
            book.Add(before.Origin, before.Entries);
        }

        book.Add(statement, receipt.Text);
        if (book.EdgeAt(origin, receipt.TreeSize) is not { } entries)
        {
            return;
        }

        followed = followed is { } known && known.Origin == origin && known.Entries.To > entries.To ? known : (origin, entries);
        foreach (var manifest in chain.Manifests)
        {
            if (manifest.Receipt is { } own)
            {
                book.Add(manifest.Statement, own);
                if (book.Climbed(own) is { } climbed)
                {
                    var proof = TlogProof.Parse(climbed);
                    Append(FrameKind.Receipt, RecordCodec.Encode(new ReceiptRecord(manifest.Statement.PayloadDigest, climbed, proof.Note.ToString(),
                        proof.Checkpoint.Size)));
                }
            }
        }
    }

    private static string OriginOf(string note) => Checkpoint.Parse(SignedNote.Parse(note).Text).Origin;

    /// <summary>All entries under the newest head, if it is the one asked for. After a start it is read back from the newest receipts, once.</summary>
    private LogRange? EntriesBefore(string origin, long size)
    {
        if (followed is null && !isRecalled)
        {
            isRecalled = true;
            followed = Recall();
        }

        return followed is { } known && known.Origin == origin && known.Entries.To == size ? known.Entries : null;
    }

    private (string Origin, LogRange Entries)? Recall()
    {
        var newest = chain.Sealed.Values.LastOrDefault(batch => batch.State == BatchState.Anchored)?.Number;
        try
        {
            var last = newest ?? store.Span()?.Last;
            var batch = last is not { } number ? null : (newest is null ? null : FromJournal(number)) ?? store.Read(number, number) switch { [var only] => only, _ => null };
            (string Origin, LogRange Entries)? found = batch?.Receipt is { } receipt ? Follow(batch.Statement, receipt) : null;
            foreach (var manifest in chain.Manifests.Where(manifest => manifest.Receipt is not null))
            {
                found = Follow(manifest.Statement, manifest.Receipt!) is { } head && !(head.Entries.To <= found?.Entries.To) ? head : found;
            }

            return found;
        }
        catch (Exception fault) when (fault is IOException or EvidenceBrokenException)
        {
            return null; // Whoever folds or audits the batch names this harm. Here the next receipt is only not held against this one.
        }
    }

    private static (string Origin, LogRange Entries)? Follow(Statement statement, string receipt)
    {
        var (book, proof) = (new HeadBook(), TlogProof.Parse(receipt));
        book.Add(statement, receipt);
        return book.EdgeAt(proof.Checkpoint.Origin, proof.Checkpoint.Size) is { } entries ? (proof.Checkpoint.Origin, entries) : null;
    }

    /// <summary>Receipts before a window, as far back as the head that its first header names, and those of all manifests.</summary>
    private ImmutableArray<LoggedStatement> Earlier(string beacon, long first)
    {
        var seen = Checkpoint.Parse(SignedNote.Parse(beacon).Text).Size;
        List<LoggedStatement> earlier = [.. chain.Manifests.Where(manifest => manifest.Receipt is not null)
            .Select(manifest => new LoggedStatement(manifest.Statement, manifest.Receipt!))];
        const int Step = 16;
        for (var last = first - 1; last >= 0 && first - last <= EarlierMax; last -= Step)
        {
            var from = Math.Max(0, last - Step + 1);
            var stored = store.Read(from, last).ToDictionary(batch => batch.Header.Number);
            for (var number = last; number >= from; number--)
            {
                if ((stored.GetValueOrDefault(number) ?? FromJournal(number)) is not { Receipt: { } receipt } batch)
                {
                    return [.. earlier];
                }

                earlier.Add(new(batch.Statement, receipt));
                if (TlogProof.Parse(receipt).Checkpoint.Size <= seen)
                {
                    return [.. earlier];
                }
            }
        }

        return [.. earlier];
    }
}
