using System.Collections.Immutable;
using System.Security.Cryptography;
using Evidence;
using Evidence.Log;
using Ledger.Hosting;
using Ledger.Log;
using Ledger.Retention;
using Ledger.Store;
using Microsoft.EntityFrameworkCore;

namespace Ledger.Pages;

/// <summary>A window's bundle and what the verifier says about exactly these bytes.</summary>
public sealed record WindowEvidence(GatewayId Gateway, TimeWindow Window, byte[] Bundle, Verdict Verdict)
{
    /// <summary>SHA-256 of the bundle, as a reader's own tool gives it.</summary>
    public string Sum { get; } = Convert.ToHexStringLower(SHA256.HashData(Bundle));

    /// <summary>Root of the last batch, whose beginning rides in a code; null when none is shown.</summary>
    public Digest? Root { get; init; }

    /// <summary>The last batch's place in the log; null while it has none.</summary>
    public long? LogIndex { get; init; }
}

/// <summary>Which window, and how much of it.</summary>
/// <param name="Channels">Which channels; null for all.</param>
/// <param name="Level">How much of them.</param>
public sealed record WindowAsk(GatewayId Gateway, TimeWindow Window, ImmutableArray<ChannelId>? Channels = null,
    DisclosureLevel Level = DisclosureLevel.Readings)
{
    /// <summary>What it is kept under.</summary>
    public override string ToString() => $"{Gateway} {Window} {(Channels is { } some ? string.Join(',', some) : "all")} {Level}";
}

/// <summary>A window cannot be shown; the key of a sentence and what fills it.</summary>
public sealed record WindowProblem(string Key, params object[] Values);

/// <summary>Builds the bundle of a window from the store and verifies it as a stranger would: the bytes, and a policy.</summary>
public sealed class EvidenceDesk(LedgerCore core) : IDisposable
{
    /// <summary>Most batches of one page: five weeks at one a five minutes.</summary>
    public const int BatchesMax = 12_000;

    /// <summary>Windows kept ready; a page and its download ask for the same one within seconds.</summary>
    public const int KeptMax = 8;

    private const int AtOnceMax = 2;

    private readonly LinkedList<(string Key, WindowEvidence Evidence)> kept = [];
    private readonly Lock keptLock = new();
    private readonly SemaphoreSlim atOnce = new(AtOnceMax);

    /// <summary>The evidence of a window, or why there is none.</summary>
    public async Task<(WindowEvidence? Evidence, WindowProblem? Problem)> Show(WindowAsk ask, CancellationToken cancellation)
    {
        var (numbers, problem) = Cover(ask);
        if (problem is not null)
        {
            return (null, problem);
        }

        // A window's bundle changes while it still grows, when a revocation arrives, and when a page is released or withdrawn.
        var released = core.Releases.Shown().Select(logged => logged.LogIndex).DefaultIfEmpty(-1).Max();
        var key = $"{ask} {numbers.First} {numbers.Last} {core.Store.Revocations().Count} {released}";
        if (Find(key) is { } found)
        {
            return (found, null);
        }

        // Building a window takes the time of a few thousand hashes: two at once are enough for two cores.
        await atOnce.WaitAsync(cancellation);
        try
        {
            var evidence = Find(key) ?? Build(ask, numbers.First, numbers.Last);
            Keep(key, evidence);
            return (evidence, null);
        }
        finally
        {
            atOnce.Release();
        }
    }

    public void Dispose() => atOnce.Dispose();

    /// <summary>From the last batch opened at or before the window's start to the first sealed at or after its end, as far as there are
    /// such.</summary>
    private ((long First, long Last) Numbers, WindowProblem? Problem) Cover(WindowAsk ask)
    {
        var (gateway, window) = (ask.Gateway, ask.Window);
        using var context = core.Store.Read();
        if (!context.Manifests.Any(row => row.Gateway == gateway.Value))
        {
            return (default, new("error.gateway", gateway.ToString()));
        }

        if (window.ToMs < window.FromMs)
        {
            return (default, new("error.order"));
        }

        var batches = context.Batches.Where(row => row.Gateway == gateway.Value);
        if (!batches.Any())
        {
            return (default, new("error.empty"));
        }

        var first = batches.Where(row => row.OpenedMs <= window.FromMs).Max(row => (long?)row.Number) ?? batches.Min(row => row.Number);
        var last = batches.Where(row => row.Number >= first && row.ClosedMs >= window.ToMs).Min(row => (long?)row.Number) ?? batches
            .Max(row => row.Number);
        if (Removed(batches, first, last, gateway) is { } removed)
        {
            return ((first, last), removed);
        }

        return ((first, last), last - first >= BatchesMax ? new("error.long", last - first + 1, BatchesMax)
            : CountReadings(ask, batches.Where(row => row.Number >= first && row.Number <= last)) is > Bundle.ReadingsMax and var readings
                ? new("error.readings", readings, Bundle.ReadingsMax)
                : null);
    }

    /// <summary>F-140: counted from what admission wrote down, before any reading is unpacked.</summary>
    private long CountReadings(WindowAsk ask, IQueryable<BatchRow> batches)
    {
        var counts = core.Store.Manifests(ask.Gateway.Value).ToDictionary(found => found.Statement.PayloadDigest,
            found => Manifest.Decode(found.Statement).ChannelCount);
        var rounds = batches.GroupBy(row => row.Manifest).Select(group => new { Manifest = group.Key, Rounds = group.Sum(row => (long)row.Rounds) })
            .AsEnumerable().Select(group => (counts[group.Manifest], group.Rounds)).ToList();
        return BundleContent.CountReadings(ask.Level, ask.Channels ?? AllOf(rounds.Select(some => some.Item1)), rounds);
    }

    private static ImmutableArray<ChannelId> AllOf(IEnumerable<int> channelCounts) =>
        [.. Enumerable.Range(0, channelCounts.Max()).Select(channel => new ChannelId((ushort)channel))];

    /// <summary>What retention removed of a window, in a sentence: never an empty page, and never a guess.</summary>
    private WindowProblem? Removed(IQueryable<BatchRow> batches, long first, long last, GatewayId gateway)
    {
        var gone = batches.Where(row => row.Number >= first && row.Number <= last && row.Body == BatchRow.NoBody).Max(row => (long?)row.Number);
        if (gone is not { } number)
        {
            return null;
        }

        var removal = new RemovalBook(core.Data).Read().LastOrDefault(known => known.Gateway == gateway && known.First <= number
            && known.Last >= number) ?? throw new EvidenceBrokenException($"Batch {number} of {gateway} has no readings, and retention has not "
            + "removed them. Run `ledger fsck`.");
        return new("error.removed", Day(removal.AtMs), removal.Years, Day(removal.ToMs));
    }

    private static string Day(long ms) => DateTimeOffset.FromUnixTimeMilliseconds(ms).ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture);

    private WindowEvidence Build(WindowAsk ask, long first, long last)
    {
        var (gateway, window) = (ask.Gateway, ask.Window);
        using var context = core.Store.Read();
        var rows = context.Batches.Where(row => row.Gateway == gateway.Value && row.Number >= first && row.Number <= last)
            .Join(context.Entries, row => row.LogIndex, entry => entry.LogIndex, (row, entry) => new { Row = row, entry.Statement })
            .OrderBy(found => found.Row.Number).AsEnumerable().Select(found => (found.Row, found.Statement)).ToList();
        var receipts = new EntryReceipts(core);
        var spans = rows.ConvertAll(found => new BatchSpan(found.Row.OpenedMs, found.Row.ClosedMs));
        var withReceipt = BundleSpacing.Receipts(spans, _ => true);
        var batches = rows.Select((found, place) => new BundleBatch(Statement.Decode(found.Statement), BodyPacking.Unpack(found.Row.Body),
            withReceipt.Contains(place) ? receipts.Of(found.Row.LogIndex, found.Statement) : null)).ToImmutableArray();
        var named = batches.Select(batch => batch.Header.Manifest).ToHashSet();
        var manifests = core.Store.Manifests(gateway.Value).Where(found => named.Contains(found.Statement.PayloadDigest)).ToList();
        var keys = manifests.Select(found => Manifest.Decode(found.Statement)).ToList();
        var channels = ask.Channels ?? AllOf(keys.Select(manifest => manifest.ChannelCount));
        var bundle = BundleWriter.Write(new(gateway, channels, window.FromMs, window.ToMs, ask.Level,
            [.. manifests.Select(found => new BundleStatement(found.Statement,
                receipts.Of(found.LogIndex, found.Statement.Bytes.AsMemory())))],
            batches, BundleSpacing.Beacons(spans, place => Note(context, rows[place].Row.Beacon)), Revocations(context, keys, receipts))
        {
            Releases = [.. core.Releases.Shown().Select(logged => new BundleStatement(logged.Statement, logged.Receipt))],
            Consistency = receipts.Consistency,
        });
        return new(gateway, window, bundle, Verifier.Verify(bundle, core.Policy)) { Root = batches[^1].Header.Root, LogIndex = rows[^1].Row.LogIndex };
    }

    private string? Note(LedgerContext context, Digest digest) =>
        digest.IsZero ? null : core.Log.Head is { Bytes: { } bytes, Note: { } head } && Digest.Of(bytes) == digest
            ? head.ToString()
            : context.Checkpoints.Where(row => row.NoteDigest == digest).Select(row => row.Note).FirstOrDefault();

    private static ImmutableArray<BundleStatement> Revocations(LedgerContext context, List<Manifest> manifests, EntryReceipts receipts)
    {
        var keys = manifests.Select(manifest => manifest.Key.IdHex).ToHashSet();
        return [.. context.Revocations.Where(row => keys.Contains(row.KeyId))
            .Join(context.Entries, row => row.LogIndex, entry => entry.LogIndex, (row, entry) => new { entry.LogIndex, entry.Statement })
            .OrderBy(found => found.LogIndex).AsEnumerable()
            .Select(found => new BundleStatement(Statement.Decode(found.Statement), receipts.Of(found.LogIndex, found.Statement)))];
    }

    private WindowEvidence? Find(string key)
    {
        lock (keptLock)
        {
            return kept.FirstOrDefault(entry => entry.Key == key).Evidence;
        }
    }

    private void Keep(string key, WindowEvidence evidence)
    {
        lock (keptLock)
        {
            if (kept.All(entry => entry.Key != key))
            {
                kept.AddFirst((key, evidence));
            }

            if (kept.Count > KeptMax)
            {
                kept.RemoveLast();
            }
        }
    }
}
