using System.Collections.Immutable;
using System.Formats.Cbor;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Evidence;

/// <summary>One link by which a window is shown to somebody. Random; it stands in entries and lists, and opens nothing.</summary>
/// <param name="Value">Sixteen bytes, in text as a UUID is written.</param>
public readonly record struct LinkId(Guid Value)
{
    public const int Length = 16;

    public static LinkId FromBytes(ReadOnlySpan<byte> bytes) => new(new Guid(bytes, bigEndian: true));

    public byte[] ToBytes() => Value.ToByteArray(bigEndian: true);

    public override string ToString() => Value.ToString("D");
}

/// <summary>What it takes to open a link.</summary>
public enum LinkAccess
{
    /// <summary>The 128-bit token of the link itself. The default.</summary>
    Token = 0,

    /// <summary>The number on the label: whoever can read it may see.</summary>
    Open = 1,
}

/// <summary>What a reader was given; bits of one number.</summary>
[Flags]
public enum ShownForms
{
    None = 0,

    /// <summary>The regulator's page with the evidence inside.</summary>
    Evidence = 1,

    /// <summary>The bundle alone.</summary>
    Bundle = 2,

    /// <summary>The ledger's own page.</summary>
    Page = 4,

    /// <summary>The table of readings.</summary>
    Table = 8,

    /// <summary>The printed report.</summary>
    Report = 16,
}

/// <summary>What one entry of the log says about a link, opened. The log itself holds only a salted hash of it.</summary>
/// <param name="Link">Which link.</param>
/// <param name="Number">Entries of one link are numbered from 0 without holes: one that is left out is missed.</param>
/// <param name="Previous">SHA-256 of the payload of the link's entry before; zero for the first.</param>
/// <param name="AtMs">When, by the ledger's clock, wall milliseconds.</param>
public abstract record Disclosure(LinkId Link, long Number, Digest Previous, long AtMs)
{
    /// <summary>Most bytes of an opened entry.</summary>
    public const int LengthMax = 2_048;

    /// <summary>How many bytes a salt has: nobody tries them all, whatever the content.</summary>
    public const int SaltLength = 32;

    /// <summary>Most characters of a recipient.</summary>
    public const int RecipientLengthMax = 120;

    /// <summary>Most characters of a reason.</summary>
    public const int ReasonLengthMax = 200;

    private static readonly byte[] Domain = Encoding.ASCII.GetBytes("coldproof/1 disclosure");

    /// <summary>The content, in deterministic CBOR (docs/formats.md, "Disclosure").</summary>
    public byte[] Encode()
    {
        var writer = CborStrict.Writer();
        writer.WriteStartArray(5 + FieldCount);
        writer.WriteInt32(Act);
        writer.WriteByteString(Link.ToBytes());
        writer.WriteInt64(Number);
        writer.WriteByteString(Previous.ToBytes());
        writer.WriteInt64(AtMs);
        WriteFields(writer);
        writer.WriteEndArray();
        return writer.Encode();
    }

    /// <exception cref="MalformedEvidenceException">No content of a disclosure in deterministic CBOR.</exception>
    public static Disclosure Decode(ReadOnlyMemory<byte> content) => CborStrict.Read<Disclosure>("disclosure", content, LengthMax, reader =>
    {
        var fields = reader.ArrayUpTo(16, "fields of the disclosure");
        var act = reader.Integer(1, 3, "act of the disclosure");
        var (link, number) = (LinkId.FromBytes(reader.Bytes(LinkId.Length, LinkId.Length, "link")), reader.Integer(0, Leaf.NumberMax, "entry's number"));
        var (previous, at) = (reader.Digest("previous hash"), reader.Integer(0, Moment.WallCeilingMs, "time of the disclosure"));
        Disclosure read = (act, fields - 5) switch
        {
            (1, LinkCreated.Fields) => new LinkCreated(link, previous, at, LinkTerms.Read(reader)),
            (2, LinkUsed.Fields) => new LinkUsed(link, number, previous, at, reader.Integer(at, Moment.WallCeilingMs, "time of the last use"),
                reader.Integer(1, Leaf.NumberMax, "number of uses"), (ShownForms)reader.Integer(1, 31, "forms shown")),
            (3, LinkRevoked.Fields) => new LinkRevoked(link, number, previous, at, CheckText("reason", reader.Text(ReasonLengthMax, "reason"), ReasonLengthMax)),
            _ => throw new MalformedEvidenceException($"A disclosure of act {act} does not have {fields} fields."),
        };
        reader.ReadEndArray();
        return read.Number == number && (number == 0) == (read is LinkCreated) && previous.IsZero == (read is LinkCreated)
            ? read
            : throw new MalformedEvidenceException("A link's entries begin with its creation, number 0, and no other entry names no previous one.");
    });

    /// <summary>What stands in the log for a content: nothing can be told from it without the salt.</summary>
    /// <param name="salt">Thirty-two random bytes, drawn for this entry alone.</param>
    /// <param name="content">See <see cref="Encode"/>.</param>
    public static Digest Commit(ReadOnlySpan<byte> salt, ReadOnlySpan<byte> content)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(salt.Length, SaltLength);
        return Digest.Of([.. Domain, .. salt, .. content]);
    }

    /// <summary>Signs the log's entry.</summary>
    /// <param name="origin">The log's name.</param>
    /// <param name="key">The ledger's statement key.</param>
    public static Statement Sign(Digest commitment, string origin, ECDsa key)
    {
        var writer = CborStrict.Writer();
        writer.WriteStartArray(2);
        writer.WriteInt32(1);
        writer.WriteByteString(commitment.ToBytes());
        writer.WriteEndArray();
        return Statement.Sign(StatementKind.Disclosure, "ledger:" + origin, writer.Encode(), key);
    }

    /// <summary>The hash that an entry of the log commits to.</summary>
    /// <exception cref="MalformedEvidenceException">The statement is no disclosure of version 1.</exception>
    public static Digest ReadCommitment(Statement statement) => statement.Kind != StatementKind.Disclosure
        ? throw new MalformedEvidenceException($"The statement is a {statement.Kind.ToString().ToLowerInvariant()}, not a disclosure.")
        : CborStrict.Read("disclosure entry", statement.Payload, 64, reader =>
        {
            reader.Array(2, "disclosure entry");
            reader.Integer(1, 1, "version of the disclosure entry");
            var commitment = reader.Digest("commitment");
            reader.ReadEndArray();
            return commitment;
        });

    /// <summary>Gives a recipient or reason back when it can be shown in a line of text without changing what stands around it.</summary>
    /// <exception cref="MalformedEvidenceException">Empty, too long, or with characters that steer a terminal or turn a line around.</exception>
    public static string CheckText(string what, string text, int lengthMax)
    {
        if (string.IsNullOrWhiteSpace(text) || text.Length > lengthMax)
        {
            throw new MalformedEvidenceException($"The {what} has {text.Length} characters; 1 to {lengthMax} are needed, not all blank.");
        }

        foreach (var rune in text.EnumerateRunes())
        {
            var steers = Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
                or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned;
            if (steers || rune.Value is 0xFFFD or (>= 0x202A and <= 0x202E) or (>= 0x2066 and <= 0x2069))
            {
                throw new MalformedEvidenceException($"The {what} holds the character U+{rune.Value:X4}, which is no text of a line: leave it out.");
            }
        }

        return text;
    }

    private protected abstract int Act { get; }

    private protected abstract int FieldCount { get; }

    private protected abstract void WriteFields(CborWriter writer);
}

/// <summary>A link was made.</summary>
public sealed record LinkCreated(LinkId Link, Digest Previous, long AtMs, LinkTerms Terms) : Disclosure(Link, 0, Previous, AtMs)
{
    internal const int Fields = 10;

    private protected override int Act => 1;

    private protected override int FieldCount => Fields;

    private protected override void WriteFields(CborWriter writer) => Terms.Write(writer);
}

/// <summary>A link was used, once or several times in a row.</summary>
/// <param name="AtMs">The first of these uses.</param>
/// <param name="LastMs">The last of them.</param>
/// <param name="Count">How many.</param>
/// <param name="Shown">What was given.</param>
public sealed record LinkUsed(LinkId Link, long Number, Digest Previous, long AtMs, long LastMs, long Count, ShownForms Shown)
    : Disclosure(Link, Number, Previous, AtMs)
{
    internal const int Fields = 3;

    private protected override int Act => 2;

    private protected override int FieldCount => Fields;

    private protected override void WriteFields(CborWriter writer)
    {
        writer.WriteInt64(LastMs);
        writer.WriteInt64(Count);
        writer.WriteInt32((int)Shown);
    }
}

/// <summary>A link was taken back: from here on it shows nothing. What it has shown before stays what it is.</summary>
/// <param name="Reason">Why, 1 to 200 characters.</param>
public sealed record LinkRevoked(LinkId Link, long Number, Digest Previous, long AtMs, string Reason) : Disclosure(Link, Number, Previous, AtMs)
{
    internal const int Fields = 1;

    private protected override int Act => 3;

    private protected override int FieldCount => Fields;

    private protected override void WriteFields(CborWriter writer) => writer.WriteTextString(Reason);
}
