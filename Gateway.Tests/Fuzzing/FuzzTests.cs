using System.Collections;
using System.Diagnostics;
using System.Globalization;
using Anchoring;
using Evidence;
using Gateway.Configuration;
using Gateway.Tests.Evidence;
using Gateway.Tests.House;
using Gateway.Tests.Simulation;

namespace Gateway.Tests.Fuzzing;

// Goal: no bytes from outside can crash, hang or bloat a reader, and what is read is written as it stood. Method: each reader is tried
// with a few thousand bent inputs from a fixed seed; `Gateway.Benchmarks -- fuzz` does the same for as long as one likes. Every finding is
// kept in Golden/fuzz/TARGET/ and tried first, for ever.
public sealed class FuzzTests(FuzzTests.Readers readers) : IClassFixture<FuzzTests.Readers>
{
    private const int Tries = 1_000, SlowTries = 40;

    public static TheoryData<string> Names => [.. FuzzTargets.Names];

    /// <summary>F-95.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    // F-133 was found here.
    public void No_bytes_crash_or_bloat_a_reader_and_what_it_reads_it_writes_as_it_stood(string name)
    {
        var target = readers.Targets.All.First(target => target.Name == name);
        var fuzzer = new Fuzzer(target, seed: 20_261_126, Kept(name));

        for (var left = target.IsSlow ? SlowTries : Tries; left > 0; left--)
        {
            fuzzer.Step();
        }

        Assert.True(fuzzer.Findings.Count == 0, string.Join('\n', fuzzer.Findings.Select(finding =>
            $"{finding.What}\n{Convert.ToHexStringLower(finding.Input.AsSpan(0, Math.Min(400, finding.Input.Length)))}")));
        Assert.True(fuzzer.Answers > 1, "Every input got one answer: the reader was not reached.");
    }

    [Fact]
    public void Every_reader_has_its_row() => Assert.Equal(FuzzTargets.Names, readers.Targets.All.Select(target => target.Name));

    /// <summary>F-98.</summary>
    [Fact]
    public void A_small_bundle_that_claims_more_readings_than_anybody_may_have_to_hash_is_refused_before_they_are_hashed()
    {
        var bomb = BundleMaker.Bomb(readers.Truck);
        Assert.InRange(bomb.Length, 1, 64 * 1024);

        var verdict = Verifier.Verify(bomb, readers.Truck.Policy);

        Assert.Equal((VerdictWord.CannotCheck, Fault.FormBatch), (verdict.Word, verdict.Fault));
        Assert.Contains("more than 5000000 readings", verdict.Reason, StringComparison.Ordinal);
    }

    /// <summary>F-97. The seal's check sum is right, and what it seals is no header; the input is the one that fuzzing found.</summary>
    [Fact]
    public void A_seal_in_the_journal_that_seals_no_header_is_named_with_its_place()
    {
        var target = readers.Targets.All.First(target => target.Name == "journal records");
        var faults = Kept(target.Name).Select(input => Assert.Throws<EvidenceBrokenException>(() => target.Try(input))).ToList();
        Assert.NotEmpty(faults);
        Assert.All(faults, fault => Assert.Contains("(Seal, segment 1, byte ", fault.Message, StringComparison.Ordinal));
    }

    /// <summary>F-99.</summary>
    [Fact]
    public void Settings_full_of_keys_that_nobody_knows_are_refused_in_a_page_of_words()
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, "{" + string.Join(',', Enumerable.Range(0, 50_000).Select(i => $"\"k{i}\":[[1]]")) + "}");
            var result = SettingsReader.Read(RawSettings.Read(file, isRequired: true, new Hashtable()));
            Assert.Null(result.Settings);
            Assert.InRange(result.Problems.Length, 20, 40);
            Assert.Contains(result.Problems, problem => problem.Contains("is it the right file?", StringComparison.Ordinal));
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>The fuzzer itself: a reader that does what it must not do is found out.</summary>
    [Fact]
    public void A_reader_that_throws_bloats_or_knows_two_spellings_is_found_out()
    {
        string Finding(Func<byte[], bool> read)
        {
            var fuzzer = new Fuzzer(new("bad", [[1, 2, 3, 4, 5, 6, 7, 8]], read), 1, []);
            for (var left = 2_000; left > 0 && fuzzer.Findings.Count == 0; left--)
            {
                fuzzer.Step();
            }

            return Assert.Single(fuzzer.Findings.Take(1)).What;
        }

        Assert.StartsWith("IndexOutOfRangeException", Finding(input => input[4] < 200 || input[255] == 1));
        Assert.StartsWith("Allocates", Finding(input => input.Length < 4 || new byte[input[3] * 10_000].Length >= 0));
        Assert.StartsWith("FuzzFindingException", Finding(input => FuzzFindingException.Same(input, [.. input.Select(b => (byte)(b & 0x7F))])));
    }

    /// <summary>F-96. The regulator's page and the C# verifier read one bundle alike, however it is bent.</summary>
    [Fact]
    public async Task Bent_bundles_get_the_same_word_and_the_same_fault_from_csharp_and_from_node()
    {
        var file = Path.Combine(Path.GetTempPath(), $"coldproof-differential-{Environment.ProcessId.ToString(CultureInfo.InvariantCulture)}.jsonl");
        try
        {
            await using (var writer = File.CreateText(file))
            {
                Differential.Write(writer, seed: 20_261_126, count: 150);
            }

            var start = new ProcessStartInfo("node", [Repository.At("Verifier", "test", "differential.mjs"), file])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            using var node = Process.Start(start)!;
            var said = node.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            var errors = await node.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            await node.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.True(node.ExitCode == 0, await said + errors);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static IEnumerable<byte[]> Kept(string name) => FuzzTargets.Kept(Path.Combine(AppContext.BaseDirectory, "Golden", "fuzz"), name);

    /// <summary>All targets once for all tests: one of them runs a ledger.</summary>
    public sealed class Readers : IDisposable
    {
        public Readers() => Targets = new(Truck);

        public TestTruck Truck { get; } = FuzzTargets.MakeTruck();

        public FuzzTargets Targets { get; }

        public void Dispose()
        {
            Targets.Dispose();
            Truck.Dispose();
        }
    }
}
