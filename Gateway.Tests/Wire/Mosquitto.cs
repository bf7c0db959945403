using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Gateway.Tests.Abuse;
using Gateway.Tests.House;
using Ledger.Authority;

namespace Gateway.Tests.Wire;

/// <summary>A mosquitto with the configuration that ships and a fleet's own certificates. It can be killed and started again on its port
/// and state.</summary>
internal sealed class Mosquitto : IAsyncDisposable
{
    private readonly string folder;
    private readonly StringBuilder said = new();
    private Process? process;

    /// <param name="namesSessions">As shipped, a certificate has one session and a second client of its name ends the first; false lets a
    /// test listen beside a living program under that program's certificate.</param>
    public Mosquitto(Fleet fleet, string configuration = "", bool namesSessions = true)
    {
        folder = Directory.CreateDirectory(Path.Combine(fleet.Folder, $"mosquitto-{Port}")).FullName;
        Directory.CreateDirectory(Path.Combine(folder, "state"));
        Copy(fleet, AuthorityFolder.CaFile, "ca.crt");
        Copy(fleet, AuthorityFolder.ServerFile, "broker.crt");
        Copy(fleet, AuthorityFolder.ServerKeyFile, "broker.key");
        File.Copy(Repository.At("systemd", "mosquitto", "coldproof.acl"), Path.Combine(folder, "coldproof.acl"));
        // As root it would become the user mosquitto, who may not enter a test's folder.
        var text = configuration.Length > 0
            ? configuration.Replace("PORT", $"{Port}", StringComparison.Ordinal)
            : File.ReadAllText(Repository.At("systemd", "mosquitto", "mosquitto.conf"))
                .Replace("listener 8883\n", $"listener {Port} 127.0.0.1\n", StringComparison.Ordinal)
                .Replace("/etc/mosquitto/certs/", $"{folder}/", StringComparison.Ordinal)
                .Replace("/etc/mosquitto/", $"{folder}/", StringComparison.Ordinal)
                .Replace("/var/lib/mosquitto/", $"{folder}/state/", StringComparison.Ordinal);
        text = namesSessions ? text : text.Replace("use_username_as_clientid true", "use_username_as_clientid false", StringComparison.Ordinal);
        File.WriteAllText(Path.Combine(folder, "mosquitto.conf"), $"user {Environment.UserName}\n{text}");
    }

    public int Port { get; } = FreePort.Take();

    public async Task Start()
    {
        process = House.Tool.Start("mosquitto", "mosquitto", ["-c", Path.Combine(folder, "mosquitto.conf")]);
        process.ErrorDataReceived += (_, line) =>
        {
            lock (said)
            {
                said.AppendLine(line.Data);
            }
        };
        process.BeginErrorReadLine();
        for (var began = TimeProvider.System.GetTimestamp(); !await Answers();)
        {
            Assert.False(process.HasExited, $"mosquitto ended: {said}");
            Assert.True(TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromMinutes(4), $"mosquitto does not listen: {said}");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>SIGKILL: no goodbye, nothing saved.</summary>
    public void Kill()
    {
        House.Tool.Stop(process!);
        process!.Dispose();
        process = null;
    }

    public ValueTask DisposeAsync()
    {
        if (process is not null)
        {
            Kill();
        }

        return ValueTask.CompletedTask;
    }

    private void Copy(Fleet fleet, string from, string to) => File.Copy(Path.Combine(fleet.KeysFolder, from), Path.Combine(folder, to));

    private async Task<bool> Answers()
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(IPAddress.Loopback, Port, TestContext.Current.CancellationToken);
            return true;
        }
        catch (SocketException)
        {
            return false; // Not listening yet; the caller sees to it that the process still lives.
        }
    }
}
