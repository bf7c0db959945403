namespace Evidence;

/// <summary>The authority takes a key back. Log order is the clock: statements of that key logged at or after an index count for
/// nothing.</summary>
/// <param name="KeyId">The key's kid, 16 bytes, in hexadecimal.</param>
/// <param name="FromIndex">First log index at which the key no longer counts.</param>
/// <param name="Reason">Why, at most 200 characters.</param>
/// <remarks><code>revocation = [1, kid: bstr .size 16, from: uint, reason: tstr]</code></remarks>
public sealed record Revocation(string KeyId, long FromIndex, string Reason)
{
    public byte[] Encode()
    {
        var writer = CborStrict.Writer();
        writer.WriteStartArray(4);
        writer.WriteInt32(1);
        writer.WriteByteString(Convert.FromHexString(KeyId));
        writer.WriteInt64(FromIndex);
        writer.WriteTextString(Reason);
        writer.WriteEndArray();
        return writer.Encode();
    }

    /// <exception cref="MalformedEvidenceException">Not a revocation of version 1 in deterministic CBOR.</exception>
    public static Revocation Decode(ReadOnlyMemory<byte> payload) => CborStrict.Read("revocation", payload, 512, reader =>
    {
        reader.Array(4, "revocation");
        reader.Integer(1, 1, "version of the revocation");
        var revocation = new Revocation(Convert.ToHexStringLower(reader.Bytes(16, 16, "key identifier")),
            reader.Integer(0, Leaf.NumberMax, "log index"), reader.Text(200, "reason"));
        reader.ReadEndArray();
        return revocation;
    });
}
