using Evidence;
using Evidence.Log;

namespace Ledger.Log;

/// <summary>The ledger's own keys: one signs the checkpoint, the other says when. <c>ledger authority init</c> writes them.</summary>
/// <remarks>The clock's cosignature is the ledger's own word about time. It is no witness: a verdict counts witnesses apart.</remarks>
public sealed class LogKeys(NoteSigner log, NoteSigner clock) : IDisposable
{
    /// <summary>File with the log's signing key, PRIVATE+KEY text.</summary>
    public const string LogKeyFile = "log.key";

    /// <summary>File with the clock cosigner's key.</summary>
    public const string ClockKeyFile = "clock.key";

    public NoteSigner Log { get; } = log.Verifier.Type == SignatureType.Ed25519 ? log
        : throw new ArgumentException("The log's key must make plain Ed25519 signatures.", nameof(log));

    public NoteSigner Clock { get; } = clock.Verifier.Type == SignatureType.Cosignature ? clock
        : throw new ArgumentException("The clock's key must make cosignatures.", nameof(clock));

    /// <summary>The log's name; first line of every checkpoint.</summary>
    public string Origin => Log.Verifier.Name;

    /// <summary>The name under which the clock of a log cosigns.</summary>
    public static string ClockName(string origin) => origin + "/clock";

    /// <exception cref="MalformedEvidenceException">A file is not a signing key of its type, or the clock's name is not the
    /// log's.</exception>
    public static LogKeys Read(string directory)
    {
        var log = NoteSigner.Parse(File.ReadAllText(Path.Combine(directory, LogKeyFile)).TrimEnd('\n'));
        var clock = NoteSigner.Parse(File.ReadAllText(Path.Combine(directory, ClockKeyFile)).TrimEnd('\n'));
        return clock.Verifier.Name == ClockName(log.Verifier.Name)
            ? new(log, clock)
            : throw new MalformedEvidenceException(
                $"The clock's key is named {clock.Verifier.Name}; for this log it must be {ClockName(log.Verifier.Name)}.");
    }

    public void Dispose()
    {
        Log.Dispose();
        Clock.Dispose();
    }
}
