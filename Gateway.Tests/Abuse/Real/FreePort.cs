using System.Net;
using System.Net.Sockets;

namespace Gateway.Tests.Abuse;

/// <summary>Ports for servers that are started and restarted on the same number: each is given once in a process.</summary>
/// <remarks>They lie below the range from which the kernel takes ports for outgoing connections (net.ipv4.ip_local_port_range, 32768 up):
/// from there, a neighbour's connection can sit on a server's port while that server is down.</remarks>
internal static class FreePort
{
    private const int First = 20_000, Count = 12_000;
    private static int given = Environment.ProcessId * 251 % Count; // Test runs side by side begin at different places.

    /// <summary>A loopback port that nobody listens on now.</summary>
    /// <exception cref="InvalidOperationException">None of the range is free.</exception>
    public static int Take()
    {
        for (var tries = 0; tries < Count; tries++)
        {
            var port = First + (int)((uint)Interlocked.Increment(ref given) % Count);
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
                return port;
            }
            catch (SocketException)
            {
                continue; // Taken: the next one.
            }
        }

        throw new InvalidOperationException($"No port from {First} to {First + Count - 1} is free.");
    }
}
