using System.Diagnostics;
using System.Text.RegularExpressions;
using Gateway.Tests.House;

namespace Gateway.Tests.EndToEnd;

/// <summary>The whole demonstration once: the published gateway and the real ledger, two processes over TLS, until both are stopped
/// again.</summary>
public sealed partial class Trip : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(8);

    /// <summary>What test.sh publishes.</summary>
    public static string Gateway => Published("artifacts", "linux-x64", "gateway");

    public string Directory { get; } = System.IO.Directory.CreateTempSubdirectory("coldproof-trip-").FullName;

    /// <summary>The page as a browser gets it, in English.</summary>
    public string Page { get; private set; } = "";

    /// <summary>The bundle as the page's link gives it.</summary>
    public byte[] Bundle { get; private set; } = [];

    /// <summary>What the demonstration printed.</summary>
    public string Output { get; private set; } = "";

    public string Policy => Path.Combine(Directory, "demo", "authority", "policy.json");

    public string GatewayData => Path.Combine(Directory, "demo", "gateway");

    public string BundleFile => Path.Combine(Directory, "downloaded.coldproof.json");

    public async ValueTask InitializeAsync()
    {
        using var enough = new CancellationTokenSource(Patience);
        using var demo = Start(Gateway, "demo", "--dir", Path.Combine(Directory, "demo"));
        var link = "";
        while (await demo.StandardOutput.ReadLineAsync(enough.Token) is { } line)
        {
            Output += line + "\n";
            link = LinkForm().IsMatch(line) ? line.Trim() : link;
            if (line.StartsWith("Ctrl-C", StringComparison.Ordinal))
            {
                break;
            }
        }

        if (link.Length > 0)
        {
            using var http = new HttpClient();
            Page = await http.GetStringAsync(new Uri(link), enough.Token);
            Bundle = await http.GetByteArrayAsync(new Uri(link.Replace("?", "/bundle?", StringComparison.Ordinal)), enough.Token);
            await File.WriteAllBytesAsync(BundleFile, Bundle, enough.Token);
        }

        // SIGTERM to the one process started here; it ends its own two.
        using var kill = Process.Start("kill", ["-TERM", demo.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        await demo.WaitForExitAsync(enough.Token);
        Assert.True(link.Length > 0, $"The demonstration printed no "
            + $"link:\n{Output}\n{await demo.StandardError.ReadToEndAsync(enough.Token)}");
    }

    public ValueTask DisposeAsync()
    {
        System.IO.Directory.Delete(Directory, recursive: true);
        return ValueTask.CompletedTask;
    }

    /// <summary>Runs the published gateway to its end.</summary>
    public static async Task<(int Code, string Output, string Error)> Run(CancellationToken stop, params string[] arguments)
    {
        using var process = Start(Gateway, arguments);
        var output = process.StandardOutput.ReadToEndAsync(stop);
        var error = process.StandardError.ReadToEndAsync(stop);
        await process.WaitForExitAsync(stop);
        return (process.ExitCode, await output, await error);
    }

    private static Process Start(string file, params string[] arguments) =>
        Process.Start(new ProcessStartInfo(file, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath()
        })!;

    private static string Published(params string[] parts)
    {
        var file = Repository.At(parts);
        Assert.True(File.Exists(file), $"{file} is missing; run ./test.sh, or dotnet publish Gateway -c Release -r linux-x64 -o "
            + $"artifacts/linux-x64");
        return file;
    }

    [GeneratedRegex(@"^http://127\.0\.0\.1:\d+/g/[0-9a-f-]{36}\?")]
    private static partial Regex LinkForm();
}
