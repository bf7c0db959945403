using Gateway.Terminal;
using Gateway.Tests.Evidence;
using Gateway.Verbs;

namespace Gateway.Tests.Gateway;

/// <summary>Goal: unpack writes what is in the bundle, all of it, beside nothing of the reader's. Method: bundles good and hostile, directories
/// that are taken.</summary>
public sealed class UnpackTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("coldproof-unpack-").FullName;
    private readonly StringWriter output = new();

    [Fact]
    public void Every_bundle_of_the_attacks_is_unpacked_or_refused_in_words_and_no_file_leaves_the_directory()
    {
        using var truck = AttackTests.Truck("../../../etc");
        using var stranger = AttackTests.Truck("elsewhere");
        foreach (var attack in Attacks.All(truck, stranger))
        {
            var bundle = At(attack.Name + ".json");
            var to = At(attack.Name);
            File.WriteAllBytes(bundle, attack.Bundle);
            if (Unpack(bundle, to) is ExitCode.Done)
            {
                Assert.Equal(File.ReadAllLines(Path.Combine(to, "index.txt")).Skip(3).Select(line => line.Split('\t')[0]).Append("index.txt").Order(StringComparer.Ordinal),
                    Directory.EnumerateFiles(to, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(to, file)).Order(StringComparer.Ordinal));
            }
        }

        Assert.DoesNotContain(Directory.EnumerateFileSystemEntries(folder, "*", SearchOption.AllDirectories), entry => entry.Contains("etc", StringComparison.Ordinal));
    }

    [Fact]
    public void Nothing_is_overwritten_and_no_link_is_followed()
    {
        using var truck = AttackTests.Truck("place");
        var bundle = At("bundle.json");
        File.WriteAllBytes(bundle, truck.Bundle());
        Directory.CreateDirectory(At("taken"));
        File.WriteAllText(Path.Combine(At("taken"), "mine.txt"), "mine");
        Directory.CreateDirectory(At("empty"));
        Directory.CreateSymbolicLink(At("link"), At("empty"));
        File.WriteAllText(At("file"), "");
        foreach (var to in new[] { "taken", "link", "file" })
        {
            Assert.Contains("Nothing is overwritten", Assert.Throws<VerbException>(() => Unpack(bundle, At(to))).Message, StringComparison.Ordinal);
        }

        Assert.Empty(Directory.EnumerateFileSystemEntries(At("empty")));
        Assert.Equal(ExitCode.Done, Unpack(bundle, At("empty")));
    }

    [Fact]
    public void What_cannot_be_read_is_still_written_out()
    {
        using var truck = AttackTests.Truck("place");
        File.WriteAllBytes(At("bundle.json"), Attacks.All(truck, truck).Single(attack => attack.Name == "header-is-rubbish").Bundle);
        Unpack(At("bundle.json"), At("out"));
        Assert.Equal([0, 0, 0], File.ReadAllBytes(Path.Combine(At("out"), "batch-000002", "statement.cose")));
        Assert.False(File.Exists(Path.Combine(At("out"), "batch-000002", "payload.cbor")));
    }

    public void Dispose()
    {
        output.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private string At(string name) => Path.Combine(folder, name);

    private int Unpack(string bundle, string to)
    {
        try
        {
            return UnpackVerb.Create(new Screen(output, output, false, false)).Parse([bundle, "--out", to]).Invoke(new() { EnableDefaultExceptionHandler = false });
        }
        catch (VerbException refused) when (refused.Code == ExitCode.CannotCheck)
        {
            Assert.Contains("cannot be unpacked", refused.Message, StringComparison.Ordinal);
            return refused.Code;
        }
    }
}
