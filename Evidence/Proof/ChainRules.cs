using System.Collections.Immutable;

namespace Evidence;

/// <summary>From batch to batch: numbers, previous hashes, boots, manifests, the window. What is left out shows here.</summary>
internal static class ChainRules
{
    public static Finding Check(ImmutableArray<ProvenBatch> batches)
    {
        for (var i = 1; i < batches.Length; i++)
        {
            var (before, batch) = (batches[i - 1].Header, batches[i].Header);
            if (batch.Number <= before.Number)
            {
                return Finding.Of(Fault.BatchRepeated, "", batch.Number, before.Number);
            }

            if (batch.Number != before.Number + 1)
            {
                return batch.Number == before.Number + 2
                    ? Finding.Of(Fault.BatchMissing, "one", before.Number + 1)
                    : Finding.Of(Fault.BatchMissing, "several", before.Number + 1, batch.Number - 1);
            }

            if (batch.Previous != batches[i - 1].Statement.PayloadDigest)
            {
                return Finding.Of(Fault.PreviousMismatch, "", batch.Number, batch.Previous.ToShortString(), before.Number,
                    batches[i - 1].Statement.PayloadDigest.ToShortString());
            }

            if (batch.Clock.Boot < before.Clock.Boot
                || (batch.Clock.Boot == before.Clock.Boot && batch.Clock.UptimeMs < before.Clock.UptimeMs))
            {
                return Finding.Of(Fault.BootOrder, "", batch.Number, batch.Clock.Boot, batch.Clock.UptimeMs);
            }

            if (batch.Manifest != before.Manifest && batches[i].Manifest.Previous != before.Manifest)
            {
                return Finding.Of(Fault.ManifestChain, "", batch.Number);
            }

            if (batch.Clock.Boot != before.Clock.Boot && !DeclaresBoot(batches[i]))
            {
                return Finding.Of(Fault.GapUndeclared, "boot", batch.Number);
            }
        }

        return Finding.None;
    }

    public static Finding Window(Bundle bundle, ImmutableArray<ProvenBatch> batches)
    {
        var (first, last) = (batches[0], batches[^1]);
        if (first.Header.OpenedMs > bundle.FromMs && !IsVeryFirst(first))
        {
            return Finding.Of(Fault.WindowStart, "", Times.Utc(bundle.FromMs), first.Header.Number, Times.Utc(first.Header.OpenedMs));
        }

        if (first.Header.OpenedMs > bundle.ToMs)
        {
            return Finding.Of(Fault.WindowStart, "before", Times.Utc(bundle.ToMs), Times.Utc(first.Header.OpenedMs));
        }

        return last.Header.ClosedMs < bundle.ToMs
            ? Finding.Of(Fault.WindowEnd, "", Times.Utc(bundle.ToMs), last.Header.Number, Times.Utc(last.Header.ClosedMs))
            : Finding.None;
    }

    /// <summary>The first batch that the gateway ever sealed: nothing can be missing before it. A window that ends before it has nothing in it to
    /// prove.</summary>
    public static bool IsVeryFirst(ProvenBatch batch) => batch.Header.Previous.IsZero && batch.Header.Number == batch.Manifest.FirstNumber;

    // Events are shown from the level of verdicts on; a bundle of headers alone cannot say why a restart happened, and does not claim to.
    private static bool DeclaresBoot(ProvenBatch batch) => batch.Shown.Tree is null && batch.Shown.Path is null
        || batch.Events.Any(happened => happened.EventKind == EventKind.Boot && EventDetail.ReadGap(happened.Detail) is not null);
}

/// <summary>Times in sentences.</summary>
internal static class Times
{
    /// <summary>"2022-05-02 10:36:00 UTC".</summary>
    public static string Utc(long wallMs) => DateTimeOffset.FromUnixTimeMilliseconds(wallMs)
        .ToString("yyyy-MM-dd HH:mm:ss 'UTC'", System.Globalization.CultureInfo.InvariantCulture);
}
