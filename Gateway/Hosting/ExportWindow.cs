using System.Collections.Immutable;
using System.Globalization;
using Anchoring;
using Evidence;
using Evidence.Log;
using Gateway.Terminal;

namespace Gateway.Hosting;

/// <summary>A bundle cannot be made of what is stored; the message says what is missing.</summary>
public sealed class ExportException : Exception
{
    public ExportException() { }

    public ExportException(string message) : base(message) { }

    public ExportException(string message, Exception inner) : base(message, inner) { }
}

/// <summary>What to export.</summary>
/// <param name="FromMs">First wall millisecond.</param>
/// <param name="ToMs">Last wall millisecond.</param>
/// <param name="Channels">Which channels; empty for all.</param>
/// <param name="Level">How much is shown.</param>
public sealed record ExportWindow(long FromMs, long ToMs, ImmutableArray<ushort> Channels, DisclosureLevel Level)
{
    /// <summary>Reads the form that <see cref="ToQuery"/> writes; null when it is not that form.</summary>
    public static ExportWindow? Parse(string? from, string? to, string? channels, string? level)
    {
        if (!long.TryParse(from, NumberStyles.None, CultureInfo.InvariantCulture, out var fromMs)
            || !long.TryParse(to, NumberStyles.None, CultureInfo.InvariantCulture, out var toMs) || fromMs > toMs
            || !Enum.TryParse<DisclosureLevel>(level ?? nameof(DisclosureLevel.Readings), ignoreCase: true, out var shown)
                || !Enum.IsDefined(shown))
        {
            return null;
        }

        var numbers = ImmutableArray.CreateBuilder<ushort>();
        foreach (var part in (channels ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            if (!ushort.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                || number >= BatchLimits.ChannelsMax)
            {
                return null;
            }

            numbers.Add(number);
        }

        return new(fromMs, toMs, [.. numbers.Distinct().Order()], shown);
    }

    public string ToQuery() => string.Create(CultureInfo.InvariantCulture,
        $"from={FromMs}&to={ToMs}&channel={string.Join(',', Channels)}&level={Level}");

    /// <summary>The bundle's bytes.</summary>
    /// <param name="isRunning">False when the store of a stopped gateway is read: then nothing is signed until it is started.</param>
    /// <exception cref="ExportException">Nothing is sealed in the window, a batch is missing, a channel is not enrolled, or it is more than
    /// verifiers read.</exception>
    public byte[] Bundle(GatewayId gateway, Logbook logbook, bool isRunning = true)
    {
        RefuseTooMany(logbook);
        var extract = logbook.Extract(FromMs, ToMs);
        if (!extract.Removed.IsEmpty)
        {
            var removed = extract.Removed[^1];
            throw new ExportException($"Batches {extract.Removed[0].First} to {removed.Last} of this window were removed from this gateway on "
                + $"{Figures.Time(removed.AtMs)} to keep its disk budget; they are anchored, and the ledger has them. Take the window from "
                + $"the ledger's page, or choose one that begins after {Figures.Time(removed.ToMs)}.");
        }

        if (extract.Batches.IsEmpty || extract.Manifests.IsEmpty)
        {
            throw new ExportException($"Nothing is sealed between {Figures.Time(FromMs)} and {Figures.Time(ToMs)}; {WhyNothing(logbook.Status, isRunning)}");
        }

        if (!extract.Missing.IsEmpty)
        {
            throw new ExportException($"Batch {extract.Missing[0]} belongs into the window and cannot be read here ({extract.Missing.Length} "
                + "in all); `gateway fsck` says why. What is anchored, the ledger has: take the window from the ledger's page.");
        }

        var enrolled = extract.Manifests.Min(manifest => manifest.Manifest.Channels.Length);
        if (Channels.FirstOrDefault(channel => channel >= enrolled) is > 0 and var unknown)
        {
            throw new ExportException($"Channel {unknown} is not enrolled in this window; channels 0 to {enrolled - 1} are.");
        }

        ImmutableArray<ChannelId> channels = Channels.IsEmpty
            ? [.. Enumerable.Range(0, enrolled).Select(channel => new ChannelId((ushort)channel))]
            : [.. Channels.Select(channel => new ChannelId(channel))];
        var batches = extract.Batches.Select(batch => new BundleBatch(batch.Statement, batch.Body, batch.Receipt)).ToList();
        var spans = batches.ConvertAll(batch => new BatchSpan(batch.Header.OpenedMs, batch.Header.ClosedMs));
        var withReceipt = BundleSpacing.Receipts(spans, place => batches[place].Receipt is not null);
        var notes = extract.Beacons.ToDictionary(Receipt.BeaconOf);
        var bundle = BundleWriter.Write(new(gateway, channels, FromMs, ToMs, Level,
            [.. extract.Manifests.Select(manifest => new BundleStatement(manifest.Statement, Plain(manifest.Receipt)))],
            [.. batches.Select((batch, place) => batch with { Receipt = withReceipt.Contains(place) ? Plain(batch.Receipt) : null })],
            BundleSpacing.Beacons(spans, place => notes.GetValueOrDefault(batches[place].Header.Beacon)), [])
        {
            Consistency = extract.Heads().Prove,
        });
        return bundle.Length <= Evidence.Bundle.LengthMax ? bundle : throw new ExportException(
            $"The bundle of these {Figures.Count(batches.Count)} batches has {Figures.Bytes(bundle.Length)}; verifiers read at most "
            + $"{Figures.Bytes(Evidence.Bundle.LengthMax)}. Export the window in parts, fewer channels, or with --level summaries.");
    }

    /// <summary>A receipt without what joins it with the others: the bundle has the proofs made of that.</summary>
    private static string? Plain(string? receipt) => receipt is null ? null
        : TlogProof.Parse(receipt) is { Extra: not null } proof ? new TlogProof(proof.Index, proof.Path, proof.Note).ToString() : receipt;

    /// <summary>F-122: what is recorded and not sealed yet is told apart from a window in which nothing is.</summary>
    private static string WhyNothing(LogbookStatus status, bool isRunning) => (status, isRunning) switch
    {
        ({ ToSign: > 0 }, true) => $"{Figures.Count(status.ToSign)} closed batches wait for the ledger's word before they are signed. `gateway status` "
            + "says how long; ask again then.",
        ({ ToSign: > 0 }, false) => $"{Figures.Count(status.ToSign)} closed batches wait for their signature, and the gateway is stopped. Start it: they are "
            + "signed when the ledger has answered, or when Sealing:WordPatienceSeconds have passed; ask again then.",
        ({ OpenRounds: > 0 }, true) => $"{Figures.Count(status.OpenRounds)} rounds are recorded in a batch that is still open. It is sealed when it is "
            + "Sealing:AgeMaxSeconds old; ask again then, or choose another window.",
        ({ OpenRounds: > 0 }, false) => $"{Figures.Count(status.OpenRounds)} rounds are recorded in a batch that the next start seals. Start the gateway and "
            + "ask again, or choose another window.",
        _ => "choose another window.",
    };

    /// <summary>F-140: counted before anything of the window is held in memory.</summary>
    private void RefuseTooMany(Logbook logbook)
    {
        if (Level < DisclosureLevel.Readings)
        {
            return;
        }

        var rounds = logbook.CountRounds(FromMs, ToMs);
        var all = rounds.Select(some => some.Channels).DefaultIfEmpty(0).Min();
        var readings = BundleContent.CountReadings(Level, Channels.IsEmpty
            ? [.. Enumerable.Range(0, all).Select(channel => new ChannelId((ushort)channel))]
            : [.. Channels.Select(channel => new ChannelId(channel))], rounds);
        if (readings > Evidence.Bundle.ReadingsMax)
        {
            throw new ExportException($"This window holds {Figures.Count(readings)} readings; verifiers read at most "
                + $"{Figures.Count(Evidence.Bundle.ReadingsMax)}. Choose a shorter window and export the rest after it, or fewer channels, or --level "
                + "summaries.");
        }
    }
}
