using System.Collections.Immutable;
using System.Formats.Cbor;
using Evidence.Gs1;

namespace Evidence;

/// <summary>What a link shows, to whom, and until when.</summary>
/// <param name="Key">The pallet, or the product with its lot or serial number.</param>
/// <param name="Gateway">Whose record.</param>
/// <param name="Channels">Which channels, rising, each once; 1 to 32.</param>
/// <param name="FromMs">The window's first instant, wall milliseconds.</param>
/// <param name="ToMs">The window's last instant; not before FromMs. It may lie ahead: the evidence is incomplete until then.</param>
/// <param name="Level">How much is shown.</param>
/// <param name="Access">What it takes to open it.</param>
/// <param name="Recipient">For whom, 1 to 120 characters.</param>
/// <param name="Reason">Why, 1 to 200 characters.</param>
/// <param name="ExpiresMs">The first instant at which it shows nothing any more.</param>
public sealed record LinkTerms(Gs1Key Key, GatewayId Gateway, ImmutableArray<ChannelId> Channels, long FromMs, long ToMs, DisclosureLevel Level,
    LinkAccess Access, string Recipient, string Reason, long ExpiresMs)
{
    private const int KeyLengthMax = 200;
    private const int ChannelsMax = 32;

    /// <summary>Gives the terms back when each of them is possible.</summary>
    /// <exception cref="MalformedEvidenceException">One is not; the message names it.</exception>
    public LinkTerms Check()
    {
        if (Key.Gtin is not null && Key.Lot is null && Key.Serial is null)
        {
            throw new MalformedEvidenceException("A GTIN alone names a product, not a shipment: give the lot or the serial number too.");
        }

        if (Key.Lot is "." or ".." || Key.Serial is "." or "..")
        {
            throw new MalformedEvidenceException("A lot or serial number of one or two points cannot stand in a link: every browser takes it for a step in the path.");
        }

        if (Channels.IsEmpty || Channels.Length > ChannelsMax || Channels.Zip(Channels.Skip(1)).Any(pair => pair.First.Value >= pair.Second.Value))
        {
            throw new MalformedEvidenceException($"A link shows 1 to {ChannelsMax} channels, rising, each once.");
        }

        if (ToMs < FromMs)
        {
            throw new MalformedEvidenceException("The window ends before it begins.");
        }

        Disclosure.CheckText("recipient", Recipient, Disclosure.RecipientLengthMax);
        Disclosure.CheckText("reason", Reason, Disclosure.ReasonLengthMax);
        return this;
    }

    internal void Write(CborWriter writer)
    {
        writer.WriteTextString(DigitalLink.Write(Key));
        writer.WriteByteString(Gateway.ToBytes());
        writer.WriteStartArray(Channels.Length);
        foreach (var channel in Channels)
        {
            writer.WriteInt32(channel.Value);
        }

        writer.WriteEndArray();
        writer.WriteInt64(FromMs);
        writer.WriteInt64(ToMs);
        writer.WriteInt32((int)Level);
        writer.WriteInt32((int)Access);
        writer.WriteTextString(Recipient);
        writer.WriteTextString(Reason);
        writer.WriteInt64(ExpiresMs);
    }

    internal static LinkTerms Read(CborReader reader)
    {
        var path = reader.Text(KeyLengthMax, "key");
        var key = DigitalLink.Parse(path).Key;
        if (DigitalLink.Write(key) != path)
        {
            throw new MalformedEvidenceException("The key of the disclosure is not written in its one form.");
        }

        var gateway = GatewayId.FromBytes(reader.Bytes(GatewayId.Length, GatewayId.Length, "gateway"));
        var channels = ImmutableArray.CreateBuilder<ChannelId>(reader.ArrayUpTo(ChannelsMax, "channels"));
        while (reader.PeekState() != CborReaderState.EndArray)
        {
            channels.Add(new((ushort)reader.Integer(0, ChannelsMax - 1, "channel")));
        }

        reader.ReadEndArray();
        return new LinkTerms(key, gateway, channels.ToImmutable(), reader.Integer(0, Moment.WallCeilingMs, "window's first instant"),
            reader.Integer(0, Moment.WallCeilingMs, "window's last instant"), (DisclosureLevel)reader.Integer(0, 3, "level"),
            (LinkAccess)reader.Integer(0, 1, "access"), reader.Text(Disclosure.RecipientLengthMax, "recipient"),
            reader.Text(Disclosure.ReasonLengthMax, "reason"), reader.Integer(0, Moment.WallCeilingMs, "expiry")).Check();
    }
}
