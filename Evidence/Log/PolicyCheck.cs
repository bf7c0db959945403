using System.Collections.Immutable;

namespace Evidence.Log;

/// <summary>Why a policy does not accept a checkpoint.</summary>
public enum PolicyFault
{
    /// <summary>It does accept it.</summary>
    None = 0,

    /// <summary>The note's text is not a checkpoint.</summary>
    NotACheckpoint,

    /// <summary>The origin is not one of the policy's logs.</summary>
    LogUnknown,

    /// <summary>The log's own signature is not there.</summary>
    LogDidNotSign,

    /// <summary>A signature of the log or of a known witness is there and does not fit: the note was changed, or somebody uses its
    /// name.</summary>
    SignatureWrong,

    /// <summary>The log signed, but too few witnesses did.</summary>
    QuorumNotReached,
}

/// <summary>A witness whose cosignature has been verified.</summary>
/// <param name="Witness">Which one.</param>
/// <param name="Seconds">When, by its own clock, in seconds since 1970 UTC.</param>
/// <param name="IsLogsOwnClock">True when the key's name is the log's origin with "/clock" behind it: the log's own statement of time. It
/// adds a time to a checkpoint and no second pair of eyes.</param>
public sealed record Cosigner(PolicyWitness Witness, long Seconds, bool IsLogsOwnClock)
{
    /// <summary>What follows the log's origin in the name of its own cosigning key.</summary>
    public const string ClockSuffix = "/clock";
}

/// <summary>What holding a checkpoint against a policy gave.</summary>
public sealed class PolicyCheck
{
    private PolicyCheck(PolicyFault fault, string reason, Checkpoint? checkpoint, ImmutableArray<Cosigner> cosigners)
    {
        Fault = fault;
        Reason = reason;
        Checkpoint = checkpoint;
        Cosigners = cosigners;
    }

    public PolicyFault Fault { get; }

    /// <summary>One sentence with the names and numbers; empty when accepted.</summary>
    public string Reason { get; }

    /// <summary>The log signed and the quorum cosigned.</summary>
    public bool IsAccepted => Fault == PolicyFault.None;

    /// <summary>The log's signature is verified, whatever the witnesses did: the checkpoint is the log's word.</summary>
    public bool IsSignedByLog => Fault is PolicyFault.None or PolicyFault.QuorumNotReached;

    /// <summary>What the note says; null when it is not a checkpoint. Believe it only when <see cref="IsSignedByLog"/>.</summary>
    public Checkpoint? Checkpoint { get; }

    /// <summary>The policy's witnesses whose cosignatures are verified, in the policy's order; empty unless <see
    /// cref="IsSignedByLog"/>.</summary>
    public ImmutableArray<Cosigner> Cosigners { get; }

    /// <summary>Those of them that are not the log's own clock.</summary>
    public IEnumerable<Cosigner> IndependentCosigners => Cosigners.Where(cosigner => !cosigner.IsLogsOwnClock);

    internal static PolicyCheck Accepted(Checkpoint checkpoint, ImmutableArray<Cosigner> cosigners) =>
        new(PolicyFault.None, "", checkpoint, cosigners);

    internal static PolicyCheck WithoutQuorum(string reason, Checkpoint checkpoint, ImmutableArray<Cosigner> cosigners) =>
        new(PolicyFault.QuorumNotReached, reason, checkpoint, cosigners);

    internal static PolicyCheck Broken(PolicyFault fault, string reason, Checkpoint? checkpoint) => new(fault, reason, checkpoint, []);
}
