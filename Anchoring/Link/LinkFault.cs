using System.Net.Sockets;
using System.Security.Authentication;
using Evidence;
using MQTTnet;
using MQTTnet.Exceptions;

namespace Anchoring;

/// <summary>The connection to the broker did not come about, or broke. The message is for people.</summary>
internal sealed class LinkBrokenException : Exception
{
    public LinkBrokenException() { }

    public LinkBrokenException(string message) : base(message) { }

    public LinkBrokenException(string message, Exception inner) : base(message, inner) { }
}

/// <summary>Turns what the network, TLS and MQTT say into a sentence that names the fact and the next step.</summary>
internal static class LinkFault
{
    /// <param name="verdict">What our own judgement of the broker's certificate was; null when it was accepted or never shown.</param>
    public static string Words(Exception fault, BrokerAddress broker, string? verdict)
    {
        if (verdict is not null)
        {
            return verdict;
        }

        for (var cause = fault; cause is not null; cause = cause.InnerException)
        {
            if (Known(cause, broker) is { } words)
            {
                return words;
            }
        }

        return $"{broker}: {Innermost(fault)}";
    }

    /// <summary>What a broker that answered did not like.</summary>
    public static string Words(MqttClientConnectResult answer, BrokerAddress broker) => answer.ResultCode switch
    {
        MqttClientConnectResultCode.NotAuthorized or MqttClientConnectResultCode.BadUserNameOrPassword
            or MqttClientConnectResultCode.Banned =>
            $"Not authorised: {broker} does not accept this gateway's certificate for this identity. Enrol it, or correct the "
                + $"broker's access rules.",
        MqttClientConnectResultCode.ClientIdentifierNotValid =>
            $"{broker} refuses the client id: it must be the common name of the certificate.",
        MqttClientConnectResultCode.ServerUnavailable or MqttClientConnectResultCode.ServerBusy
            or MqttClientConnectResultCode.QuotaExceeded =>
            $"{broker} is busy ({answer.ResultCode}); the gateway tries again by itself.",
        var code => $"{broker} refuses the connection: {code} {answer.ReasonString}".TrimEnd(),
    };

    private static string? Known(Exception cause, BrokerAddress broker) => cause switch
    {
        SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.TryAgain or SocketError.NoData } =>
            $"DNS does not know {broker.Host}: check the address and whether the network is up.",
        SocketException { SocketErrorCode: SocketError.ConnectionRefused } =>
            $"{broker} refused the connection: the broker is not running, or a firewall rejects.",
        SocketException { SocketErrorCode: SocketError.NetworkUnreachable or SocketError.HostUnreachable or SocketError.NetworkDown } =>
            $"No way to {broker}: the network is down or has no route.",
        SocketException { SocketErrorCode: SocketError.TimedOut } or OperationCanceledException
            or TimeoutException or MqttCommunicationTimedOutException =>
            $"{broker} did not answer in time.",
        SocketException { SocketErrorCode: SocketError.NotConnected or SocketError.ConnectionReset or SocketError.ConnectionAborted } =>
            $"{broker} hung up. If it does so every time, it refuses the gateway's certificate: its log says why.",
        AuthenticationException or IOException or SocketException or MqttCommunicationException => Alert(cause.Message, broker),
        _ => cause.Message.Contains("OpenSSL", StringComparison.Ordinal)
            || cause.Message.Contains("SSL routines", StringComparison.Ordinal) ? Alert(cause.Message, broker) : null,
    };

    /// <summary>With TLS 1.3 the broker's opinion of our certificate comes after the handshake, as an alert that only OpenSSL's text
    /// names.</summary>
    private static string? Alert(string text, BrokerAddress broker)
    {
        var lower = text.ToLowerInvariant();
        return lower.Contains("certificate expired", StringComparison.Ordinal)
                ? $"{broker} says: expired certificate. The gateway's TLS certificate has ended, or a clock is wrong; enrol again for "
                    + $"a new one."
            : lower.Contains("unknown ca", StringComparison.Ordinal)
                ? $"{broker} says: unknown authority. The gateway's certificate is of another authority than the broker's; enrol at "
                    + $"the right one."
            : lower.Contains("certificate required", StringComparison.Ordinal)
                ? $"{broker} demands a client certificate and got none; enrol the gateway."
            : lower.Contains("bad certificate", StringComparison.Ordinal) || lower.Contains("certificate unknown", StringComparison.Ordinal)
                || lower.Contains("certificate revoked", StringComparison.Ordinal)
                ? $"{broker} refuses the gateway's certificate ({text}); enrol again."
            : lower.Contains("wrong version number", StringComparison.Ordinal) || lower.Contains("unexpected eof", StringComparison.Ordinal)
                ? $"{broker} does not speak TLS there: check the port, and whether it is mqtts://."
            : null;
    }

    private static string Innermost(Exception fault)
    {
        while (fault.InnerException is { } inner)
        {
            fault = inner;
        }

        return fault.Message;
    }
}
