namespace Ledger.Hosting;

/// <summary>The ledger cannot run as it is configured. Each problem is one line that names the fact and the next step; the process exits
/// with 78.</summary>
public sealed class ConfigurationException : Exception
{
    public ConfigurationException() { }

    public ConfigurationException(string message) : base(message) { }

    public ConfigurationException(string message, Exception inner) : base(message, inner) { }
}
