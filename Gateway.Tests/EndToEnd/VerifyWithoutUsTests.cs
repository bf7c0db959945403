using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Gateway.Tests.Evidence;
using Gateway.Tests.House;

namespace Gateway.Tests.EndToEnd;

/// <summary>Goal: a stranger who follows docs/verify-without-us.md gets what it says. Method: its commands are run as they stand there, one
/// shell after the other, on the golden bundle, on one of other keys, and on bent ones.</summary>
public sealed partial class VerifyWithoutUsTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("coldproof-walk-").FullName;

    private static string Golden(string name) => Path.Combine(AppContext.BaseDirectory, "Golden", "attacks", name);

    [Fact]
    public async Task Every_command_prints_what_the_document_says()
    {
        var (blocks, answers) = await Walk(File.ReadAllBytes(Golden("untouched.coldproof.json")), File.ReadAllBytes(Golden("policy.json")));
        Assert.Equal(blocks.Select(block => block.Says), answers);
        Assert.Equal(15, blocks.Count);
    }

    [Fact]
    public async Task The_same_commands_hold_for_a_record_of_other_keys()
    {
        using var truck = AttackTests.Truck("rear");
        using var stranger = AttackTests.Truck("rear");
        var bundle = truck.Bundle();
        var attacks = Attacks.All(truck, stranger).ToList();
        var (blocks, answers) = await Walk(bundle, truck.Policy.ToJson(), attacks.Find(attack => attack.Name == "release-of-this-page")!.Bundle,
            attacks.Find(attack => attack.Name == "withdrawal-of-this-page")!.Bundle);
        Assert.Equal(blocks.Select(block => block.Says), answers);
    }

    [Theory]
    [InlineData("changed-reading"), InlineData("left-out-batch"), InlineData("changed-header"), InlineData("changed-tree-hash")]
    [InlineData("receipt-of-another-batch"), InlineData("signed-by-another-key"), InlineData("everything-forged"), InlineData("left-out-reading")]
    public async Task Pythons_walk_ends_with_an_error_on_a_bent_bundle(string attack)
    {
        var script = Blocks().Single(block => block.Command.StartsWith("cat > check.py", StringComparison.Ordinal));
        File.Copy(Golden(attack + ".coldproof.json"), Path.Combine(folder, "trip.coldproof.json"));
        File.Copy(Golden("policy.json"), Path.Combine(folder, "policy.json"));
        var run = await Tool.Run("bash", "bash", ["-c", "PATH=/usr/bin:$PATH; set -eu\n" + script.Command], folder);
        Assert.True(run.ExitCode != 0, run.ToString());
        Assert.DoesNotContain("temperatures", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Openssl_and_go_refuse_what_was_changed_after_unpacking()
    {
        await Walk(File.ReadAllBytes(Golden("untouched.coldproof.json")), File.ReadAllBytes(Golden("policy.json")));
        foreach (var (file, at, command) in new[]
        {
            ("batch-000003/to-be-signed.bin", 200, "cd trip; openssl dgst -sha256 -verify manifest-001/gateway-key.pem -signature batch-000003/signature.der batch-000003/to-be-signed.bin"),
            ("batch-000006/statement.cose", 200, "./check trip/policy/log.txt trip/batch-000006/statement.cose trip/batch-000006/receipt.tlog-proof"),
            ("consistency/000001.add-checkpoint", 12, "./consistent trip/policy/log.txt trip/manifest-001/receipt.checkpoint trip/consistency/000001.add-checkpoint"),
            ("batch-000006/receipt.tlog-proof", 50, "./check trip/policy/log.txt trip/batch-000006/statement.cose trip/batch-000006/receipt.tlog-proof"),
        })
        {
            var path = Path.Combine(folder, "trip", file);
            var good = File.ReadAllBytes(path);
            File.WriteAllBytes(path, [.. good[..at], (byte)(good[at] ^ 1), .. good[(at + 1)..]]);
            Assert.NotEqual(0, (await Tool.Run("openssl", "bash", ["-c", command], folder)).ExitCode);
            File.WriteAllBytes(path, good);
            Assert.Equal(0, (await Tool.Run("openssl", "bash", ["-c", command], folder)).ExitCode);
        }
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    /// <summary>Runs every block in one shell, in order; answers with what each printed.</summary>
    private async Task<(List<Block> Blocks, List<string> Answers)> Walk(byte[] bundle, byte[] policy, byte[]? page = null, byte[]? later = null)
    {
        const string Mark = "--- end of block ---";
        File.WriteAllBytes(Path.Combine(folder, "trip.coldproof.json"), bundle);
        File.WriteAllBytes(Path.Combine(folder, "policy.json"), policy);
        File.WriteAllBytes(Path.Combine(folder, "page.coldproof.json"), page ?? File.ReadAllBytes(Golden("release-of-this-page.coldproof.json")));
        File.WriteAllBytes(Path.Combine(folder, "later.coldproof.json"), later ?? File.ReadAllBytes(Golden("withdrawal-of-this-page.coldproof.json")));
        File.WriteAllText(Path.Combine(folder, "saved.html"), "the regulator's page of the golden files");
        var tools = Directory.CreateDirectory(Path.Combine(folder, "tools")).FullName;
        File.CreateSymbolicLink(Path.Combine(tools, "coldproof"), Path.Combine(AppContext.BaseDirectory, "gateway"));
        var runtime = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
        var blocks = Blocks();
        // The system's own Python is the one that has cbor2.
        var script = $"export PATH={tools}:/usr/bin:$PATH DOTNET_ROOT={runtime} GOCACHE={folder}/gocache GOFLAGS=\nset -eu -o pipefail\n"
            + string.Concat(blocks.Select(block => $"{block.Command}\necho '{Mark}'\n"));
        var run = await Tool.Run("openssl golang-go golang-golang-x-mod-dev python3-cbor2", "bash", ["-c", script], folder);
        Assert.True(run.ExitCode == 0, run.ToString());
        return (blocks, [.. run.Output.Split(Mark + "\n")[..^1]]);
    }

    private static List<Block> Blocks() => [.. Pair().Matches(File.ReadAllText(Repository.At("docs", "verify-without-us.md")))
        .Select(match => new Block(match.Groups["command"].Value, match.Groups["says"].Value))];

    [GeneratedRegex("^```sh\n(?<command>.*?)^```\n```text\n(?<says>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Pair();

    private sealed record Block(string Command, string Says);
}
