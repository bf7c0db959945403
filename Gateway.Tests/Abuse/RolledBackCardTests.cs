// Goal: somebody puts an older image of a whole card back, and a person with nothing but the command line brings the gateway on again: nothing is
// signed twice, nothing recorded meanwhile is lost, and a stranger finds the whole time VERIFIED.
// Method: the three real programs; the data folder of a killed gateway is copied, and put back after its life went on. Every step is the command
// that `gateway status` prints, word by word.
using System.Text.RegularExpressions;
using Evidence;
using Ledger.Store;

namespace Gateway.Tests.Abuse;

public sealed partial class RolledBackCardTests
{
    private static readonly TimeSpan StopPatience = TimeSpan.FromMinutes(4);

    /// <summary>F-59.</summary>
    [Fact]
    public async Task A_person_with_the_command_line_brings_a_rolled_back_card_on_again()
    {
        await using var convoy = await Convoy.Make(new());
        await using var watch = new AckWatch(convoy.StatusPage);
        await convoy.StartAll();
        await Becomes(convoy, watch, status => status is { Anchored: >= 1, Waiting: 0, ToSign: 0 }, "a first batch to be anchored");
        await convoy.Gateway!.Kill();
        var image = convoy.At("image");
        CopyFolder(convoy.GatewayData, image);
        Restart(convoy);
        await Becomes(convoy, watch, status => status is { Anchored: >= 2, Waiting: 0, ToSign: 0 }, "another batch to be anchored");
        await convoy.Gateway!.Kill();

        Directory.Delete(convoy.GatewayData, recursive: true);
        CopyFolder(image, convoy.GatewayData);
        Restart(convoy);
        var sentence = await ToldByStatus(convoy);
        var next = long.Parse(FirstForm().Match(sentence).Groups["first"].Value, System.Globalization.CultureInfo.InvariantCulture);
        var held = watch.Current!;
        await Becomes(convoy, watch, status => status.ToSign >= 2 && status.Recorded > held.Recorded, "recording to go on while nothing is signed");
        Assert.True(next >= 2);
        Assert.Equal(held.Sealed, watch.Current!.Sealed);
        Assert.DoesNotContain(Headers(convoy), header => header.Number >= next);

        await ComeBack(convoy, sentence);
        await Becomes(convoy, watch, status => status is { Waiting: 0, ToSign: 0, Trouble.IsEmpty: true } && status.Anchored > next + 2,
            "what waited to be anchored under the next numbers");
        var joined = watch.Current!.Anchored;
        await Becomes(convoy, watch, status => status.Anchored >= joined + 2, "the batch that was open meanwhile, which declares the break");
        Assert.Equal(0, (await convoy.RunGateway("status")).Code);
        await Stopped(convoy.Gateway!);
        await AssertWhole(convoy, next);
    }

    /// <summary>Does what the sentence says, as it stands there; only the authority's folder and the emulated chips are this test's own.</summary>
    internal static async Task ComeBack(Convoy convoy, string sentence)
    {
        var commands = CommandForm().Matches(sentence).Select(match => match.Groups["command"].Value.Split(' ')).ToList();
        Assert.Equal(["gateway enrol request", "ledger authority enrol", "gateway enrol accept"],
            commands.Select(words => string.Join(' ', words.Where(word => !word.StartsWith('-') && !word.Contains('.', StringComparison.Ordinal)
                && !word.All(char.IsAsciiDigit) && word != "AUTHORITY"))));
        Succeeded(await convoy.RunGateway([.. InFolder(convoy, commands[0]), "--emulate"]));
        Succeeded(await RealProgram.Run("ledger authority enrol", [.. ProgramPlaces.Ledger, .. InFolder(convoy, commands[1])], convoy.At("verbs.log"),
            StopPatience));
        Succeeded(await convoy.RunGateway([.. InFolder(convoy, commands[2])]));
        await Stopped(convoy.Gateway!);
        Restart(convoy);
    }

    /// <summary>The window is taken from the ledger, as a stranger gets it: this card lacks what the image did not have, and says so.</summary>
    private static async Task AssertWhole(Convoy convoy, long next)
    {
        var headers = Headers(convoy);
        Assert.Equal(Enumerable.Range(0, headers.Count).Select(number => (long)number), headers.Select(header => header.Number));
        Assert.True(headers.Count > next + 2);
        var (fromMs, toMs) = (headers[0].OpenedMs, headers[^1].ClosedMs);
        using var http = new HttpClient();
        var bundle = convoy.At("whole.coldproof.json");
        await File.WriteAllBytesAsync(bundle, await http.GetByteArrayAsync(new Uri(convoy.Pages, $"/g/{convoy.Id}/bundle?from={fromMs}&to={toMs}"),
            TestContext.Current.CancellationToken), TestContext.Current.CancellationToken);
        var verified = await convoy.Verify(bundle);
        Assert.True(verified.Code == 0, verified.ToString());
        Assert.StartsWith("✓ VERIFIED", verified.Said, StringComparison.Ordinal);
        var happened = Bundle.Parse(await File.ReadAllBytesAsync(bundle, TestContext.Current.CancellationToken)).Batches
            .SelectMany(batch => batch.Leaves).Select(leaf => Leaf.Decode(leaf.Bytes.AsMemory())).OfType<EventLeaf>();
        var broken = Assert.Single(happened, leaf => leaf.EventKind == EventKind.StoreBroken);
        Assert.Contains("an older image of it was put back", EventDetail.ReadNote(broken.Detail)!.Value.Text, StringComparison.Ordinal);

        var exported = await convoy.RunGateway("export", "--from", Convoy.Instant(fromMs), "--to", Convoy.Instant(toMs), "--out", convoy.At("own.json"));
        Assert.Equal(1, exported.Code);
        Assert.Contains("the ledger's page", exported.Said, StringComparison.Ordinal);

        await Stopped(convoy.Ledger!);
        Succeeded(await convoy.FsckGateway());
        Succeeded(await convoy.FsckLedger());
        Assert.DoesNotContain(LedgerStore.Open(convoy.LedgerDatabase).EntriesFrom(0), entry => Statement.Decode(entry).Kind == StatementKind.Conflict);
    }

    /// <summary>What <c>gateway status</c> says on the screen, once it knows.</summary>
    private static async Task<string> ToldByStatus(Convoy convoy)
    {
        RunResult? status = null;
        await Convoy.Until(async () => (status = await convoy.RunGateway("status")).Said.Contains("--first", StringComparison.Ordinal),
            () => convoy.Gateway!.HasEnded ? convoy.Gateway.Said : null, "status to say that the card was rolled back");
        Assert.Equal(1, status!.Code);
        Assert.Contains("An older image of the card was put back, or the gateway was copied.", status.Said, StringComparison.Ordinal);
        Assert.Contains("recording goes on", status.Said, StringComparison.Ordinal);
        return status.Said;
    }

    private static List<BatchHeader> Headers(Convoy convoy) =>
    [
        .. LedgerStore.Open(convoy.LedgerDatabase).EntriesFrom(0).Select(bytes => Statement.Decode(bytes))
            .Where(entry => entry.Kind == StatementKind.Batch).Select(entry => BatchHeader.Decode(entry.Payload)).OrderBy(header => header.Number),
    ];

    private static Task Becomes(Convoy convoy, AckWatch watch, Predicate<Hosting.GatewayStatus> holds, string what) =>
        Convoy.Until(() => Task.FromResult(watch.Current is { IsConnected: true } status && holds(status)), () => convoy.Gateway!.HasEnded
            ? convoy.Gateway.Said : convoy.Ledger!.HasEnded ? convoy.Ledger.Said : null, what);

    private static void Restart(Convoy convoy)
    {
        convoy.Gateway!.Dispose();
        convoy.StartGateway();
    }

    private static async Task Stopped(RealProgram program) =>
        Assert.True(await program.Terminate(StopPatience) && program.ExitCode == 0, $"exit {program.ExitCode}: {program.Said}");

    private static void Succeeded(RunResult result) => Assert.True(result.Code == 0, result.ToString());

    /// <summary>The arguments, with the files in the convoy's folder.</summary>
    private static IEnumerable<string> InFolder(Convoy convoy, string[] command) => command[1..].Select(word =>
        word.EndsWith(".json", StringComparison.Ordinal) ? convoy.At($"again-{word}") : word == "AUTHORITY" ? convoy.At("authority") : word);

    private static void CopyFolder(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var folder in Directory.EnumerateDirectories(from, "*", SearchOption.AllDirectories))
        {
            Directory.CreateDirectory(Path.Combine(to, Path.GetRelativePath(from, folder)));
        }

        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            File.Copy(file, Path.Combine(to, Path.GetRelativePath(from, file)));
        }
    }

    [GeneratedRegex("--first (?<first>[0-9]+)")]
    private static partial Regex FirstForm();

    [GeneratedRegex("`(?<command>[^`]*enrol [^`]+)`")]
    private static partial Regex CommandForm();
}
