using System.Net;
using System.Net.Sockets;
using System.Text;
using Evidence;
using Gateway.Tests.Evidence;
using Ledger.Authority;
using Ledger.Hosting;
using Ledger.Pages;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Tests.Fuzzing;

/// <summary>What reaches the ledger from gateways and from the open web: a real ledger in a folder of its own, made when it is first
/// needed.</summary>
public sealed class LedgerTargets : IDisposable
{
    private readonly Lazy<Stage> stage;

    public LedgerTargets(TestTruck truck)
    {
        stage = new(() => new(truck));
        All = [.. Targets(truck)];
    }

    public IReadOnlyList<FuzzTarget> All { get; }

    public void Dispose()
    {
        if (stage.IsValueCreated)
        {
            stage.Value.Dispose();
        }
    }

    private IEnumerable<FuzzTarget> Targets(TestTruck truck)
    {
        yield return new("window of a link", FuzzTarget.Texts("20220502T121000Z..20220608T101400Z", "2022-05-02..2022-06-08", "1767225600000..1767225700000",
            "20220502T121000.250Z..20220502"), input =>
            TimeWindow.Parse(Encoding.UTF8.GetString(input)) is not { } window ? false
                : TimeWindow.Parse(window.ToString()) == window ? true : throw new FuzzFindingException($"{window} is not read as it is written."))
        { AllocatedPerByte = 64 };
        var file = new Lazy<string>(() => Path.Combine(stage.Value.Folder, "ledger.json"));
        yield return new("ledger's settings", [Encoding.UTF8.GetBytes("""{"listen":"https://0.0.0.0:443","certificate":"/a","key":"/b","broker":"mqtts://b:8883","embeddedBroker":8883}""")],
            input =>
            {
                File.WriteAllBytes(file.Value, input);
                return RunFile.Read(file.Value).ListenUri() is not null;
            })
        { Documented = [typeof(ConfigurationException)], AllocatedPerByte = 64, AllocatedMin = 256 * 1024 };
        yield return new("message at the ledger", [new Uplink(truck.SignedManifest.Bytes, truck.SignedManifest.Openings).Encode(),
            .. truck.Batches.Take(3).Select(batch => new Uplink(batch.Statement.Bytes, [.. batch.Body.Encode()]).Encode())], input =>
        {
            var answer = stage.Value.Core.Intake.Accept(truck.Id, input, CancellationToken.None).GetAwaiter().GetResult();
            _ = Downlink.Decode(answer.Encode());
            return answer.Receipt is not null;
        })
        { IsSlow = true, IsUncounted = true };
        var id = truck.Id;
        yield return new("page of the ledger", FuzzTarget.Texts("/g", $"/g/{id}", $"/g/{id}/all", $"/g/{id}/20260101T000000Z..20260101T001000Z?lang=fr&tz=%2B02:00",
            $"/g/{id}/20260101T000000Z..20260101T001000Z/bundle", $"/g/{id}/20260101..20260102/readings.csv", $"/g/{id}?from=1767225600000&to=1767225700000",
            "/verify", "/checkpoint", "/tile/0/000", "/tile/entries/000.p/3", "/policy.json", "/healthz/ready", "/style.css"),
            input => stage.Value.Ask(input) is >= 200 and < 300)
        { IsSlow = true, IsUncounted = true };
    }

    /// <summary>A ledger that has this truck's trip.</summary>
    private sealed class Stage : IDisposable
    {
        private readonly DirectoryInfo home = Directory.CreateTempSubdirectory("coldproof-fuzz-ledger-");
        private readonly WebApplication app;
        private readonly int port;

        public Stage(TestTruck truck)
        {
            var keys = Directory.CreateDirectory(Path.Combine(home.FullName, "keys")).FullName;
            File.WriteAllText(Path.Combine(keys, AuthorityFolder.LogKeyFile), truck.LogKey.ToPrivateKeyText() + "\n");
            File.WriteAllText(Path.Combine(keys, AuthorityFolder.ClockKeyFile), truck.ClockKey.ToPrivateKeyText() + "\n");
            var policy = new VerifierPolicy([new("test authority", PublicKey.Of(truck.AuthorityKey))],
                $"log {truck.LogKey.Verifier}\nwitness clock {truck.ClockKey.Verifier}\nquorum clock\n", 24 * 3_600_000, 48 * 3_600_000);
            File.WriteAllBytes(Path.Combine(keys, AuthorityFolder.PolicyFile), policy.ToJson());
            Core = LedgerCore.Open(Path.Combine(home.FullName, "intake"), keys, TimeProvider.System, NullLoggerFactory.Instance);
            Feed(truck, Path.Combine(home.FullName, "data"), keys);
            app = LedgerHost.Build(new() { Data = Path.Combine(home.FullName, "data"), Keys = keys, Listen = "http://127.0.0.1:0" }).GetAwaiter().GetResult();
            app.StartAsync().GetAwaiter().GetResult();
            port = new Uri(app.Urls.Single()).Port;
        }

        public string Folder => home.FullName;

        /// <summary>A ledger of its own for messages, so that what they do does not change the pages.</summary>
        public LedgerCore Core { get; }

        /// <summary>Asks for a path as it is, whatever bytes are in it.</summary>
        /// <returns>The status; 0 when the ledger hung up without one, as it may for what is no request.</returns>
        public int Ask(byte[] path)
        {
            using var client = new TcpClient { NoDelay = true };
            client.Connect(IPAddress.Loopback, port);
            using var stream = client.GetStream();
            stream.ReadTimeout = 60_000;
            stream.Write([.. "GET "u8, .. path.AsSpan(0, Math.Min(path.Length, 16 * 1024)), .. " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"u8]);
            var head = new byte[64];
            int read;
            try
            {
                read = stream.ReadAtLeast(head, 12, throwOnEndOfStream: false);
            }
            catch (IOException fault) when (fault.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionReset })
            {
                return 0; // A request so long that the ledger hung up while it was still being sent.
            }

            var status = read >= 12 && int.TryParse(Encoding.ASCII.GetString(head, 9, 3), out var code) ? code : 0;
            // 505 is the right answer to a line that names another HTTP.
            return status is < 500 or 505 ? status : throw new FuzzFindingException($"The ledger answers {status}.");
        }

        /// <summary>The whole trip is in the ledger before its pages are asked for.</summary>
        private static void Feed(TestTruck truck, string data, string keys)
        {
            var core = LedgerCore.Open(data, keys, TimeProvider.System, NullLoggerFactory.Instance);
            foreach (var uplink in truck.Batches.Select(batch => new Uplink(batch.Statement.Bytes, [.. batch.Body.Encode()]))
                .Prepend(new Uplink(truck.SignedManifest.Bytes, truck.SignedManifest.Openings)))
            {
                var answer = core.Intake.Accept(truck.Id, uplink.Encode(), CancellationToken.None).GetAwaiter().GetResult();
                if (answer.Receipt is null)
                {
                    throw new InvalidOperationException($"The ledger refuses the trip that its pages should show: {answer.Words}");
                }
            }

            core.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }

        public void Dispose()
        {
            app.StopAsync().GetAwaiter().GetResult();
            app.DisposeAsync().AsTask().GetAwaiter().GetResult();
            Core.DisposeAsync().AsTask().GetAwaiter().GetResult();
            home.Delete(recursive: true);
        }
    }
}
