// Goal: the authority makes keys and certificates that programs of others accept, signs only what is proven, and remembers what it did.
// Method: real folders, real requests; OpenSSL judges the certificates.
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Evidence;
using Evidence.Log;
using Ledger.Authority;
using PublicKey = Evidence.PublicKey;

namespace Gateway.Tests.Wire;

public sealed class AuthorityTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("coldproof-authority").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private AuthorityFolder Init() =>
        AuthorityFolder.Init(folder, "Test authority", "ledger.example/fleet", ["localhost", "127.0.0.1"], "a test", TimeProvider.System);

    [Fact]
    public async Task OpenSSL_accepts_the_certificates_for_their_purpose_and_host_and_for_no_other()
    {
        Init();
        var stop = TestContext.Current.CancellationToken;
        await OpenSsl("-purpose", "sslserver", "-verify_hostname", "localhost", "server.crt");
        await OpenSsl("-purpose", "sslserver", "-verify_ip", "127.0.0.1", "server.crt");
        await OpenSsl("-purpose", "sslclient", "ledger.crt");
        await Assert.ThrowsAnyAsync<Exception>(() => OpenSsl("-purpose", "sslclient", "server.crt"));
        await Assert.ThrowsAnyAsync<Exception>(() => OpenSsl("-purpose", "sslserver", "ledger.crt"));
        await Assert.ThrowsAnyAsync<Exception>(() => OpenSsl("-purpose", "sslserver", "-verify_hostname", "other.example", "server.crt"));

        // The name constraints hold even against the authority's own key: a certificate for another host does not verify.
        var other = $"""
            openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout other.key -subj /CN=bank.example -out other.csr 2>&1 &&
            printf 'subjectAltName=DNS:bank.example\nextendedKeyUsage=serverAuth\n' > ext &&
            openssl x509 -req -in other.csr -CA ca.crt -CAkey ca.key -days 1 -extfile ext -out other.crt 2>&1 &&
            ! openssl verify -x509_strict -CAfile ca.crt other.crt 2>&1
            """;
        var said = await Tool.Run("sh", ["-c", $"cd {folder} && {other}"], "", stop);
        Assert.Contains("permitted subtree violation", said, StringComparison.Ordinal);

        Task<string> OpenSsl(params string[] arguments) => Tool.Run("openssl",
            ["verify", "-x509_strict", "-CAfile", Path.Combine(folder, "ca.crt"), .. arguments[..^1],
                Path.Combine(folder, arguments[^1])], "", stop);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    [InlineData("localhost")]
    public void A_broker_with_one_kind_of_address_only_is_accepted_under_it(string host)
    {
        AuthorityFolder.Init(folder, "Test authority", "ledger.example/fleet", [host], "a test", TimeProvider.System);
        using var authority = X509CertificateLoader.LoadCertificateFromFile(Path.Combine(folder, "ca.crt"));
        using var server = X509CertificateLoader.LoadCertificateFromFile(Path.Combine(folder, "server.crt"));
        using var client = X509CertificateLoader.LoadCertificateFromFile(Path.Combine(folder, "ledger.crt"));
        Assert.Null(PinnedTls.Fault(server, authority, TlsEnd.Server, host, TimeProvider.System.GetUtcNow()));
        Assert.Null(PinnedTls.Fault(client, authority, TlsEnd.Client, null, TimeProvider.System.GetUtcNow()));
    }

    [Fact]
    public void Keys_are_for_their_owner_only_and_are_never_overwritten()
    {
        Init();
        foreach (var file in Directory.GetFiles(folder, "*.key"))
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, OperatingSystem.IsWindows() ? default
                : File.GetUnixFileMode(file));
        }

        var before = Directory.GetFiles(folder).ToDictionary(file => file, File.ReadAllBytes);
        Assert.Throws<AuthorityRefusedException>(Init);
        Assert.All(before, file => Assert.Equal(file.Value, File.ReadAllBytes(file.Key)));

        File.Delete(Path.Combine(folder, AuthorityFolder.PolicyFile));
        Assert.Throws<AuthorityRefusedException>(Init);
    }

    [Fact]
    public void The_policy_names_the_log_and_its_clock_and_says_that_nobody_independent_watches()
    {
        var policy = Init().Policy;
        Assert.Contains("no independent witness", policy.LogText, StringComparison.Ordinal);
        using var log = NoteSigner.Parse(File.ReadAllText(Path.Combine(folder, "log.key")).TrimEnd('\n'));
        using var clock = NoteSigner.Parse(File.ReadAllText(Path.Combine(folder, "clock.key")).TrimEnd('\n'));
        Assert.Equal("ledger.example/fleet", log.Verifier.Name);
        Assert.Equal("ledger.example/fleet/clock", clock.Verifier.Name);
        Assert.Equal(log.Verifier.ToString(), Assert.Single(policy.Log.Logs).Key.ToString());
        Assert.Equal(clock.Verifier.ToString(), Assert.Single(policy.Log.Witnesses).Key.ToString());

        var note = clock.Cosign(log.Sign(SignedNote.Draft(new Checkpoint("ledger.example/fleet", 0, Digest.Of([])).ToText())),
            1_800_000_000);
        Assert.True(policy.Log.Evaluate(note).IsAccepted);
    }

    [Fact]
    public void A_gateway_is_enrolled_once_and_again_only_from_a_later_batch_on_with_the_same_key()
    {
        var authority = Init();
        using var keys = new TestKeys();
        var first = authority.Enrol(keys.Request(), null, null, [], "new truck");
        var manifest = first.CheckFor(keys.Gateway, PublicKey.Of(keys.Evidence), PublicKey.Of(keys.Tls), [authority.Key.Key]);
        Assert.Equal((0, default), (manifest.FirstNumber, manifest.Previous));
        Assert.Equal("mqtts://localhost:8883", Assert.Single(first.Brokers).ToString());
        Assert.Equal(authority.Policy.ToJson(), VerifierPolicy.Parse(first.Policy.AsMemory()).ToJson());
        Assert.Equal(first.ToJson(), Enrolment.Parse(first.ToJson()).ToJson());

        Assert.Throws<AuthorityRefusedException>(() => authority.Enrol(keys.Request(), null, null, [], null));
        Assert.Throws<AuthorityRefusedException>(() => authority.Enrol(keys.Request(), null, 0, [], null));
        var second = authority.Enrol(keys.Request(), null, 41, [new("other", 1, true)], "probe swapped");
        var next = Manifest.Decode(second.Manifest);
        Assert.Equal((41, first.Manifest.PayloadDigest), (next.FirstNumber, next.Previous));
        var third = authority.Enrol(keys.Request(), null, 42, [], null);
        Assert.Equal(second.Manifest.PayloadDigest, Manifest.Decode(third.Manifest.Payload).Previous);
        Assert.Equal("mqtts://other:1", Assert.Single(third.Brokers).ToString()); // Not named again: a gateway keeps the brokers that it has.

        using var otherKeys = new TestKeys(keys.Gateway);
        Assert.Throws<AuthorityRefusedException>(() => authority.Enrol(otherKeys.Request(), null, 50, [], null));
        using var stranger = new TestKeys();
        Assert.Throws<AuthorityRefusedException>(() => authority.Enrol(stranger.Request(), null, 5, [], null));
        Assert.Throws<AuthorityRefusedException>(() => authority.Enrol(stranger.Request(), first, 5, [], null));
        Assert.Throws<MalformedEvidenceException>(() => authority.Enrol(stranger.Request() with { Csr = keys.Request().Csr }, null, null,
            [], null));
    }

    [Fact]
    public void Every_act_is_one_line_of_the_audit_trail_with_who_when_and_why()
    {
        var authority = Init();
        using var keys = new TestKeys();
        authority.Enrol(keys.Request(), null, null, [], "new truck \"7\"\nwith a line break");
        var lines = File.ReadAllLines(Path.Combine(folder, AuthorityFolder.AuditFile)).Select(line =>
            JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal(["init", "enrol"], lines.Select(line => line.GetProperty("what").GetString()));
        Assert.All(lines, line => Assert.StartsWith(Environment.UserName, line.GetProperty("who").GetString(), StringComparison.Ordinal));
        Assert.Equal("new truck \"7\"\nwith a line break", lines[1].GetProperty("why").GetString());
        Assert.Equal(keys.Gateway.ToString(), lines[1].GetProperty("gateway").GetString());
        Assert.DoesNotContain("PRIVATE", File.ReadAllText(Path.Combine(folder, AuthorityFolder.AuditFile)), StringComparison.Ordinal);
    }

    [Fact]
    public void The_verbs_do_it_from_the_command_line_and_say_in_words_what_they_refuse()
    {
        var directory = Path.Combine(folder, "a");
        var root = new System.CommandLine.RootCommand();
        AuthorityVerbs.Add(root);
        using var keys = new TestKeys();
        var request = Path.Combine(folder, "request.json");
        var answer = Path.Combine(folder, "answer.json");
        File.WriteAllBytes(request, keys.Request().ToJson());

        Assert.Equal(1, root.Parse(["authority", "show", "--dir", directory]).Invoke());
        Assert.Equal(0, root.Parse(["authority", "init", "--dir", directory, "--name", "N", "--origin", "o.example"]).Invoke());
        Assert.Equal(1, root.Parse(["authority", "init", "--dir", directory, "--name", "N", "--origin", "o.example"]).Invoke());
        Assert.Equal(0, root.Parse(["authority", "enrol", request, "--dir", directory, "--out", answer, "--broker",
            "mqtts://127.0.0.1:4"]).Invoke());
        Assert.Equal(1, root.Parse(["authority", "enrol", request, "--dir", directory, "--out", answer]).Invoke());
        Assert.Equal(0, root.Parse(["authority", "show", "--dir", directory]).Invoke());
        Assert.Equal("mqtts://127.0.0.1:4", Assert.Single(Enrolment.Parse(File.ReadAllBytes(answer)).Brokers).ToString());
        File.WriteAllText(request, "rubbish");
        Assert.Equal(1, root.Parse(["authority", "enrol", request, "--dir", directory, "--out", answer + "2"]).Invoke());
    }
}
