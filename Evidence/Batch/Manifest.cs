using System.Collections.Immutable;
using System.Formats.Cbor;

namespace Evidence;

/// <summary>What the authority says about one channel. Its index is its place in the manifest's list.</summary>
/// <param name="Place">Where the probe sits, in words of at most 40 characters: "rear, top".</param>
/// <param name="Serial">The probe's serial number, at most 40 characters.</param>
/// <param name="Low">Lowest temperature in range, inclusive.</param>
/// <param name="High">Highest temperature in range, inclusive.</param>
/// <param name="IntervalMs">Time from one reading to the next, 1 s to 1 h.</param>
/// <param name="Certificate">SHA-256 of the calibration certificate's file; zero when there is none.</param>
/// <param name="CertificateExpiryMs">When it expires, wall milliseconds; null when there is none.</param>
/// <param name="Salt">32 random bytes, drawn anew for every request: without them a place is guessed from its commitment.</param>
/// <remarks>
/// The log holds the commitment only; who may see the channel is given its opening.
/// <code>
/// opening    = salt (32 bytes) ‖ [place: tstr, serial: tstr, lo: int, hi: int, intervalMs: uint, certificate: bstr .size 32, expiry: uint
/// / null]
/// commitment = SHA-256("coldproof/1 probe" ‖ opening)
/// </code>
/// </remarks>
public sealed record ManifestChannel(string Place, string Serial, MilliCelsius Low, MilliCelsius High, int IntervalMs,
    Digest Certificate, long? CertificateExpiryMs, Digest Salt)
{
    /// <summary>Most bytes of an opening.</summary>
    public const int OpeningLengthMax = 512;

    /// <summary>What this opening stands for in a manifest.</summary>
    public static Digest Commit(ReadOnlySpan<byte> opening) => Digest.Of([.. "coldproof/1 probe"u8, .. opening]);

    /// <summary>The bytes that show this channel to whoever holds its manifest.</summary>
    public byte[] Open()
    {
        var writer = CborStrict.Writer();
        writer.WriteStartArray(7);
        writer.WriteTextString(Place);
        writer.WriteTextString(Serial);
        writer.WriteInt32(Low.Value);
        writer.WriteInt32(High.Value);
        writer.WriteInt32(IntervalMs);
        writer.WriteByteString(Certificate.ToBytes());
        writer.IntegerOrNull(CertificateExpiryMs);
        writer.WriteEndArray();
        return [.. Salt.ToBytes(), .. writer.Encode()];
    }

    /// <summary>Reads an opening. Whether it belongs to a manifest, its commitment says.</summary>
    /// <exception cref="MalformedEvidenceException">Too short, not deterministic CBOR, or a field out of its range.</exception>
    public static ManifestChannel Decode(ReadOnlyMemory<byte> opening)
    {
        if (opening.Length <= Digest.Length)
        {
            throw new MalformedEvidenceException($"The opening has {opening.Length} bytes; its salt alone has {Digest.Length}.");
        }

        var salt = Digest.FromBytes(opening.Span[..Digest.Length]);
        return CborStrict.Read("opening", opening[Digest.Length..], OpeningLengthMax, reader =>
        {
            reader.Array(7, "opening");
            var channel = new ManifestChannel(reader.Text(Manifest.TextLengthMax, "place"), reader.Text(Manifest.TextLengthMax, "serial number"),
                new((int)reader.Integer(int.MinValue, int.MaxValue, "lower limit")),
                new((int)reader.Integer(int.MinValue, int.MaxValue, "upper limit")),
                (int)reader.Integer(Manifest.IntervalMsMin, Manifest.IntervalMsMax, "interval"), reader.Digest("certificate hash"),
                reader.IntegerOrNull(Moment.WallFloorMs, Moment.WallCeilingMs, "certificate expiry"), salt);
            reader.ReadEndArray();
            return channel.Low <= channel.High
                ? channel
                : throw new MalformedEvidenceException($"The lower limit {channel.Low} is above the upper limit {channel.High}.");
        });
    }
}

/// <summary>What a verifier must print about how a gateway is built. Bits of one number.</summary>
[Flags]
public enum GatewayTraits
{
    /// <summary>Real probes, and a key that hardware keeps.</summary>
    None = 0,

    /// <summary>The gateway's key is a file, not in a TPM or token.</summary>
    SoftwareKey = 1,

    /// <summary>The probes are emulated: a demonstration or a test, never a shipment.</summary>
    EmulatedProbes = 2,
}

/// <summary>Enrolment, signed by the authority: which key speaks for which gateway, with which probes and limits, from which batch
/// on.</summary>
/// <param name="Gateway">The gateway.</param>
/// <param name="Key">Its P-256 key.</param>
/// <param name="FirstNumber">The first batch number for which this manifest holds.</param>
/// <param name="IssuedMs">When the authority signed, by its own clock.</param>
/// <param name="Channels">1 to 32 channels, index = place in the list; empty where only the payload is known, which does not show them.</param>
/// <param name="RulePack">SHA-256 of the alarm rules in force; zero when only the channel limits hold.</param>
/// <param name="Previous">SHA-256 of the previous manifest's payload; zero for the first.</param>
/// <param name="Traits">See <see cref="GatewayTraits"/>.</param>
/// <remarks>
/// <code>
/// manifest = [2, gw: bstr .size 16, spki: bstr, first: uint, issued: uint, commitments: [+ bstr .size 32], rules: bstr .size 32, prev: bstr
/// .size 32, flags: uint]
/// openings = [+ bstr]                          ; of all channels, in order: beside the statement, never signed, never logged
/// </code>
/// A probe swap or a change of limits is a new manifest; old batches keep the old one by its hash.
/// </remarks>
public sealed record Manifest(GatewayId Gateway, PublicKey Key, long FirstNumber, long IssuedMs, ImmutableArray<ManifestChannel> Channels,
    Digest RulePack, Digest Previous, GatewayTraits Traits)
{
    public const int TextLengthMax = 40;
    public const int IntervalMsMin = 1_000;
    public const int IntervalMsMax = 3_600_000;
    private const int LengthMax = BatchLimits.StatementLengthMax;
    private const int Version = 2;

    /// <summary>Most bytes of all openings together.</summary>
    public const int OpeningsLengthMax = BatchLimits.ChannelsMax * (ManifestChannel.OpeningLengthMax + 3) + 2;

    private ImmutableArray<Digest> closed = [];

    /// <summary>One for each channel, whether it is shown or not.</summary>
    public ImmutableArray<Digest> Commitments => Channels.IsEmpty ? closed : [.. Channels.Select(channel => ManifestChannel.Commit(channel.Open()))];

    /// <summary>How many channels there are, shown or not.</summary>
    public int ChannelCount => Channels.IsEmpty ? closed.Length : Channels.Length;

    /// <summary>Signs it, its openings beside it.</summary>
    public Statement Sign(string issuer, System.Security.Cryptography.ECDsa key) =>
        Statement.Sign(StatementKind.Manifest, issuer, Encode(), key).With(Openings());

    /// <summary>What opens every channel.</summary>
    public ImmutableArray<byte> Openings()
    {
        var writer = CborStrict.Writer();
        writer.WriteStartArray(Channels.Length);
        foreach (var channel in Channels)
        {
            writer.WriteByteString(channel.Open());
        }

        writer.WriteEndArray();
        return [.. writer.Encode()];
    }

    public byte[] Encode()
    {
        var writer = CborStrict.Writer();
        writer.WriteStartArray(9);
        writer.WriteInt32(Version);
        writer.WriteByteString(Gateway.ToBytes());
        writer.WriteByteString(Key.Spki.AsSpan());
        writer.WriteInt64(FirstNumber);
        writer.WriteInt64(IssuedMs);
        var commitments = Commitments;
        writer.WriteStartArray(commitments.Length);
        foreach (var commitment in commitments)
        {
            writer.WriteByteString(commitment.ToBytes());
        }

        writer.WriteEndArray();
        writer.WriteByteString(RulePack.ToBytes());
        writer.WriteByteString(Previous.ToBytes());
        writer.WriteInt32((int)Traits);
        writer.WriteEndArray();
        return writer.Encode();
    }

    /// <summary>Reads what a signed manifest says, its channels out of the openings beside it.</summary>
    /// <exception cref="MalformedEvidenceException">Not a manifest, or the openings are not those of its commitments.</exception>
    public static Manifest Decode(Statement statement)
    {
        var manifest = Decode(statement.Payload);
        var openings = CborStrict.Read("list of openings", statement.Openings.AsMemory(), OpeningsLengthMax, reader =>
        {
            var found = new byte[reader.ArrayUpTo(BatchLimits.ChannelsMax, "openings")][];
            for (var i = 0; i < found.Length; i++)
            {
                found[i] = reader.Bytes(1, ManifestChannel.OpeningLengthMax, "opening");
            }

            reader.ReadEndArray();
            return found;
        });
        if (!openings.Select(opening => ManifestChannel.Commit(opening)).SequenceEqual(manifest.closed))
        {
            throw new MalformedEvidenceException($"The {openings.Length} openings beside the manifest {statement.PayloadDigest.ToShortString()} are "
                + $"not those of its {manifest.ChannelCount} channels. Take the authority's answer whole.");
        }

        return manifest with { Channels = [.. openings.Select(opening => ManifestChannel.Decode(opening))] };
    }

    /// <summary>Reads the signed payload alone, which shows no channel.</summary>
    /// <exception cref="MalformedEvidenceException">Not a manifest of version 2 in deterministic CBOR, or a field out of its
    /// range.</exception>
    public static Manifest Decode(ReadOnlyMemory<byte> payload) => CborStrict.Read("manifest", payload, LengthMax, ReadFields);

    /// <summary>Two manifests are equal when their bytes are.</summary>
    public bool Equals(Manifest? other) => other is not null && Encode().AsSpan().SequenceEqual(other.Encode());

    public override int GetHashCode() => HashCode.Combine(Gateway, FirstNumber, IssuedMs);

    private static Manifest ReadFields(CborReader reader)
    {
        reader.Array(9, "manifest");
        if (reader.Integer(0, int.MaxValue, "version of the manifest") is var version && version != Version)
        {
            throw new MalformedEvidenceException($"The manifest is of version {version}; this program reads version {Version}, which shows no probe "
                + "in the log. Enrol the gateway again.");
        }

        var gateway = GatewayId.FromBytes(reader.Bytes(GatewayId.Length, GatewayId.Length, "gateway identity"));
        var key = PublicKey.FromSpki(reader.Bytes(1, PublicKey.SpkiLength, "gateway key"));
        var first = reader.Integer(0, Leaf.NumberMax, "first batch number");
        var issued = reader.Integer(Moment.WallFloorMs, Moment.WallCeilingMs, "issuing time");
        var count = reader.ArrayUpTo(BatchLimits.ChannelsMax, "channels");
        if (count == 0)
        {
            throw new MalformedEvidenceException("The manifest has no channel.");
        }

        var commitments = new Digest[count];
        for (var i = 0; i < count; i++)
        {
            commitments[i] = reader.Digest("commitment to a channel");
        }

        reader.ReadEndArray();
        var manifest = new Manifest(gateway, key, first, issued, [], reader.Digest("rule pack hash"),
            reader.Digest("previous manifest hash"), (GatewayTraits)reader.Integer(0, 3, "flags"))
        {
            closed = [.. commitments],
        };
        reader.ReadEndArray();
        return manifest;
    }
}
