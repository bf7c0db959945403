using System.Net;

namespace Ledger.Hosting;

/// <summary>Who may see the gateways' own pages.</summary>
public enum GatewayReaders
{
    /// <summary>The ledger's own machine. The default.</summary>
    Local = 0,

    /// <summary>Everybody who reaches the pages.</summary>
    Everyone = 1,

    /// <summary>Nobody: behind a proxy on the same machine, which makes every reader look local.</summary>
    Nobody = 2,
}

/// <summary>How one ledger is run.</summary>
public sealed record RunOptions
{
    public const string DataDefault = "/var/lib/coldproof-ledger";
    public const string ListenDefault = "http://127.0.0.1:8480";

    /// <summary>Data directory. Default /var/lib/coldproof-ledger.</summary>
    public string Data { get; init; } = DataDefault;

    /// <summary>Directory with log.key, clock.key and policy.json. Default: systemd's credentials directory, else "keys" in the data
    /// directory.</summary>
    public string Keys { get; init; } = "";

    /// <summary>Where the pages are served. Plain http only on a loopback address. Default http://127.0.0.1:8480.</summary>
    public string Listen { get; init; } = ListenDefault;

    /// <summary>PEM certificate chain for https.</summary>
    public string? Certificate { get; init; }

    /// <summary>PEM private key for https.</summary>
    public string? Key { get; init; }

    /// <summary>A file from which the wall time is read; null for the machine's clock.</summary>
    public string? ClockFile { get; init; }

    /// <summary>Port on which a broker is hosted in this process; null for none.</summary>
    public int? EmbeddedBroker { get; init; }

    /// <summary>The broker to connect to, mqtts://host:port, several with commas between; null for none.</summary>
    public string? Broker { get; init; }

    /// <summary>Scheme and host under which readers reach the ledger, as `ledger link` prints them: https://ledger.example. Null: not known.</summary>
    public string? Address { get; init; }

    /// <summary>Who may see /g. Default: the ledger's own machine.</summary>
    public GatewayReaders Gateways { get; init; }

    /// <summary>Years that readings are kept, 1 to 100; 0 keeps them for ever. Default 5. The public log's entries never go.</summary>
    public int KeepYears { get; init; } = Retention.Keeping.YearsDefault;

    /// <summary>Megabytes that the ledger's files may take before its log says so, 1 or more. Default 50,000. Nothing is removed because of it.
    /// </summary>
    public int BudgetMegabytes { get; init; } = 50_000;

    /// <summary>Reads and checks <see cref="Listen"/>.</summary>
    /// <exception cref="ConfigurationException">Not an address, plain http beyond loopback, or https without certificate.</exception>
    public Uri ListenUri()
    {
        if (!Uri.TryCreate(Listen, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.PathAndQuery != "/")
        {
            throw new ConfigurationException($"--listen {Listen} is not an address of the form http://127.0.0.1:8480 or " +
                $"https://0.0.0.0:443.");
        }

        if (uri.Scheme == "http" && !(uri.IsLoopback || (IPAddress.TryParse(uri.Host, out var address) && IPAddress.IsLoopback(address))))
        {
            throw new ConfigurationException($"--listen {Listen}: plain http would show the pages to anyone on the way and let them be " +
                $"changed. " +
                "Use https with --certificate and --key, or a loopback address behind a proxy.");
        }

        return uri.Scheme == "http" || (Certificate is not null && Key is not null)
            ? uri
            : throw new ConfigurationException($"--listen {Listen} needs --certificate FILE and --key FILE (PEM).");
    }

    /// <summary>The directory of the keys, resolved.</summary>
    public string KeysDirectory() => Keys.Length > 0 ? Keys
        : Environment.GetEnvironmentVariable("CREDENTIALS_DIRECTORY") is { Length: > 0 } credentials ? credentials
        : Path.Combine(Data, "keys");
}
