using System.Globalization;

namespace Evidence;

/// <summary>Where an MQTT broker listens: "mqtts://host:port", or "mqtt://host:port" without TLS.</summary>
/// <param name="Host">A DNS name or an IP address.</param>
/// <param name="Port">1 to 65,535; the usual ones are 8883 with TLS and 1883 without.</param>
/// <param name="Tls">False is plain TCP: whoever uses it must have been told to, explicitly.</param>
public sealed record BrokerAddress(string Host, int Port, bool Tls)
{
    /// <exception cref="MalformedEvidenceException">Not such an address.</exception>
    public static BrokerAddress Parse(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("mqtts" or "mqtt") || uri.Host.Length is 0 or > 253
            || uri.AbsolutePath is not ("" or "/") || uri.Query.Length > 0 || uri.Fragment.Length > 0 || uri.UserInfo.Length > 0
                || uri.Port == 0)
        {
            throw new MalformedEvidenceException(
                $"\"{(text.Length <= 80 ? text : text[..80])}\" is not a broker's address; write mqtts://HOST:PORT, for example "
                    + $"mqtts://ledger.example:8883.");
        }

        var tls = uri.Scheme == "mqtts";
        return new(uri.IdnHost.Trim('[', ']'), uri.Port > 0 ? uri.Port : tls ? 8883 : 1883, tls);
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{(Tls ? "mqtts" : "mqtt")}://{(Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]" : Host)}:{Port}");
}
