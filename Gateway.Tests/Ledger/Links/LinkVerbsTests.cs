using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Evidence;
using Gateway.Tests.Evidence;
using Gateway.Tests.House;
using global::Ledger.Links;
using global::Ledger.Log;

namespace Gateway.Tests.Ledger.Links;

/// <summary>Goal: the operator's verbs do what they say, beside a running ledger and while it is stopped, and no kill takes half of it. Method: the
/// real program as processes, kill -9, real HTTP; zbar reads the codes.</summary>
public sealed class LinkVerbsTests : IAsyncLifetime
{
    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "ledger");
    private readonly TestLedger ledger = new(new TestTruck(channels: 2));
    private readonly List<Process> started = [];
    private Uri address = null!;

    private string Folder => Path.GetDirectoryName(ledger.Data)!;

    public async ValueTask InitializeAsync()
    {
        ledger.Truck.Receipts = false;
        await using var core = ledger.Open();
        Assert.All(await ledger.Send(core, 3), answer => Assert.Null(answer.Refusal));
    }

    public async ValueTask DisposeAsync()
    {
        started.ForEach(House.Tool.Stop);
        started.ForEach(process => process.Dispose());
        await ledger.DisposeAsync();
    }

    [Fact]
    public async Task Links_are_made_and_taken_back_beside_a_running_ledger_and_alone()
    {
        var running = await Run();
        var picture = Path.Combine(Folder, "pallet.png");
        var made = await Verb("create", "--sscc", LinkBench.Pallet, "--level", "verdicts", "--recipient", "Office <b>7</b>", "--qr", picture);
        Assert.True(made.ExitCode == 0, made.ToString());
        var url = Assert.Single(made.Output.Split('\n'), line => line.StartsWith("https://", StringComparison.Ordinal));
        Assert.Matches("^https://ledger\\.example/l/[0-9a-f]{32}#r=[0-9a-f]{16}$", url);
        Assert.Equal(url, await Scan(picture));
        Assert.Equal(url, await Scan(Drawn(made.Output)));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(ledger.Data, LinkSocket.SocketFile)));
        var path = new Uri(url).AbsolutePath;
        Assert.Equal(HttpStatusCode.OK, await Get(path));
        var link = JsonNode.Parse((await Verb("list", "--json")).Output)!["links"]![0]!;
        Assert.Equal(("live", "token", "verdicts", "Office <b>7</b>", null), ((string)link["state"]!, (string)link["access"]!, (string)link["level"]!,
            (string)link["recipient"]!, (string?)link["openToken"]));
        Assert.Equal(url[^16..], ledger.Truck.Batches[^1].Header.Root.ToString()[..16]);

        var revoked = await Verb("revoke", (string)link["link"]!, "--reason", "wrong office");
        Assert.True(revoked.ExitCode == 0, revoked.ToString());
        Assert.Equal(HttpStatusCode.Gone, await Get(path)); // At once.
        Assert.Equal(1, (await Verb("revoke", (string)link["link"]!, "--reason", "again")).ExitCode);

        running.Kill(); // SIGKILL: its socket stays behind, and nobody listens.
        await running.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(File.Exists(Path.Combine(ledger.Data, LinkSocket.SocketFile)));
        var alone = JsonNode.Parse((await Verb("create", "--sscc", LinkBench.Pallet, "--level", "readings", "--access", "open", "--json", "--qr",
            Path.Combine(Folder, "pallet.svg"))).Output)!;
        Assert.Equal($"https://ledger.example/00/{LinkBench.Pallet}#r={url[^16..]}", (string)alone["url"]!);
        Assert.Equal((string)alone["url"]!, await Scan(Drawn(XDocument.Load(Path.Combine(Folder, "pallet.svg")))));
        await Run();
        Assert.Equal(HttpStatusCode.TemporaryRedirect, await Get("/00/" + LinkBench.Pallet));
        Assert.Equal(HttpStatusCode.Gone, await Get(path));

        var trail = (await File.ReadAllLinesAsync(Path.Combine(ledger.Data, LinkOffice.TrailFile), TestContext.Current.CancellationToken))
            .Select(line => JsonNode.Parse(line)!).ToList();
        Assert.Equal(["link create", "link revoke", "link create"], trail.Select(act => (string)act["what"]!));
        Assert.All(trail, act => Assert.StartsWith(Environment.UserName, (string)act["who"]!, StringComparison.Ordinal));
        Assert.Equal("wrong office", (string)trail[1]["why"]!);
        Assert.DoesNotContain(path[3..], string.Concat(trail.Select(act => act.ToJsonString())), StringComparison.Ordinal);
    }

    // F-167
    [Fact]
    public async Task A_directory_in_the_sockets_place_keeps_links_from_being_made_and_nothing_else()
    {
        var socket = Path.Combine(ledger.Data, LinkSocket.SocketFile);
        Directory.CreateDirectory(Path.Combine(socket, "something"));
        var running = await Run();
        await Until(async () => (await Text("/healthz/ready")).Contains($"links cannot be made while this ledger runs: {socket} is a directory. Remove it", StringComparison.Ordinal), running);
        Assert.Equal(HttpStatusCode.OK, await Get("/log/checkpoint"));
        var refused = await Verb("create", "--sscc", LinkBench.Pallet, "--level", "verdicts");
        Assert.NotEqual(0, refused.ExitCode);
        Assert.Contains("is a directory, so a ledger that runs cannot be reached. Remove it", refused.ToString(), StringComparison.Ordinal);
        Directory.Delete(socket, recursive: true);
        await Until(async () => await Text("/healthz/ready") == "ready\n", running);
        var made = await Verb("create", "--sscc", LinkBench.Pallet, "--level", "verdicts");
        Assert.True(made.ExitCode == 0, made.ToString());
    }

    [Fact]
    public async Task A_ledger_killed_while_links_are_made_has_every_link_that_was_answered_with_its_entry()
    {
        const int Makers = 3, Enough = 12;
        var running = await Run();
        var answered = new List<string>();
        await Task.WhenAll(Enumerable.Range(0, Makers).Select(_ => Task.Run(async () =>
        {
            try
            {
                while (await LinkSocket.Ask(ledger.Data, Request(), TestContext.Current.CancellationToken) is { } answer)
                {
                    lock (answered)
                    {
                        answered.Add((string)answer["link"]!);
                        if (answered.Count == Enough)
                        {
                            running.Kill();
                        }
                    }
                }
            }
            catch (IOException)
            {
                return; // Killed between question and answer: what became of it must show below.
            }
        })));
        await running.WaitForExitAsync(TestContext.Current.CancellationToken);

        await using var core = ledger.Open();
        var known = core.Links.Book.All();
        Assert.Empty(answered.Except(known.Select(link => link.Id.ToString())));
        Assert.InRange(known.Count, answered.Count, answered.Count + Makers);
        Assert.All(known, link => Assert.Equal(StatementKind.Disclosure, Statement.Decode(core.Store.Entry(link.LogIndex)!).Kind));
        Assert.Equal(core.Store.NextIndex(), core.Log.Head.Size);
        Assert.Empty(new CheckLog(core.Disk, core.Keys).Run(core.Store).Problems);
    }

    [Fact]
    public async Task What_cannot_be_done_is_refused_with_the_fact_and_the_next_step_and_leaves_no_trace()
    {
        await Run();
        foreach (var (arguments, code, words) in new (string[], int, string)[]
        {
            (["--sscc", "106141411234567890", "--level", "headers"], 1, "its check digit is 7"),
            (["--gtin", "09521234543213", "--level", "headers"], 1, "Give either --sscc, or --gtin with --lot or --serial."),
            (["--sscc", LinkBench.Pallet, "--level", "everything"], 2, "everything"),
            (["--sscc", LinkBench.Pallet], 2, "--level"),
            (["--sscc", LinkBench.Pallet, "--level", "headers", "--channel", "7"], 1, "has channels 0 to 1"),
            (["--sscc", LinkBench.Pallet, "--level", "headers", "--days", "0"], 1, "from 1 to 3660"),
            (["--sscc", LinkBench.Pallet, "--level", "headers", "--expires", "2026-01-02"], 1, "would expire 2026-01-02"),
            (["--sscc", LinkBench.Pallet, "--level", "headers", "--recipient", "two\nlines"], 1, "U+000A"),
            (["--sscc", LinkBench.Pallet, "--level", "headers", "--qr", "code.jpg"], 1, ".svg or .png"),
        })
        {
            var result = await Verb("create", arguments);
            Assert.True(result.ExitCode == code, result.ToString());
            Assert.Contains(words, result.Error + result.Output, StringComparison.Ordinal);
        }

        var elsewhere = await House.Tool.Run("dotnet", Program, ["link", "list", "--data", Folder]);
        Assert.Equal(78, elsewhere.ExitCode);
        Assert.Contains("holds no ledger", elsewhere.Error, StringComparison.Ordinal);
        Assert.Equal("0 links.\n", (await Verb("list")).Output);
        Assert.False(File.Exists(Path.Combine(ledger.Data, LinkOffice.TrailFile)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("{\"do\":\"drop\"}")]
    [InlineData("{\"do\":\"revoke\",\"link\":7,\"reason\":null}")]
    [InlineData("{\"do\":\"create\",\"do\":\"list\"}")]
    [InlineData("\u0000\u0001")]
    public async Task Rubbish_on_the_socket_is_answered_and_harms_nothing(string request)
    {
        await using var core = ledger.Open();
        var answer = await new LinkOffice(core, null).Answer(System.Text.Encoding.UTF8.GetBytes(request), TestContext.Current.CancellationToken);
        Assert.NotEmpty((string)answer["problem"]!);
        Assert.Empty(core.Links.Book.All());
    }

    private JsonObject Request() => new()
    {
        ["do"] = "create",
        ["who"] = "test",
        ["key"] = "/00/" + LinkBench.Pallet,
        ["gateway"] = ledger.Truck.Id.ToString(),
        ["from"] = "2026-01-01",
        ["to"] = "now",
        ["level"] = "headers",
        ["access"] = "token",
        ["recipient"] = "Office",
        ["reason"] = "Release",
        ["days"] = 1,
    };

    private async Task<ToolResult> Verb(string verb, params string[] arguments)
    {
        List<string> all = ["link", verb, .. arguments, "--data", ledger.Data, "--keys", ledger.Keys];
        if (verb == "create")
        {
            all.AddRange(["--gateway", ledger.Truck.Id.ToString(), "--from", "2026-01-01", "--to", "now", "--reason", "Release", "--address", "https://ledger.example"]);
            all.AddRange(arguments.Contains("--recipient") ? [] : ["--recipient", "Office"]);
        }

        return await House.Tool.Run("dotnet", Program, all);
    }

    private async Task<Process> Run()
    {
        var process = House.Tool.Start("dotnet", Program, ["run", "--data", ledger.Data, "--keys", ledger.Keys, "--listen", "http://127.0.0.1:0"]);
        started.Add(process);
        while (await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            if (line.Split("Now listening on: ") is [_, var listening])
            {
                address = new(listening);
                _ = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
                return process;
            }
        }

        throw new InvalidOperationException($"The ledger did not start: {await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken)}");
    }

    private static Task Until(Func<Task<bool>> holds, Process running) => Abuse.Convoy.Until(holds,
        () => running.HasExited ? $"the ledger ended with {running.ExitCode}" : null, "the ledger to say it");

    private async Task<string> Text(string path)
    {
        using var http = new HttpClient { BaseAddress = address };
        return await http.GetStringAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);
    }

    private async Task<HttpStatusCode> Get(string path)
    {
        using var http = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false }) { BaseAddress = address };
        using var response = await http.GetAsync(path, TestContext.Current.CancellationToken);
        return response.StatusCode;
    }

    private static async Task<string> Scan(string image) => (await House.Tool.Run("zbar-tools", "zbarimg", ["--quiet", "--raw", image])).Output.TrimEnd('\n');

    /// <summary>The terminal's blocks as a picture, dark where the terminal is dark.</summary>
    private string Drawn(string output)
    {
        var rows = output.Split('\n').TakeWhile(line => line.Length > 0 && "█▀▄ ".Contains(line[0], StringComparison.Ordinal)).ToList();
        return Picture(rows[0].Length, rows.Count * 2, (x, y) => (rows[y / 2][x], y % 2) is ('█', _) or ('▀', 0) or ('▄', 1));
    }

    /// <summary>The drawing's modules as a picture.</summary>
    private string Drawn(XDocument drawing)
    {
        var size = int.Parse(drawing.Root!.Attribute("viewBox")!.Value.Split(' ')[2], CultureInfo.InvariantCulture);
        var runs = Regex.Matches(drawing.Descendants().Single(element => element.Name.LocalName == "path").Attribute("d")!.Value, "M([0-9]+) ([0-9]+)h([0-9]+)v1")
            .Select(run => run.Groups.Values.Skip(1).Select(number => int.Parse(number.ValueSpan, CultureInfo.InvariantCulture)).ToArray());
        var dark = runs.SelectMany(run => Enumerable.Range(run[0], run[2]).Select(x => (x, run[1]))).ToHashSet();
        return Picture(size, size, (x, y) => !dark.Contains((x, y)));
    }

    private string Picture(int columns, int rows, Func<int, int, bool> isLight)
    {
        const int Zoom = 4;
        var (width, height) = (columns * Zoom, rows * Zoom);
        var pixels = new byte[width * height];
        for (var i = 0; i < pixels.Length; i++)
        {
            pixels[i] = isLight(i % width / Zoom, i / width / Zoom) ? (byte)255 : (byte)0;
        }

        var file = Path.Combine(Folder, "code.pgm");
        File.WriteAllBytes(file, [.. System.Text.Encoding.ASCII.GetBytes($"P5 {width} {height} 255\n"), .. pixels]);
        return file;
    }
}
