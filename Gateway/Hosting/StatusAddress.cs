using System.Net;
using System.Net.Sockets;

namespace Gateway.Hosting;

/// <summary>Where the status page is to listen.</summary>
/// <param name="Listen">The configured address if it can be had; else any free port of this machine alone.</param>
/// <param name="Trouble">Why it is not the configured one; null when it is.</param>
/// <remarks>F-150: a port that another program has, or an address of a network that is not up yet, must never keep a gateway from
/// recording.</remarks>
internal sealed record StatusAddress(IPEndPoint Listen, string? Trouble)
{
    /// <summary>Tries the address out and lets go of it again: a host that has begun to start cannot be given another one.</summary>
    public static StatusAddress Choose(IPEndPoint asked)
    {
        using var socket = new Socket(asked.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(asked);
            socket.Listen(1);
            return new(asked, null);
        }
        catch (SocketException refused)
        {
            return new(new(IPAddress.Loopback, 0), refused.Message);
        }
    }
}
