using System.Security.Cryptography;

namespace Evidence;

/// <summary>An authority's word that a program it had released is not to be relied on any more. It takes back a hash, for good: a mended program
/// has another one.</summary>
/// <param name="Name">The file's name, as released.</param>
/// <param name="Version">Its version, as released: for people.</param>
/// <param name="Sum">SHA-256 of the file, as released.</param>
/// <param name="Reason">Why, 1 to 200 characters, for whoever reads it: it stands in the log.</param>
/// <param name="IssuedMs">When the authority signed, by its own clock. The log's receipt bounds it.</param>
/// <remarks><code>withdrawal = [1, name: tstr, version: tstr, sum: bstr .size 32, reason: tstr, issued: uint]</code></remarks>
public sealed record ReleaseWithdrawal(string Name, string Version, Digest Sum, string Reason, long IssuedMs)
{
    public const int ReasonLengthMax = 200;

    public byte[] Encode()
    {
        var writer = CborStrict.Writer();
        writer.WriteStartArray(6);
        writer.WriteInt32(1);
        writer.WriteTextString(Name);
        writer.WriteTextString(Version);
        writer.WriteByteString(Sum.ToBytes());
        writer.WriteTextString(Reason);
        writer.WriteInt64(IssuedMs);
        writer.WriteEndArray();
        return writer.Encode();
    }

    /// <exception cref="MalformedEvidenceException">Not a withdrawal of version 1 in deterministic CBOR.</exception>
    public static ReleaseWithdrawal Decode(ReadOnlyMemory<byte> payload) => CborStrict.Read("withdrawal", payload, 1_024, reader =>
    {
        reader.Array(6, "withdrawal");
        reader.Integer(1, 1, "version of the withdrawal");
        var withdrawal = new ReleaseWithdrawal(reader.Text(SoftwareRelease.NameLengthMax, "name"), reader.Text(SoftwareRelease.VersionLengthMax, "version"),
            reader.Digest("sum"), reader.Text(ReasonLengthMax, "reason"), reader.Integer(Moment.WallFloorMs, Moment.WallCeilingMs, "issuing time"));
        reader.ReadEndArray();
        return withdrawal.Name.Length > 0 && withdrawal.Version.Length > 0 && withdrawal.Reason.Length > 0
            ? withdrawal
            : throw new MalformedEvidenceException("A withdrawal has a name, a version and a reason.");
    });

    /// <summary>The authority's statement.</summary>
    public Statement Sign(string authority, ECDsa key) => Statement.Sign(StatementKind.Withdrawal, $"authority:{authority}", Encode(), key);
}
