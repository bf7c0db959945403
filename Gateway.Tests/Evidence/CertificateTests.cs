using System.IO.Compression;
using System.Security.Cryptography;
using System.Security.Cryptography.Cose;
using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using Evidence;

namespace Gateway.Tests.Evidence;

/// <summary>Goal: two jurisdictions read a certificate code from a shared list, offline, and nothing bent passes. Method: golden codes for
/// every tampering we know, RFC 9285's own examples, and Python's zlib, cbor2 and openssl on the same bytes.</summary>
public sealed class CertificateTests : IDisposable
{
    private readonly CertificateVectors vectors = new();
    private readonly string folder = Directory.CreateTempSubdirectory("coldproof-code-").FullName;

    private static string Golden(string name) => Path.Combine(AppContext.BaseDirectory, "Golden", "certificates", name);

    [Fact]
    public void Every_code_gets_its_own_answer()
    {
        var trust = TrustList.Parse(vectors.Trust.ToJson());
        var all = vectors.All().ToList();
        Assert.True(all.Count >= 60, $"{all.Count} codes");
        Assert.Equal(all.Count, all.Select(vector => vector.Name).Distinct().Count());
        Assert.Empty(all.Select(vector => (vector, answer: CertificateCheck.Verify(vector.Code, trust, vector.NowMs)))
            .Where(pair => (pair.answer.Word, pair.answer.Fault) != (pair.vector.Word, pair.vector.Fault))
            .Select(pair => $"{pair.vector.Name}: {pair.answer.Word}/{pair.answer.Fault} ({pair.answer.Sentence})"));
    }

    [Fact]
    public void Golden_codes_keep_their_answers()
    {
        if (Environment.GetEnvironmentVariable(AttackTests.WriteSwitch) is { Length: > 0 } attacks)
        {
            Write(Path.Combine(attacks, "..", "certificates"));
        }

        var trust = TrustList.Parse(File.ReadAllBytes(Golden("trust.json")));
        var rows = JsonNode.Parse(File.ReadAllBytes(Golden("index.json")))!.AsArray();
        Assert.True(rows.Count >= 60);
        foreach (var row in rows)
        {
            var answer = CertificateCheck.Verify(row!["code"]!.GetValue<string>(), trust, row["now"]!.GetValue<long>());
            Assert.Equal((row["name"]!.GetValue<string>(), row["word"]!.GetValue<string>(), row["fault"]!.GetValue<string>(),
                row["identity"]?.GetValue<string>()), (row["name"]!.GetValue<string>(), answer.Word.ToString(), answer.Fault.ToString(),
                answer.Identity?.ToString()));
        }
    }

    [Fact]
    public void Neither_a_malleated_signature_nor_another_packing_is_another_certificate()
    {
        var rows = vectors.All().Where(vector => vector.Name is "valid" or "malleated-signature" or "packed-without-compression").ToList();
        Assert.Equal(3, rows.Count);
        Assert.Single(rows.Select(row => CertificateCheck.Verify(row.Code, vectors.Trust, row.NowMs).Identity).Distinct());
    }

    [Theory]
    [InlineData("AB", "BB8"), InlineData("Hello!!", "%69 VD92EX0"), InlineData("base-45", "UJCLQE7W581"), InlineData("ietf!", "QED8WEX0")]
    public void The_examples_of_rfc_9285_read_both_ways(string text, string code)
    {
        Assert.Equal(code, Base45.Encode(System.Text.Encoding.ASCII.GetBytes(text)));
        Assert.Equal(System.Text.Encoding.ASCII.GetBytes(text), Base45.Decode(code));
    }

    [Fact]
    public void Base45_comes_back_as_it_was() => Gen.Byte.Array[0, 400].Sample(bytes =>
    {
        Assert.Equal(bytes, Base45.Decode(Base45.Encode(bytes)));
    }, iter: 2_000);

    [Fact]
    public void Our_inflate_gives_what_dotnets_zlib_packed_at_every_level() =>
        Gen.Select(Gen.Byte[0, 6].Array[1, 5_000], Gen.Enum<CompressionLevel>()).Sample((bytes, level) =>
    {
        using var packed = new MemoryStream();
        using (var stream = new ZLibStream(packed, level, leaveOpen: true))
        {
            stream.Write(bytes);
        }

        Assert.Equal(bytes, Inflate.Zlib(packed.ToArray(), 5_000));
        Assert.Throws<MalformedEvidenceException>(() => Inflate.Zlib(packed.ToArray(), bytes.Length - 1));
    }, iter: 400);

    [Fact]
    public void No_text_at_all_makes_the_reader_throw_or_believe_another_claim()
    {
        var trust = vectors.Trust;
        var good = vectors.All().First().Code;
        var whole = CertificateCheck.Verify(good, trust, CertificateVectors.NowMs);
        Assert.Equal(CertificateWord.Valid, whole.Word);
        Gen.Select(Gen.Int[0, good.Length - 1], Gen.Char, Gen.Int[0, 3]).Sample((at, sign, cut) =>
        {
            var bent = good[..at] + sign + good[Math.Min(good.Length, at + cut)..];
            var answer = CertificateCheck.Verify(bent, trust, CertificateVectors.NowMs);
            // Deflate leaves bits unused behind its last block: a code may differ there, as after packing anew, and say the same.
            Assert.True(answer.Word is CertificateWord.CannotCheck or CertificateWord.Changed or CertificateWord.IssuerUnknown
                || (answer.Word == whole.Word && answer.Identity == whole.Identity), bent);
        }, iter: 3_000);
        Gen.String[0, 200].Sample(text => CertificateCheck.Verify("CP1:" + text, trust, CertificateVectors.NowMs), iter: 1_000);
    }

    [Fact]
    public void A_code_fits_a_qr_code_that_scans_at_forty_millimetres()
    {
        var code = vectors.All().First().Code;
        Assert.True(code.Length <= CertificateCode.PrintedLengthMax, $"{code.Length} characters");
        Assert.Equal(22, Version(new('A', CertificateCode.PrintedLengthMax)));
        Assert.Equal(23, Version(new('A', CertificateCode.PrintedLengthMax + 1)));
        Assert.InRange(Version(code), 1, 22);

        static int Version(string text)
        {
            using var drawn = QRCoder.QRCodeGenerator.GenerateQrCode(text, QRCoder.QRCodeGenerator.ECCLevel.M);
            return drawn.Version;
        }
    }

    [Theory]
    [InlineData("{}"), InlineData("""{"format":"coldproof-trust/2","issuers":[]}"""), InlineData("""{"format":"coldproof-trust/1","issuers":[]}""")]
    [InlineData("""{"format":"coldproof-trust/1","issuers":[{"name":"a","jurisdiction":"b","spki":"AAAA","from":"2026-01-01T00:00:00Z","to":"2027-01-01T00:00:00Z"}]}""")]
    public void A_trust_list_that_is_none_is_refused_in_words(string text) =>
        Assert.True(Assert.Throws<MalformedEvidenceException>(() => TrustList.Parse(System.Text.Encoding.UTF8.GetBytes(text))).Message.Length > 20);

    [Fact]
    public void A_trust_list_says_each_key_once_and_times_that_exist()
    {
        var good = System.Text.Encoding.UTF8.GetString(vectors.Trust.ToJson());
        Assert.Equal(4, TrustList.Parse(System.Text.Encoding.UTF8.GetBytes(good)).Issuers.Length);
        foreach (var (old, by) in new[] { ("2025-11-24T08:00:00Z", "2025-02-30T08:00:00Z"), ("2025-11-24T08:00:00Z", "2025-11-24 08:00"),
            ("\"jurisdiction\"", "\"country\""), ("\"issuers\"", "\"comment\": 1,\n  \"issuers\"") })
        {
            Assert.Contains(old, good, StringComparison.Ordinal);
            Assert.Throws<MalformedEvidenceException>(() =>
                TrustList.Parse(System.Text.Encoding.UTF8.GetBytes(good.Replace(old, by, StringComparison.Ordinal))));
        }

        var twice = new TrustList([vectors.Trust.Issuers[0], vectors.Trust.Issuers[0]]);
        Assert.Throws<MalformedEvidenceException>(() => TrustList.Parse(twice.ToJson()));
    }

    [Fact]
    public void A_record_is_certified_as_its_verdict_says_and_a_changed_one_is_not()
    {
        using var truck = AttackTests.Truck("rear");
        var certificate = CertificateDraft.Of(truck.Bundle(), truck.Policy, truck.NowMs, 86_400_000, null);
        var channel = truck.Verify(truck.Content()).Channels[0];
        var claim = Assert.Single(certificate.Channels);
        var measured = channel.Readings.Where(reading => reading.Temperature is not null).ToList();
        Assert.Equal((measured.Min(r => r.Temperature), measured.Max(r => r.Temperature), measured.Count),
            (claim.Min, claim.Max, (int)claim.Readings));
        Assert.Equal((Answer.OutOfRange, 2L, 2L), (claim.Answer, claim.OutMinutes, claim.Gaps)); // Two rounds warm; one failed, one power cut.
        Assert.InRange(claim.GapMinutes, 120, 124);
        Assert.Equal(truck.Batches[^1].Header.Root.ToBytes()[..8], certificate.Root);
        Assert.Equal(certificate.Encode(), Certificate.Decode(certificate.Encode()).Encode());
        var changed = Attacks.All(truck, truck).First(attack => attack.Name == "changed-reading");
        var refusal = Assert.Throws<MalformedEvidenceException>(() =>
            CertificateDraft.Of(changed.Bundle, truck.Policy, truck.NowMs, 86_400_000, null));
        Assert.Contains("CHANGED", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Python_and_openssl_read_the_golden_code_without_us()
    {
        var row = JsonNode.Parse(File.ReadAllBytes(Golden("index.json")))![0]!;
        var trust = TrustList.Parse(File.ReadAllBytes(Golden("trust.json")));
        File.WriteAllText(Path.Combine(folder, "key.pem"), PemEncoding.WriteString("PUBLIC KEY", trust.Issuers[0].Key.Spki.AsSpan()));
        File.WriteAllText(Path.Combine(folder, "code.txt"), row["code"]!.GetValue<string>());
        File.WriteAllText(Path.Combine(folder, "read.py"), """
            import cbor2, subprocess, sys, zlib
            digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:'
            text = open('code.txt').read()
            assert text.startswith('CP1:')
            packed, text = b'', text[4:]
            for group in [text[i:i + 3] for i in range(0, len(text), 3)]:
                packed += sum(digits.index(c) * 45 ** i for i, c in enumerate(group)).to_bytes(len(group) - 1, 'big')
            cose = cbor2.loads(zlib.decompress(packed))
            assert cose.tag == 18
            protected, unprotected, payload, signature = cose.value
            r, s = signature[:32], signature[32:]
            integer = lambda n: b'\x02' + bytes([len(m := n.lstrip(b'\0') if n.lstrip(b'\0')[0] < 128 else b'\0' + n.lstrip(b'\0'))]) + m
            body = integer(r) + integer(s)
            open('signature.der', 'wb').write(b'\x30' + bytes([len(body)]) + body)
            open('signed', 'wb').write(cbor2.dumps(['Signature1', protected, b'', payload]))
            claims = cbor2.loads(payload)
            assert cbor2.dumps(claims, canonical=True) == payload
            print(subprocess.run(['openssl', 'dgst', '-sha256', '-verify', 'key.pem', '-signature', 'signature.der', 'signed'],
                                 capture_output=True, text=True).stdout.strip())
            print(claims[4], claims[8][0], claims[8][1], [c[1] for c in claims[10]], claims[13])
            """);
        var read = await House.Tool.Run("python3-cbor2", "/usr/bin/python3", ["read.py"], folder);
        Assert.Equal("Verified OK\n1 log.example/coldproof 8 ['rear, top', 'door'] (00)106141411234567897\n", read.Output + read.Error);
    }

    [Fact]
    public void Dotnets_cose_library_verifies_a_certificates_statement()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var statement = Statement.Sign(StatementKind.Certificate, "issuer:x", CertificateVectors.Example.Encode(), key);
        Assert.True(CoseMessage.DecodeSign1(statement.Bytes.AsSpan()).VerifyEmbedded(key));
    }

    public void Dispose()
    {
        vectors.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private void Write(string to)
    {
        Directory.CreateDirectory(to);
        File.WriteAllText(Path.Combine(to, "trust.json"), System.Text.Encoding.UTF8.GetString(vectors.Trust.ToJson()) + "\n");
        var rows = new JsonArray([.. vectors.All().Select(vector => new JsonObject
        {
            ["name"] = vector.Name,
            ["now"] = vector.NowMs,
            ["word"] = vector.Word.ToString(),
            ["fault"] = vector.Fault.ToString(),
            ["identity"] = CertificateCheck.Verify(vector.Code, vectors.Trust, vector.NowMs).Identity?.ToString(),
            ["code"] = vector.Code,
        })]);
        File.WriteAllText(Path.Combine(to, "index.json"), rows.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n");
    }
}
