using System.Collections.Immutable;

namespace Evidence;

/// <summary>When a batch was opened and closed, by its header.</summary>
public readonly record struct BatchSpan(long OpenedMs, long ClosedMs);

/// <summary>Which batches of a window bring a receipt, and which a beacon's text: enough for a bracket in each sixty-fourth of the window. The
/// chain commits to the others, and a year does not carry a hundred thousand receipts.</summary>
public static class BundleSpacing
{
    private const long SpacingMsMin = 30 * 60 * 1000;
    private const long SpacingMsMax = 12 * 60 * 60 * 1000;
    private const long Parts = 64;

    /// <summary>Places of the batches that bring a receipt: the last that has one, one in each sixty-fourth of the window, and the last before
    /// each gap.</summary>
    /// <param name="spans">The window's batches, in order; at least one.</param>
    /// <param name="hasReceipt">Whether the batch at a place has one.</param>
    public static ImmutableHashSet<int> Receipts(IReadOnlyList<BatchSpan> spans, Func<int, bool> hasReceipt)
    {
        var chosen = ImmutableHashSet.CreateBuilder<int>();
        var spacing = Spacing(spans);
        var next = long.MaxValue;
        for (var i = spans.Count - 1; i >= 0; i--)
        {
            var isBeforeGap = i + 1 < spans.Count && spans[i + 1].OpenedMs - spans[i].ClosedMs > spacing;
            if ((spans[i].ClosedMs <= next || isBeforeGap) && hasReceipt(i))
            {
                chosen.Add(i);
                next = spans[i].ClosedMs - spacing;
            }
        }

        return chosen.ToImmutable();
    }

    /// <summary>The beacons' texts that are shown, by rising batch.</summary>
    /// <param name="spans">The window's batches, in order.</param>
    /// <param name="noteAt">The text that the batch at a place names; null when it names none or the text is not known.</param>
    public static ImmutableArray<string> Beacons(IReadOnlyList<BatchSpan> spans, Func<int, string?> noteAt)
    {
        var notes = ImmutableArray.CreateBuilder<string>();
        var spacing = Spacing(spans);
        var lastMs = long.MinValue / 2;
        for (var i = 0; i < spans.Count; i++)
        {
            if (spans[i].OpenedMs - spacing >= lastMs && noteAt(i) is { } note)
            {
                notes.Add(note);
                lastMs = spans[i].OpenedMs;
            }
        }

        return notes.ToImmutable();
    }

    private static long Spacing(IReadOnlyList<BatchSpan> spans) =>
        spans.Count == 0 ? SpacingMsMin : Math.Clamp((spans[^1].ClosedMs - spans[0].OpenedMs) / Parts, SpacingMsMin, SpacingMsMax);
}
