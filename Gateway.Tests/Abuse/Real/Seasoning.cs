using Anchoring;
using Evidence;
using Gateway.Hosting;

namespace Gateway.Tests.Abuse;

/// <summary>Days of driving in a second: the stopped gateway's own logbook is filled by the gateway's own code, so that the next session has
/// batches that wait for the ledger and segments that are full and must be folded.</summary>
internal sealed class Seasoning(Convoy convoy)
{
    private const string Words = "A stretch of the road on which nothing happened, written down at length so that the journal's segment fills up and "
        + "the next start has something to fold into the batch store.";

    /// <summary>How many segments the stopped gateway's journal has.</summary>
    public int Segments => Directory.GetFiles(Path.Combine(convoy.GatewayData, Logbook.JournalFolder), "journal-*.segment").Length;

    /// <summary>Fills at least one more segment of the journal; nothing is offered to the ledger.</summary>
    public void FillSegment() => Work((logbook, now) =>
    {
        var before = logbook.Status.JournalLength;
        for (var i = 0; logbook.Status.JournalLength == before; i++)
        {
            logbook.RecordEvent(Passed(now), now with { UptimeMs = now.UptimeMs + i, WallMs = now.WallMs + i });
        }
    });

    /// <summary>Begins so many more segments, all within one batch, and ends without a goodbye: as a truck far from coverage that lost its
    /// power.</summary>
    /// <returns>Number of the second of them: nothing but records of that batch is in it.</returns>
    public long FillWithoutEnd(int segments)
    {
        var before = Segments;
        Work((logbook, now) =>
        {
            for (var i = 0; Segments < before + segments; i++)
            {
                logbook.RecordEvent(Passed(now), now with { UptimeMs = now.UptimeMs + i, WallMs = now.WallMs + i });
            }
        }, isOrderly: false);
        return Directory.EnumerateFiles(Path.Combine(convoy.GatewayData, Logbook.JournalFolder), "journal-*.segment").Order(StringComparer.Ordinal)
            .Select(path => long.Parse(Path.GetFileName(path).AsSpan(8, 16), System.Globalization.CultureInfo.InvariantCulture)).Last() - segments + 1;
    }

    /// <summary>Fills the journal until so few bytes are left in its newest segment and no other segment lies ready.</summary>
    /// <remarks>For a disk that is full: every further segment fails to be made.</remarks>
    public void FillUpTo(int bytesLeft) => Work((logbook, now) =>
    {
        var journal = Path.Combine(convoy.GatewayData, Logbook.JournalFolder);
        for (var i = 0; BytesLeft(journal) > bytesLeft; i++)
        {
            logbook.RecordEvent(Passed(now), now with { UptimeMs = now.UptimeMs + i, WallMs = now.WallMs + i });
        }
    });

    /// <summary>Takes away the segment that lies ready and the file of what was seen last: the next session has to make both.</summary>
    public void TakeWhatIsMadeAnew()
    {
        File.Delete(Path.Combine(convoy.GatewayData, SeenFile.Name));
        var newest = Directory.EnumerateFiles(Path.Combine(convoy.GatewayData, Logbook.JournalFolder), "journal-*.segment").Max(StringComparer.Ordinal)!;
        if (!File.ReadAllBytes(newest).AsSpan().ContainsAnyExcept((byte)0))
        {
            File.Delete(newest);
        }
    }

    /// <summary>Bytes that are still zero in all segments together.</summary>
    private static long BytesLeft(string journal) => Directory.EnumerateFiles(journal, "journal-*.segment").Sum(file =>
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes.Length - (bytes.AsSpan().LastIndexOfAnyExcept((byte)0) + 1);
    });

    /// <summary>Seals batches that wait for the ledger.</summary>
    public void Seal(int batches) => Work((logbook, now) =>
    {
        for (var i = 0; i < batches; i++)
        {
            var moment = now with { UptimeMs = now.UptimeMs + i, WallMs = now.WallMs + i };
            logbook.RecordEvent(Passed(moment), moment);
            logbook.SealOpen(moment);
        }
    });

    private void Work(Action<Logbook, Moment> work, bool isOrderly = true)
    {
        using var key = GatewayKey.LoadOrCreate(convoy.GatewayData);
        using var logbook = Logbook.Open(convoy.GatewayData, new() { SealAgeSeconds = 3_600 }, key, new NoRoad());
        var started = TimeProvider.System.GetTimestamp();
        Moment Now() => new(logbook.Boot, 1_000_000 + (long)TimeProvider.System.GetElapsedTime(started).TotalMilliseconds,
            TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds(), ClockTrust.Unset);
        logbook.Start(Now());
        work(logbook, Now());
        if (!isOrderly)
        {
            return;
        }

        var last = logbook.Status.LastRecorded!.Value;
        logbook.Stop(Now() is var now && now.UptimeMs >= last.UptimeMs ? now : last, "The seasoning is over.");
    }

    private static BatchEvent Passed(Moment now) => new(null, EventKind.Configuration, now.WallMs, EventDetail.Note("abuse.season", Words));

    /// <summary>A link that is never up.</summary>
    private sealed class NoRoad : ILedgerLink
    {
        public LinkState State => default;

        public bool TrySend(Digest statement, ReadOnlyMemory<byte> uplink) => false;

        public bool TryReceive(out LinkNews news)
        {
            news = default;
            return false;
        }
    }
}
