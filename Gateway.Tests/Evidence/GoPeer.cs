using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;

namespace Gateway.Tests.Evidence;

/// <summary>Golden/go/peer.go, built and running: golang.org/x/mod/sumdb behind one JSON line for each question.</summary>
public sealed class GoPeer : IDisposable
{
    private const string NeedsPackages = "This test needs Go and its sumdb library: apt-get install golang-go golang-golang-x-mod-dev.";

    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("coldproof-go-");
    private readonly Process peer;

    public GoPeer()
    {
        var program = Path.Combine(directory.FullName, "peer");
        using var build = Start("go", "build", "-o", program, Path.Combine(AppContext.BaseDirectory, "Golden/go/peer.go"));
        var complaint = build.StandardError.ReadToEnd();
        build.WaitForExit();
        if (build.ExitCode != 0)
        {
            throw new InvalidOperationException($"{NeedsPackages} go build said: {complaint}");
        }

        peer = Start(program);
    }

    /// <summary>A place for files that the peer shall read.</summary>
    internal string Workplace => directory.FullName;

    /// <summary>Asks one question; the answer's Error is empty when the peer agrees.</summary>
    internal Answer Ask(Question question)
    {
        peer.StandardInput.WriteLine(JsonSerializer.Serialize(question));
        peer.StandardInput.Flush();
        var line = peer.StandardOutput.ReadLine() ?? throw new InvalidOperationException(
            $"The Go peer ended: {peer.StandardError.ReadToEnd()}");
        return JsonSerializer.Deserialize<Answer>(line)!;
    }

    public void Dispose()
    {
        peer.StandardInput.Close(); // The end of its input is the end of the peer.
        peer.WaitForExit();
        peer.Dispose();
        directory.Delete(recursive: true);
    }

    private Process Start(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in new[] { ("GO111MODULE", "off"), ("GOPATH", "/usr/share/gocode"), ("GOFLAGS", ""),
            ("GOCACHE", Workplace + "/cache") })
        {
            start.Environment[name] = value;
        }

        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception fault)
        {
            throw new InvalidOperationException(NeedsPackages, fault);
        }
    }

    internal sealed record Question(string Op)
    {
        public string[] Keys { get; init; } = [];

        public string Key { get; init; } = "";

        public string Name { get; init; } = "";

        public byte[] Seed { get; init; } = [];

        public long Seconds { get; init; }

        public string Note { get; init; } = "";

        public string Text { get; init; } = "";

        public byte[] Entry { get; init; } = [];

        public byte[][] Entries { get; init; } = [];

        public string Dir { get; init; } = "";

        public long Size { get; init; }

        public long Old { get; init; }

        public long Index { get; init; }

        public byte[] Root { get; init; } = [];

        public byte[] OldRoot { get; init; } = [];

        public byte[][] Path { get; init; } = [];
    }

    internal sealed record Answer(
        string Error,
        string Text,
        string[]? Keys,
        string[]? Signers,
        byte[]? Root,
        byte[][]? Inclusion,
        byte[][]? Consistency,
        Dictionary<string, byte[]>? Tiles);
}
