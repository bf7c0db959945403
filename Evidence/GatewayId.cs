namespace Evidence;

/// <summary>The identity of one gateway, a random UUID drawn when its key is made.</summary>
/// <param name="Value">Sixteen bytes, written big-endian as RFC 9562 orders them; in text, lower-case with hyphens.</param>
/// <remarks>The default value is the nil UUID, which no gateway may have.</remarks>
public readonly record struct GatewayId(Guid Value)
{
    /// <summary>How many bytes the identity takes on the wire.</summary>
    public const int Length = 16;

    public static GatewayId FromBytes(ReadOnlySpan<byte> bytes) => new(new Guid(bytes, bigEndian: true));

    public byte[] ToBytes() => Value.ToByteArray(bigEndian: true);

    public override string ToString() => Value.ToString("D");
}
