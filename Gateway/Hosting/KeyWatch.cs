using Anchoring;
using Gateway.Verbs;
using Microsoft.Extensions.Logging;

namespace Gateway.Hosting;

/// <summary>The gateway's key as it lies on the disk: looked at again and again while something is wrong with it, so that a person who puts it
/// right need not restart anything.</summary>
/// <remarks>F-14, F-54: a harmed, missing, readable or foreign key costs no reading, as long as the journal knows whose record it is
/// (docs/decisions/0155).</remarks>
public sealed class KeyWatch : IDisposable
{
    private const long LookEveryMs = 5_000;
    private readonly string directory;
    private GatewayKey? inUse;
    private string trouble = "";
    private long lookedMs;

    private KeyWatch(string directory) => this.directory = directory;

    /// <summary>Key and identity, both whole; null when one of them cannot be used, or not without the manifest.</summary>
    public GatewayKey? Whole { get; private set; }

    /// <summary>Looks at key and identity of a data directory.</summary>
    /// <exception cref="VerbException">One of them cannot be used, and nothing was ever recorded here: whoever sets it up is still there.</exception>
    public static KeyWatch Open(string directory)
    {
        using var files = KeyFiles.Look(directory);
        var watch = new KeyWatch(directory) { Whole = files.Whole() };
        return watch.Whole is not null || StoppedLook.NewestManifest(directory) is not null ? watch : throw new VerbException(files.HasKey
            ? $"{files.KeyTrouble} {files.IdentityTrouble} Nothing is recorded here yet that would say whose key it is, so the gateway does not begin.".Trim()
            : $"{directory} holds no gateway key: this gateway is not enrolled. Run `gateway enrol request --out request.json`.")
        {
            Code = ExitCode.Configuration,
        };
    }

    /// <summary>Gives a logbook that has just been opened the key to sign with, or says why it has none.</summary>
    public void Give(Logbook logbook, ILogger log)
    {
        if (logbook.NewestManifest is { } manifest)
        {
            using var files = KeyFiles.Look(directory);
            Use(files.For(manifest), logbook, log);
        }
    }

    /// <summary>While something is wrong, looks again.</summary>
    public void Look(Logbook logbook, long uptimeMs, ILogger log)
    {
        if (trouble.Length > 0 && uptimeMs - lookedMs >= LookEveryMs)
        {
            lookedMs = uptimeMs;
            Give(logbook, log);
        }
    }

    public void Dispose()
    {
        Whole?.Dispose();
        inUse?.Dispose();
    }

    private void Use((GatewayKey? Key, string Trouble) found, Logbook logbook, ILogger log)
    {
        if (inUse is not null)
        {
            found.Key?.Dispose(); // The one in memory is good, whatever has become of its file since.
            found = found.Key is null ? (inUse, trouble) : (inUse, found.Trouble);
        }

        inUse = found.Key;
        logbook.UseKey(inUse, found.Trouble);
        if (found.Trouble.Length > 0 && found.Trouble != trouble)
        {
            DaemonLog.KeyTrouble(log, found.Trouble);
        }
        else if (found.Trouble.Length == 0 && trouble.Length > 0)
        {
            DaemonLog.KeyBack(log, logbook.Status.ToSign);
        }

        trouble = found.Trouble;
    }
}
