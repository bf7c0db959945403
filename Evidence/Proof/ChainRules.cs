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
                return new(Fault.BatchRepeated, $"Batch {batch.Number} stands after batch {before.Number}.");
            }

            if (batch.Number != before.Number + 1)
            {
                return new(Fault.BatchMissing, batch.Number == before.Number + 2
                    ? $"Batch {before.Number + 1} is missing."
                    : $"Batches {before.Number + 1} to {batch.Number - 1} are missing.");
            }

            if (batch.Previous != batches[i - 1].Statement.PayloadDigest)
            {
                return new(Fault.PreviousMismatch, $"Batch {batch.Number} names previous header {batch.Previous.ToShortString()}; "
                    + $"the header of batch {before.Number} shown here is {batches[i - 1].Statement.PayloadDigest.ToShortString()}.");
            }

            if (batch.Clock.Boot < before.Clock.Boot
                || (batch.Clock.Boot == before.Clock.Boot && batch.Clock.UptimeMs < before.Clock.UptimeMs))
            {
                return new(Fault.BootOrder,
                    $"Batch {batch.Number} goes back on the gateway's own clock (boot {batch.Clock.Boot}, {batch.Clock.UptimeMs} ms).");
            }

            if (batch.Manifest != before.Manifest && batches[i].Manifest.Previous != before.Manifest)
            {
                return new(Fault.ManifestChain, $"Batch {batch.Number} changes to a manifest that does not follow the one before.");
            }

            if (batch.Clock.Boot != before.Clock.Boot && !DeclaresBoot(batches[i]))
            {
                return new(Fault.GapUndeclared, $"Batch {batch.Number} is the first after a restart and does not say what was missed.");
            }
        }

        return Finding.None;
    }

    public static Finding Window(Bundle bundle, ImmutableArray<ProvenBatch> batches)
    {
        var (first, last) = (batches[0], batches[^1]);
        if (first.Header.OpenedMs > bundle.FromMs && !IsVeryFirst(first))
        {
            return new(Fault.WindowStart,
                $"The window begins {Times.Utc(bundle.FromMs)}; the first batch shown, {first.Header.Number}, opens "
                    + $"{Times.Utc(first.Header.OpenedMs)}.");
        }

        if (first.Header.OpenedMs > bundle.ToMs)
        {
            return new(Fault.WindowStart, $"The window ends {Times.Utc(bundle.ToMs)}, before the gateway's first batch opens "
                + $"{Times.Utc(first.Header.OpenedMs)}: nothing was recorded in it.");
        }

        return last.Header.ClosedMs < bundle.ToMs
            ? new(Fault.WindowEnd,
                $"The window ends {Times.Utc(bundle.ToMs)}; the last batch shown, {last.Header.Number}, was sealed "
                    + $"{Times.Utc(last.Header.ClosedMs)}.")
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
