using System.Collections.Immutable;
using System.Security.Cryptography;
using Evidence;
using Evidence.Log;

namespace Gateway.Tests.Evidence;

/// <summary>A gateway, its authority and a ledger in memory: makes batches, logs them, and gives bundles. Only for tests of
/// evidence.</summary>
/// <remarks>Nothing here is a second implementation of a rule: leaves, trees, headers, notes and proofs all come from Evidence
/// itself.</remarks>
public sealed class TestTruck : IDisposable
{
    public const long StartMs = 1_767_225_600_000; // 2026-01-01T00:00:00Z
    private readonly List<Digest> logLeaves = [];
    private readonly List<BundleBatch> batches = [];
    private readonly List<string> notes = [];
    private Digest previous;
    private string? newestNote;
    private readonly bool ownsKeys;

    public TestTruck(int channels = 2, int intervalMs = 60_000, GatewayTraits traits = GatewayTraits.SoftwareKey, string place = "place",
        TestTruck? like = null)
    {
        // Another truck of the same gateway key, authority and log keys, with a log of its own.
        GatewayKey = like?.GatewayKey ?? ECDsa.Create(ECCurve.NamedCurves.nistP256);
        AuthorityKey = like?.AuthorityKey ?? ECDsa.Create(ECCurve.NamedCurves.nistP256);
        LogKey = like?.LogKey ?? Signer("log.example/test", SignatureType.Ed25519);
        ClockKey = like?.ClockKey ?? Signer("log.example/test/clock", SignatureType.Cosignature);
        Witness = like?.Witness ?? Signer("witness.example/w1", SignatureType.Cosignature);
        ownsKeys = like is null;
        Interval = intervalMs;
        NextSequence = new long[channels];
        var probes = Enumerable.Range(0, channels).Select(i =>
            new ManifestChannel($"{place} {i}", $"S-{i}", new(2_000), new(8_000), intervalMs,
            Digest.Of([(byte)i]), StartMs + 400L * 86_400_000, Digest.Of([1, (byte)i]))).ToImmutableArray();
        Manifest = new(Id, PublicKey.Of(GatewayKey), 0, StartMs - 3_600_000, probes, default, default, traits);
        SignedManifest = Manifest.Sign("authority:test", AuthorityKey);
        ManifestReceipt = Log(SignedManifest, StartMs - 3_000_000);
    }

    public GatewayId Id { get; } = new(new Guid("5f3a91c0-0bc0-4012-8a55-0123456789ab"));
    public ECDsa GatewayKey { get; }
    public ECDsa AuthorityKey { get; }
    public NoteSigner LogKey { get; }
    public NoteSigner ClockKey { get; }
    public NoteSigner Witness { get; }
    public int Interval { get; }
    public Manifest Manifest { get; }
    public Statement SignedManifest { get; }
    public string ManifestReceipt { get; }
    public IReadOnlyList<BundleBatch> Batches => batches;
    public long[] NextSequence { get; }
    public uint Boot { get; set; } = 1;
    public long NowMs { get; set; } = StartMs;
    public long UptimeMs { get; set; } = 10_000;
    public bool Receipts { get; set; } = true;

    /// <summary>How long after sealing the log has a batch.</summary>
    public long DelayMs { get; set; } = 20_000;

    public VerifierPolicy Policy => new([new("test authority", PublicKey.Of(AuthorityKey))],
        $"log {LogKey.Verifier}\nwitness w1 {Witness.Verifier}\nwitness clock {ClockKey.Verifier}\ngroup all all w1 clock\nquorum all\n",
        24 * 3_600_000, 48 * 3_600_000);

    /// <summary>Seals one batch of so many rounds; the clock ends one interval after the last.</summary>
    /// <param name="value">Round of this batch, channel → temperature, or null for no acknowledgement.</param>
    public BundleBatch Seal(int rounds, Func<int, int, int?>? value = null, Func<BatchHeader, BatchHeader>? change = null,
        params BatchEvent[] events)
    {
        value ??= (round, channel) => 4_000 + (100 * channel) + (10 * (round % 7));
        var opened = NowMs;
        var uptime = UptimeMs;
        var times = Enumerable.Range(0, rounds).Select(i => opened + ((long)i * Interval)).ToImmutableArray();
        var parts = NextSequence.Select((sequence, channel) =>
            new BodyChannel(sequence, [.. times.Select((_, round) => value(round, channel) is { } mC
            ? new BatchSample(Outcome.Measured, new MilliCelsius(mC), mC * 16 / 125)
            : new BatchSample(Outcome.NoAcknowledge, null, 0))])).ToImmutableArray();
        var body = new BatchBody([.. RandomNumberGenerator.GetBytes(32)], times, parts, [.. events]);
        var hashes = BatchLeaves.Hashes(BatchLeaves.Build(body, opened, Manifest.Channels));
        NowMs = opened + (Math.Max(1, rounds) * (long)Interval);
        UptimeMs = uptime + (Math.Max(1, rounds) * (long)Interval);
        var header = new BatchHeader(Id, batches.Count, previous, SignedManifest.PayloadDigest, opened, NowMs - 1,
            new(ClockTrust.Ntp, 5, Boot, uptime),
            newestNote is null ? default : Receipt.BeaconOf(newestNote), hashes.Length, parts.Length, BatchTree.Root(hashes.AsSpan()));
        header = change?.Invoke(header) ?? header;
        var statement = Statement.Sign(StatementKind.Batch, Statement.IssuerOf(Id), header.Encode(), GatewayKey);
        var batch = new BundleBatch(statement, body, Receipts ? Log(statement, NowMs + DelayMs) : null);
        batches.Add(batch);
        previous = statement.PayloadDigest;
        for (var i = 0; i < NextSequence.Length; i++)
        {
            NextSequence[i] += rounds;
        }

        return batch;
    }

    /// <summary>The power fails for a while, and comes back as a new boot.</summary>
    public BatchEvent PowerCut(long forMs)
    {
        var from = NowMs - Interval;
        NowMs += forMs;
        Boot++;
        UptimeMs = 5_000;
        return new(null, EventKind.Boot, NowMs, EventDetail.Gap(from, NowMs, GapCause.PowerLoss));
    }

    public string Log(Statement statement, long timeMs)
    {
        logLeaves.Add(LogTree.LeafHash(statement.Bytes.AsSpan()));
        var size = logLeaves.Count;
        var checkpoint = new Checkpoint(LogKey.Verifier.Name, size, LogTree.Root([.. logLeaves]));
        var note = Witness.Cosign(ClockKey.Cosign(LogKey.Sign(SignedNote.Draft(checkpoint.ToText())), timeMs / 1000), timeMs / 1000);
        newestNote = note.ToString();
        notes.Add(newestNote);
        return new TlogProof(size - 1, InclusionPath(size - 1, size), note).ToString();
    }

    public BundleContent Content(DisclosureLevel level = DisclosureLevel.Readings, params ushort[] channels) => new(Id,
        [.. (channels.Length == 0 ? [0] : channels).Select(c => new ChannelId(c))], batches[0].Header.OpenedMs,
            batches[^1].Header.ClosedMs, level,
        [new(SignedManifest, ManifestReceipt)], [.. batches], [.. notes], [])
    {
        Consistency = (origin, from, to) => origin == LogKey.Verifier.Name && to <= logLeaves.Count ? Consistency(from, to) : null,
    };

    /// <summary>A head of this log followed by other entries, which it does not keep, and the proof that it begins with a smaller one: what an
    /// operator signs who shows two histories from here on.</summary>
    public (string Note, long Size, ImmutableArray<Digest> Path) Continued(long from, long timeMs, params Digest[] others)
    {
        var kept = logLeaves.Count;
        logLeaves.AddRange(others);
        var size = logLeaves.Count;
        var text = new Checkpoint(LogKey.Verifier.Name, size, LogTree.Root([.. logLeaves])).ToText();
        var note = Witness.Cosign(ClockKey.Cosign(LogKey.Sign(SignedNote.Draft(text)), timeMs / 1000), timeMs / 1000).ToString();
        var path = Consistency(from, size);
        logLeaves.RemoveRange(kept, others.Length);
        return (note, size, path);
    }

    /// <summary>RFC 6962's own recursive definition of a consistency proof; slow, and only here.</summary>
    public ImmutableArray<Digest> Consistency(long from, long to)
    {
        return [.. Sub((int)from, 0, (int)to, whole: true)];

        IEnumerable<Digest> Sub(int m, int start, int n, bool whole)
        {
            if (m == n)
            {
                return whole ? [] : [Root(start, n)];
            }

            var k = 1;
            while (k * 2 < n)
            {
                k *= 2;
            }

            return m <= k
                ? [.. Sub(m, start, k, whole), Root(start + k, n - k)]
                : [.. Sub(m - k, start + k, n - k, whole: false), Root(start, k)];
        }

        Digest Root(int start, int n) => LogTree.Root([.. logLeaves.Skip(start).Take(n)]);
    }

    public byte[] Bundle(DisclosureLevel level = DisclosureLevel.Readings, params ushort[] channels) =>
        BundleWriter.Write(Content(level, channels));

    public Verdict Verify(BundleContent content) => Verifier.Verify(BundleWriter.Write(content), Policy);

    public void Dispose()
    {
        if (!ownsKeys)
        {
            return;
        }

        GatewayKey.Dispose();
        AuthorityKey.Dispose();
        LogKey.Dispose();
        ClockKey.Dispose();
        Witness.Dispose();
    }

    private static NoteSigner Signer(string name, SignatureType type) => NoteSigner.FromSeed(name, type, RandomNumberGenerator.GetBytes(32));

    /// <summary>RFC 6962's own recursive definition; slow, and only here.</summary>
    private ImmutableArray<Digest> InclusionPath(int index, int size)
    {
        return [.. Path(index, 0, size)];

        IEnumerable<Digest> Path(int m, int from, int n)
        {
            if (n == 1)
            {
                return [];
            }

            var k = 1;
            while (k * 2 < n)
            {
                k *= 2;
            }

            return m < k
                ? [.. Path(m, from, k), Root(from + k, n - k)]
                : [.. Path(m - k, from + k, n - k), Root(from, k)];
        }

        Digest Root(int from, int n) => LogTree.Root([.. logLeaves.Skip(from).Take(n)]);
    }
}
