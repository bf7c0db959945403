using System.Collections.Immutable;
using System.Security.Cryptography;
using Anchoring;
using Evidence;
using Gateway.Tests.Evidence;

namespace Gateway.Tests.Anchoring;

/// <summary>A logbook with a key, an authority, a ledger, and both clocks in the test's hand.</summary>
public sealed class Bench : IDisposable
{
    public const long StartMs = 1_790_000_000_000;
    private readonly ECDsa authority = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public Bench(int channels = 2, LogbookOptions? options = null)
    {
        Directory = System.IO.Directory.CreateTempSubdirectory("logbook").FullName;
        Key = GatewayKey.LoadOrCreate(Directory);
        Options = options ?? new() { SegmentLength = 64 * 1024 };
        FirstManifest = SignManifest(channels, 0, default);
        (Ledger.WallMs, Ledger.Gateway) = (() => WallMs, Key.Gateway);
    }

    public string Directory { get; }

    public GatewayKey Key { get; }

    public LogbookOptions Options { get; }

    public Statement FirstManifest { get; }

    public RoadLedger Ledger { get; } = new();

    public long UptimeMs { get; set; } = 5_000;

    public long WallMs { get; set; } = StartMs;

    /// <summary>The session's own part of a clock that nobody has set.</summary>
    public int UnsetMs { get; set; }

    public Moment Now(Logbook logbook) => Moment.FromClocks(logbook.Boot, UptimeMs, WallMs, ClockTrust.Rtc, 100, UnsetMs);

    public Statement SignManifest(int channels, long first, Digest previous, int high = 8_000) => new Manifest(
        Key.Gateway, Key.Public, first, StartMs, [.. Enumerable.Range(0, channels).Select(i =>
            new ManifestChannel($"place {i}", $"serial {i}", new(2_000), new(high), 60_000, default, null, Digest.Of([(byte)i])))], default, previous,
            GatewayTraits.SoftwareKey).Sign("authority:test", authority);

    /// <summary>The authority takes this gateway's key back.</summary>
    public Statement SignRevocation() => Statement.Sign(StatementKind.Revocation, "authority:test",
        new Revocation(Key.Public.IdHex, 0, "stolen").Encode(), authority);

    /// <summary>What a copy of this gateway would have signed under the same number, or under another.</summary>
    public Statement Other(Statement batch, long? number = null)
    {
        var header = BatchHeader.Decode(batch.Payload);
        return Key.Sign(StatementKind.Batch, (header with { Number = number ?? header.Number, Root = Digest.Of([1]) }).Encode());
    }

    public VerifierPolicy Policy => new([new("test", PublicKey.Of(authority))], RoadLedger.PolicyText, 24 * 3_600_000, 48 * 3_600_000);

    /// <summary>Opens the real directory and starts.</summary>
    public Logbook Start() => Begin(Logbook.Open(Directory, Options, Key, Ledger));

    /// <summary>Opens the real directory with other options and starts.</summary>
    public Logbook Start(LogbookOptions options) => Begin(Logbook.Open(Directory, options, Key, Ledger));

    /// <summary>Opens folders of a simulated disk and starts.</summary>
    public Logbook Start(Func<string, IFolder> folder) => Begin(Logbook.Open(folder("journal"), folder("batches"), Options, Key, Ledger));

    /// <summary>Opens folders of a simulated disk under another ledger and another enrolment, and starts.</summary>
    public Logbook Start(Func<string, IFolder> folder, ILedgerLink link, Statement enrolment) =>
        Begin(Logbook.Open(folder("journal"), folder("batches"), Options, Key, link), enrolment);

    /// <summary>Opens the real directory and trusts the ledger; nothing is enrolled or started yet.</summary>
    public Logbook Open()
    {
        var logbook = Logbook.Open(Directory, Options, Key, Ledger);
        logbook.TrustLog(RoadLedger.Policy, PublicKey.Of(authority));
        return logbook;
    }

    /// <summary>The whole data directory, as a copied card holds it.</summary>
    public Dictionary<string, byte[]> Image() => System.IO.Directory.GetFiles(Directory, "*", SearchOption.AllDirectories)
        .ToDictionary(file => Path.GetRelativePath(Directory, file), File.ReadAllBytes);

    /// <summary>The card is as it was when the image was taken; nothing that came later is on it.</summary>
    public void PutBack(Dictionary<string, byte[]> image)
    {
        foreach (var file in System.IO.Directory.GetFiles(Directory, "*", SearchOption.AllDirectories)
            .Where(file => !image.ContainsKey(Path.GetRelativePath(Directory, file))))
        {
            File.Delete(file);
        }

        foreach (var (name, bytes) in image)
        {
            File.WriteAllBytes(Path.Combine(Directory, name), bytes);
        }
    }

    /// <summary>One minute later.</summary>
    public void Pass(long ms = 60_000) => (UptimeMs, WallMs) = (UptimeMs + ms, WallMs + ms);

    /// <summary>A minute passes and a round of these temperatures is recorded.</summary>
    public Recorded Round(Logbook logbook, params int[] milliCelsius)
    {
        Pass();
        var now = Now(logbook);
        return logbook.Record(now, [.. milliCelsius.Select((value, i) => Reading.Measured(new((ushort)i), now, new(value), value / 8))]);
    }

    /// <summary>Power comes back after this long: a new uptime, the wall clock kept by its battery.</summary>
    public void PowerCut(long ms = 600_000) => (UptimeMs, WallMs) = (3_000, WallMs + ms);

    public Verdict Verify(LogbookExtract extract, long fromMs, long toMs) => Verifier.Verify(BundleWriter.Write(new(Key.Gateway,
        [.. Enumerable.Range(0, extract.Manifests[0].Manifest.Channels.Length).Select(i => new ChannelId((ushort)i))], fromMs, toMs,
        DisclosureLevel.Readings, [.. extract.Manifests.Select(manifest => new BundleStatement(manifest.Statement, manifest.Receipt))],
        [.. extract.Batches.Select(batch => new BundleBatch(batch.Statement, batch.Body, batch.Receipt))], extract.Beacons, [])
    {
        Consistency = extract.Heads().Prove,
    }), Policy);

    public void Dispose()
    {
        Key.Dispose();
        authority.Dispose();
        System.IO.Directory.Delete(Directory, recursive: true);
    }

    private Logbook Begin(Logbook logbook, Statement? enrolment = null)
    {
        logbook.TrustLog(RoadLedger.Policy, PublicKey.Of(authority));
        logbook.Enrol(enrolment ?? FirstManifest);
        logbook.Start(Now(logbook));
        return logbook;
    }
}
