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
public sealed record ManifestChannel(string Place, string Serial, MilliCelsius Low, MilliCelsius High, int IntervalMs,
    Digest Certificate, long? CertificateExpiryMs);

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
/// <param name="Channels">1 to 32 channels, index = place in the list.</param>
/// <param name="RulePack">SHA-256 of the alarm rules in force; zero when only the channel limits hold.</param>
/// <param name="Previous">SHA-256 of the previous manifest's payload; zero for the first.</param>
/// <param name="Traits">See <see cref="GatewayTraits"/>.</param>
/// <remarks>
/// <code>
/// manifest = [1, gw: bstr .size 16, spki: bstr, first: uint, issued: uint, channels: [+ channel], rules: bstr .size 32, prev: bstr
/// .size 32, flags: uint]
/// channel  = [place: tstr, serial: tstr, lo: int, hi: int, intervalMs: uint, certificate: bstr .size 32, expiry: uint / null]
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

    public byte[] Encode()
    {
        var writer = CborStrict.Writer();
        writer.WriteStartArray(9);
        writer.WriteInt32(1);
        writer.WriteByteString(Gateway.ToBytes());
        writer.WriteByteString(Key.Spki.AsSpan());
        writer.WriteInt64(FirstNumber);
        writer.WriteInt64(IssuedMs);
        writer.WriteStartArray(Channels.Length);
        foreach (var channel in Channels)
        {
            writer.WriteStartArray(7);
            writer.WriteTextString(channel.Place);
            writer.WriteTextString(channel.Serial);
            writer.WriteInt32(channel.Low.Value);
            writer.WriteInt32(channel.High.Value);
            writer.WriteInt32(channel.IntervalMs);
            writer.WriteByteString(channel.Certificate.ToBytes());
            writer.IntegerOrNull(channel.CertificateExpiryMs);
            writer.WriteEndArray();
        }

        writer.WriteEndArray();
        writer.WriteByteString(RulePack.ToBytes());
        writer.WriteByteString(Previous.ToBytes());
        writer.WriteInt32((int)Traits);
        writer.WriteEndArray();
        return writer.Encode();
    }

    /// <exception cref="MalformedEvidenceException">Not a manifest of version 1 in deterministic CBOR, or a field out of its
    /// range.</exception>
    public static Manifest Decode(ReadOnlyMemory<byte> payload) => CborStrict.Read("manifest", payload, LengthMax, ReadFields);

    /// <summary>Two manifests are equal when their bytes are.</summary>
    public bool Equals(Manifest? other) => other is not null && Encode().AsSpan().SequenceEqual(other.Encode());

    public override int GetHashCode() => HashCode.Combine(Gateway, FirstNumber, IssuedMs);

    private static Manifest ReadFields(CborReader reader)
    {
        reader.Array(9, "manifest");
        reader.Integer(1, 1, "version of the manifest");
        var gateway = GatewayId.FromBytes(reader.Bytes(GatewayId.Length, GatewayId.Length, "gateway identity"));
        var key = PublicKey.FromSpki(reader.Bytes(1, PublicKey.SpkiLength, "gateway key"));
        var first = reader.Integer(0, Leaf.NumberMax, "first batch number");
        var issued = reader.Integer(Moment.WallFloorMs, Moment.WallCeilingMs, "issuing time");
        var count = reader.ArrayUpTo(BatchLimits.ChannelsMax, "channels");
        if (count == 0)
        {
            throw new MalformedEvidenceException("The manifest has no channel.");
        }

        var channels = ImmutableArray.CreateBuilder<ManifestChannel>(count);
        for (var i = 0; i < count; i++)
        {
            channels.Add(ReadChannel(reader));
        }

        reader.ReadEndArray();
        var manifest = new Manifest(gateway, key, first, issued, channels.MoveToImmutable(), reader.Digest("rule pack hash"),
            reader.Digest("previous manifest hash"), (GatewayTraits)reader.Integer(0, 3, "flags"));
        reader.ReadEndArray();
        return manifest;
    }

    private static ManifestChannel ReadChannel(CborReader reader)
    {
        reader.Array(7, "manifest channel");
        var channel = new ManifestChannel(reader.Text(TextLengthMax, "place"), reader.Text(TextLengthMax, "serial number"),
            new((int)reader.Integer(int.MinValue, int.MaxValue, "lower limit")),
                new((int)reader.Integer(int.MinValue, int.MaxValue, "upper limit")),
            (int)reader.Integer(IntervalMsMin, IntervalMsMax, "interval"), reader.Digest("certificate hash"),
            reader.IntegerOrNull(Moment.WallFloorMs, Moment.WallCeilingMs, "certificate expiry"));
        reader.ReadEndArray();
        return channel.Low <= channel.High
            ? channel
            : throw new MalformedEvidenceException($"The lower limit {channel.Low} is above the upper limit {channel.High}.");
    }
}
