using System.Collections.Immutable;

namespace Evidence.Log;

/// <summary>A log that a policy accepts.</summary>
/// <param name="Key">Its key; the key's name is the log's origin.</param>
/// <param name="Url">Where to find it, or null. No verification looks at it.</param>
public sealed record PolicyLog(NoteVerifier Key, string? Url);

/// <summary>A witness that a policy knows.</summary>
/// <param name="Name">The policy's own name for it.</param>
/// <param name="Key">Its cosignature key.</param>
/// <param name="Url">Where to find it, or null. No verification looks at it.</param>
public sealed record PolicyWitness(string Name, NoteVerifier Key, string? Url);

/// <summary>Some of whose members must have cosigned.</summary>
/// <param name="Name">The policy's own name for it.</param>
/// <param name="Threshold">How many members are needed, 1 to all.</param>
/// <param name="Members">Names of witnesses and of earlier groups.</param>
public sealed record PolicyGroup(string Name, int Threshold, ImmutableArray<string> Members);

/// <summary>Which logs and which witnesses somebody trusts, C2SP tlog-policy. It belongs to the reader: one that comes with the evidence
/// is worth nothing.</summary>
public sealed class TlogPolicy
{
    /// <summary>The most bytes a policy may have.</summary>
    public const int LengthMax = 64 * 1024;

    /// <summary>The most logs, the most witnesses and the most groups, each.</summary>
    public const int NamesMax = 64;

    /// <summary>The quorum that asks for nobody.</summary>
    public const string NoQuorum = "none";

    internal TlogPolicy(
        ImmutableArray<PolicyLog> logs, ImmutableArray<PolicyWitness> witnesses, ImmutableArray<PolicyGroup> groups, string quorum)
    {
        Logs = logs;
        Witnesses = witnesses;
        Groups = groups;
        Quorum = quorum;
    }

    public ImmutableArray<PolicyLog> Logs { get; }

    public ImmutableArray<PolicyWitness> Witnesses { get; }

    /// <summary>Groups, each after all its members.</summary>
    public ImmutableArray<PolicyGroup> Groups { get; }

    /// <summary>The witness or group that must have cosigned, or <see cref="NoQuorum"/>.</summary>
    public string Quorum { get; }

    /// <summary>True when the policy asks for no cosignature at all: the log is then trusted alone, and a verdict must say so.</summary>
    public bool TrustsLogAlone => Quorum == NoQuorum;

    /// <summary>Reads a policy file.</summary>
    /// <exception cref="MalformedEvidenceException">It is not one; the message names the line.</exception>
    public static TlogPolicy Parse(ReadOnlySpan<byte> bytes) => new PolicyReader().Read(bytes);

    /// <inheritdoc cref="Parse(ReadOnlySpan{byte})"/>
    public static TlogPolicy Parse(string text) => Parse(StrictText.Utf8.GetBytes(text));

    /// <summary>Holds a checkpoint against the policy: log key, witnesses, quorum. Gives a fault instead of throwing.</summary>
    public PolicyCheck Evaluate(SignedNote note)
    {
        Checkpoint checkpoint;
        try
        {
            checkpoint = Checkpoint.Parse(note.Text);
        }
        catch (MalformedEvidenceException fault)
        {
            return PolicyCheck.Broken(PolicyFault.NotACheckpoint, fault.Message, null);
        }

        var logKeys = Logs.Select(log => log.Key).Where(key => key.Name == checkpoint.Origin).ToList();
        if (logKeys.Count == 0)
        {
            return PolicyCheck.Broken(
                PolicyFault.LogUnknown,
                    $"The policy knows no log {StrictText.Quote(checkpoint.Origin)}; it knows {Count(Logs.Length, "log")}.", checkpoint);
        }

        var check = note.Check(logKeys.Concat(Witnesses.Select(witness => witness.Key)));
        var signedByLog = check.Verified.Any(signature => logKeys.Contains(signature.Key));
        if (!signedByLog)
        {
            return check.Holds || !note.Signatures.Any(signature => IsKnown(signature, logKeys))
                ? PolicyCheck.Broken(PolicyFault.LogDidNotSign, $"The checkpoint carries no signature of the log {checkpoint.Origin}.",
                    checkpoint)
                : PolicyCheck.Broken(PolicyFault.SignatureWrong, check.Reason, checkpoint);
        }

        return Weigh(checkpoint, check);
    }

    private PolicyCheck Weigh(Checkpoint checkpoint, NoteCheck check)
    {
        var cosigners = Witnesses
            .Select(witness => (witness, check.Verified.FirstOrDefault(signature => signature.Key == witness.Key)?.Seconds))
            .Where(pair => pair.Seconds is not null)
            .Select(pair =>
                new Cosigner(pair.witness, pair.Seconds!.Value, pair.witness.Key.Name == checkpoint.Origin + Cosigner.ClockSuffix))
            .ToImmutableArray();
        var reached = cosigners.Select(cosigner => cosigner.Witness.Name).Append(NoQuorum).ToHashSet(StringComparer.Ordinal);
        foreach (var group in Groups.Where(group => group.Members.Count(reached.Contains) >= group.Threshold))
        {
            reached.Add(group.Name);
        }

        return reached.Contains(Quorum)
            ? PolicyCheck.Accepted(checkpoint, cosigners)
            : PolicyCheck.WithoutQuorum(Missing(reached), checkpoint, cosigners);
    }

    private string Missing(HashSet<string> reached)
    {
        if (Groups.FirstOrDefault(group => group.Name == Quorum) is not { } quorum)
        {
            return $"The quorum is the witness {Quorum}, which has not cosigned.";
        }

        var have = quorum.Members.Where(reached.Contains).ToList();
        var names = have.Count == 0 ? "none has cosigned" : $"{have.Count} cosigned ({string.Join(", ", have)})";
        var absent = string.Join(", ", quorum.Members.Where(member => !reached.Contains(member)));
        return $"The quorum {quorum.Name} needs {quorum.Threshold} of {quorum.Members.Length}: {names}; missing {absent}.";
    }

    private static bool IsKnown(NoteSignature signature, List<NoteVerifier> keys) =>
        keys.Exists(key => signature.IsBy(key.Name, key.KeyId));

    private static string Count(int count, string what) => count == 1 ? $"1 {what}" : $"{count} {what}s";
}
