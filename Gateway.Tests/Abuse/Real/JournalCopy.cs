using System.Buffers.Binary;
using System.Formats.Cbor;
using System.Numerics;
using Evidence;

namespace Gateway.Tests.Abuse;

/// <summary>One round as it stands in the journal's bytes.</summary>
internal sealed record CopiedRound(uint Boot, long UptimeMs, long WallMs, List<Acknowledged> Samples)
{
    public bool Says(CopiedRound other) => Boot == other.Boot && UptimeMs == other.UptimeMs && WallMs == other.WallMs
        && Samples.SequenceEqual(other.Samples);
}

/// <summary>What a gateway's journal held whenever it was looked at, read from the files' bytes by docs/formats.md alone: none of the
/// gateway's own code takes part, so that a common mistake cannot hide a loss.</summary>
internal sealed class JournalCopy
{
    private const int HeaderLength = 13, CheckLength = 4;
    private const byte Round = 3, Event = 4, Seal = 5;
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(500);
    private readonly Lock gate = new();
    private readonly Dictionary<(uint Boot, long UptimeMs), CopiedRound> rounds = [];
    private readonly Dictionary<long, HashSet<Digest>> sealedNumbers = [];
    private readonly HashSet<EventDetail.GapSpan> gaps = [];

    /// <summary>Every round that ever stood there, in order of recording.</summary>
    public IEnumerable<CopiedRound> Rounds => rounds.Values.OrderBy(round => round.Boot).ThenBy(round => round.UptimeMs);

    /// <summary>Payload digests of the headers that were signed under each batch number. More than one is two histories.</summary>
    public IReadOnlyDictionary<long, HashSet<Digest>> Sealed => sealedNumbers;

    /// <summary>Every gap that was declared, by a start or by a round that came too late.</summary>
    public IReadOnlyCollection<EventDetail.GapSpan> Gaps => gaps;

    /// <summary>Rounds that were found with other contents than before: must stay 0.</summary>
    public int Rewritten { get; private set; }

    /// <summary>Looks again and again until it is disposed. A long session fills a segment, and what is folded away is seen by no look after the
    /// end; but before that its batch is sealed and anchored, which takes longer than from one look to the next.</summary>
    public IAsyncDisposable Follow(string dataDirectory) => new Following(this, dataDirectory);

    /// <summary>Takes in what the journal holds now, of a running gateway too: a frame that is half written has no check sum yet.</summary>
    public void Look(string dataDirectory)
    {
        lock (gate)
        {
            LookAt(dataDirectory);
        }
    }

    private void LookAt(string dataDirectory)
    {
        var journal = Path.Combine(dataDirectory, "journal");
        if (!Directory.Exists(journal))
        {
            return; // Killed before it made its first file.
        }

        foreach (var file in Directory.EnumerateFiles(journal, "journal-*.segment").Order(StringComparer.Ordinal))
        {
            var segment = long.Parse(Path.GetFileNameWithoutExtension(file)["journal-".Length..], System.Globalization.CultureInfo.InvariantCulture);
            try
            {
                using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
                var bytes = new byte[stream.Length];
                stream.ReadExactly(bytes);
                Read(bytes, segment);
            }
            catch (FileNotFoundException)
            {
                // Folded away since the folder was listed. What no look saw is counted as invented in the end, so nothing hides here.
            }
        }
    }

    private void Read(ReadOnlySpan<byte> bytes, long segment)
    {
        Span<byte> number = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(number, segment);
        while (bytes.Length > HeaderLength + CheckLength && BinaryPrimitives.ReadInt32BigEndian(bytes) is var length and > 0
            && length <= bytes.Length - HeaderLength - CheckLength)
        {
            var end = HeaderLength + length;
            if (Crc(number, bytes[..end]) != BinaryPrimitives.ReadUInt32BigEndian(bytes[end..]))
            {
                return; // The frame in hand at a kill: never promised. Harm in the middle is fsck's to tell.
            }

            var payload = bytes[HeaderLength..end].ToArray();
            if (bytes[4] == Round)
            {
                Take(ReadRound(payload));
            }
            else if (bytes[4] == Event && ReadGap(payload) is { } gap)
            {
                gaps.Add(gap);
            }
            else if (bytes[4] == Seal)
            {
                Take(ReadSeal(payload));
            }

            bytes = bytes[(end + CheckLength)..];
        }
    }

    private void Take(CopiedRound round)
    {
        if (!rounds.TryAdd((round.Boot, round.UptimeMs), round) && !rounds[(round.Boot, round.UptimeMs)].Says(round))
        {
            Rewritten++;
        }
    }

    private void Take(Statement statement)
    {
        var header = BatchHeader.Decode(statement.Payload);
        if (!sealedNumbers.TryGetValue(header.Number, out var digests))
        {
            sealedNumbers[header.Number] = digests = [];
        }

        digests.Add(statement.PayloadDigest);
    }

    /// <summary>[batch, boot, uptime, wall, trust, err, [* outcome, raw, temperature]]</summary>
    private static CopiedRound ReadRound(byte[] payload)
    {
        var reader = new CborReader(payload);
        reader.ReadStartArray();
        reader.ReadInt64();
        var (boot, uptimeMs, wallMs) = (reader.ReadUInt32(), reader.ReadInt64(), reader.ReadInt64());
        reader.ReadInt32();
        reader.ReadUInt32();
        List<Acknowledged> samples = [];
        for (var left = reader.ReadStartArray() ?? 0; left > 0; left -= 3)
        {
            var outcome = (Outcome)reader.ReadInt32();
            reader.ReadInt32();
            int? temperature = null;
            if (reader.PeekState() == CborReaderState.Null)
            {
                reader.ReadNull();
            }
            else
            {
                temperature = reader.ReadInt32();
            }

            samples.Add(new(outcome, temperature));
        }

        return new(boot, uptimeMs, wallMs, samples);
    }

    /// <summary>[batch, boot, uptime, wall, trust, err, channel, kind, time, detail]; null when it declares no gap.</summary>
    private static EventDetail.GapSpan? ReadGap(byte[] payload)
    {
        var reader = new CborReader(payload);
        reader.ReadStartArray();
        for (var i = 0; i < 7; i++)
        {
            reader.SkipValue();
        }

        var kind = (EventKind)reader.ReadInt32();
        reader.SkipValue();
        return kind is EventKind.Boot or EventKind.Gap ? EventDetail.ReadGap([.. reader.ReadByteString()]) : null;
    }

    /// <summary>[statement, key, note, [* sequences]]</summary>
    private static Statement ReadSeal(byte[] payload)
    {
        var reader = new CborReader(payload);
        reader.ReadStartArray();
        return Statement.Decode(reader.ReadByteString());
    }

    private sealed class Following : IAsyncDisposable
    {
        private readonly CancellationTokenSource stop = new();
        private readonly Task looking;

        public Following(JournalCopy copy, string dataDirectory) => looking = Task.Run(async () =>
        {
            while (true)
            {
                copy.Look(dataDirectory);
                await Task.Delay(Glance, TimeProvider.System, stop.Token);
            }
        });

        /// <summary>Throws what went wrong while it looked.</summary>
        public async ValueTask DisposeAsync()
        {
            await stop.CancelAsync();
            try
            {
                await looking;
            }
            catch (OperationCanceledException)
            {
                return; // Told to stop.
            }
            finally
            {
                stop.Dispose();
            }
        }
    }

    private static uint Crc(ReadOnlySpan<byte> number, ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var part in number)
        {
            crc = BitOperations.Crc32C(crc, part);
        }

        foreach (var part in bytes)
        {
            crc = BitOperations.Crc32C(crc, part);
        }

        return ~crc;
    }
}
