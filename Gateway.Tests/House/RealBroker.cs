using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Gateway.Tests.Abuse;
using MQTTnet;
using MQTTnet.Formatter;

namespace Gateway.Tests.House;

/// <summary>A mosquitto process that runs the configuration in systemd/mosquitto as it ships: only its port and its folders are moved.</summary>
public sealed class RealBroker : IAsyncLifetime
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("coldproof-broker-");
    private Process? broker;
    private Task<string>? log;

    public int Port { get; } = FreePort.Take();

    public async ValueTask InitializeAsync()
    {
        // Started by root, mosquitto becomes the user mosquitto before it opens its files.
        folder.UnixFileMode = (UnixFileMode)0b111_111_111;
        folder.CreateSubdirectory("state").UnixFileMode = (UnixFileMode)0b111_111_111;
        await MakeAuthority("ca");
        await MakeCertificate("ca", "broker", "broker", "subjectAltName=IP:127.0.0.1");
        File.Copy(Repository.At("systemd", "mosquitto", "coldproof.acl"), In("coldproof.acl"));
        File.WriteAllText(In("mosquitto.conf"), File.ReadAllText(Repository.At("systemd", "mosquitto", "mosquitto.conf"))
            .Replace("listener 8883\n", $"listener {Port} 127.0.0.1\n", StringComparison.Ordinal)
            .Replace("/etc/mosquitto/certs/", $"{folder.FullName}/", StringComparison.Ordinal)
            .Replace("/etc/mosquitto/", $"{folder.FullName}/", StringComparison.Ordinal)
            .Replace("/var/lib/mosquitto/", $"{folder.FullName}/state/", StringComparison.Ordinal));
        broker = Tool.Start("mosquitto", "mosquitto", ["-c", In("mosquitto.conf")]);
        log = broker.StandardError.ReadToEndAsync(CancellationToken.None);
        while (!await Answers())
        {
            Assert.False(broker.HasExited, $"mosquitto ended with {(broker.HasExited ? broker.ExitCode : 0)}: {(broker.HasExited ? await log : "")}");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (broker is not null && log is not null)
        {
            Tool.Stop(broker);
            await log;
            broker.Dispose();
        }

        folder.Delete(recursive: true);
    }

    /// <summary>A self-signed authority, a file each for key and certificate.</summary>
    public Task MakeAuthority(string file) => OpenSsl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
        "-subj", "/CN=test authority", "-keyout", In(file + ".key"), "-out", In(file + ".crt"));

    /// <summary>A certificate of that authority for one common name.</summary>
    public async Task MakeCertificate(string authority, string file, string commonName, string extension)
    {
        await OpenSsl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", $"/CN={commonName}",
            "-addext", extension, "-keyout", In(file + ".key"), "-out", In(file + ".csr"));
        await OpenSsl("x509", "-req", "-in", In(file + ".csr"), "-CA", In(authority + ".crt"), "-CAkey", In(authority + ".key"), "-CAcreateserial",
            "-days", "2", "-copy_extensions", "copy", "-out", In(file + ".crt"));
        // The broker reads its key after it has become the user mosquitto.
        File.SetUnixFileMode(In(file + ".key"), (UnixFileMode)0b110_100_100);
    }

    /// <summary>A client that will present that certificate, or none.</summary>
    public MqttClientOptions Client(string? file)
    {
        var certificates = new X509Certificate2Collection();
        if (file is not null)
        {
            certificates.Add(X509Certificate2.CreateFromPemFile(In(file + ".crt"), In(file + ".key")));
        }

        return new MqttClientOptionsBuilder().WithTcpServer("127.0.0.1", Port).WithProtocolVersion(MqttProtocolVersion.V500)
            .WithClientId(Path.GetRandomFileName()) // The broker replaces it by the certificate's name.
            .WithTlsOptions(tls => tls.UseTls().WithClientCertificates(certificates)
                .WithTrustChain([X509CertificateLoader.LoadCertificateFromFile(In("ca.crt"))])
                .WithRevocationMode(X509RevocationMode.NoCheck))
            .Build();
    }

    private static async Task OpenSsl(params string[] arguments)
    {
        var result = await Tool.Run("openssl", "openssl", arguments);
        Assert.True(result.ExitCode == 0, result.ToString());
    }

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

    private string In(string file) => Path.Combine(folder.FullName, file);
}
