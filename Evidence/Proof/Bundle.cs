using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Evidence.Log;

namespace Evidence;

/// <summary>One leaf shown by itself, with its place.</summary>
public sealed record ShownLeaf(int Place, ImmutableArray<byte> Bytes);

/// <summary>One batch of a bundle, read but not yet believed.</summary>
/// <param name="Header">The signed header's bytes.</param>
/// <param name="Leaves">Leaves shown singly, by rising place.</param>
/// <param name="Columns">Whole columns of readings.</param>
/// <param name="Tree">BIP 37 partial tree over the single leaves; used when there are no columns.</param>
/// <param name="Path">Sibling path for leaves and columns; used when there are columns.</param>
/// <param name="Receipt">A C2SP tlog-proof of the header's bytes.</param>
public sealed record ShownBatch(ImmutableArray<byte> Header, ImmutableArray<ShownLeaf> Leaves, ImmutableArray<ImmutableArray<byte>> Columns,
    ImmutableArray<byte>? Tree, ImmutableArray<byte>? Path, string? Receipt);

/// <summary>One other statement of a bundle, read but not yet believed.</summary>
public sealed record ShownStatement(ImmutableArray<byte> Bytes, string? Receipt)
{
    /// <summary>For a manifest: what opens channels of it, by rising channel.</summary>
    public ImmutableArray<(ChannelId Channel, ImmutableArray<byte> Bytes)> Openings { get; init; } = [];
}

/// <summary>A proof bundle, read strictly: known fields only, base64 in its one form, everything bounded. Nothing in it is believed
/// yet.</summary>
public sealed record Bundle(GatewayId Gateway, ImmutableArray<ChannelId> Channels, long FromMs, long ToMs, DisclosureLevel Level,
    ImmutableArray<ShownStatement> Manifests, ImmutableArray<ShownBatch> Batches, ImmutableArray<string> Beacons,
    ImmutableArray<ShownStatement> Revocations)
{
    /// <summary>Software releases: which page was published by whom. No part of the record.</summary>
    public ImmutableArray<ShownStatement> Releases { get; init; } = [];

    /// <summary>That heads of different sizes in here are of one log.</summary>
    public ImmutableArray<ShownConsistency> Consistency { get; init; } = [];

    /// <summary>The format's name and version; another one is refused, never guessed.</summary>
    public const string Format = "coldproof/1";

    /// <summary>Most bytes of a bundle: a year of one channel at one reading a minute fits.</summary>
    public const int LengthMax = 64 * 1024 * 1024;

    /// <summary>Most batches of a bundle.</summary>
    public const int BatchesMax = 200_000;

    /// <summary>Most readings in all columns of a bundle: a year of eight channels a minute fits. A column packs 65,536 equal readings into
    /// some 70 bytes, so the file's length bounds neither the time nor the memory that they take (F-98).</summary>
    public const int ReadingsMax = 5_000_000;

    /// <summary>Most software releases of a bundle.</summary>
    public const int ReleasesMax = 100;

    private const int StatementsMax = 1_000;
    private const int ConsistencyMax = 10_000;
    private const int OriginLengthMax = 400;
    private const int ReceiptLengthMax = 64 * 1024;

    private static readonly UTF8Encoding StrictUtf8 = new(false, true);

    public static string LevelName(DisclosureLevel level) => level switch
    {
        DisclosureLevel.Headers => "headers",
        DisclosureLevel.Verdicts => "verdicts",
        DisclosureLevel.Summaries => "summaries",
        DisclosureLevel.Readings => "readings",
        _ => throw new ArgumentOutOfRangeException(nameof(level), level, "Not a level."),
    };

    /// <exception cref="MalformedEvidenceException">Too long, not JSON, another format, an unknown, repeated or missing field, or a
    /// field out of its form.</exception>
    public static Bundle Parse(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Length > LengthMax)
        {
            throw new MalformedEvidenceException($"The bundle has {bytes.Length} bytes; at most {LengthMax} are read.");
        }

        try
        {
            using var document = JsonDocument.Parse(bytes, new JsonDocumentOptions { MaxDepth = 8, AllowDuplicateProperties = false });
            return Read(document.RootElement);
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException or FormatException or DecoderFallbackException)
        {
            throw new MalformedEvidenceException($"The file is not a proof bundle: {fault.Message}", fault);
        }
    }

    private static Bundle Read(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("format", out var format)
            || format.ValueKind != JsonValueKind.String)
        {
            throw new MalformedEvidenceException("The file is not a proof bundle: it has no \"format\".");
        }

        if (format.GetString() is var name && name != Format)
        {
            throw new UnknownFormatException(Shorten(name), $"The bundle's format is \"{Shorten(name)}\"; this verifier reads \"{Format}\". Use "
                + $"a newer verifier.");
        }

        Fields(root, "bundle", ["format", "gateway", "channels", "window", "level", "manifests", "batches", "beacons", "revocations"],
            ["anchors", "releases", "consistency"]);
        var window = root.GetProperty("window");
        Fields(window, "window", ["from", "to"], []);
        var (from, to) = (Time(window, "from"), Time(window, "to"));
        if (to < from)
        {
            throw new MalformedEvidenceException("The window ends before it begins.");
        }

        return new(Identity(root.GetProperty("gateway")), ReadChannels(root.GetProperty("channels")), from, to,
            ReadLevel(root.GetProperty("level")),
            Items(root, "manifests", StatementsMax, ReadManifest), Items(root, "batches", BatchesMax, ReadBatch),
            Items(root, "beacons", BatchesMax, note => StrictUtf8.GetString(Base64(note, "beacon", ReceiptLengthMax).AsSpan())),
            Items(root, "revocations", StatementsMax, ReadStatement))
        {
            Releases = root.TryGetProperty("releases", out _) ? Items(root, "releases", ReleasesMax, ReadStatement) : [],
            Consistency = root.TryGetProperty("consistency", out _) ? Items(root, "consistency", ConsistencyMax, ReadConsistency) : [],
        };
    }

    private static ImmutableArray<ChannelId> ReadChannels(JsonElement element)
    {
        if (element.GetArrayLength() is 0 or > BatchLimits.ChannelsMax)
        {
            throw new MalformedEvidenceException($"A bundle shows 1 to {BatchLimits.ChannelsMax} channels.");
        }

        var channels = element.EnumerateArray().Select(channel =>
            new ChannelId((ushort)Whole(channel, "channel", 0, BatchLimits.ChannelsMax - 1))).ToImmutableArray();
        return channels.Zip(channels.Skip(1)).All(pair => pair.First.Value < pair.Second.Value)
            ? channels
            : throw new MalformedEvidenceException("The bundle's channels do not rise.");
    }

    private static ShownConsistency ReadConsistency(JsonElement element)
    {
        Fields(element, "consistency proof", ["origin", "from", "to", "path"], []);
        var origin = element.GetProperty("origin").GetString();
        var path = Base64(element.GetProperty("path"), "path", LogTree.PathMax * Digest.Length);
        if (origin is not { Length: > 0 and <= OriginLengthMax } || path.Length % Digest.Length != 0)
        {
            throw new MalformedEvidenceException($"A consistency proof has an origin of 1 to {OriginLengthMax} characters and a path of whole hashes.");
        }

        var from = Whole(element.GetProperty("from"), "smaller size", 1, Leaf.NumberMax);
        return new(origin, from, Whole(element.GetProperty("to"), "larger size", from + 1, Leaf.NumberMax),
            [.. path.Chunk(Digest.Length).Select(hash => Digest.FromBytes(hash))]);
    }

    private static ShownStatement ReadStatement(JsonElement element)
    {
        Fields(element, "statement", ["statement"], ["receipt"]);
        return new(Base64(element.GetProperty("statement"), "statement", BatchLimits.StatementLengthMax), Receipt(element));
    }

    private static ShownStatement ReadManifest(JsonElement element)
    {
        Fields(element, "manifest", ["statement", "openings"], ["receipt"]);
        var openings = Items(element, "openings", BatchLimits.ChannelsMax, ReadOpening);
        return openings.Zip(openings.Skip(1)).All(pair => pair.First.Channel.Value < pair.Second.Channel.Value)
            ? new(Base64(element.GetProperty("statement"), "statement", BatchLimits.StatementLengthMax), Receipt(element)) { Openings = openings }
            : throw new MalformedEvidenceException("The channels of a manifest's openings do not rise: one is given twice, or in another order.");
    }

    private static (ChannelId Channel, ImmutableArray<byte> Bytes) ReadOpening(JsonElement element) => element.GetArrayLength() == 2
        ? (new((ushort)Whole(element[0], "channel", 0, BatchLimits.ChannelsMax - 1)),
            Base64(element[1], "opening", ManifestChannel.OpeningLengthMax))
        : throw new MalformedEvidenceException("An opening is shown as its channel and its bytes.");

    private static ShownBatch ReadBatch(JsonElement element)
    {
        Fields(element, "batch", ["header"], ["leaves", "columns", "tree", "path", "receipt"]);
        var leaves = element.TryGetProperty("leaves", out _) ? Items(element, "leaves", BatchLimits.LeavesMax, ReadLeaf) : [];
        for (var i = 1; i < leaves.Length; i++)
        {
            if (leaves[i].Place <= leaves[i - 1].Place)
            {
                throw new MalformedEvidenceException($"The places of a batch's leaves do not rise: {leaves[i].Place} after "
                    + $"{leaves[i - 1].Place}.");
            }
        }

        var columns = element.TryGetProperty("columns", out _)
            ? Items(element, "columns", BatchLimits.ChannelsMax, column => Base64(column, "column", BatchLimits.BodyLengthMax))
            : [];
        return new(Base64(element.GetProperty("header"), "header", BatchLimits.StatementLengthMax), leaves, columns,
            Optional(element, "tree"), Optional(element, "path"), Receipt(element));
    }

    private static ShownLeaf ReadLeaf(JsonElement element) => element.GetArrayLength() == 2
        ? new((int)Whole(element[0], "place", 0, BatchLimits.LeavesMax - 1), Base64(element[1], "leaf", Leaf.LengthMax))
        : throw new MalformedEvidenceException("A leaf is shown as its place and its bytes.");

    private static ImmutableArray<byte>? Optional(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) ? Base64(value, name, BatchLimits.BodyLengthMax) : null;

    private static string? Receipt(JsonElement element) => element.TryGetProperty("receipt", out var value)
        ? StrictUtf8.GetString(Base64(value, "receipt", ReceiptLengthMax).AsSpan())
        : null;

    private static ImmutableArray<T> Items<T>(JsonElement parent, string name, int max, Func<JsonElement, T> read)
    {
        var array = parent.GetProperty(name);
        var count = array.GetArrayLength();
        if (count > max)
        {
            throw new MalformedEvidenceException($"There are {count} {name}; at most {max} are read.");
        }

        var items = ImmutableArray.CreateBuilder<T>(count);
        foreach (var item in array.EnumerateArray())
        {
            items.Add(read(item));
        }

        return items.MoveToImmutable();
    }

    private static void Fields(JsonElement element, string what, string[] required, string[] optional)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            throw new MalformedEvidenceException($"The {what} is not a JSON object.");
        }

        foreach (var name in required)
        {
            if (!element.TryGetProperty(name, out _))
            {
                throw new MalformedEvidenceException($"The {what} has no \"{name}\".");
            }
        }

        foreach (var property in element.EnumerateObject())
        {
            if (!required.Contains(property.Name) && !optional.Contains(property.Name))
            {
                throw new MalformedEvidenceException($"The {what} has a field \"{Shorten(property.Name)}\" that {Format} does not know.");
            }
        }
    }

    private static ImmutableArray<byte> Base64(JsonElement element, string what, int max)
    {
        var text = element.GetString() ?? throw new MalformedEvidenceException($"The {what} is null.");
        if (text.Length > ((max + 2) / 3 * 4))
        {
            throw new MalformedEvidenceException($"The {what} is longer than {max} bytes.");
        }

        var bytes = Convert.FromBase64String(text);
        // Strict: white space, or bits that the last character carries beyond the last byte, would let one proof have two spellings.
        return Convert.ToBase64String(bytes) == text
            ? ImmutableArray.Create(bytes)
            : throw new MalformedEvidenceException($"The base64 of the {what} is not in its one form.");
    }

    private static GatewayId Identity(JsonElement element) => Guid.TryParseExact(element.GetString(), "D", out var id)
        && id.ToString("D") == element.GetString()
            ? new(id)
            : throw new MalformedEvidenceException("The bundle's gateway is not a lower-case UUID.");

    private static long Time(JsonElement window, string name) =>
        Whole(window.GetProperty(name), $"window's \"{name}\"", 0, Moment.WallCeilingMs);

    private static long Whole(JsonElement element, string what, long min, long max) =>
        element.TryGetInt64(out var value) && value >= min && value <= max
            ? value
            : throw new MalformedEvidenceException($"The {what} is not a whole number from {min} to {max}.");

    private static DisclosureLevel ReadLevel(JsonElement element) => element.GetString() switch
    {
        "headers" => DisclosureLevel.Headers,
        "verdicts" => DisclosureLevel.Verdicts,
        "summaries" => DisclosureLevel.Summaries,
        "readings" => DisclosureLevel.Readings,
        var other =>
            throw new MalformedEvidenceException($"The bundle's level \"{Shorten(other)}\" is not one of headers, verdicts, "
                + $"summaries, readings."),
    };

    private static string Shorten(string? text) => text is null ? "null" : text.Length <= 40 ? text : text[..40] + "…";
}
