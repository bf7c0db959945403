namespace Gateway.Tests.EndToEnd;

/// <summary>The published program's words and exit codes when something is wrong: the fact, then the next step.</summary>
public sealed class CommandLineTests : IDisposable
{
    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("coldproof-cli-");

    [Fact]
    public async Task A_missing_bus_is_named_with_what_to_do()
    {
        var (code, output, _) = await Run("probes", "--bus", "77");
        Assert.Equal(1, code);
        Assert.Contains("/dev/i2c-77", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unreadable_settings_end_with_78_and_a_line_for_each_problem()
    {
        var file = Write("gateway.json", "{ \"Probes\": [ { \"Place\": \"rear\" ");
        var (code, _, error) = await Run("config", "check", "--config", file);
        Assert.Equal(78, code);
        Assert.Contains("is not JSON", error, StringComparison.Ordinal);
        (code, _, error) = await Run("run", "--config", file);
        Assert.Equal(78, code);
        Assert.Contains("is not JSON", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_gateway_that_is_not_enrolled_says_how_to_enrol()
    {
        var (code, _, error) = await Run("run", "--emulate", "--data", directory.FullName);
        Assert.Equal(78, code);
        Assert.Contains("gateway enrol request", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_enrolment_that_is_none_is_refused_and_nothing_is_kept()
    {
        var (code, _, error) = await Run("enrol", "request", "--emulate", "--data", directory.FullName, "--out",
            Path.Combine(directory.FullName, "r.json"));
        Assert.True(code == 0, error);
        (code, _, error) = await Run("enrol", "accept", Write("answer.json", "{}"), "--data", directory.FullName);
        Assert.Equal(1, code);
        Assert.Contains("Ask the authority", error, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(directory.FullName, "enrolment.json")));
    }

    [Fact]
    public async Task An_unknown_verb_or_option_is_usage()
    {
        Assert.Equal(2, (await Run("anchor")).Code);
        Assert.Equal(2, (await Run("verify", "bundle")).Code);
    }

    [Fact]
    public async Task A_policy_that_is_none_means_that_nothing_can_be_checked()
    {
        var (code, _, error) = await Run("verify", Write("bundle.json", "{}"), "--policy", Write("policy.json", "{}"));
        Assert.Equal(3, code);
        Assert.Contains("policy.json", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Emulated_probes_are_scanned_as_real_ones_are()
    {
        var (code, output, error) = await Run("probes", "--emulate", "--json");
        Assert.True(code == 0, output + error);
        Assert.Contains("\"TMP117\"", output, StringComparison.Ordinal);
    }

    public void Dispose() => directory.Delete(recursive: true);

    private static Task<(int Code, string Output, string Error)> Run(params string[] arguments) =>
        Trip.Run(TestContext.Current.CancellationToken, arguments);

    private string Write(string name, string text)
    {
        var file = Path.Combine(directory.FullName, name);
        File.WriteAllText(file, text);
        return file;
    }
}
