using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Anchoring;
using Evidence;
using Gateway.Tests.Evidence;

namespace Gateway.Tests.Fuzzing;

/// <summary>What `Anchoring/` reads back from a card that may have been harmed, and what comes over the link.</summary>
public sealed class AnchoringTargets : IDisposable
{
    private const string FirstSegment = "journal-0000000000000001.segment";
    private const int SegmentLength = 64 * 1024;
    private static readonly LogbookOptions Options = new() { SegmentLength = SegmentLength };
    private readonly DirectoryInfo home = Directory.CreateTempSubdirectory("coldproof-fuzz-");
    private readonly TestTruck truck;
    private readonly GatewayKey key;
    private readonly Statement manifest;
    private readonly List<Frame> frames = [];
    private readonly MemoryFolder sealedBatches = new();
    private readonly byte[] segment;

    public AnchoringTargets(TestTruck truck)
    {
        this.truck = truck;
        key = GatewayKey.LoadOrCreate(home.FullName);
        manifest = (truck.Manifest with { Gateway = key.Gateway, Key = key.Public, IssuedMs = TestTruck.StartMs })
            .Sign("authority:test", truck.AuthorityKey);
        segment = Record();
        using var journal = Journal.Open(FolderOf(segment), SegmentLength, () => [0], frames.Add, _ => { });
        All = [.. Targets()];
    }

    public IReadOnlyList<FuzzTarget> All { get; }

    public void Dispose()
    {
        key.Dispose();
        home.Delete(recursive: true);
    }

    private IEnumerable<FuzzTarget> Targets()
    {
        var written = segment.AsSpan(0, segment.AsSpan().LastIndexOfAnyExcept((byte)0) + 1).ToArray();
        yield return new("journal segment", [written], ReadSegment) { AllocatedMin = 1024 * 1024, AllocatedPerByte = 64 };
        yield return new("journal records", [.. frames.Select(frame => (byte[])[0, (byte)frame.Kind, .. frame.Payload.Span])], ReadRecord)
        { Documented = [typeof(EvidenceBrokenException)], IsSlow = true, IsUncounted = true };
        yield return new("absence book", [Encoding.UTF8.GetBytes(Absences())], input =>
        {
            var folder = new MemoryFolder { [AbsenceBook.Name] = input };
            return new AbsenceBook(folder).Read().Count > 0;
        })
        { Dress = Checked, AllocatedPerByte = 64 };
        yield return new("signed mark", [sealedBatches[SignedMark.Name]], input => new SignedMark(new MemoryFolder { [SignedMark.Name] = input }).Read(_ => false) is not null)
        { AllocatedPerByte = 64 };
        foreach (var target in Outbox())
        {
            yield return target;
        }
    }

    private bool ReadSegment(byte[] input)
    {
        var (good, harmed) = (0, 0);
        using var journal = Journal.Open(FolderOf(input), SegmentLength, () => [0], _ => good++, _ => harmed++);
        return good > 0;
    }

    /// <summary>One frame of a whole journal is another one, its check sum right: place, kind, payload.</summary>
    private bool ReadRecord(byte[] input)
    {
        if (input.Length < 3 || input[1] == 0 || input.Length > SegmentLength / 4)
        {
            return false;
        }

        var bytes = new List<byte>();
        var at = input[0] % frames.Count;
        for (var i = 0; i < frames.Count; i++)
        {
            var (kind, payload) = i == at ? ((FrameKind)input[1], input.AsSpan(2).ToArray()) : (frames[i].Kind, frames[i].Payload.ToArray());
            bytes.AddRange(Frame.Write(kind, frames[i].Sequence, payload, 1));
        }

        using var logbook = Logbook.Open(FolderOf([.. bytes, .. new byte[Math.Max(0, SegmentLength - bytes.Count)]]), new MemoryFolder(), Options, key, new FuzzLink());
        return true;
    }

    private IEnumerable<FuzzTarget> Outbox()
    {
        var link = new FuzzLink();
        var logbook = Logbook.Open(FolderOf((byte[])segment.Clone()), new MemoryFolder(), Options, key, link);
        logbook.TrustLog(truck.Policy.Log);
        var now = new Moment(logbook.Boot, 10_000_000, TestTruck.StartMs + 86_400_000, ClockTrust.Ntp);
        logbook.Start(now);
        var digest = frames.Where(frame => frame.Kind == FrameKind.Seal).Select(frame => RecordCodec.DecodeSeal(frame).Statement.PayloadDigest).First();
        var waiting = logbook.Status.Unanchored;
        yield return new("answer at the gateway", [new Downlink(digest, null, Refusal.NumberNotNext, "batch 0 comes next").Encode(),
            new Downlink(digest, truck.Batches[0].Receipt, null, "").Encode(), new Downlink(default, null, Refusal.Unavailable, "later").Encode()], input =>
        {
            link.Inbox.Enqueue(new(LinkNewsKind.Answer, default, input));
            now = now with { UptimeMs = now.UptimeMs + 1_000 };
            var before = Bad(logbook);
            logbook.Offer(now);
            return logbook.Status.Unanchored == waiting ? Bad(logbook) == before
                : throw new FuzzFindingException("A batch counts as anchored, and no log has it.");
        })
        { AllocatedMin = 512 * 1024, AllocatedPerByte = 128, IsUncounted = true };
    }

    /// <summary>The status's line about answers that did not hold, with their count.</summary>
    private static string? Bad(Logbook logbook) => logbook.Status.Faults.FirstOrDefault(fault => fault.Contains("did not hold", StringComparison.Ordinal));

    /// <summary>A small trip in one segment: two sealed batches and an open one.</summary>
    private byte[] Record()
    {
        var journal = new MemoryFolder();
        using (var logbook = Logbook.Open(journal, sealedBatches, Options, key, new FuzzLink()))
        {
            logbook.Enrol(manifest);
            var now = new Moment(logbook.Boot, 5_000, TestTruck.StartMs, ClockTrust.Ntp);
            logbook.Start(now);
            for (var round = 0; round < 9; round++)
            {
                now = now with { UptimeMs = now.UptimeMs + truck.Interval, WallMs = now.WallMs + truck.Interval };
                logbook.Record(now, [.. Enumerable.Range(0, truck.Manifest.Channels.Length).Select(i => round == 4
                    ? Reading.Missing(new((ushort)i), now, Outcome.Timeout) : Reading.Measured(new((ushort)i), now, new(4_000 + round), 512 + round))]);
                if (round % 3 == 2)
                {
                    logbook.RecordEvent(new(null, EventKind.Door, now.WallMs, EventDetail.Note("door.open", "rear door")), now);
                    logbook.SealOpen(now);
                }
            }
        }

        return journal[FirstSegment];
    }

    private static MemoryFolder FolderOf(byte[] segment) => new() { [FirstSegment] = segment };

    private static string Absences()
    {
        var folder = new MemoryFolder();
        var book = new AbsenceBook(folder);
        book.Add(new(0, 41, AbsenceCause.Retention, TestTruck.StartMs, "to keep the budget") { FromMs = TestTruck.StartMs, ToMs = TestTruck.StartMs + 5 });
        book.Add(new(50, 50, AbsenceCause.Lost, TestTruck.StartMs, "harmed"));
        return Encoding.UTF8.GetString(folder[AbsenceBook.Name]);
    }

    /// <summary>Every second input gets right check sums, so that what stands behind them is read.</summary>
    private static byte[] Checked(byte[] input) => input.Length % 2 == 0 ? input : Encoding.UTF8.GetBytes(string.Join('\n',
        Encoding.UTF8.GetString(input).Split('\n').Select(line => line.Split(' ', 2) is [_, var rest]
            ? $"{Crc32C.Of(Encoding.UTF8.GetBytes(rest)).ToString("x8", CultureInfo.InvariantCulture)} {rest}" : line)));

    private sealed class FuzzLink : ILedgerLink
    {
        public Queue<LinkNews> Inbox { get; } = new();

        public LinkState State => new(Connected: true, Connection: 1, SinceUnixMs: TestTruck.StartMs, Peer: "fuzz", LastError: "");

        public bool TrySend(Digest statement, ReadOnlyMemory<byte> uplink) => true;

        public bool TryReceive(out LinkNews news) => Inbox.TryDequeue(out news);
    }
}
