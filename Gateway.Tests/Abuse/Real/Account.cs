using Evidence;

namespace Gateway.Tests.Abuse;

/// <summary>What became of everything, counted by what stands outside the programs.</summary>
internal sealed record Account
{
    /// <summary>Readings that were acknowledged on the status page or stood in the journal when the gateway was killed.</summary>
    public long Recorded { get; init; }

    /// <summary>Of these, how many were seen acknowledged from outside.</summary>
    public long Acknowledged { get; init; }

    /// <summary>Recorded, and not in the verified bundle as they were recorded.</summary>
    public long Lost { get; init; }

    /// <summary>In the verified bundle, and never recorded, or not what the emulated chips showed at that moment.</summary>
    public long Invented { get; init; }

    /// <summary>Minutes with a slot that holds neither a reading nor a declared gap.</summary>
    public long UnexplainedMinutes { get; init; }

    /// <summary>Declared losses of power in which nobody killed the gateway.</summary>
    public long UnfoundedGaps { get; init; }

    public long DeclaredGaps { get; init; }

    /// <summary>Batch numbers under which more than one header was signed.</summary>
    public long SignedTwice { get; init; }

    /// <summary>Statements with more than one entry in the log, conflicts, and batch numbers that the log skips.</summary>
    public long LoggedTwice { get; init; }

    public long Batches { get; init; }

    /// <summary>What else went wrong, a sentence each: a fsck that was not clean, a program that hung.</summary>
    public List<string> Violations { get; init; } = [];

    public bool IsClean => this is { Lost: 0, Invented: 0, UnexplainedMinutes: 0, UnfoundedGaps: 0, SignedTwice: 0, LoggedTwice: 0 }
        && Violations.Count == 0;

    public IEnumerable<string> Lines()
    {
        yield return $"readings recorded     {Recorded:N0}, of them {Acknowledged:N0} seen acknowledged from outside, in {Batches:N0} batches";
        yield return $"readings lost         {Lost:N0}";
        yield return $"readings invented     {Invented:N0}";
        yield return $"unexplained minutes   {UnexplainedMinutes:N0}; declared gaps {DeclaredGaps:N0}, of them without a cause {UnfoundedGaps:N0}";
        yield return $"numbers signed twice  {SignedTwice:N0}";
        yield return $"logged twice          {LoggedTwice:N0}";
        foreach (var violation in Violations)
        {
            yield return "VIOLATION             " + violation;
        }
    }
}
