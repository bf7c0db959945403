using System.Collections.Immutable;
using System.Globalization;
using Evidence.Log;

namespace Evidence;

/// <summary>The ledger's signed word about one gateway: what it has logged of it, and why it refuses a statement.</summary>
/// <param name="Origin">The log's name.</param>
/// <param name="Gateway">About whom.</param>
/// <param name="Answers">What is answered: a question's message, or the refused statement's payload digest.</param>
/// <param name="Refusal">Why the statement is refused; null when a question is answered.</param>
/// <param name="Next">The batch number that must come next.</param>
/// <param name="Last">Payload digest of the last logged header; zero while there is none.</param>
/// <param name="Sequences">Per channel the sequence number that must come next; empty while no batch is logged.</param>
/// <param name="LogSize">Entries that the log has published.</param>
/// <remarks>
/// A C2SP signed note of the log's own key. Its first line and the word on its third keep it from ever being read as a checkpoint.
/// <code>
/// coldproof/standing/v1
/// log.example/coldproof
/// gateway 5f3a91c0-0bc0-4012-8a55-0123456789ab
/// answers e77b9a9ae9e30b0dbdb6f510a264ef9de781501d7b6b92ae89eb059c5ab743db
/// refusal 0
/// next 41
/// last 4bf5122f344554c53bde2ebb8cd2b7e3d1600ad631c385a5d7cce23c7785459a
/// sequences 1234 1234
/// size 70000
/// </code>
/// </remarks>
public sealed record Standing(string Origin, GatewayId Gateway, Digest Answers, Refusal? Refusal, long Next, Digest Last,
    ImmutableArray<long> Sequences, long LogSize)
{
    private const string FirstLine = "coldproof/standing/v1";
    private const int Lines = 9;

    /// <summary>The text to sign.</summary>
    public string ToText()
    {
        string[] lines =
        [
            FirstLine, Origin, $"gateway {Gateway}", $"answers {Answers}", "refusal " + StrictText.Decimal((long?)Refusal ?? 0),
            "next " + StrictText.Decimal(Next), $"last {Last}", "sequences" + string.Concat(Sequences.Select(number => " " + StrictText.Decimal(number))),
            "size " + StrictText.Decimal(LogSize),
        ];
        return string.Concat(lines.Select(line => line + "\n"));
    }

    /// <summary>Reads a note and verifies it: signed by a log that the policy knows, under the name that the text itself says.</summary>
    /// <exception cref="MalformedEvidenceException">It does not have its form, or nobody who may sign it has.</exception>
    public static Standing Verified(string note, TlogPolicy policy)
    {
        var signed = SignedNote.Parse(note);
        var standing = Parse(signed.Text);
        var check = signed.Check(policy.Logs.Select(log => log.Key).Where(key => key.Name == standing.Origin));
        return check.Holds ? standing : throw new MalformedEvidenceException($"The ledger's word is not signed by the log: {check.Reason}");
    }

    /// <summary>Reads the text. Believe it only when its note is verified.</summary>
    /// <exception cref="MalformedEvidenceException">It does not have its form.</exception>
    public static Standing Parse(string text)
    {
        var lines = text.Split('\n');
        if (lines.Length != Lines + 1 || lines[0] != FirstLine || lines[^1].Length > 0)
        {
            throw new MalformedEvidenceException($"The ledger's word does not have the {Lines} lines of {FirstLine}.");
        }

        var sequences = lines[7].Split(' ');
        var refusal = Number(lines[4], "refusal");
        return sequences[0] == "sequences" && sequences.Length <= 1 + BatchLimits.ChannelsMax && refusal <= byte.MaxValue
            && Guid.TryParseExact(Value(lines[2], "gateway"), "D", out var gateway)
            ? new(lines[1], new(gateway), Hex(lines[3], "answers"), refusal == 0 ? null : (Refusal)(byte)refusal, Number(lines[5], "next"),
                Hex(lines[6], "last"), [.. sequences.Skip(1).Select(Decimal)], Number(lines[8], "size"))
            : throw new MalformedEvidenceException("The ledger's word has a gateway, a refusal or sequence numbers that are none.");
    }

    private static string Value(string line, string name) => line.StartsWith(name + " ", StringComparison.Ordinal) ? line[(name.Length + 1)..]
        : throw new MalformedEvidenceException($"The ledger's word has {StrictText.Quote(line)} where \"{name}\" belongs.");

    private static long Number(string line, string name) => Decimal(Value(line, name));

    private static long Decimal(string text) => StrictText.TryDecimal(text, out var number) && number <= Leaf.NumberMax ? number
        : throw new MalformedEvidenceException($"{StrictText.Quote(text)} in the ledger's word is no decimal number.");

    private static Digest Hex(string line, string name) => Value(line, name) is { Length: 2 * Digest.Length } hex
        && hex.All(c => char.IsAsciiDigit(c) || c is >= 'a' and <= 'f') ? Digest.FromHex(hex)
        : throw new MalformedEvidenceException($"The \"{name}\" of the ledger's word is not 64 hexadecimal digits.");
}
