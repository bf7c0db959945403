using System.Security.Cryptography;
using Evidence;
using Evidence.Log;
using Gateway.Tests.Evidence;
using global::Ledger.Admission;
using global::Ledger.Hosting;
using global::Ledger.Log;
using global::Ledger.Store;

namespace Gateway.Tests.Ledger;

/// <summary>Goal: every rule of admission, and nothing acknowledged that a verifier would not accept. Method: a real ledger on a real
/// disk, and a truck that lies.</summary>
public sealed class IntakeTests : IAsyncDisposable
{
    private readonly TestLedger ledger = new();
    private readonly LedgerCore core;

    public IntakeTests() => core = ledger.Open();

    private TestTruck Truck => ledger.Truck;

    /// <summary>What the gateway itself checks the ledger's word with.</summary>
    private global::Anchoring.WordCheck Checker => new(Truck.Id, PublicKey.Of(Truck.GatewayKey), ledger.Policy.Log,
        [PublicKey.Of(Truck.AuthorityKey)]);

    public async ValueTask DisposeAsync()
    {
        await core.DisposeAsync();
        await ledger.DisposeAsync();
    }

    [Fact]
    public async Task A_manifest_and_its_batches_get_receipts_that_prove_them()
    {
        var answers = await ledger.Send(core, 40);
        Assert.All(answers, answer => Assert.Null(answer.Refusal));
        Assert.True(ledger.Proves(answers[0].Receipt!, Truck.SignedManifest));
        for (var i = 0; i < 40; i++)
        {
            Assert.True(ledger.Proves(answers[i + 1].Receipt!, Truck.Batches[i].Statement));
        }

        Assert.Equal(41, core.Log.Head.Size);
    }

    /// <summary>F-31.</summary>
    [Fact]
    public async Task A_batch_sent_again_gets_the_same_receipt_and_no_second_entry()
    {
        var answers = await ledger.Send(core, 3);
        await Send(Truck.Seal(1));
        Assert.Equal(answers[1].Receipt, (await Send(Truck.Batches[0])).Receipt);
        Assert.Equal(answers[0].Receipt, (await SendBytes(TestLedger.UplinkOf(Truck.SignedManifest))).Receipt);
        Assert.Equal(5, core.Log.Head.Size);
    }

    [Fact]
    public async Task A_batch_that_is_still_in_its_round_is_not_logged_twice()
    {
        var manifest = core.Intake.Accept(Truck.Id, TestLedger.UplinkOf(Truck.SignedManifest), TestContext.Current.CancellationToken);
        var bytes = TestLedger.UplinkOf(Truck.Seal(2));
        var twice = await Task.WhenAll(Enumerable.Range(0, 8)
            .Select(_ => core.Intake.Accept(Truck.Id, bytes, TestContext.Current.CancellationToken)));
        Assert.Null((await manifest).Refusal);
        Assert.All(twice, answer => Assert.True(ledger.Proves(answer.Receipt!, Truck.Batches[0].Statement)));
        Assert.Equal(2, core.Log.Head.Size);
    }

    /// <summary>F-59.</summary>
    [Fact]
    public async Task Another_batch_under_a_logged_number_is_refused_and_logged_once_as_a_conflict_that_holds_both()
    {
        await ledger.Send(core, 3);
        var second = Resigned(Truck.Batches[1], header => header with { ClosedMs = header.ClosedMs + 1 });
        var refusal = Downlink.Decode((await Send(second)).Encode());
        Assert.Equal(Refusal.Conflict, refusal.Refusal);
        Checker.CheckRefusal(refusal, 1);
        Assert.Throws<MalformedEvidenceException>(() => Checker.CheckRefusal(refusal, 2));
        Assert.Equal(5, core.Log.Head.Size);
        var (gateway, number, logged, refused) = ConflictEntry.Read(Statement.Decode(core.Store.Entry(4)!));
        Assert.Equal((Truck.Id, 1L), (gateway, number));
        Assert.True(logged.Bytes.SequenceEqual(Truck.Batches[1].Statement.Bytes) && logged.VerifiedBy(Truck.Manifest.Key));
        Assert.True(refused.Bytes.SequenceEqual(second.Statement.Bytes) && refused.VerifiedBy(Truck.Manifest.Key));

        Assert.Equal(Refusal.Conflict, (await Send(Resigned(Truck.Batches[1], header =>
            header with { ClosedMs = header.ClosedMs + 2 }))).Refusal);
        Assert.Equal(5, core.Log.Head.Size);
        Assert.Null((await Send(Truck.Batches[1])).Refusal);
    }

    public static TheoryData<string, Refusal> Lies => new()
    {
        { "not CBOR", Refusal.Malformed },
        { "empty", Refusal.Malformed },
        { "oversized", Refusal.Malformed },
        { "body expands without end", Refusal.Malformed },
        { "no body", Refusal.Malformed },
        { "body cut off", Refusal.Malformed },
        { "padded statement", Refusal.Malformed },
        { "conflict from a gateway", Refusal.Malformed },
        { "another key", Refusal.NotEnrolled },
        { "another gateway's link", Refusal.NotEnrolled },
        { "bent signature", Refusal.BadSignature },
        { "number ahead", Refusal.NumberNotNext },
        { "wrong previous", Refusal.PreviousMismatch },
        { "changed reading", Refusal.RootMismatch },
        { "changed root", Refusal.RootMismatch },
        { "wrong leaf count", Refusal.RootMismatch },
        { "sequence skipped", Refusal.RootMismatch },
        { "unknown manifest", Refusal.ManifestMismatch },
        { "manifest of a stranger", Refusal.UnknownAuthority },
        { "manifest with bent signature", Refusal.BadSignature },
        { "manifest that follows nothing", Refusal.PreviousMismatch },
        { "manifest that reaches back", Refusal.NumberNotNext },
        { "manifest of another gateway", Refusal.NotEnrolled },
        { "revocation of a stranger", Refusal.UnknownAuthority },
    };

    [Theory]
    [MemberData(nameof(Lies))]
    public async Task A_lie_is_refused_with_its_own_reason_quarantined_and_the_truth_is_still_accepted(string lie, Refusal reason)
    {
        await ledger.Send(core, 2);
        var truth = Truck.Seal(3);
        var (from, message) = Lie(lie, truth);
        var answer = await core.Intake.Accept(from, message, TestContext.Current.CancellationToken);
        Assert.Equal((reason, (string?)null), (answer.Refusal!.Value, answer.Receipt));
        Assert.NotEmpty(answer.Words);
        Assert.True(answer.Words.Length <= 300, answer.Words);
        using (var context = core.Store.Read())
        {
            var kept = Assert.Single(context.Quarantine);
            Assert.Equal((from.Value, reason, answer.Words), (kept.Gateway, kept.Refusal, kept.Words));
            Assert.Equal(message[..Math.Min(message.Length, Quarantine.MessageLengthMax)], kept.Message);
        }

        Assert.Equal(3, core.Log.Head.Size);
        Assert.Null((await Send(truth)).Refusal);
    }

    [Fact]
    public async Task A_gateway_without_manifest_is_told_to_send_it_first()
    {
        var answer = await Send(Truck.Seal(1));
        Assert.Equal(Refusal.NotEnrolled, answer.Refusal);
        Assert.Equal(0, core.Log.Head.Size);
    }

    [Fact]
    public async Task A_revoked_key_signs_nothing_more_and_what_it_signed_before_keeps_its_receipt()
    {
        await ledger.Send(core, 2);
        var revocation = Statement.Sign(StatementKind.Revocation, "authority:test",
            new Revocation(Truck.Manifest.Key.IdHex, 3, "stolen").Encode(), Truck.AuthorityKey);
        Assert.True(ledger.Proves((await SendBytes(TestLedger.UplinkOf(revocation))).Receipt!, revocation));
        Assert.NotNull((await SendBytes(TestLedger.UplinkOf(revocation))).Receipt);
        var refusal = Downlink.Decode((await Send(Truck.Seal(1))).Encode());
        Assert.Equal(Refusal.Revoked, refusal.Refusal);
        Checker.CheckRefusal(refusal, 2);
        Assert.Null((await Send(Truck.Batches[1])).Refusal);
        Assert.Equal(4, core.Log.Head.Size);
    }

    /// <summary>F-40, F-59: what the ledger says of a gateway can be checked by the gateway alone.</summary>
    [Fact]
    public async Task A_question_is_answered_with_the_gateways_own_headers_and_a_word_that_holds_and_a_refusal_with_what_proves_it()
    {
        var check = Checker;
        var first = await Ask(new([.. RandomNumberGenerator.GetBytes(16)], 0, ""));
        Assert.Equal((0, 0), (first.Word.Next, first.Word.Shown.Length));
        var receipts = await ledger.Send(core, 40);
        var seen = TlogProof.Parse(receipts[20].Receipt!).Note.ToString();
        var (asked, answer, word) = await Ask(new([.. RandomNumberGenerator.GetBytes(16)], 5, seen));
        Assert.Equal((40, Truck.Batches[39].Statement.PayloadDigest), (word.Next, word.Last));
        Assert.Equal([.. Enumerable.Range(5, 16), 39], word.Shown.Select(shown => (int)shown.Header.Number));
        Assert.Equal([120, 120], word.Sequences);
        Assert.Equal("", word.Trouble);
        Assert.Throws<MalformedEvidenceException>(() => check.Check(asked, answer with { Proof = answer.Proof! with { Path = [], Head = "" } }));
        var lied = await Send(Truck.Seal(1));
        Assert.NotNull(lied.Receipt);
        Assert.Equal(Refusal.Malformed, (await SendBytes([.. asked.Encode(), 0])).Refusal);
        Assert.Equal(42, core.Log.Head.Size);

        async Task<(LedgerQuestion Asked, Downlink Answer, global::Anchoring.LedgerWord Word)> Ask(LedgerQuestion question)
        {
            var given = Downlink.Decode((await SendBytes(question.Encode())).Encode());
            return (question, given, check.Check(question, given));
        }
    }

    [Fact]
    public async Task A_new_manifest_holds_from_its_first_number_on()
    {
        await ledger.Send(core, 1);
        var next = Truck.Manifest with
        {
            FirstNumber = 2,
            Previous = Truck.SignedManifest.PayloadDigest,
            IssuedMs =
            Truck.Manifest.IssuedMs + 1
        };
        var statement = next.Sign("authority:test", Truck.AuthorityKey);
        Assert.Null((await SendBytes(TestLedger.UplinkOf(statement))).Refusal);
        Assert.Null((await Send(Truck.Seal(1))).Refusal);
        Assert.Equal(Refusal.ManifestMismatch, (await Send(Truck.Seal(1))).Refusal);
        Assert.Null((await Send(Resigned(Truck.Batches[2], header => header with { Manifest = statement.PayloadDigest }))).Refusal);
    }

    [Fact]
    public async Task The_quarantine_is_bounded_and_counts_what_it_does_not_keep()
    {
        for (var i = 0; i < Quarantine.KeptMax + 20; i++)
        {
            await SendBytes(BitConverter.GetBytes(i));
        }

        using var context = core.Store.Read();
        Assert.Equal(Quarantine.KeptMax, context.Quarantine.Count());
        Assert.Equal(Quarantine.KeptMax + 20, Assert.Single(context.RefusalCounts).Count);
    }

    [Fact]
    public async Task Many_gateways_at_once_are_logged_each_in_its_own_order()
    {
        var trucks = Enumerable.Range(0, 6).Select(_ => new Fleet(Truck)).ToList();
        var answers = await Task.WhenAll(trucks.SelectMany(truck => truck.Uplinks(20).Select(bytes =>
            core.Intake.Accept(truck.Id, bytes, TestContext.Current.CancellationToken))));
        Assert.All(answers, answer => Assert.Null(answer.Refusal));
        Assert.Equal(6 * 21, core.Log.Head.Size);
        Assert.Empty(new CheckLog(core.Disk, core.Keys).Run(core.Store).Problems);
    }

    private Task<Downlink> Send(BundleBatch batch) => SendBytes(TestLedger.UplinkOf(batch));

    private Task<Downlink> SendBytes(byte[] message) => core.Intake.Accept(Truck.Id, message, TestContext.Current.CancellationToken);

    private BundleBatch Resigned(BundleBatch batch, Func<BatchHeader, BatchHeader> change, ECDsa? key = null) => new(
        Statement.Sign(StatementKind.Batch, Statement.IssuerOf(Truck.Id), change(batch.Header).Encode(), key ?? Truck.GatewayKey),
            batch.Body, null);

    private byte[] Changed(BundleBatch truth, Func<BatchHeader, BatchHeader> change, ECDsa? key = null) =>
        TestLedger.UplinkOf(Resigned(truth, change, key));

    private (GatewayId From, byte[] Message) Lie(string lie, BundleBatch truth)
    {
        var stranger = new GatewayId(new Guid("00000000-0000-4000-8000-000000000001"));
        var foreign = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var statement = truth.Statement.Bytes;
        var body = truth.Body.Encode();
        byte[] SignedManifest(Func<Manifest, Manifest> change, ECDsa key) => TestLedger.UplinkOf(
            change(Truck.Manifest with { Previous = Truck.SignedManifest.PayloadDigest, FirstNumber = 2 }).Sign("authority:test", key));
        return lie switch
        {
            "not CBOR" => (Truck.Id, "hello"u8.ToArray()),
            "empty" => (Truck.Id, []),
            "oversized" => (Truck.Id, new byte[Uplink.LengthMax + 1]),
            "body expands without end" => (Truck.Id, new Uplink(statement, [.. new byte[BatchLimits.BodyLengthMax + 1]]).Encode()),
            "no body" => (Truck.Id, new Uplink(statement, null).Encode()),
            "body cut off" => (Truck.Id, new Uplink(statement, [.. body.AsSpan(0, body.Length - 1)]).Encode()),
            "padded statement" => (Truck.Id, new Uplink(Padded(statement.AsSpan()), [.. body]).Encode()),
            "conflict from a gateway" => (Truck.Id, TestLedger.UplinkOf(
                ConflictEntry.Sign(Truck.Id, 1, statement.AsSpan(), statement.AsSpan(), "x", Truck.GatewayKey))),
            "another key" => (Truck.Id, Changed(truth, header => header, foreign)),
            "another gateway's link" => (stranger, TestLedger.UplinkOf(truth)),
            "bent signature" => (Truck.Id, new Uplink(Bent(statement.AsSpan()), [.. body]).Encode()),
            "number ahead" => (Truck.Id, Changed(truth, header => header with { Number = header.Number + 1 })),
            "wrong previous" => (Truck.Id, Changed(truth, header => header with { Previous = Digest.Of([1]) })),
            "changed reading" => (Truck.Id, new Uplink(statement, [.. Warmer(truth.Body).Encode()]).Encode()),
            "changed root" => (Truck.Id, Changed(truth, header => header with { Root = Digest.Of([1]) })),
            "wrong leaf count" => (Truck.Id, Changed(truth, header => header with { LeafCount = header.LeafCount + 1 })),
            "sequence skipped" => (Truck.Id, Skipped(truth)),
            "unknown manifest" => (Truck.Id, Changed(truth, header => header with { Manifest = Digest.Of([1]) })),
            "manifest of a stranger" => (Truck.Id, SignedManifest(manifest => manifest, foreign)),
            "manifest with bent signature" =>
                (Truck.Id, new Uplink(Bent(Uplink.Decode(SignedManifest(manifest => manifest, Truck.AuthorityKey)).Statement.AsSpan()),
                    null).Encode()),
            "manifest that follows nothing" =>
                (Truck.Id, SignedManifest(manifest => manifest with { Previous = default }, Truck.AuthorityKey)),
            "manifest that reaches back" => (Truck.Id, SignedManifest(manifest => manifest with { FirstNumber = 1 }, Truck.AuthorityKey)),
            "manifest of another gateway" => (stranger, SignedManifest(manifest => manifest, Truck.AuthorityKey)),
            "revocation of a stranger" => (Truck.Id, TestLedger.UplinkOf(Statement.Sign(StatementKind.Revocation, "authority:test",
                new Revocation(Truck.Manifest.Key.IdHex, 0, "").Encode(), foreign))),
            _ => throw new ArgumentOutOfRangeException(nameof(lie), lie, "No such lie."),
        };
    }

    /// <summary>The unprotected header is not signed: anyone may fill it. Sixteen hundred bytes of it must not get into the log.</summary>
    private static System.Collections.Immutable.ImmutableArray<byte> Padded(ReadOnlySpan<byte> statement)
    {
        byte[] padding = [0xA1, 0x18, 0x64, 0x59, 0x06, 0x40, .. new byte[0x640]];
        for (var at = 0; at < statement.Length; at++)
        {
            if (statement[at] == 0xA0)
            {
                byte[] padded = [.. statement[..at], .. padding, .. statement[(at + 1)..]];
                try
                {
                    return [.. Statement.Decode(padded).Bytes];
                }
                catch (MalformedEvidenceException)
                {
                    continue; // This A0 was not the empty map; look for the next one.
                }
            }
        }

        throw new InvalidOperationException("The statement has no empty unprotected header.");
    }

    private static System.Collections.Immutable.ImmutableArray<byte> Bent(ReadOnlySpan<byte> statement)
    {
        var bent = statement.ToArray();
        bent[^1] ^= 1;
        return [.. bent];
    }

    private static BatchBody Warmer(BatchBody body)
    {
        var samples = body.Channels[0].Samples;
        var warmer = samples.SetItem(0, samples[0] with { Temperature = new(samples[0].Temperature!.Value.Value + 1) });
        return body with { Channels = body.Channels.SetItem(0, body.Channels[0] with { Samples = warmer }) };
    }

    private byte[] Skipped(BundleBatch truth)
    {
        var body = truth.Body with
        {
            Channels =
            truth.Body.Channels.SetItem(1, truth.Body.Channels[1] with { FirstSequence = truth.Body.Channels[1].FirstSequence + 1 })
        };
        var root = BatchTree.Root(BatchLeaves.Hashes(BatchLeaves.Build(body, truth.Header.OpenedMs, Truck.Manifest.Channels)).AsSpan());
        return new Uplink(Resigned(truth, header => header with { Root = root }).Statement.Bytes, [.. body.Encode()]).Encode();
    }
}
