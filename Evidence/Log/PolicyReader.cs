using System.Collections.Immutable;
using System.Text;

namespace Evidence.Log;

/// <summary>Reads one policy file, line by line; a line can only name what stands above it.</summary>
/// <remarks>
/// The specification makes names opaque octets, so the file is taken apart as Latin-1, one character an octet; names are compared so
/// and turned into UTF-8 for people only where they are UTF-8.
/// </remarks>
internal sealed class PolicyReader
{
    private const char FirstHighOctet = '\u0080';
    private const int LoneSurrogates = 0xDC00;

    private readonly ImmutableArray<PolicyLog>.Builder logs = ImmutableArray.CreateBuilder<PolicyLog>();
    private readonly ImmutableArray<PolicyWitness>.Builder witnesses = ImmutableArray.CreateBuilder<PolicyWitness>();
    private readonly ImmutableArray<PolicyGroup>.Builder groups = ImmutableArray.CreateBuilder<PolicyGroup>();
    private readonly HashSet<string> defined = new(StringComparer.Ordinal);
    private readonly HashSet<string> grouped = new(StringComparer.Ordinal);
    private string? quorum;
    private int lineNumber;

    internal TlogPolicy Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > TlogPolicy.LengthMax)
        {
            throw new MalformedEvidenceException($"The policy has {bytes.Length} bytes; {TlogPolicy.LengthMax} are allowed.");
        }

        var lines = Encoding.Latin1.GetString(bytes).Split('\n');
        foreach (var line in lines)
        {
            lineNumber++;
            if (!line.All(IsAllowed))
            {
                throw Broken("it holds a control character; only tab and newline are allowed");
            }

            ReadLine(line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries));
        }

        if (lines[^1].Length > 0)
        {
            throw Broken("the last line does not end with a newline");
        }

        return new(
            logs.ToImmutable(),
            witnesses.ToImmutable(),
            groups.ToImmutable(),
            quorum ?? throw new MalformedEvidenceException("The policy has no quorum line; \"quorum none\" asks for no witness."));
    }

    private static bool IsAllowed(char octet) => octet is '\t' or (>= ' ' and <= '~') or >= FirstHighOctet;

    private void ReadLine(string[] items)
    {
        if (items.Length == 0 || items[0].StartsWith('#'))
        {
            return;
        }

        switch (items[0])
        {
            case "log" when items.Length is 2 or 3:
                AddLog(items);
                break;
            case "witness" when items.Length is 3 or 4:
                AddWitness(items);
                break;
            case "group" when items.Length >= 4:
                AddGroup(items);
                break;
            case "quorum" when items.Length == 2:
                SetQuorum(items[1]);
                break;
            case "log" or "witness" or "group" or "quorum":
                throw Broken($"\"{items[0]}\" has {items.Length - 1} items behind it, too few or too many");
            default:
                throw Broken($"{StrictText.Quote(items[0])} is not log, witness, group or quorum");
        }
    }

    private void AddLog(string[] items)
    {
        var key = ReadKey(items[1], SignatureType.Ed25519);
        if (logs.Any(log => log.Key.PublicKey.SequenceEqual(key.PublicKey)))
        {
            throw Broken($"the key of {key.Name} is listed twice as a log");
        }

        RequireRoom(logs.Count, "logs");
        logs.Add(new(key, items.Length == 3 ? Readable(items[2]) : null));
    }

    private void AddWitness(string[] items)
    {
        var key = ReadKey(items[2], SignatureType.Cosignature);
        if (witnesses.Any(witness => witness.Key.PublicKey.SequenceEqual(key.PublicKey)))
        {
            throw Broken($"the key of {key.Name} is listed twice as a witness");
        }

        RequireRoom(witnesses.Count, "witnesses");
        witnesses.Add(new(Define(items[1]), key, items.Length == 4 ? Readable(items[3]) : null));
    }

    private void AddGroup(string[] items)
    {
        var members = items.AsSpan(3);
        foreach (var member in members)
        {
            if (!defined.Contains(member))
            {
                throw Broken($"the member {StrictText.Quote(member)} is not defined above");
            }

            if (!grouped.Add(member))
            {
                throw Broken($"{StrictText.Quote(member)} is already a member of a group; a witness counts once");
            }
        }

        RequireRoom(groups.Count, "groups");
        var threshold = ReadThreshold(items[2], members.Length);
        groups.Add(new(Define(items[1]), threshold, [.. members.ToArray().Select(Readable)]));
    }

    private int ReadThreshold(string item, int members) => item switch
    {
        "any" => 1,
        "all" => members,
        _ => StrictText.TryDecimal(item, out var number) && number >= 1 && number <= members
            ? (int)number
            : throw Broken($"the threshold {StrictText.Quote(item)} is not any, all or 1 to {members}"),
    };

    private void SetQuorum(string name)
    {
        if (quorum is not null)
        {
            throw Broken("there is a second quorum");
        }

        quorum = name == TlogPolicy.NoQuorum || defined.Contains(name)
            ? Readable(name)
            : throw Broken($"the quorum {StrictText.Quote(name)} is not defined above");
    }

    private string Define(string name) => name != TlogPolicy.NoQuorum && defined.Add(name)
        ? Readable(name)
        : throw Broken($"the name {StrictText.Quote(name)} is taken");

    private NoteVerifier ReadKey(string item, SignatureType type)
    {
        try
        {
            var key = NoteVerifier.Parse(StrictText.Utf8.GetString(Encoding.Latin1.GetBytes(item)));
            return key.Type == type ? key : throw Broken($"the key of {key.Name} has type {key.Type}; {type} belongs here");
        }
        catch (DecoderFallbackException fault)
        {
            throw new MalformedEvidenceException($"Policy line {lineNumber}: the key's name is not UTF-8.", fault);
        }
    }

    private void RequireRoom(int count, string what)
    {
        if (count == TlogPolicy.NamesMax)
        {
            throw Broken($"there are more than {TlogPolicy.NamesMax} {what}");
        }
    }

    /// <summary>The octets as UTF-8 where they are. Elsewhere each high octet becomes a lone surrogate, which no UTF-8 gives: two names
    /// never become one.</summary>
    private static string Readable(string octets)
    {
        try
        {
            return StrictText.Utf8.GetString(Encoding.Latin1.GetBytes(octets));
        }
        catch (DecoderFallbackException)
        {
            return string.Concat(octets.Select(octet => octet < FirstHighOctet ? octet : (char)(LoneSurrogates + octet)));
        }
    }

    private MalformedEvidenceException Broken(string what) => new($"Policy line {lineNumber}: {what}.");
}
