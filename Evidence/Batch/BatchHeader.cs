using System.Formats.Cbor;

namespace Evidence;

/// <summary>The clock of a batch: one constant joins wall and monotonic time inside it, because a wall-clock step closes a batch.</summary>
/// <param name="Trust">Where the wall time came from when the batch was opened.</param>
/// <param name="ErrorMs">The clock's own estimate of its error, in milliseconds; 0 when it gives none.</param>
/// <param name="Boot">How often the gateway has started, from 1.</param>
/// <param name="UptimeMs">Monotonic milliseconds of that boot at the instant that <see cref="BatchHeader.OpenedMs"/> names.</param>
public readonly record struct BatchClock(ClockTrust Trust, uint ErrorMs, uint Boot, long UptimeMs);

/// <summary>What a gateway signs for each batch.</summary>
/// <param name="Gateway">Who signs.</param>
/// <param name="Number">The batch's number, from the manifest's first number on, without holes.</param>
/// <param name="Previous">SHA-256 of the previous header's payload (never of a signature: ECDSA is malleable); zero for the first.</param>
/// <param name="Manifest">SHA-256 of the manifest payload in force.</param>
/// <param name="OpenedMs">Wall time at which the batch was opened.</param>
/// <param name="ClosedMs">Wall time at which it was sealed; not before OpenedMs.</param>
/// <param name="Clock">See <see cref="BatchClock"/>.</param>
/// <param name="Beacon">SHA-256 of the newest cosigned checkpoint the gateway had verified: not sealed before that one. Zero when it had
/// none.</param>
/// <param name="LeafCount">Places of the tree, 1 to 65,536: committed, because a Bitcoin tree does not commit to it.</param>
/// <param name="ChannelCount">Enrolled channels; each has a summary and a verdict.</param>
/// <param name="Root">Root of the batch tree.</param>
/// <remarks>
/// <code>
/// header = [1, gw: bstr .size 16, seq: uint, prev: bstr .size 32, manifest: bstr .size 32, tOpen: uint, tClose: uint,
///           clock: [source: uint, errMs: uint, boot: uint, monoMs: uint], beacon: bstr .size 32, nLeaves: uint, nChannels: uint,
///           root: bstr .size 32]
/// </code>
/// </remarks>
public sealed record BatchHeader(GatewayId Gateway, long Number, Digest Previous, Digest Manifest, long OpenedMs, long ClosedMs,
    BatchClock Clock, Digest Beacon, int LeafCount, int ChannelCount, Digest Root)
{
    /// <summary>Most bytes of a header's payload.</summary>
    public const int LengthMax = 256;

    public byte[] Encode()
    {
        var writer = CborStrict.Writer();
        writer.WriteStartArray(12);
        writer.WriteInt32(1);
        writer.WriteByteString(Gateway.ToBytes());
        writer.WriteInt64(Number);
        writer.WriteByteString(Previous.ToBytes());
        writer.WriteByteString(Manifest.ToBytes());
        writer.WriteInt64(OpenedMs);
        writer.WriteInt64(ClosedMs);
        writer.WriteStartArray(4);
        writer.WriteInt32((int)Clock.Trust);
        writer.WriteUInt32(Clock.ErrorMs);
        writer.WriteUInt32(Clock.Boot);
        writer.WriteInt64(Clock.UptimeMs);
        writer.WriteEndArray();
        writer.WriteByteString(Beacon.ToBytes());
        writer.WriteInt32(LeafCount);
        writer.WriteInt32(ChannelCount);
        writer.WriteByteString(Root.ToBytes());
        writer.WriteEndArray();
        return writer.Encode();
    }

    /// <exception cref="MalformedEvidenceException">Not a header of version 1 in deterministic CBOR, or a field out of its
    /// range.</exception>
    public static BatchHeader Decode(ReadOnlyMemory<byte> payload) => CborStrict.Read("batch header", payload, LengthMax, ReadFields);

    private static BatchHeader ReadFields(CborReader reader)
    {
        reader.Array(12, "batch header");
        reader.Integer(1, 1, "version of the batch header");
        var gateway = GatewayId.FromBytes(reader.Bytes(GatewayId.Length, GatewayId.Length, "gateway identity"));
        var number = reader.Integer(0, Leaf.NumberMax, "batch number");
        var previous = reader.Digest("previous hash");
        var manifest = reader.Digest("manifest hash");
        var opened = reader.Integer(Moment.WallFloorMs, Moment.WallCeilingMs, "opening time");
        var closed = reader.Integer(opened, Moment.WallCeilingMs, "closing time");
        reader.Array(4, "batch clock");
        var clock = new BatchClock((ClockTrust)reader.Integer(0, (int)ClockTrust.Ntp, "clock source"),
            (uint)reader.Integer(0, uint.MaxValue, "clock error"), (uint)reader.Integer(1, uint.MaxValue, "boot number"),
            reader.Integer(0, Leaf.NumberMax, "uptime"));
        reader.ReadEndArray();
        var beacon = reader.Digest("beacon");
        var leaves = (int)reader.Integer(1, BatchLimits.LeavesMax, "leaf count");
        var channels = (int)reader.Integer(1, BatchLimits.ChannelsMax, "channel count");
        var root = reader.Digest("root");
        reader.ReadEndArray();
        return leaves >= 2 * channels
            ? new(gateway, number, previous, manifest, opened, closed, clock, beacon, leaves, channels, root)
            : throw new MalformedEvidenceException($"{channels} channels need {2 * channels} leaves for summaries and verdicts; the "
                + $"header has {leaves}.");
    }
}
