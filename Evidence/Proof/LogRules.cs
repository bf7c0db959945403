using System.Collections.Immutable;
using Evidence.Log;

namespace Evidence;

/// <summary>The bundle against the log: receipts, revocations, and what both say about time.</summary>
internal sealed class LogRules(Bundle bundle, ImmutableArray<ProvenBatch> batches, VerifierPolicy policy)
{
    private readonly Receipt?[] receipts = new Receipt?[batches.Length];
    private readonly List<string> otherNotes = [];
    private readonly List<VerdictNote> revocations = [];
    private readonly Dictionary<Digest, long> beacons = [];
    private readonly LogHeads heads = new();

    public long? LastSize => receipts.Length > 0 ? receipts[^1]?.LogSize : null;

    /// <summary>How many heads of logs the bundle shows, and how many of them no proof joins with the others.</summary>
    public (int Count, int Unlinked) Heads => (heads.Count, heads.Unlinked);

    /// <summary>That keys of the shown batches were taken back, from where on, and since when that stands in the log.</summary>
    public IReadOnlyList<VerdictNote> Revocations => revocations;

    public int LastWitnesses => receipts.Length > 0 ? receipts[^1]?.Witnesses ?? 0 : 0;

    /// <summary>Every receipt that is there must hold, and the last batch must have one: the chain commits to all before.</summary>
    public Finding Check()
    {
        for (var i = 0; i < batches.Length; i++)
        {
            if (batches[i].Shown.Receipt is not { } text)
            {
                continue;
            }

            var receipt = Receipt.Check(text, batches[i].Statement.Bytes.AsSpan(), policy.Log);
            if (!receipt.Holds)
            {
                return Finding.Of(receipt.Fault, "batch", batches[i].Header.Number) with { Detail = receipt.Reason };
            }

            receipts[i] = receipt;
        }

        foreach (var manifest in bundle.Manifests)
        {
            if (manifest.Receipt is not { } text)
            {
                continue;
            }

            var receipt = Receipt.Check(text, manifest.Bytes.AsSpan(), policy.Log);
            if (!receipt.Holds)
            {
                return Finding.Of(receipt.Fault, "manifest") with { Detail = receipt.Reason };
            }

            otherNotes.Add(receipt.Note);
        }

        var revoked = Revoked();
        if (!revoked.IsNone)
        {
            return revoked;
        }

        var forked = Forked();
        if (!forked.IsNone)
        {
            return forked;
        }

        return receipts[^1] is null
            ? Finding.Of(Fault.ReceiptMissing, "", batches[^1].Header.Number)
            : Finding.None;
    }

    /// <summary>Bounds for every batch: the newest beacon at or before it, the next receipt at or after it.</summary>
    public (ImmutableArray<Bracket> Brackets, Finding Finding) Brackets()
    {
        var after = new long?[batches.Length];
        for (var i = batches.Length - 1; i >= 0; i--)
        {
            var next = i + 1 < batches.Length ? after[i + 1] : null;
            after[i] = receipts[i]?.TimeMs is { } time ? Math.Min(time, next ?? time) : next;
        }

        var brackets = new List<Bracket>();
        long? before = null;
        var finding = Finding.None;
        for (var i = 0; i < batches.Length; i++)
        {
            var header = batches[i].Header;
            var bound = beacons.TryGetValue(header.Beacon, out var beacon) ? beacon : batches[i].Manifest.IssuedMs;
            before = before is { } known ? Math.Max(known, bound) : bound;
            Append(brackets, new(header.Number, header.Number, before, after[i]));
            if (finding.IsNone)
            {
                finding = Judge(header, before.Value, after[i], receipts[i]?.TimeMs);
            }
        }

        return ([.. brackets], finding);
    }

    private Finding Judge(BatchHeader header, long notBefore, long? notAfter, long? ownReceipt)
    {
        if (notAfter is not { } after)
        {
            return Finding.Of(Fault.TimeUnattested, "", header.Number);
        }

        if (header.ClosedMs < notBefore - VerifierPolicy.ClockToleranceMs)
        {
            return Finding.Of(Fault.SealedBeforeBeacon, "", header.Number, Times.Utc(header.ClosedMs), Times.Utc(notBefore));
        }

        if (header.ClosedMs > after + VerifierPolicy.ClockToleranceMs)
        {
            return Finding.Of(Fault.SealedAfterReceipt, "", header.Number, Times.Utc(header.ClosedMs), Times.Utc(after));
        }

        if (ownReceipt is { } logged && logged - header.ClosedMs > policy.DelayMaxMs)
        {
            return Finding.Of(Fault.ReceiptLate, "", header.Number, Times.Utc(header.ClosedMs), Times.Utc(logged), policy.DelayMaxMs / 3_600_000);
        }

        return after - notBefore > policy.BracketMaxMs
            ? Finding.Of(Fault.BracketWide, "", header.Number, Times.Utc(notBefore), Times.Utc(after), policy.BracketMaxMs / 3_600_000)
            : Finding.None;
    }

    /// <summary>Heads that contradict each other are two histories, and the log signed both: each alone looks whole. Only what the policy
    /// accepts counts, wherever in the bundle it stands.</summary>
    private Finding Forked()
    {
        var notes = receipts.OfType<Receipt>().Select(receipt => receipt.Note).Concat(otherNotes).ToList();
        foreach (var note in bundle.Beacons)
        {
            if (Receipt.BeaconTimeMs(note, policy.Log) is { } time)
            {
                beacons[Receipt.BeaconOf(note)] = time;
                notes.Add(note);
            }
        }

        notes.AddRange(bundle.Releases.Select(release => ReleaseCheck.Check(release, policy).Note).OfType<string>());
        var forked = notes.Select(heads.Add).FirstOrDefault(finding => !finding.IsNone);
        return forked ?? heads.Join(bundle.Consistency);
    }

    /// <summary>Log order is the clock: a batch logged at or after the index of a revocation of its key counts for nothing.</summary>
    /// <remarks>
    /// The revocation's own receipt says since when everybody can know it. Without one it counts all the same, on the authority's word: whoever
    /// carries a bundle can leave a revocation out, so asking for its receipt would only let a true one be weakened (docs/decisions/0160).
    /// </remarks>
    private Finding Revoked()
    {
        foreach (var shown in bundle.Revocations)
        {
            Revocation revocation;
            try
            {
                var statement = Statement.Decode(shown.Bytes.AsMemory());
                if (statement.Kind != StatementKind.Revocation || policy.Find(statement.KeyId) is not { } trusted
                    || !statement.VerifiedBy(trusted.Key))
                {
                    return Finding.Of(Fault.RevocationUnreadable, "signer");
                }

                revocation = Revocation.Decode(statement.Payload);
            }
            catch (MalformedEvidenceException malformed)
            {
                return Finding.Of(Fault.RevocationUnreadable, "form") with { Detail = malformed.Message };
            }

            var receipt = shown.Receipt is { } text ? Receipt.Check(text, shown.Bytes.AsSpan(), policy.Log) : null;
            if (receipt is { Holds: false })
            {
                return Finding.Of(receipt.Fault, "revocation") with { Detail = receipt.Reason };
            }

            if (receipt is not null)
            {
                otherNotes.Add(receipt.Note);
            }

            var finding = TakenBack(revocation, receipt);
            if (!finding.IsNone)
            {
                return finding;
            }
        }

        return Finding.None;
    }

    /// <summary>The first batch that a revocation takes back, and whether the revocation was in the log by then.</summary>
    private Finding TakenBack(Revocation revocation, Receipt? own)
    {
        for (var i = 0; i < batches.Length; i++)
        {
            if (batches[i].Manifest.Key.IdHex != revocation.KeyId)
            {
                continue;
            }

            Tell(revocation, own);
            if (AtMost(i) is not { } logged)
            {
                continue;
            }

            var number = batches[i].Header.Number;
            if (own is not null && own.Origin != logged.Origin)
            {
                // Places of two logs say nothing about before and after, so nothing shows that the batch was logged while its key counted.
                return Finding.Of(Fault.KeyRevoked, "elsewhere", number, own.Origin, logged.Origin, revocation.Reason);
            }

            if (logged.Index >= revocation.FromIndex)
            {
                return own is null
                    ? Finding.Of(Fault.KeyRevoked, "", number, revocation.FromIndex, logged.Index, revocation.Reason)
                    : Finding.Of(Fault.KeyRevoked, own.Index > logged.Index ? "late" : "logged", number, revocation.FromIndex, logged.Index,
                        revocation.Reason, own.Index);
            }
        }

        return Finding.None;
    }

    /// <summary>A key of the shown batches was taken back: that is read beside the word, whichever it is.</summary>
    private void Tell(Revocation revocation, Receipt? own)
    {
        var (key, from) = (revocation.KeyId[..8], $"{revocation.FromIndex}");
        var note = own is null ? new VerdictNote("note.revoked.unlogged", [key, from])
            : own.TimeMs is { } time ? new("note.revoked", [key, from, $"{own.Index}", own.Origin, Times.Utc(time)])
            : new("note.revoked.untimed", [key, from, $"{own.Index}", own.Origin]);
        if (revocations.TrueForAll(known => known.Sentence != note.Sentence))
        {
            revocations.Add(note);
        }
    }

    /// <summary>The batch's own receipt, or the next one after it, which bounds it; null when there is none.</summary>
    private Receipt? AtMost(int position) => receipts.Skip(position).FirstOrDefault(receipt => receipt is not null);

    private static void Append(List<Bracket> brackets, Bracket next)
    {
        if (brackets.Count > 0 && brackets[^1].NotBeforeMs == next.NotBeforeMs && brackets[^1].NotAfterMs == next.NotAfterMs)
        {
            brackets[^1] = brackets[^1] with { LastNumber = next.LastNumber };
        }
        else
        {
            brackets.Add(next);
        }
    }
}
