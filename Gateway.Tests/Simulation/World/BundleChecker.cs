using Anchoring;
using Evidence;

namespace Gateway.Tests.Simulation;

/// <summary>One window of a year, as a stranger checks it; and the same with one bit changed.</summary>
internal sealed class BundleChecker(TruckParts parts, LogbookExtract extract, RecordChecker checker, Dice dice)
{
    public void Check(long from, long to)
    {
        foreach (var batch in extract.Batches)
        {
            checker.Kept(batch.Statement);
        }

        if (extract.Missing.Length > 0)
        {
            checker.Violate($"Batch {extract.Missing[0]} is neither in the journal nor in the store.");
            return;
        }

        var bytes = BundleWriter.Write(new(parts.Key.Gateway, [.. Enumerable.Range(0, TruckWiring.Probes.Length)
            .Select(i => new ChannelId((ushort)i))], from, to, DisclosureLevel.Readings, [.. extract.Manifests.Select(manifest =>
            new BundleStatement(manifest.Statement, manifest.Receipt))],
            [.. extract.Batches.Select(batch => new BundleBatch(batch.Statement, batch.Body, batch.Receipt))], extract.Beacons, []));
        var verdict = Verifier.Verify(bytes, parts.Policy);
        // A clock that lied and a ledger that was away weeks make the time unproven, and a clock set back inside the window leaves one
        // side of it open; nothing may ever read as changed, and nobody's signature as unknown.
        if (verdict.Word is VerdictWord.Changed or VerdictWord.SignerUnknown or VerdictWord.CannotCheck)
        {
            checker.Violate($"A sound window reads {verdict.Word}.");
        }

        var flipped = (byte[])bytes.Clone();
        var at = (int)dice.Between(0, bytes.Length - 1);
        flipped[at] ^= (byte)(1 << (int)dice.Between(0, 7));
        var second = Verifier.Verify(flipped, parts.Policy);
        if (verdict.Word == VerdictWord.Verified && second.Word == VerdictWord.Verified && IsInEvidence(bytes, at))
        {
            checker.Violate($"One bit at byte {at} was changed and the window still verifies.");
        }
    }

    /// <summary>Whether a byte belongs to a signed header; beacons, spare cosignatures and the window's ends are not.</summary>
    private static bool IsInEvidence(byte[] bytes, int at)
    {
        var field = bytes.AsSpan(0, at).LastIndexOf("\"header\""u8);
        return field >= 0 && at - field > 12 && bytes.AsSpan(field + 12, at - field - 12).IndexOf((byte)'"') < 0 && bytes[at] != (byte)'"';
    }
}
