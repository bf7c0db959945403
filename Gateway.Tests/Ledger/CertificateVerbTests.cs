using Evidence;
using Gateway.Terminal;
using Gateway.Tests.Evidence;
using Gateway.Verbs;
using global::Ledger.Authority;
using global::Ledger.Certificates;
using global::Ledger.Labels;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Ledger;

/// <summary>Goal: two authorities that share a list take each other's codes, offline. Method: their folders, a record, the printed code read
/// back by zbarimg, and the reader's verb.</summary>
public sealed class CertificateVerbTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("coldproof-issuer-").FullName;
    private readonly FakeTimeProvider clock = new(DateTimeOffset.FromUnixTimeMilliseconds(TestTruck.StartMs));
    private readonly StringWriter output = new();

    [Fact]
    public void A_code_of_one_jurisdiction_is_read_with_the_list_of_another_that_shares_it()
    {
        using var truck = AttackTests.Truck("rear, <b>top</b>");
        foreach (var (name, at) in new[] { ("Utopia", "u"), ("Atlantis", "a") })
        {
            AuthorityFolder.Init(At(at), name, $"ledger.example/{at}", ["localhost"], null, clock);
            IssuerKeys.Make(At(at), $"Ministry of {name}", name, 365, At(at + ".key"), "for labels", clock);
        }

        var own = TrustList.Parse(File.ReadAllBytes(Path.Combine(At("u"), IssuerKeys.TrustFile)));
        clock.SetUtcNow(DateTimeOffset.FromUnixTimeMilliseconds(truck.NowMs));
        var code = CertificateVerbs.Make(truck.Bundle(), truck.Policy, File.ReadAllText(At("u.key")), own, 90, "(00)106141411234567897", clock.GetUtcNow());
        Assert.Equal(ExitCode.Failed, Verify(code, Path.Combine(At("a"), IssuerKeys.TrustFile)));
        Assert.Contains("ISSUER UNKNOWN", output.ToString(), StringComparison.Ordinal);
        Assert.Single(IssuerKeys.Add(At("a"), own, "agreement of May", clock));
        Assert.Empty(IssuerKeys.Add(At("a"), own, null, clock));
        Assert.Equal(ExitCode.Done, Verify(code, Path.Combine(At("a"), IssuerKeys.TrustFile)));
        var text = output.ToString();
        Assert.Contains("CERTIFICATE VALID", text, StringComparison.Ordinal);
        Assert.Contains("Ministry of Utopia (Utopia)", text, StringComparison.Ordinal);
        Assert.Contains("OUT OF RANGE", text, StringComparison.Ordinal);
        Assert.Contains("claims", text, StringComparison.Ordinal);
        Assert.Equal(3, File.ReadAllLines(Path.Combine(At("a"), AuthorityFolder.AuditFile)).Count(line => line.Contains("\"trust\"", StringComparison.Ordinal)
            || line.Contains("\"issuer\"", StringComparison.Ordinal)));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(At("u.key")));
    }

    [Fact]
    public async Task The_printed_code_is_read_back_by_zbarimg()
    {
        using var truck = AttackTests.Truck("rear");
        AuthorityFolder.Init(At("u"), "Utopia", "ledger.example/u", ["localhost"], null, clock);
        IssuerKeys.Make(At("u"), "Ministry", "Utopia", 365, At("u.key"), null, clock);
        var list = TrustList.Parse(File.ReadAllBytes(Path.Combine(At("u"), IssuerKeys.TrustFile)));
        clock.SetUtcNow(DateTimeOffset.FromUnixTimeMilliseconds(truck.NowMs));
        var code = CertificateVerbs.Make(truck.Bundle(), truck.Policy, File.ReadAllText(At("u.key")), list, 90, null, clock.GetUtcNow());
        var symbol = QrSymbol.Of(code);
        Assert.InRange(symbol.Version, 1, CertificateVerbs.QrVersionMax);
        File.WriteAllBytes(At("code.png"), symbol.ToPng(4));
        File.WriteAllText(At("code.svg"), symbol.ToSvg(0.5));
        await House.Tool.Run("librsvg2-bin", "rsvg-convert", ["-d", "200", "-p", "200", "-o", At("code-svg.png"), At("code.svg")]);
        foreach (var picture in new[] { "code.png", "code-svg.png" })
        {
            var read = await House.Tool.Run("zbar-tools", "zbarimg", ["--raw", "-q", At(picture)]);
            Assert.Equal((0, code + "\n"), (read.ExitCode, read.Output));
        }
    }

    [Fact]
    public void What_cannot_be_issued_is_refused_with_what_to_do()
    {
        using var truck = AttackTests.Truck("rear");
        AuthorityFolder.Init(At("u"), "Utopia", "ledger.example/u", ["localhost"], null, clock);
        IssuerKeys.Make(At("u"), "Ministry", "Utopia", 365, At("u.key"), null, clock);
        var list = TrustList.Parse(File.ReadAllBytes(Path.Combine(At("u"), IssuerKeys.TrustFile)));
        var pem = File.ReadAllText(At("u.key"));
        var now = DateTimeOffset.FromUnixTimeMilliseconds(truck.NowMs);
        Assert.Contains("never overwritten", Assert.Throws<AuthorityRefusedException>(() =>
            IssuerKeys.Make(At("u"), "Ministry", "Utopia", 365, At("u.key"), null, clock)).Message, StringComparison.Ordinal);
        Assert.Contains("no P-256 private key", Refused(truck.Bundle(), "nonsense", list, 90), StringComparison.Ordinal);
        Assert.Contains("does not name the key", Refused(truck.Bundle(), truck.GatewayKey.ExportPkcs8PrivateKeyPem(), list, 90), StringComparison.Ordinal);
        Assert.Contains("--days", Refused(truck.Bundle(), pem, list, 0), StringComparison.Ordinal);
        var early = CertificateVerbs.Make(truck.Bundle(), truck.Policy, pem, list, 90, null, now);
        Assert.StartsWith("CP1:", early, StringComparison.Ordinal);
        using var wide = new TestTruck(channels: 32, place: new('x', 37));
        wide.Seal(4, (round, channel) => (channel * 7_919 % 6_000) + (round * channel * 1_237 % 90_000)); // Numbers that no packing shortens.
        var long90 = Convert.ToBase64String(System.Security.Cryptography.SHA512.HashData([1]))[..86];
        Assert.Contains("fewer channels", Assert.Throws<AuthorityRefusedException>(() => CertificateVerbs.Make(
            wide.Bundle(DisclosureLevel.Readings, [.. Enumerable.Range(0, 32).Select(i => (ushort)i)]), wide.Policy, pem, list, 90, long90, now)).Message, StringComparison.Ordinal);

        string Refused(byte[] bundle, string key, TrustList trust, int days) => Assert.Throws<AuthorityRefusedException>(() =>
            CertificateVerbs.Make(bundle, truck.Policy, key, trust, days, null, now)).Message;
    }

    public void Dispose()
    {
        output.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private string At(string name) => Path.Combine(folder, name);

    private int Verify(string code, string trust)
    {
        output.GetStringBuilder().Clear();
        return VerifyVerb.Create(new Screen(output, output, false, false), clock).Parse([code, "--trust", trust])
            .Invoke(new() { EnableDefaultExceptionHandler = false });
    }
}
