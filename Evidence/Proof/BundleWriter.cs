using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Evidence.Log;

namespace Evidence;

/// <summary>Writes a proof bundle, <c>*.coldproof.json</c>: everything a stranger needs, and nothing that the level does not
/// show.</summary>
/// <remarks>The container is not security relevant: all inside are standard artefacts (docs/formats.md, bundle).</remarks>
public static class BundleWriter
{
    private const long SpacingMsMin = 30 * 60 * 1000;
    private const long SpacingMsMax = 12 * 60 * 60 * 1000;

    /// <exception cref="ArgumentException">There is no batch, a batch names a manifest that is not given, a channel does not
    /// exist, or there are more readings than verifiers read.</exception>
    public static byte[] Write(BundleContent content)
    {
        if (content.Batches.IsEmpty)
        {
            throw new ArgumentException("A bundle needs at least one batch: nothing is sealed in this window yet.", nameof(content));
        }

        var readings = BundleContent.CountReadings(content.Level, content.Channels,
            content.Batches.Select(batch => (batch.Body.Channels.Length, (long)batch.Body.Rounds.Length)));
        if (readings > Bundle.ReadingsMax)
        {
            throw new ArgumentException($"A bundle shows at most {Bundle.ReadingsMax} readings, and these are {readings}. Choose a shorter window.",
                nameof(content)); // F-140: whoever calls has asked for fewer, in the reader's language.
        }

        var manifests = content.Manifests.ToDictionary(m => m.Statement.PayloadDigest, m => Manifest.Decode(m.Statement));
        var buffer = new ArrayBufferWriter<byte>();
        var heads = new List<string>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("format", Bundle.Format);
            json.WriteString("gateway", content.Gateway.ToString());
            json.WriteStartArray("channels");
            foreach (var channel in content.Channels)
            {
                json.WriteNumberValue(channel.Value);
            }

            json.WriteEndArray();
            json.WriteStartObject("window");
            json.WriteNumber("from", content.FromMs);
            json.WriteNumber("to", content.ToMs);
            json.WriteEndObject();
            json.WriteString("level", Bundle.LevelName(content.Level));
            WriteStatements(json, "manifests", content.Manifests, heads, statement =>
                WriteOpenings(json, manifests[statement.PayloadDigest], content.Channels));
            WriteBatches(json, content, manifests, heads);
            WriteBeacons(json, content, heads);
            WriteStatements(json, "revocations", content.Revocations, heads);
            if (!content.Releases.IsEmpty)
            {
                WriteStatements(json, "releases", content.Releases, heads);
            }

            WriteConsistency(json, content, heads);
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteStatements(Utf8JsonWriter json, string name, ImmutableArray<BundleStatement> statements,
        List<string> heads, Action<Statement>? more = null)
    {
        json.WriteStartArray(name);
        foreach (var statement in statements)
        {
            json.WriteStartObject();
            json.WriteBase64String("statement", statement.Statement.Bytes.AsSpan());
            more?.Invoke(statement.Statement);
            WriteReceipt(json, statement.Receipt, heads);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <summary>Only of the channels that are shown: the others' places and limits are nobody's business here.</summary>
    private static void WriteOpenings(Utf8JsonWriter json, Manifest manifest, ImmutableArray<ChannelId> channels)
    {
        json.WriteStartArray("openings");
        foreach (var channel in channels.Where(channel => channel.Value < manifest.ChannelCount))
        {
            json.WriteStartArray();
            json.WriteNumberValue(channel.Value);
            json.WriteBase64StringValue(manifest.Channels[channel.Value].Open());
            json.WriteEndArray();
        }

        json.WriteEndArray();
    }

    private static void WriteBatches(Utf8JsonWriter json, BundleContent content, Dictionary<Digest, Manifest> manifests, List<string> heads)
    {
        var withReceipt = ChooseReceipts(content.Batches);
        json.WriteStartArray("batches");
        for (var i = 0; i < content.Batches.Length; i++)
        {
            var batch = content.Batches[i];
            if (!manifests.TryGetValue(batch.Header.Manifest, out var manifest))
            {
                throw new ArgumentException($"Batch {batch.Header.Number} names manifest {batch.Header.Manifest.ToShortString()}, "
                    + $"which is not given.", nameof(content));
            }

            json.WriteStartObject();
            json.WriteBase64String("header", batch.Statement.Bytes.AsSpan());
            if (content.Level != DisclosureLevel.Headers)
            {
                WriteDisclosed(json, content, batch, manifest, edge: i == 0 || i == content.Batches.Length - 1);
            }

            WriteReceipt(json, withReceipt.Contains(i) ? batch.Receipt : null, heads);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteDisclosed(Utf8JsonWriter json, BundleContent content, BundleBatch batch, Manifest manifest, bool edge)
    {
        var leaves = BatchLeaves.Build(batch.Body, batch.Header.OpenedMs, manifest.Channels);
        var single = new SortedSet<int>();
        var columns = new List<DisclosedColumn>();
        var count = manifest.ChannelCount;
        foreach (var channel in content.Channels.Where(channel => channel.Value < count))
        {
            var showsReadings = content.Level == DisclosureLevel.Readings && !batch.Body.Rounds.IsEmpty;
            if (showsReadings)
            {
                columns.Add(BatchLeaves.Column(batch.Body, channel));
            }

            // A column shows its own count; only where nothing follows that would expose a cut must the summary say it too.
            if (!showsReadings || edge)
            {
                if (content.Level >= DisclosureLevel.Summaries)
                {
                    single.Add(channel.Value);
                }

                single.Add(count + channel.Value);
            }
        }

        for (var place = batch.Body.LeafCount - batch.Body.Events.Length; place < leaves.Length; place++)
        {
            // F-74: an alarm says the temperature in words, so what happened to a channel belongs to the level of its readings. What happened to the
            // gateway is shown from the level of verdicts on: without boots and gaps no hole is declared.
            if (leaves[place] is EventLeaf happened
                && (happened.Channel is not { } channel || (content.Level == DisclosureLevel.Readings && content.Channels.Contains(channel))))
            {
                single.Add(place);
            }
        }

        json.WriteStartArray("leaves");
        foreach (var place in single)
        {
            json.WriteStartArray();
            json.WriteNumberValue(place);
            json.WriteBase64StringValue(leaves[place].Encode());
            json.WriteEndArray();
        }

        json.WriteEndArray();
        WriteTree(json, BatchLeaves.Hashes(leaves), single, columns);
    }

    private static void WriteTree(Utf8JsonWriter json, ImmutableArray<Digest> hashes, SortedSet<int> single, List<DisclosedColumn> columns)
    {
        if (columns.Count == 0)
        {
            json.WriteBase64String("tree", PartialTree.Build(hashes.AsSpan(), [.. single]));
            return;
        }

        json.WriteStartArray("columns");
        var places = new SortedSet<int>(single);
        foreach (var column in columns)
        {
            json.WriteBase64StringValue(column.Encode());
            places.UnionWith(Enumerable.Range(column.First, column.Samples.Length));
        }

        json.WriteEndArray();
        json.WriteBase64String("path", SiblingPath.Build(hashes.AsSpan(), [.. places]));
    }

    /// <summary>Receipts and beacons closer together than this are left out: the chain commits to all before, and they are most of a
    /// bundle.</summary>
    private static long Spacing(ImmutableArray<BundleBatch> batches) =>
        Math.Clamp((batches[^1].Header.ClosedMs - batches[0].Header.OpenedMs) / 64, SpacingMsMin, SpacingMsMax);

    private static void WriteBeacons(Utf8JsonWriter json, BundleContent content, List<string> heads)
    {
        var named = content.Batches.Select(batch => batch.Header.Beacon).ToHashSet();
        var notes = content.Beacons.Where(note => named.Contains(Digest.Of(Encoding.UTF8.GetBytes(note)))).Distinct().ToList();
        var kept = new List<string>();
        var spacing = Spacing(content.Batches);
        var lastMs = long.MinValue / 2;
        foreach (var batch in content.Batches)
        {
            if (batch.Header.OpenedMs - spacing >= lastMs
                && notes.Find(note => Digest.Of(Encoding.UTF8.GetBytes(note)) == batch.Header.Beacon) is { } note && !kept.Contains(note))
            {
                kept.Add(note);
                lastMs = batch.Header.OpenedMs;
            }
        }

        json.WriteStartArray("beacons");
        foreach (var note in kept)
        {
            json.WriteBase64StringValue(Encoding.UTF8.GetBytes(note));
            heads.Add(note);
        }

        json.WriteEndArray();
    }

    private static HashSet<int> ChooseReceipts(ImmutableArray<BundleBatch> batches)
    {
        var chosen = new HashSet<int> { batches.Length - 1 };
        var spacing = Spacing(batches);
        var next = batches[^1].Header.ClosedMs - spacing;
        for (var i = batches.Length - 2; i >= 0; i--)
        {
            // At a gap the batch before it keeps its receipt, or the gap would widen the bracket of everything before.
            var gapFollows = batches[i + 1].Header.OpenedMs - batches[i].Header.ClosedMs > spacing;
            if (batches[i].Receipt is not null && (batches[i].Header.ClosedMs <= next || gapFollows || batches[i + 1].Receipt is null))
            {
                chosen.Add(i);
                next = batches[i].Header.ClosedMs - spacing;
            }
        }

        return chosen;
    }

    /// <summary>The heads that are shown, joined: whichever of them a reader's policy does not accept, the others stay joined.</summary>
    private static void WriteConsistency(Utf8JsonWriter json, BundleContent content, List<string> notes)
    {
        if (content.Consistency is not { } prove)
        {
            return;
        }

        var anchor = content.Batches[^1].Receipt is { } receipt ? HeadOf(NoteIn(receipt)) : null;
        json.WriteStartArray("consistency");
        foreach (var log in notes.Select(HeadOf).OfType<Checkpoint>().GroupBy(head => head.Origin))
        {
            var sizes = log.Select(head => head.Size).Where(size => size > 0).Distinct().Order().ToList();
            foreach (var (from, to) in sizes.Count == 0 ? [] : Pairs(sizes, log.Key == anchor?.Origin && anchor.Size > 0 ? anchor.Size : sizes[^1]))
            {
                if (prove(log.Key, from, to) is { } path)
                {
                    json.WriteStartObject();
                    json.WriteString("origin", log.Key);
                    json.WriteNumber("from", from);
                    json.WriteNumber("to", to);
                    json.WriteBase64String("path", path.SelectMany(hash => hash.ToBytes()).ToArray());
                    json.WriteEndObject();
                }
            }
        }

        json.WriteEndArray();
    }

    /// <summary>Each smaller size with the last batch's; from there each with the next larger one and with the largest. The larger ones are those of
    /// what was logged after the record: a few.</summary>
    private static SortedSet<(long From, long To)> Pairs(List<long> sizes, long middle)
    {
        var pairs = new SortedSet<(long From, long To)>(sizes.Where(size => size < middle).Select(size => (size, middle)));
        var larger = sizes.Where(size => size >= middle).ToList();
        for (var i = 0; i + 1 < larger.Count; i++)
        {
            pairs.Add((larger[i], larger[i + 1]));
            pairs.Add((larger[i], larger[^1]));
        }

        return pairs;
    }

    private static string NoteIn(string receipt) => receipt[(receipt.IndexOf("\n\n", StringComparison.Ordinal) + 2)..];

    /// <summary>Null for what cannot be read: it is written as it is, and the verifier says so.</summary>
    private static Checkpoint? HeadOf(string note)
    {
        try
        {
            return Checkpoint.Parse(SignedNote.Parse(note).Text);
        }
        catch (MalformedEvidenceException)
        {
            return null;
        }
    }

    private static void WriteReceipt(Utf8JsonWriter json, string? receipt, List<string> heads)
    {
        if (receipt is not null)
        {
            heads.Add(NoteIn(receipt));
            json.WriteBase64String("receipt", Encoding.UTF8.GetBytes(receipt));
        }
    }
}
