// Goal: the two enrolment files survive a round trip, and nothing else than such a file is read as one.
// Method: build them with real keys, change one thing at a time; OpenSSL, which we did not write, reads the proofs.
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using CsCheck;
using Evidence;
using PublicKey = Evidence.PublicKey;

namespace Gateway.Tests.Wire;

public sealed class EnrolmentTests : IDisposable
{
    private readonly ECDsa evidenceKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly ECDsa tlsKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly ECDsa authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly GatewayId gateway = new(Guid.Parse("0b6f2c9e-8a31-4f0e-9d55-1c2d3e4f5a6b"));

    public void Dispose()
    {
        evidenceKey.Dispose();
        tlsKey.Dispose();
        authorityKey.Dispose();
    }

    private static ManifestChannel[] Channels =>
    [
        new("rear, top", "TMP117-0001", new(2_000), new(8_000), 60_000, Digest.Of("certificate"u8), 1_811_721_600_000, Digest.Of([1])),
        new("Türe – vorne", "S2", new(-90_000), new(-60_000), 300_000, default, null, Digest.Of([2])),
        new("front", "S3", new(-500), new(0), 1_000, default, 1_811_721_600_123, Digest.Of([3])),
    ];

    private EnrolmentRequest Request() =>
        EnrolmentRequest.Create(gateway, evidenceKey, tlsKey, [.. Channels], GatewayTraits.SoftwareKey | GatewayTraits.EmulatedProbes);

    private Enrolment Answer()
    {
        using var caKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var caRequest = new CertificateRequest("CN=test authority", caKey, HashAlgorithmName.SHA256);
        caRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var start = TimeProvider.System.GetUtcNow().AddHours(-1);
        using var ca = caRequest.CreateSelfSigned(start, start.AddYears(1));
        var leafRequest = new CertificateRequest($"CN={gateway}", tlsKey, HashAlgorithmName.SHA256);
        using var leaf = leafRequest.Create(ca, start, start.AddDays(30), [1, 2, 3]);
        var manifest = new Manifest(gateway, PublicKey.Of(evidenceKey), 0, 1_800_000_000_000, [.. Channels], default, default,
            GatewayTraits.SoftwareKey);
        var statement = manifest.Sign("authority:test", authorityKey);
        return new(gateway, statement, leaf.ExportCertificatePem(), ca.ExportCertificatePem(), [.. "{\"format\":\"x\",\"n\":[1,2]}"u8],
            [new("ledger.example", 8883, true), new("::1", 1883, false)]);
    }

    [Fact]
    public void A_request_reads_back_as_it_was_written_and_proves_both_keys()
    {
        var request = Request();
        var read = EnrolmentRequest.Parse(request.ToJson());
        Assert.Equal(request.Channels, read.Channels);
        Assert.Equal(request.Key, read.Key);
        Assert.Equal(request.Traits, read.Traits);
        Assert.Equal(request.ToJson(), read.ToJson());
        Assert.Equal(PublicKey.Of(tlsKey), read.CheckProofs());
    }

    [Fact]
    public async Task OpenSSL_verifies_the_proofs_of_a_request()
    {
        foreach (var pem in new[] { Request().KeyProof, Request().Csr })
        {
            var said = await Tool.Run("openssl", ["req", "-verify", "-noout", "-subject"], pem, TestContext.Current.CancellationToken);
            Assert.Contains("verify OK", said, StringComparison.Ordinal);
            Assert.Contains(gateway.ToString(), said, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_proof_made_with_another_key_or_for_another_gateway_or_changed_is_refused()
    {
        var request = Request();
        var other = EnrolmentRequest.Create(new(Guid.Parse("11111111-8a31-4f0e-9d55-1c2d3e4f5a6b")), authorityKey, tlsKey, [.. Channels],
            GatewayTraits.None);
        Assert.Throws<MalformedEvidenceException>(() => (request with { KeyProof = other.KeyProof }).CheckProofs());
        Assert.Throws<MalformedEvidenceException>(() => (request with { Csr = other.Csr }).CheckProofs());
        Assert.Throws<MalformedEvidenceException>(() => (request with { KeyProof = request.Csr }).CheckProofs());
        Assert.Throws<MalformedEvidenceException>(() => (request with { Csr = request.KeyProof }).CheckProofs());
        Assert.Throws<MalformedEvidenceException>(() => (request with { Csr = "rubbish" }).CheckProofs());

        var der = PemEncoding.Find(request.Csr) is var found ? Convert.FromBase64String(request.Csr[found.Base64Data]) : [];
        der[^1] ^= 1;
        Assert.Throws<MalformedEvidenceException>(() => (request with
        {
            Csr = PemEncoding.WriteString("CERTIFICATE REQUEST",
            der)
        }).CheckProofs());
    }

    [Theory]
    [InlineData("gateway", "\"0B6F2C9E-8a31-4f0e-9d55-1c2d3e4f5a6b\"")]
    [InlineData("gateway", "\"00000000-0000-0000-0000-000000000000\"")]
    [InlineData("format", "\"coldproof-enrolment-request/2\"")]
    [InlineData("format", "7")]
    [InlineData("spki", "\"AAAA\"")]
    [InlineData("spki", "\" AAAA\"")]
    [InlineData("channels", "[]")]
    [InlineData("channels", "{}")]
    [InlineData("channels", "[{}]")]
    [InlineData("traits", "4")]
    [InlineData("traits", "1.5")]
    [InlineData("traits", "null")]
    [InlineData("keyProof", "null")]
    [InlineData("surplus", "1")]
    public void A_request_with_one_field_out_of_its_form_is_refused(string field, string json)
    {
        var root = JsonNode.Parse(Request().ToJson())!.AsObject();
        root[field] = JsonNode.Parse(json);
        Assert.Throws<MalformedEvidenceException>(() => EnrolmentRequest.Parse(Encoding.UTF8.GetBytes(root.ToJsonString())));
    }

    [Theory]
    [InlineData("low", "9000")]
    [InlineData("low", "99999999999")]
    [InlineData("intervalMs", "999")]
    [InlineData("certificate", "\"00\"")]
    [InlineData("certificate", "\"zz00000000000000000000000000000000000000000000000000000000000000\"")]
    [InlineData("certificateExpiry", "\"2027-05-31\"")]
    [InlineData("certificateExpiry", "\"2027-05-31T00:00:00.000Z\"")]
    [InlineData("certificateExpiry", "\"1950-05-31T00:00:00Z\"")]
    [InlineData("place", "\"12345678901234567890123456789012345678901\"")]
    [InlineData("place", "null")]
    [InlineData("surplus", "1")]
    public void A_channel_with_one_field_out_of_its_form_is_refused(string field, string json)
    {
        var root = JsonNode.Parse(Request().ToJson())!.AsObject();
        root["channels"]![0]![field] = JsonNode.Parse(json);
        Assert.Throws<MalformedEvidenceException>(() => EnrolmentRequest.Parse(Encoding.UTF8.GetBytes(root.ToJsonString())));
    }

    [Fact]
    public void A_missing_or_repeated_field_and_a_file_that_is_too_long_are_refused()
    {
        foreach (var name in JsonNode.Parse(Request().ToJson())!.AsObject().Select(field => field.Key))
        {
            var root = JsonNode.Parse(Request().ToJson())!.AsObject();
            root.Remove(name);
            Assert.Throws<MalformedEvidenceException>(() => EnrolmentRequest.Parse(Encoding.UTF8.GetBytes(root.ToJsonString())));
        }

        var text = Encoding.UTF8.GetString(Request().ToJson());
        Assert.Throws<MalformedEvidenceException>(() => EnrolmentRequest.Parse(Encoding.UTF8.GetBytes(text.Replace("\"traits\"",
            "\"traits\": 1, \"traits\"", StringComparison.Ordinal))));
        Assert.Throws<MalformedEvidenceException>(() => EnrolmentRequest.Parse(new byte[EnrolmentRequest.LengthMax + 1]));
    }

    [Fact]
    public void Rubbish_is_refused_in_words_and_nothing_else_happens()
    {
        var request = Request().ToJson();
        var answer = Answer().ToJson();
        Gen.Byte.Array[0, 300].Sample(bytes => Refused(() => EnrolmentRequest.Parse(bytes)) && Refused(() => Enrolment.Parse(bytes)),
            iter: 500);
        // One byte changed may still be a valid file (a place's letter); it must be read or refused, never something third.
        Gen.Select(Gen.Int[0, request.Length - 1], Gen.Byte).Sample((at, value) =>
            ReadOrRefused(() => EnrolmentRequest.Parse(Changed(request, at, value))), iter: 1_000);
        Gen.Select(Gen.Int[0, answer.Length - 1], Gen.Byte).Sample((at, value) =>
            ReadOrRefused(() => Enrolment.Parse(Changed(answer, at, value))), iter: 1_000);
    }

    [Fact]
    public void An_answer_reads_back_and_is_for_its_own_gateway_only()
    {
        var answer = Answer();
        var read = Enrolment.Parse(answer.ToJson());
        Assert.Equal(answer.ToJson(), read.ToJson());
        Assert.Equal(answer.Brokers, read.Brokers);
        Assert.Equal("{\"format\":\"x\",\"n\":[1,2]}"u8.ToArray(), read.Policy.ToArray());

        var (evidence, tls, authority) = (PublicKey.Of(evidenceKey), PublicKey.Of(tlsKey), PublicKey.Of(authorityKey));
        Assert.Equal(Channels, read.CheckFor(gateway, evidence, tls, [authority]).Channels);
        Assert.Throws<MalformedEvidenceException>(() => read.CheckFor(new(Guid.Parse("11111111-8a31-4f0e-9d55-1c2d3e4f5a6b")), evidence,
            tls, [authority]));
        Assert.Throws<MalformedEvidenceException>(() => read.CheckFor(gateway, tls, tls, [authority]));
        Assert.Throws<MalformedEvidenceException>(() => read.CheckFor(gateway, evidence, evidence, [authority]));
        Assert.Throws<MalformedEvidenceException>(() => read.CheckFor(gateway, evidence, tls, [evidence]));
        Assert.Throws<MalformedEvidenceException>(() => (read with { Authority = Answer().Authority }).CheckFor(gateway, evidence, tls,
            [authority]));
    }

    [Theory]
    [InlineData("mqtts://ledger.example:8883", "ledger.example", 8883, true)]
    [InlineData("mqtt://127.0.0.1:1883", "127.0.0.1", 1883, false)]
    [InlineData("mqtts://[::1]:9", "::1", 9, true)]
    [InlineData("mqtts://ledger.example", "ledger.example", 8883, true)]
    public void A_broker_address_is_read(string text, string host, int port, bool tls) =>
        Assert.Equal(new BrokerAddress(host, port, tls), BrokerAddress.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("ledger.example:8883")]
    [InlineData("https://ledger.example:8883")]
    [InlineData("mqtts://user@ledger.example:8883")]
    [InlineData("mqtts://ledger.example:8883/path")]
    [InlineData("mqtts://ledger.example:99999")]
    [InlineData("mqtts://")]
    public void Anything_else_is_not_a_broker_address(string text) => Assert.Throws<MalformedEvidenceException>(() =>
        BrokerAddress.Parse(text));

    private static byte[] Changed(byte[] bytes, int at, byte value)
    {
        var changed = bytes.ToArray();
        changed[at] = value;
        return changed;
    }

    private static bool Refused(Func<object> read) => Record.Exception(read) is MalformedEvidenceException;

    private static bool ReadOrRefused(Func<object> read) => Record.Exception(read) is null or MalformedEvidenceException;
}
