using System.Collections.Immutable;
using System.Formats.Cbor;

namespace Evidence;

/// <summary>What a certificate says of one channel over its window.</summary>
/// <param name="Place">Where the probe sits, as its manifest says; at most 40 characters.</param>
/// <param name="Low">Lower limit of the manifest.</param>
/// <param name="High">Upper limit of the manifest.</param>
/// <param name="Min">Lowest temperature read; null when none was disclosed to the issuer, or none read.</param>
/// <param name="Max">Highest temperature read; null together with <paramref name="Min"/>.</param>
/// <param name="Readings">Readings that gave a temperature.</param>
/// <param name="OutMinutes">Minutes out of range, each begun minute counted; 0 only when no reading was out of range.</param>
/// <param name="Gaps">Intervals without data.</param>
/// <param name="GapMinutes">Minutes without data, each begun minute counted.</param>
public sealed record ChannelClaim(ChannelId Channel, string Place, MilliCelsius Low, MilliCelsius High, MilliCelsius? Min,
    MilliCelsius? Max, long Readings, long OutMinutes, long Gaps, long GapMinutes)
{
    /// <summary>What the numbers say; a certificate carries no answer of its own that could contradict them.</summary>
    public Answer Answer => OutMinutes > 0 || Min < Low || Max > High ? Answer.OutOfRange
        : Gaps > 0 || Readings == 0 ? Answer.NoData
        : Answer.InRange;
}

/// <summary>The payload of a certificate code: an issuer's summary of a record that it has verified. Claims, not evidence.</summary>
/// <param name="Gateway">Whose record.</param>
/// <param name="FromMs">Start of the window, wall milliseconds.</param>
/// <param name="ToMs">Its end.</param>
/// <param name="Word">What the issuer's verifier said: Verified or TimeNotProven; nothing else is certified.</param>
/// <param name="Traits">What a reader must be told about the gateway.</param>
/// <param name="LastNumber">Number of the last batch.</param>
/// <param name="Root">First 8 bytes of the last batch's root, as in the fragment of a link: finds the record again.</param>
/// <param name="Log">The log's checkpoint under which the record stands: origin, size and root.</param>
/// <param name="Witnesses">Independent witnesses of that checkpoint; 0 means that only the ledger vouches for the log.</param>
/// <param name="Channels">One claim a channel shown.</param>
/// <param name="IssuedMs">When it was issued, by the issuer's clock.</param>
/// <param name="ExpiresMs">From then on it says nothing more; at most five years later.</param>
/// <param name="Shipment">What it is the record of, as a GS1 element string "(00)106141412345678908"; null when not said.</param>
/// <remarks>
/// <code>
/// certificate = [1, gw: bstr .size 16, from, to, word: 1 / 6, traits: uint, last: uint, root: bstr .size 8,
///                log: [origin: tstr, size: uint, root: bstr .size 32], witnesses: uint, channels: [1*32 claim], issued, expires,
///                shipment: tstr / null]
/// claim       = [ch: uint, place: tstr, lo: int, hi: int, min: int / null, max: int / null, readings, outMinutes, gaps, gapMinutes]
/// </code>
/// </remarks>
public sealed record Certificate(GatewayId Gateway, long FromMs, long ToMs, VerdictWord Word, GatewayTraits Traits, long LastNumber,
    ImmutableArray<byte> Root, CertifiedLog Log, int Witnesses, ImmutableArray<ChannelClaim> Channels, long IssuedMs, long ExpiresMs,
    string? Shipment)
{
    public const int RootLength = 8;

    /// <summary>Most characters of <see cref="Shipment"/>.</summary>
    public const int ShipmentLengthMax = 90;

    /// <summary>Longest time from issue to expiry: five years, longer than vaccines keep.</summary>
    public const long ValidMsMax = 5L * 366 * 86_400_000;

    private const int PlaceLengthMax = 40;
    private const int OriginLengthMax = 200;
    private const int WitnessesMax = 100;

    /// <summary>All channels together: OutOfRange if any is, otherwise NoData if any is, otherwise InRange.</summary>
    public Answer Temperature => Channels.Any(channel => channel.Answer == Answer.OutOfRange) ? Answer.OutOfRange
        : Channels.Any(channel => channel.Answer == Answer.NoData) ? Answer.NoData
        : Answer.InRange;

    public byte[] Encode()
    {
        var writer = CborStrict.Writer();
        writer.WriteStartArray(14);
        writer.WriteInt32(1);
        writer.WriteByteString(Gateway.ToBytes());
        writer.WriteInt64(FromMs);
        writer.WriteInt64(ToMs);
        writer.WriteInt32((int)Word);
        writer.WriteInt32((int)Traits);
        writer.WriteInt64(LastNumber);
        writer.WriteByteString(Root.AsSpan());
        writer.WriteStartArray(3);
        writer.WriteTextString(Log.Origin);
        writer.WriteInt64(Log.Size);
        writer.WriteByteString(Log.Root.ToBytes());
        writer.WriteEndArray();
        writer.WriteInt32(Witnesses);
        writer.WriteStartArray(Channels.Length);
        foreach (var claim in Channels)
        {
            Write(writer, claim);
        }

        writer.WriteEndArray();
        writer.WriteInt64(IssuedMs);
        writer.WriteInt64(ExpiresMs);
        if (Shipment is { } shipment)
        {
            writer.WriteTextString(shipment);
        }
        else
        {
            writer.WriteNull();
        }

        writer.WriteEndArray();
        return writer.Encode();
    }

    /// <exception cref="MalformedEvidenceException">Not a certificate of version 1 in deterministic CBOR, or one that contradicts
    /// itself.</exception>
    public static Certificate Decode(ReadOnlyMemory<byte> payload) =>
        CborStrict.Read("certificate", payload, BatchLimits.StatementLengthMax, reader =>
    {
        reader.Array(14, "certificate");
        reader.Integer(1, 1, "version of the certificate");
        var gateway = GatewayId.FromBytes(reader.Bytes(16, 16, "gateway identity"));
        var from = reader.Integer(Moment.WallFloorMs, Moment.WallCeilingMs, "start of the window");
        var to = reader.Integer(from, Moment.WallCeilingMs, "end of the window");
        var word = (VerdictWord)reader.Integer(0, 255, "verdict's word");
        if (word is not (VerdictWord.Verified or VerdictWord.TimeNotProven))
        {
            throw new MalformedEvidenceException($"The verdict's word is {(int)word}; 1 (verified) and 6 (time not proven) are certified.");
        }

        var traits = (GatewayTraits)reader.Integer(0, 3, "flags");
        var last = reader.Integer(0, Leaf.NumberMax, "last batch number");
        var root = reader.Bytes(RootLength, RootLength, "short root");
        reader.Array(3, "log");
        var log = new CertifiedLog(reader.Text(OriginLengthMax, "log's origin"), reader.Integer(1, Leaf.NumberMax, "log's size"),
            reader.Digest("log's root"));
        reader.ReadEndArray();
        var witnesses = (int)reader.Integer(0, WitnessesMax, "number of witnesses");
        var channels = ReadChannels(reader);
        var issued = reader.Integer(Moment.WallFloorMs, Moment.WallCeilingMs, "time of issue");
        var expires = reader.Integer(issued, Math.Min(issued + ValidMsMax, Moment.WallCeilingMs), "time of expiry");
        var shipment = ReadShipment(reader);
        reader.ReadEndArray();
        return new Certificate(gateway, from, to, word, traits, last, [.. root], log, witnesses, channels, issued, expires, shipment);
    });

    private static string? ReadShipment(CborReader reader)
    {
        if (reader.PeekState() != CborReaderState.Null)
        {
            return reader.Text(ShipmentLengthMax, "shipment");
        }

        reader.ReadNull();
        return null;
    }

    private static ImmutableArray<ChannelClaim> ReadChannels(CborReader reader)
    {
        var count = reader.ArrayUpTo(BatchLimits.ChannelsMax, "channels");
        var channels = ImmutableArray.CreateBuilder<ChannelClaim>(count);
        for (var i = 0; i < count; i++)
        {
            var claim = ReadClaim(reader);
            if (i > 0 && claim.Channel.Value <= channels[i - 1].Channel.Value)
            {
                throw new MalformedEvidenceException("The certificate's channels do not rise.");
            }

            channels.Add(claim);
        }

        reader.ReadEndArray();
        return count > 0 ? channels.MoveToImmutable() : throw new MalformedEvidenceException("The certificate has no channel.");
    }

    private static ChannelClaim ReadClaim(CborReader reader)
    {
        reader.Array(10, "channel's claim");
        var claim = new ChannelClaim(new((ushort)reader.Integer(0, BatchLimits.ChannelsMax - 1, "channel")),
            reader.Text(PlaceLengthMax, "place"), Temperature(reader, "lower limit"), Temperature(reader, "upper limit"),
            TemperatureOrNull(reader, "lowest temperature"), TemperatureOrNull(reader, "highest temperature"),
            reader.Integer(0, Leaf.NumberMax, "number of readings"), reader.Integer(0, Leaf.NumberMax, "minutes out of range"),
            reader.Integer(0, Leaf.NumberMax, "number of gaps"), reader.Integer(0, Leaf.NumberMax, "minutes without data"));
        reader.ReadEndArray();
        return claim.Low > claim.High || claim.Min is null != claim.Max is null || claim.Min > claim.Max
            || (claim.Min is not null && claim.Readings == 0) || (claim.Gaps == 0 && claim.GapMinutes > 0)
            ? throw new MalformedEvidenceException($"The claim for channel {claim.Channel} contradicts itself.")
            : claim;

        static MilliCelsius Temperature(CborReader reader, string what) =>
            new((int)reader.Integer(int.MinValue, int.MaxValue, what));

        static MilliCelsius? TemperatureOrNull(CborReader reader, string what) =>
            reader.IntegerOrNull(int.MinValue, int.MaxValue, what) is { } value ? new((int)value) : null;
    }

    private static void Write(CborWriter writer, ChannelClaim claim)
    {
        writer.WriteStartArray(10);
        writer.WriteInt32(claim.Channel.Value);
        writer.WriteTextString(claim.Place);
        writer.WriteInt32(claim.Low.Value);
        writer.WriteInt32(claim.High.Value);
        writer.IntegerOrNull(claim.Min?.Value);
        writer.IntegerOrNull(claim.Max?.Value);
        writer.WriteInt64(claim.Readings);
        writer.WriteInt64(claim.OutMinutes);
        writer.WriteInt64(claim.Gaps);
        writer.WriteInt64(claim.GapMinutes);
        writer.WriteEndArray();
    }
}

/// <summary>A checkpoint named in a certificate.</summary>
public sealed record CertifiedLog(string Origin, long Size, Digest Root);
