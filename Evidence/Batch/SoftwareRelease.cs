using System.Security.Cryptography;

namespace Evidence;

/// <summary>An authority's word that a file is a program of its own, such as the regulator's page. In the log it is the same for
/// everybody.</summary>
/// <param name="Name">The file's name, 1 to 60 characters: <see cref="PageName"/> for the regulator's page.</param>
/// <param name="Version">Its version, 1 to 40 characters.</param>
/// <param name="Sum">SHA-256 of the file as it is published; of the page, with its blocks empty.</param>
/// <param name="IssuedMs">When the authority signed, by its own clock. The log's receipt bounds it.</param>
/// <remarks><code>release = [1, name: tstr, version: tstr, sum: bstr .size 32, issued: uint]</code></remarks>
public sealed record SoftwareRelease(string Name, string Version, Digest Sum, long IssuedMs)
{
    /// <summary>Under which name the regulator's page is released.</summary>
    public const string PageName = "verify.html";

    public const int NameLengthMax = 60;
    public const int VersionLengthMax = 40;

    public byte[] Encode()
    {
        var writer = CborStrict.Writer();
        writer.WriteStartArray(5);
        writer.WriteInt32(1);
        writer.WriteTextString(Name);
        writer.WriteTextString(Version);
        writer.WriteByteString(Sum.ToBytes());
        writer.WriteInt64(IssuedMs);
        writer.WriteEndArray();
        return writer.Encode();
    }

    /// <exception cref="MalformedEvidenceException">Not a release of version 1 in deterministic CBOR.</exception>
    public static SoftwareRelease Decode(ReadOnlyMemory<byte> payload) => CborStrict.Read("software release", payload, 512, reader =>
    {
        reader.Array(5, "software release");
        reader.Integer(1, 1, "version of the software release");
        var release = new SoftwareRelease(reader.Text(NameLengthMax, "name"), reader.Text(VersionLengthMax, "version"), reader.Digest("sum"),
            reader.Integer(Moment.WallFloorMs, Moment.WallCeilingMs, "issuing time"));
        reader.ReadEndArray();
        return release.Name.Length > 0 && release.Version.Length > 0
            ? release
            : throw new MalformedEvidenceException("A software release has a name and a version.");
    });

    /// <summary>The authority's statement.</summary>
    public Statement Sign(string authority, ECDsa key) => Statement.Sign(StatementKind.Release, $"authority:{authority}", Encode(), key);
}
