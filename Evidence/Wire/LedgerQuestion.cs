using System.Collections.Immutable;
using Evidence.Log;

namespace Evidence;

/// <summary>What a gateway asks at each connection, before it signs or offers anything: how far is my record with you?</summary>
/// <param name="Nonce">16 random bytes, fresh for each question: an answer to another question is worth nothing.</param>
/// <param name="From">Number of the first header to show: of the oldest batch without a receipt, or of the next to be signed.</param>
/// <param name="Checkpoint">The newest checkpoint note that the gateway has verified; empty when it has none. The ledger must prove that its
/// log still begins with all of it.</param>
/// <remarks>
/// It goes the way of an uplink and is answered by a <see cref="Downlink"/> whose digest is that of this whole message.
/// <code>question = [2, nonce: bstr .size 16, from: uint, checkpoint: tstr]</code>
/// </remarks>
public sealed record LedgerQuestion(ImmutableArray<byte> Nonce, long From, string Checkpoint)
{
    /// <summary>Bytes of the nonce.</summary>
    public const int NonceLength = 16;

    /// <summary>Most bytes of the message.</summary>
    public const int LengthMax = 32 * 1024;

    private const byte ArrayOfFour = 0x84;
    private const byte Version = 2;

    /// <summary>Whether a message from a gateway is a question; any other is an <see cref="Uplink"/>, or nothing.</summary>
    public static bool IsOne(ReadOnlySpan<byte> message) => message.Length > 2 && message[0] == ArrayOfFour && message[1] == Version;

    public byte[] Encode()
    {
        var writer = CborStrict.Writer();
        writer.WriteStartArray(4);
        writer.WriteInt32(Version);
        writer.WriteByteString(Nonce.AsSpan());
        writer.WriteInt64(From);
        writer.WriteTextString(Checkpoint);
        writer.WriteEndArray();
        return writer.Encode();
    }

    /// <exception cref="MalformedEvidenceException">Not such a message.</exception>
    public static LedgerQuestion Decode(ReadOnlyMemory<byte> bytes) => CborStrict.Read("question", bytes, LengthMax, reader =>
    {
        reader.Array(4, "question");
        reader.Integer(Version, Version, "version of the question");
        var question = new LedgerQuestion([.. reader.Bytes(NonceLength, NonceLength, "nonce")],
            reader.Integer(0, Leaf.NumberMax, "first number"), reader.Text(LengthMax, "checkpoint"));
        reader.ReadEndArray();
        if (question.Checkpoint.Length > 0)
        {
            _ = Log.Checkpoint.Parse(SignedNote.Parse(question.Checkpoint).Text); // Whoever answers may take it for one.
        }

        return question;
    });
}
