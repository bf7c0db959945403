using System.Text.Json.Nodes;
using Evidence;

namespace Gateway.Tests.Evidence;

/// <summary>Goal: a bundle gives away what its level and channels show and nothing else. Method: everything in it is decoded; every 16 bytes of
/// it are tried as a salt and every 32 bytes as a key for each hidden leaf, whose true content the test knows. Each attack is first shown to
/// succeed where it must.</summary>
public sealed class HiddenTests
{
    private static readonly DisclosureLevel[] Levels = Enum.GetValues<DisclosureLevel>();

    public static TheoryData<DisclosureLevel> EveryLevel => [.. Levels];

    [Theory, MemberData(nameof(EveryLevel))]
    public void What_a_level_hides_cannot_be_found_nor_rebuilt(DisclosureLevel level)
    {
        using var truck = Alarmed();
        var bundle = new Opened(truck.Bundle(level, 0));
        Assert.Equal(VerdictWord.Verified, truck.Verify(truck.Content(level, 0)).Word);
        foreach (var batch in truck.Batches)
        {
            var leaves = BatchLeaves.Build(batch.Body, batch.Header.OpenedMs, truck.Manifest.Channels);
            for (var place = 0; place < leaves.Length; place++)
            {
                var (leaf, isShown) = (leaves[place], IsShown(leaves[place], level, batch == truck.Batches[0] || batch == truck.Batches[^1]));
                var found = bundle.Gives((int)batch.Header.Number, leaf, place);
                Assert.True(found == isShown, $"{level}: batch {batch.Header.Number}, place {place}, a {leaf.Kind} of channel {ChannelOf(leaf)}: "
                    + (isShown ? "the attack does not find what is shown" : "it can be had from the bundle"));
            }

            Assert.False(bundle.Holds(batch.Body.Key.AsSpan()), "the batch's own key is in the bundle");
            foreach (var kind in Enum.GetValues<LeafKind>())
            {
                foreach (var channel in new ChannelId?[] { new(0), new(1), null })
                {
                    var isDisclosed = level == DisclosureLevel.Readings && kind == LeafKind.Reading && channel == new ChannelId(0);
                    Assert.True(bundle.Holds(SaltKeys.Derive(batch.Body.Key.AsSpan(), kind, channel)) == isDisclosed, $"{level}: the key of {kind}, channel {channel}");
                }
            }
        }
    }

    [Theory, MemberData(nameof(EveryLevel))]
    public void Each_level_gives_the_answer_that_it_can_give(DisclosureLevel level)
    {
        using var truck = AttackTests.Truck("place");
        var verdict = truck.Verify(truck.Content(level, 1));
        Assert.Equal((VerdictWord.Verified, level), (verdict.Word, verdict.Level));
        var channel = Assert.Single(verdict.Channels);
        Assert.Equal(1, channel.Channel.Value);
        Assert.Equal(level == DisclosureLevel.Headers ? Answer.NoData : Answer.OutOfRange, channel.Answer);
        Assert.Equal(level == DisclosureLevel.Readings, !channel.Readings.IsEmpty);
        Assert.Equal(level >= DisclosureLevel.Summaries, channel.Intervals.Any(interval => interval.Max is not null));
    }

    /// <summary>What a bundle about channel 0 has to show at a level, by docs/formats.md.</summary>
    private static bool IsShown(Leaf leaf, DisclosureLevel level, bool isEdge) => leaf switch
    {
        _ when level == DisclosureLevel.Headers || ChannelOf(leaf) is 1 => false,
        ReadingLeaf => level == DisclosureLevel.Readings,
        SummaryLeaf => level == DisclosureLevel.Summaries || (level == DisclosureLevel.Readings && isEdge),
        VerdictLeaf => level != DisclosureLevel.Readings || isEdge,
        EventLeaf { Channel: not null } => level == DisclosureLevel.Readings, // F-74: an alarm's words hold a temperature.
        _ => true,
    };

    /// <summary>The truck of the attacks, whose last batch tells an alarm of each channel in words, as gateways do.</summary>
    private static TestTruck Alarmed()
    {
        var truck = AttackTests.Truck("place");
        var words = Enumerable.Range(0, 2).Select(channel => new BatchEvent(new ChannelId((ushort)channel), EventKind.Alarm, truck.NowMs,
            EventDetail.Note("limit.passed", $"place {channel}: 9.100 °C is outside 2.000 to 8.000 °C.")));
        truck.Seal(3, null, null, [.. words]);
        return truck;
    }

    private static int? ChannelOf(Leaf leaf) => leaf switch
    {
        ReadingLeaf reading => reading.Channel.Value,
        SummaryLeaf summary => summary.Channel.Value,
        VerdictLeaf verdict => verdict.Channel.Value,
        EventLeaf happened => happened.Channel?.Value,
        _ => null,
    };

    /// <summary>Everything that stands in a bundle, base64 undone, and what can be tried with it.</summary>
    private sealed class Opened
    {
        private readonly List<byte[]> pieces = [];
        private readonly List<List<byte[]>> batches = [];
        private readonly HashSet<Digest> digests = [];

        public Opened(byte[] bundle)
        {
            var root = JsonNode.Parse(bundle)!;
            Collect(root, pieces);
            foreach (var batch in root["batches"]!.AsArray())
            {
                batches.Add([]);
                Collect(batch!, batches[^1]);
            }

            pieces.Add(bundle);
            digests = [.. batches.SelectMany(batch => Windows(batch, Digest.Length)).Select(window => Digest.FromBytes(window.Span))];
        }

        public bool Holds(ReadOnlySpan<byte> bytes)
        {
            foreach (var piece in pieces)
            {
                if (piece.AsSpan().IndexOf(bytes) >= 0)
                {
                    return true;
                }
            }

            return false;
        }

        /// <summary>Whether the leaf stands there, or its content can be confirmed with some salt, or some key, that stands there.</summary>
        public bool Gives(int batch, Leaf leaf, int place)
        {
            if (Holds(leaf.Encode()) || Holds(leaf.Salt.AsSpan()))
            {
                return true;
            }

            // A confirmed guess is as good as a reading: there are few temperatures. Only the salt stands in the way.
            // Keys are drawn for each batch, so its own pieces are what is tried.
            var own = batches[batch];
            ChannelId? channel = ChannelOf(leaf) is { } number ? new((ushort)number) : null;
            return Windows(own, 16).Any(salt => Confirms(leaf, salt.Span))
                || Windows(own, 32).Any(key => Confirms(leaf, SaltKeys.Salt(key.Span, place).AsSpan()))
                || Windows(own, 32).Any(key => Confirms(leaf, SaltKeys.Salt(SaltKeys.Derive(key.Span, leaf.Kind, channel), place).AsSpan()));
        }

        private bool Confirms(Leaf leaf, ReadOnlySpan<byte> salt) => salt.SequenceEqual(leaf.Salt.AsSpan())
            || digests.Contains(BatchTree.LeafHash(WithSalt(leaf, salt)));

        private static byte[] WithSalt(Leaf leaf, ReadOnlySpan<byte> salt)
        {
            var bytes = leaf.Encode();
            salt.CopyTo(bytes.AsSpan(3)); // Array head, kind, head of the byte string; then sixteen bytes of salt.
            return bytes;
        }

        private static IEnumerable<ReadOnlyMemory<byte>> Windows(List<byte[]> pieces, int length) => pieces
            .SelectMany(piece => Enumerable.Range(0, Math.Max(0, piece.Length - length + 1)).Select(at => (ReadOnlyMemory<byte>)piece.AsMemory(at, length)));

        private static void Collect(JsonNode node, List<byte[]> pieces)
        {
            switch (node)
            {
                case JsonObject fields:
                    foreach (var (_, field) in fields)
                    {
                        Collect(field!, pieces);
                    }

                    break;
                case JsonArray items:
                    foreach (var item in items)
                    {
                        Collect(item!, pieces);
                    }

                    break;
                case JsonValue value when value.TryGetValue<string>(out var text) && text.Length >= 16:
                    var bytes = new byte[text.Length];
                    if (Convert.TryFromBase64String(text, bytes, out var written))
                    {
                        pieces.Add(bytes[..written]);
                    }

                    break;
            }
        }
    }
}
