using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Evidence.Log;

namespace Evidence;

/// <summary>One entry about a link, checked.</summary>
/// <param name="Content">What it says.</param>
/// <param name="LogIndex">Where it stands in the log.</param>
/// <param name="LoggedMs">The log had it before this time, by the cautious end of the cosigners; null when nobody gave a time.</param>
public sealed record ProvenDisclosure(Disclosure Content, long LogIndex, long? LoggedMs);

/// <summary>What checking a file of entries gave.</summary>
/// <param name="Reason">The first thing that does not hold, naming the entry; empty when all holds.</param>
/// <param name="Entries">The entries before that one, in the order of the file.</param>
/// <param name="IsWhole">Whether each link's entries begin with its creation and none is left out up to the last one in the file. Whether
/// later ones are missing, no file can say.</param>
public sealed record DisclosureAnswer(string Reason, ImmutableArray<ProvenDisclosure> Entries, bool IsWhole)
{
    public bool Holds => Reason.Length == 0;
}

/// <summary>The file <c>disclosures.json</c> of a link: entries of the log with what opens them (docs/formats.md, "Disclosure").</summary>
public static class DisclosureFile
{
    public const string Format = "coldproof-disclosures/1";

    /// <summary>Most bytes that are read.</summary>
    public const int LengthMax = 16 * 1024 * 1024;

    private const int EntriesMax = 1_000;

    /// <summary>Whether a file claims to be one: to tell it from a bundle, nothing more.</summary>
    public static bool Looks(ReadOnlySpan<byte> bytes) => bytes[..Math.Min(bytes.Length, 256)].IndexOf("coldproof-disclosures/"u8) >= 0;

    /// <summary>Checks every entry: its form, its commitment, its receipt, and that it follows the entry before it. Never throws for anything
    /// that stands in the file.</summary>
    /// <param name="policy">The logs and witnesses that the reader trusts.</param>
    public static DisclosureAnswer Verify(ReadOnlyMemory<byte> bytes, TlogPolicy policy)
    {
        var proven = ImmutableArray.CreateBuilder<ProvenDisclosure>();
        var tips = new Dictionary<LinkId, (long Number, Digest Digest)>();
        var isWhole = true;
        try
        {
            foreach (var (statement, salt, content, receipt) in Parse(bytes))
            {
                var what = $"Entry {proven.Count}";
                var opened = Disclosure.Decode(content);
                if (Disclosure.ReadCommitment(statement) != Disclosure.Commit(salt, content))
                {
                    return new($"{what} says something else than what stands in the log: salt and content do not give its hash.", proven.ToImmutable(), false);
                }

                var logged = Receipt.Check(receipt, statement.Bytes.AsSpan(), policy);
                if (!logged.Holds)
                {
                    return new($"{what} is not proven to be in the log: {logged.Reason}", proven.ToImmutable(), false);
                }

                var isKnown = tips.TryGetValue(opened.Link, out var before);
                if (isKnown && (opened.Number != before.Number + 1 || opened.Previous != before.Digest))
                {
                    return new($"{what} is number {opened.Number} of link {opened.Link} and does not follow number {before.Number}: something between "
                        + "them is left out or was changed.", proven.ToImmutable(), false);
                }

                isWhole &= isKnown || opened.Number == 0;
                tips[opened.Link] = (opened.Number, statement.PayloadDigest);
                proven.Add(new(opened, logged.Index, logged.TimeMs));
            }
        }
        catch (MalformedEvidenceException fault)
        {
            return new(fault.Message, proven.ToImmutable(), false);
        }

        return new("", proven.ToImmutable(), isWhole);
    }

    private static List<(Statement Statement, byte[] Salt, byte[] Content, string Receipt)> Parse(ReadOnlyMemory<byte> bytes) =>
        JsonFields.Parse(bytes, "file of disclosures", Format, LengthMax, root =>
    {
        if (root.TryGetProperty("next", out _))
        {
            root.Exactly("file of disclosures", "format", "entries", "next");
        }
        else
        {
            root.Exactly("file of disclosures", "format", "entries");
        }

        var entries = root.GetProperty("entries");
        if (entries.GetArrayLength() > EntriesMax)
        {
            throw new MalformedEvidenceException($"The file has {entries.GetArrayLength()} entries; at most {EntriesMax} are read.");
        }

        return entries.EnumerateArray().Select(Read).ToList();
    });

    private static (Statement Statement, byte[] Salt, byte[] Content, string Receipt) Read(JsonElement entry)
    {
        entry.Exactly("entry", "statement", "salt", "content", "receipt");
        var salt = entry.Base64("salt", Disclosure.SaltLength);
        return salt.Length == Disclosure.SaltLength
            ? (Statement.Decode(entry.Base64("statement", BatchLimits.StatementLengthMax)), salt, entry.Base64("content", Disclosure.LengthMax),
                Encoding.UTF8.GetString(entry.Base64("receipt", TlogProof.LengthMax)))
            : throw new MalformedEvidenceException($"The salt has {salt.Length} bytes, not {Disclosure.SaltLength}.");
    }
}
