using System.Globalization;
using System.Text.Json;

namespace Gateway.Tests.House;

// Goal: a unit that systemd would complain about, or that opens more than it has to, never reaches a truck.
// Method: systemd's own tools look at the files as they ship, inside a root folder that holds stand-ins for our two programs only.
public sealed class UnitsTests : IDisposable
{
    private readonly DirectoryInfo root = Directory.CreateTempSubdirectory("coldproof-units-");

    public void Dispose() => root.Delete(recursive: true);

    [Theory, InlineData("coldproof-gateway.service"), InlineData("coldproof-ledger.service")]
    public async Task Systemd_has_nothing_to_say_about_a_unit(string unit)
    {
        Install(unit, File.ReadAllText(Repository.At("systemd", unit)));

        var result = await Verify(unit);

        Assert.Equal("", result.Output + result.Error); // Unknown keys are only a warning, with exit code 0.
        Assert.Equal(0, result.ExitCode);
    }

    [Theory, InlineData("RestartPreventExitStatus", "RestartPreventsExitStatus"), InlineData("gateway run", "gateway/missing run")]
    public async Task A_mistake_in_a_unit_would_be_seen(string right, string wrong)
    {
        var unit = File.ReadAllText(Repository.At("systemd", "coldproof-gateway.service"));
        Install("coldproof-gateway.service", unit.Replace(right, wrong, StringComparison.Ordinal));

        var result = await Verify("coldproof-gateway.service");

        Assert.NotEqual("", result.Output + result.Error);
    }

    [Theory, InlineData("coldproof-gateway.service"), InlineData("coldproof-ledger.service")]
    public async Task A_unit_opens_no_more_than_it_has_to(string unit)
    {
        var result = await Tool.Run("systemd", "systemd-analyze",
            ["security", "--offline=true", "--no-pager", "--threshold=20", "--json=short", Repository.At("systemd", unit)]);

        Assert.True(result.ExitCode == 0, $"{unit} scores above 2.0:\n{result}");
        using var findings = JsonDocument.Parse(result.Output);
        Assert.NotEmpty(findings.RootElement.EnumerateArray());
    }

    [Fact]
    public void The_gateway_may_open_two_kinds_of_device_and_no_other()
    {
        var lines = File.ReadAllLines(Repository.At("systemd", "coldproof-gateway.service"));

        Assert.Contains("DevicePolicy=closed", lines);
        Assert.Equal(["DeviceAllow=char-i2c rw", "DeviceAllow=char-gpiochip rw"], lines.Where(line => line.StartsWith("DeviceAllow", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task The_accounts_that_the_units_name_are_made_by_sysusers()
    {
        var result = await Tool.Run("systemd", "systemd-sysusers",
            ["--dry-run", $"--root={root.FullName}", Repository.At("systemd", "coldproof.sysusers")]);

        Assert.Equal(0, result.ExitCode);
        foreach (var account in UnitValues("User=").Concat(UnitValues("SupplementaryGroups=")).SelectMany(value => value.Split(' ')))
        {
            Assert.True(result.ToString().Contains($"'{account}'", StringComparison.Ordinal), $"sysusers does not make {account}:\n{result}");
        }
    }

    [Fact]
    public void The_folder_of_keys_is_closed_to_all_but_root() =>
        Assert.Contains("d /etc/credstore 0700 root root", File.ReadAllLines(Repository.At("systemd", "coldproof.tmpfiles")));

    private static IEnumerable<string> UnitValues(string key) => Repository.Files("*.service", "systemd")
        .SelectMany(file => File.ReadLines(Repository.At(file)))
        .Where(line => line.StartsWith(key, StringComparison.Ordinal))
        .Select(line => line[key.Length..]);

    private Task<ToolResult> Verify(string unit) => Tool.Run("systemd", "systemd-analyze", ["verify", "--man=no", $"--root={root.FullName}", unit]);

    private void Install(string unit, string text)
    {
        var units = root.CreateSubdirectory("usr/lib/systemd/system");
        foreach (var own in Directory.EnumerateFiles("/usr/lib/systemd/system", "*.target").Append("/usr/lib/systemd/system/modprobe@.service"))
        {
            File.Copy(own, Path.Combine(units.FullName, Path.GetFileName(own)));
        }

        File.WriteAllText(Path.Combine(units.FullName, unit), text);
        foreach (var program in new[] { "gateway", "ledger" })
        {
            var folder = root.CreateSubdirectory(string.Create(CultureInfo.InvariantCulture, $"usr/lib/coldproof/{program}"));
            File.Copy("/bin/true", Path.Combine(folder.FullName, program));
        }
    }
}
