namespace Evidence;

/// <summary>Which probe of a gateway: its index in the manifest, from 0.</summary>
/// <param name="Value">0 to 65,534. 65,535 stands for "no channel" where a salt key is derived.</param>
/// <remarks>The default value is the first channel.</remarks>
public readonly record struct ChannelId(ushort Value)
{
    public override string ToString() => Value.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
