using System.Net;
using System.Net.Sockets;
using Gateway.Verbs;

namespace Gateway.Demo;

/// <summary>Where one demonstration keeps its two programs' data, keys and logs, and which free ports they use.</summary>
internal sealed class DemoFolder : IDisposable
{
    private readonly bool isOurs;

    private DemoFolder(string path, bool isOurs, int pagePort)
    {
        Root = path;
        this.isOurs = isOurs;
        var ports = FreePorts(3);
        (BrokerPort, StatusPort, PagePort) = (ports[0], ports[1], pagePort > 0 ? pagePort : ports[2]);
    }

    public string Root { get; }

    /// <summary>Whether the directory stays when the demonstration ends.</summary>
    public bool IsKept => !isOurs;

    public int BrokerPort { get; }

    public int StatusPort { get; }

    public int PagePort { get; }

    public string StatusListen => $"127.0.0.1:{StatusPort}";

    public string Page => $"http://127.0.0.1:{PagePort}";

    public string Authority => Path.Combine(Root, "authority");

    public string LedgerData => Path.Combine(Root, "ledger");

    public string GatewayData => Path.Combine(Root, "gateway");

    public string Clock => Path.Combine(Root, "clock");

    public string Policy => Path.Combine(Authority, "policy.json");

    public string File(string name) => Path.Combine(Root, name);

    /// <summary>Uses the directory that was asked for, which must be empty or new; otherwise makes one and deletes it at the end.</summary>
    public static DemoFolder Open(string? asked, int pagePort)
    {
        if (asked is not null)
        {
            var path = Path.GetFullPath(asked);
            if (Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Any())
            {
                throw new VerbException($"{path} is not empty; give --dir a new directory, so that no earlier record is touched.");
            }

            Directory.CreateDirectory(path);
            return new(path, false, pagePort);
        }

        var own = Directory.CreateTempSubdirectory("coldproof-demo-").FullName;
        return new(own, true, pagePort);
    }

    public void Dispose()
    {
        if (isOurs)
        {
            Directory.Delete(Root, recursive: true);
        }
    }

    /// <summary>Ports that were free a moment ago, all different because all are held at once.</summary>
    private static int[] FreePorts(int count)
    {
        var held = new List<TcpListener>();
        try
        {
            for (var i = 0; i < count; i++)
            {
                var listener = new TcpListener(IPAddress.Loopback, 0);
                listener.Start();
                held.Add(listener);
            }

            return [.. held.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port)];
        }
        finally
        {
            held.ForEach(listener => listener.Dispose());
        }
    }
}
