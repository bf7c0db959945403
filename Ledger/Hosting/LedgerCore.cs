using System.Security.Cryptography;
using Evidence;
using Ledger.Admission;
using Ledger.Authority;
using Ledger.Links;
using Ledger.Releases;
using Ledger.Log;
using Ledger.Store;

namespace Ledger.Hosting;

/// <summary>An opened data directory: store, log, sequencer and intake, wired together. One process at a time may hold it.</summary>
/// <remarks>
/// <code>
/// DATA/ledger.db        everything accepted and refused (SQLite)
/// DATA/log/             the C2SP tiled log as static files; may be copied and served by anyone
/// DATA/statement.key    P-256 key for the ledger's own entries, made at the first start
/// DATA/ledger.lock      held while a ledger runs
/// DATA/ledger.socket    where `ledger link` reaches a running ledger; mode 0600
/// DATA/links-audit.jsonl   who made and took back which link, when and why
/// KEYS/log.key, KEYS/clock.key, KEYS/policy.json      from `ledger authority init`
/// </code>
/// </remarks>
public sealed class LedgerCore : IAsyncDisposable
{
    public const string PolicyFile = "policy.json";
    public const string DatabaseFile = "ledger.db";
    public const string LogDirectory = "log";
    private const string StatementKeyFile = "statement.key";
    private const string LockFile = "ledger.lock";
    private const int WouldBlock = 11; // EWOULDBLOCK: what .NET keeps as HResult when another process holds the lock.

    private readonly FileStream heldLock;
    private readonly ECDsa statementKey;

    private LedgerCore(string data, FileStream heldLock, LogKeys keys, VerifierPolicy policy, ECDsa statementKey, LogDisk disk, LedgerStore store,
        TiledLog log,
        LedgerMeter meter, TimeProvider clock, ILoggerFactory logs)
    {
        Data = data;
        this.heldLock = heldLock;
        this.statementKey = statementKey;
        Keys = keys;
        Policy = policy;
        Disk = disk;
        Store = store;
        Log = log;
        Meter = meter;
        Clock = clock;
        var ahead = new ShownAhead(data, keys);
        if (ahead.Kept(log) is { } trouble)
        {
            throw new EvidenceBrokenException(trouble); // F-90: before anything more is published.
        }

        Sequencer = Sequencer.Start(store, log, meter, clock);
        Quarantine = new(store, clock);
        Intake = new(store, Sequencer, Quarantine, new(store, log, keys, ahead, Sequencer.Halt),
            new([.. policy.Authorities.Select(authority => authority.Key)], keys.Origin, statementKey), meter,
            logs.CreateLogger<Intake>());
        Links = new(store, Sequencer, new(keys.Origin, statementKey), clock);
        Releases = new(this);
    }

    /// <summary>The data directory.</summary>
    public string Data { get; }

    public LogKeys Keys { get; }

    /// <summary>What this ledger itself trusts; its pages verify with it, and say so.</summary>
    public VerifierPolicy Policy { get; }

    public LogDisk Disk { get; }

    public LedgerStore Store { get; }

    public TiledLog Log { get; }

    public Sequencer Sequencer { get; }

    public Quarantine Quarantine { get; }

    /// <summary>Where the uplinks go.</summary>
    public Intake Intake { get; }

    /// <summary>Links by which windows are shown, and their entries.</summary>
    public LinkDesk Links { get; }

    /// <summary>Why `ledger link` cannot reach this ledger while it runs, and the next step, in sentences; empty when it can.</summary>
    public string LinkTrouble { get; internal set; } = "";

    /// <summary>The authority's software releases and their entries.</summary>
    public ReleaseDesk Releases { get; }

    public LedgerMeter Meter { get; }

    public TimeProvider Clock { get; }

    /// <summary>Opens the directory, makes it when it is new, and finishes what an earlier process left unpublished.</summary>
    /// <param name="data">The data directory.</param>
    /// <param name="keys">The directory with log.key, clock.key and policy.json.</param>
    /// <param name="disk">The log's disk; null for the usual one under <paramref name="data"/>.</param>
    /// <exception cref="ConfigurationException">A file is missing or unreadable, or another ledger holds the directory.</exception>
    /// <exception cref="EvidenceBrokenException">Store and log contradict each other.</exception>
    public static LedgerCore Open(string data, string keys, TimeProvider clock, ILoggerFactory logs, LogDisk? disk = null)
    {
        Directory.CreateDirectory(data);
        var heldLock = Lock(data);
        try
        {
            var (logKeys, policy) = ReadKeys(keys);
            if (policy.Log.Logs.All(log => log.Key.Name != logKeys.Origin))
            {
                throw new ConfigurationException($"{PolicyFile} does not trust the log {logKeys.Origin} whose key stands beside it; the " +
                    $"pages could verify nothing.");
            }

            disk ??= new LogDisk(Path.GetFullPath(Path.Combine(data, LogDirectory)));
            Directory.CreateDirectory(disk.Root);
            DirectorySync.Flush(data);
            var store = LedgerStore.Open(Path.Combine(data, DatabaseFile));
            return new(data, heldLock, logKeys, policy, StatementKey(data), disk, store, new(disk, logKeys, clock), new(), clock, logs);
        }
        catch
        {
            heldLock.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Links.DisposeAsync().ConfigureAwait(false);
        await Sequencer.DisposeAsync().ConfigureAwait(false);
        Keys.Dispose();
        statementKey.Dispose();
        Meter.Dispose();
        await heldLock.DisposeAsync().ConfigureAwait(false);
    }

    internal static FileStream Lock(string data)
    {
        var path = Path.Combine(data, LockFile);
        try
        {
            return new(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException fault) when (fault.HResult == WouldBlock)
        {
            throw new ConfigurationException($"Another ledger holds {path}. Two ledgers on one log would make two histories: stop the " +
                $"other one first.", fault);
        }
        catch (UnauthorizedAccessException fault)
        {
            throw new ConfigurationException($"{data} cannot be written: {fault.Message} Give it to the user that runs the ledger.", fault);
        }
    }

    private static (LogKeys Keys, VerifierPolicy Policy) ReadKeys(string directory)
    {
        try
        {
            return (LogKeys.Read(directory), VerifierPolicy.Parse(File.ReadAllBytes(Path.Combine(directory, PolicyFile))));
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException or UnauthorizedAccessException or MalformedEvidenceException)
        {
            // Another error of the disk is no matter of settings: it may have passed when systemd tries again.
            throw new ConfigurationException($"The keys in {directory} cannot be used: {fault.Message} `ledger authority init` makes " +
                $"them; --keys says where they are.", fault);
        }
    }

    /// <summary>Made here because nobody needs to trust it: a conflict entry convinces by the two signatures that it holds, a disclosure by
    /// its place in the log.</summary>
    private static ECDsa StatementKey(string data)
    {
        var path = Path.Combine(data, StatementKeyFile);
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        if (File.Exists(path))
        {
            try
            {
                key.ImportFromPem(File.ReadAllText(path));
                return key;
            }
            catch (Exception fault) when (fault is ArgumentException or CryptographicException)
            {
                throw new ConfigurationException($"{path} is no P-256 key: {fault.Message} Restore your copy, or move the file away: the next "
                    + "start makes a new one, and entries that the old one signed stay valid.", fault);
            }
        }

        // Written beside and flushed, so that a power cut leaves no file or a whole one.
        File.Delete(path + ".new");
        DurableFile.Write(path + ".new", FileMode.CreateNew, secret: true, System.Text.Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem()));
        File.Move(path + ".new", path);
        DirectorySync.Flush(data);
        return key;
    }
}
