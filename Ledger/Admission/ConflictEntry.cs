using System.Formats.Cbor;
using System.Security.Cryptography;
using Evidence;

namespace Ledger.Admission;

/// <summary>The log's entry for a gateway that signed two batches under one number. It holds both statements, so that it accuses by
/// itself.</summary>
/// <remarks>
/// <code>
/// conflict = [1, gw: bstr .size 16, seq: uint, logged: bstr, refused: bstr]     ; two whole COSE_Sign1, each verifying with the
/// gateway's key
/// </code>
/// The ledger signs it only to give it the form of every other entry: what convinces are the two signatures inside.
/// </remarks>
public static class ConflictEntry
{
    public static Statement Sign(GatewayId gateway, long number, ReadOnlySpan<byte> logged, ReadOnlySpan<byte> refused, string origin,
        ECDsa key)
    {
        var writer = new CborWriter(CborConformanceMode.Ctap2Canonical);
        writer.WriteStartArray(5);
        writer.WriteInt32(1);
        writer.WriteByteString(gateway.ToBytes());
        writer.WriteInt64(number);
        writer.WriteByteString(logged);
        writer.WriteByteString(refused);
        writer.WriteEndArray();
        return Statement.Sign(StatementKind.Conflict, "ledger:" + origin, writer.Encode(), key);
    }

    /// <summary>The two statements of a conflict entry.</summary>
    /// <exception cref="MalformedEvidenceException">Not such an entry.</exception>
    public static (GatewayId Gateway, long Number, Statement Logged, Statement Refused) Read(Statement entry)
    {
        try
        {
            var reader = new CborReader(entry.Payload, CborConformanceMode.Ctap2Canonical);
            if (entry.Kind != StatementKind.Conflict || reader.ReadStartArray() != 5 || reader.ReadInt32() != 1)
            {
                throw new MalformedEvidenceException("The entry is not a conflict of version 1.");
            }

            var gateway = GatewayId.FromBytes(reader.ReadByteString());
            var number = reader.ReadInt64();
            var (logged, refused) = (Statement.Decode(reader.ReadByteString()), Statement.Decode(reader.ReadByteString()));
            reader.ReadEndArray();
            return (gateway, number, logged, refused);
        }
        catch (Exception fault) when (fault is CborContentException or InvalidOperationException or OverflowException or ArgumentException)
        {
            throw new MalformedEvidenceException("The conflict entry is not deterministic CBOR of its form.", fault);
        }
    }
}
