using System.Collections.Immutable;
using System.Text.Json.Nodes;
using CsCheck;
using Evidence;
using Evidence.Gs1;
using Evidence.Log;

namespace Gateway.Tests.Evidence;

/// <summary>Goal: one way to write each thing, and every other way refused. Method: golden hex, round trips of random values, flipped
/// bits.</summary>
public sealed class CodecTests
{
    private static readonly ImmutableArray<byte> Salt = [.. Enumerable.Range(0, 16).Select(i => (byte)i)];
    private static readonly Gen<MilliCelsius> Temperatures = Gen.Int[-200_000, 200_000].Select(value => new MilliCelsius(value));
    private static readonly Gen<long> Walls = Gen.Long[Moment.WallFloorMs, Moment.WallCeilingMs / 2];

    private static readonly Gen<BatchSample> Samples = Gen.Select(Gen.Int[0, Status.Max], Temperatures,
        Gen.Int[short.MinValue, ushort.MaxValue],
        (status, temperature, code) => Status.ToOutcome(status) is var outcome && outcome == Outcome.Measured
            ? new BatchSample(outcome, temperature, code)
            : new BatchSample(outcome, null, code));

    private static readonly Gen<BatchBody> Bodies =
        from key in Gen.Byte.Array[32]
        from rounds in Gen.Int[0, 40]
        from start in Walls
        from steps in Gen.OneOf(Gen.Const(60_000L), Gen.Long[0, 600_000]).Array[rounds]
        from channels in Gen.Int[1, 5]
        from samples in Samples.Array[rounds].Array[channels]
        from sequences in Gen.Long[0, 1L << 40].Array[channels]
        from events in Gen.Select(Gen.Int[-1, channels - 1], Gen.Int[1, 13], Walls, Gen.String[0, 60]).Array[0, 4]
        select new BatchBody([.. key], [.. steps.Select((_, i) => start + steps.Take(i).Sum())],
            [.. samples.Zip(sequences, (s, n) => new BodyChannel(n, [.. s]))],
            [.. events.Select(e => new BatchEvent(e.Item1 < 0 ? null : new ChannelId((ushort)e.Item1), (EventKind)e.Item2, e.Item3,
                EventDetail.Note("test.note", Sane(e.Item4))))]);

    [Fact]
    public void Golden_bytes_of_every_layout_stay_what_they_are()
    {
        if (Environment.GetEnvironmentVariable(AttackTests.WriteSwitch) is { Length: > 0 } folder)
        {
            var rows = new JsonObject(Layouts().Select(row => KeyValuePair.Create<string, JsonNode?>(row.Key, row.Value)));
            File.WriteAllText(Path.Combine(folder, "..", "layouts.json"), rows.ToJsonString(new() { WriteIndented = true }) + "\n");
        }

        var golden = JsonNode.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Golden", "layouts.json")))!.AsObject();
        Assert.Equal(golden.ToDictionary(row => row.Key, row => row.Value!.GetValue<string>()), Layouts());
    }

    [Fact]
    public void The_shortest_leaves_are_exactly_thirty_two_bytes()
    {
        var leaf = new ReadingLeaf(Salt, new(0), 0, Moment.WallFloorMs, null, Outcome.NoAcknowledge);
        Assert.Equal(Leaf.LengthMin, leaf.Encode().Length);
        Assert.Throws<MalformedEvidenceException>(() => (leaf with { TimeMs = Moment.WallFloorMs - 1 }).Encode());
    }

    [Fact]
    public void A_body_comes_back_as_it_was_and_its_leaves_with_it() => Bodies.Sample(body =>
    {
        var bytes = body.Encode();
        var back = BatchBody.Decode(bytes);
        Assert.Equal(bytes, back.Encode());
        Assert.Equal(body.Rounds, back.Rounds);
        Assert.Equal(body.Channels.SelectMany(c => c.Samples), back.Channels.SelectMany(c => c.Samples));
        Assert.Equal(body.Events, back.Events);
        var channels = body.Channels.Select((_, i) => new ManifestChannel($"p{i}", $"s{i}", new(2_000), new(8_000), 60_000, default,
            null, Digest.Of([(byte)i]))).ToImmutableArray();
        var leaves = BatchLeaves.Build(body, body.Rounds.IsEmpty ? Moment.WallFloorMs : body.Rounds[0], channels);
        Assert.Equal(body.LeafCount, leaves.Length);
        Assert.All(leaves, leaf => Assert.Equal(leaf.Encode(), Leaf.Decode(leaf.Encode()).Encode()));
        Assert.Equal(new Uplink([1, 2, 3], [.. bytes]).Body!.Value, Uplink.Decode(new Uplink([1, 2, 3], [.. bytes]).Encode()).Body!.Value);
    }, iter: 300);

    [Fact]
    public void A_disclosed_column_gives_the_same_leaves_as_the_body() => Bodies.Where(body => !body.Rounds.IsEmpty).Sample(body =>
    {
        var channels = body.Channels.Select((_, i) => new ManifestChannel($"p{i}", $"s{i}", new(2_000), new(8_000), 60_000, default,
            null, Digest.Of([(byte)i]))).ToImmutableArray();
        var leaves = BatchLeaves.Build(body, body.Rounds[0], channels);
        for (ushort channel = 0; channel < body.Channels.Length; channel++)
        {
            var column = DisclosedColumn.Decode(BatchLeaves.Column(body, new(channel)).Encode());
            var first = column.First;
            Assert.All(column.Leaves().Select((leaf, i) => (leaf, i)), pair =>
                Assert.Equal(leaves[first + pair.i].Encode(), pair.leaf.Encode()));
        }
    }, iter: 100);

    [Fact]
    public void No_rubbish_is_taken_for_evidence_and_none_breaks_a_reader() => Gen.Byte.Array[0, 400].Sample(bytes =>
    {
        Refuses(() => Leaf.Decode(bytes));
        Refuses(() => BatchHeader.Decode(bytes));
        Refuses(() => Manifest.Decode(bytes));
        Refuses(() => Statement.Decode(bytes));
        Refuses(() => BatchBody.Decode(bytes));
        Refuses(() => DisclosedColumn.Decode(bytes));
        Refuses(() => Uplink.Decode(bytes));
        Refuses(() => Downlink.Decode(bytes));
        Refuses(() => LedgerQuestion.Decode(bytes));
        Refuses(() => Bundle.Parse(bytes));
    }, iter: 3_000);

    [Fact]
    public void A_bent_body_is_refused_or_gives_another_root() => Gen
        .Select(Bodies, Gen.Int[0, int.MaxValue], Gen.Int[0, 7]).Sample((body, where, bit) =>
    {
        var bytes = body.Encode();
        var bent = bytes.ToArray();
        bent[where % bent.Length] ^= (byte)(1 << bit);
        try
        {
            Assert.Equal(bent, BatchBody.Decode(bent).Encode());
        }
        catch (MalformedEvidenceException)
        {
            return; // Refused: good.
        }
    }, iter: 1_000);

    [Fact]
    public void A_body_that_expands_too_far_is_refused_before_it_is_held()
    {
        var bomb = new byte[BatchLimits.BodyLengthMax + 1];
        var message = new Uplink([1], [.. bomb]).Encode();
        Assert.True(message.Length < 1_000);
        Assert.Contains("expands beyond", Assert.Throws<MalformedEvidenceException>(() => Uplink.Decode(message)).Message,
            StringComparison.Ordinal);
    }

    private static Dictionary<string, string> Layouts()
    {
        var column = new DisclosedColumn(new(1), [.. Enumerable.Repeat((byte)7, 32)], 6, 40,
            [TestTruck.StartMs, TestTruck.StartMs + 60_000, TestTruck.StartMs + 120_000],
            [new(Outcome.Measured, new MilliCelsius(4_600), 0), new(Outcome.NoAcknowledge, null, 0),
                new(Outcome.Measured, new MilliCelsius(4_594), 0)]);
        var body = new BatchBody([.. Enumerable.Repeat((byte)9, 32)], column.Times,
            [new(40, [.. column.Samples.Select(s => s with { RawCode = 589 })])],
            [new(null, EventKind.Boot, TestTruck.StartMs, EventDetail.Gap(TestTruck.StartMs - 5_000, TestTruck.StartMs,
                GapCause.PowerLoss))]);
        var header = new BatchHeader(new(new Guid("5f3a91c0-0bc0-4012-8a55-0123456789ab")), 41, Digest.Of([1]), Digest.Of([2]),
            TestTruck.StartMs,
            TestTruck.StartMs + 299_999, new(ClockTrust.Ntp, 12, 3, 456_789), Digest.Of([3]), 24, 2, Digest.Of([4]));
        var gateway = new GatewayId(new Guid("5f3a91c0-0bc0-4012-8a55-0123456789ab"));
        var made = new LinkCreated(new(new Guid("00010203-0405-4607-8809-0a0b0c0d0e0f")), default, TestTruck.StartMs,
            new(Gs1Key.Pallet(Sscc.Parse("106141411234567897")), gateway, [new(0), new(2)], TestTruck.StartMs - 86_400_000, TestTruck.StartMs,
                DisclosureLevel.Summaries, LinkAccess.Token, "Regional office", "Release", TestTruck.StartMs + 7_776_000_000));
        var used = new LinkUsed(made.Link, 1, Digest.Of([5]), TestTruck.StartMs + 1_000, TestTruck.StartMs + 59_000, 12, ShownForms.Evidence | ShownForms.Page);
        byte[] salt = [.. Enumerable.Repeat((byte)5, Disclosure.SaltLength)];
        var probe = new ManifestChannel("rear, top", "TMP117-0001", new(2_000), new(8_000), 60_000, Digest.Of([6]), null,
            Digest.FromBytes([.. Enumerable.Repeat((byte)7, 32)]));
        var eight = new MemoryLog();
        eight.Append([.. new[] { "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f" }
            .Select(entry => LogTree.LeafHash(Convert.FromHexString(entry)))]);
        return new()
        {
            ["head-link"] = Hex(HeadLink.Of(new(8, eight.Read), 3, 5).Encode()),
            ["disclosure-created"] = Hex(made.Encode()),
            ["disclosure-created-commitment"] = Disclosure.Commit(salt, made.Encode()).ToString(),
            ["disclosure-used"] = Hex(used.Encode()),
            ["disclosure-used-commitment"] = Disclosure.Commit(salt, used.Encode()).ToString(),
            ["reading"] = Hex(new ReadingLeaf(Salt, new(2), 1_000, TestTruck.StartMs, new MilliCelsius(4_601), Outcome.Measured).Encode()),
            ["reading-missing"] = Hex(new ReadingLeaf(Salt, new(2), 1_001, TestTruck.StartMs, null, Outcome.Timeout).Encode()),
            ["reading-frozen"] = Hex(new ReadingLeaf(Salt, new(0), 7, TestTruck.StartMs, new MilliCelsius(-500),
                Outcome.Measured).Encode()),
            ["summary"] = Hex(new SummaryLeaf(Salt, new(0), 4, 5, 10, TestTruck.StartMs, TestTruck.StartMs + 240_000,
                new MilliCelsius(-500), new MilliCelsius(8_100)).Encode()),
            ["verdict"] = Hex(new VerdictLeaf(Salt, new(0), 5, 10, TestTruck.StartMs, TestTruck.StartMs + 240_000, new(2_000), new(8_000),
                2, 1).Encode()),
            ["event-gap"] = Hex(new EventLeaf(Salt, null, EventKind.Boot, TestTruck.StartMs,
                EventDetail.Gap(TestTruck.StartMs - 5_000, TestTruck.StartMs, GapCause.PowerLoss)).Encode()),
            ["event-note"] = Hex(new EventLeaf(Salt, new ChannelId(1), EventKind.Door, TestTruck.StartMs,
                EventDetail.Note("door.open", "rear door")).Encode()),
            ["column"] = Hex(column.Encode()),
            ["body"] = Hex(body.Encode()),
            ["header"] = Hex(header.Encode()),
            ["release"] = Hex(new SoftwareRelease(SoftwareRelease.PageName, "0.1.0", Digest.Of("a page"u8), TestTruck.StartMs).Encode()),
            ["withdrawal"] = Hex(new ReleaseWithdrawal(SoftwareRelease.PageName, "0.1.0", Digest.Of("a page"u8), "Shows a gap as in range.",
                TestTruck.StartMs).Encode()),
            ["opening"] = Hex(probe.Open()),
            ["opening-commitment"] = ManifestChannel.Commit(probe.Open()).ToString(),
            ["salt-key-reading-0"] = Hex(SaltKeys.Derive(body.Key.AsSpan(), LeafKind.Reading, new ChannelId(0))),
            ["salt-key-event"] = Hex(SaltKeys.Derive(body.Key.AsSpan(), LeafKind.Event, null)),
            ["salt-at-place-3"] = Hex([.. SaltKeys.Salt(SaltKeys.Derive(body.Key.AsSpan(), LeafKind.Reading, new ChannelId(0)), 3)]),
            ["certificate"] = Hex(CertificateVectors.Example.Encode()),
            ["question"] = Hex(new LedgerQuestion([.. Enumerable.Repeat((byte)1, 16)], 40, "").Encode()),
            ["downlink-proven"] = Hex(new Downlink(Digest.Of([5]), null, Refusal.Conflict, "Another batch 40 is logged.")
            {
                Proof = new(new Standing("log.example/coldproof", new(new Guid("5f3a91c0-0bc0-4012-8a55-0123456789ab")), Digest.Of([5]),
                    Refusal.Conflict, 41, Digest.Of([1]), [1_234, 1_234], 70_000).ToText(), [[1, 2, 3]], "", []),
            }.Encode()),
            ["downlink-refused"] = Hex(new Downlink(Digest.Of([5]), null, Refusal.NumberNotNext, "Batch 40 comes next.").Encode()),
        };
    }

    private static string Hex(byte[] bytes) => Convert.ToHexStringLower(bytes);

    private static string Sane(string text) => new([.. text.Where(c => !char.IsSurrogate(c))]);

    private static void Refuses(Func<object> read)
    {
        try
        {
            read();
        }
        catch (MalformedEvidenceException)
        {
            return; // The only way out that a reader of untrusted bytes has.
        }
    }
}
