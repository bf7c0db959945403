namespace Evidence;

/// <summary>How an attempt to take one sample ended. A failed sample is a record of its own, never the last known value.</summary>
public enum Outcome : byte
{
    /// <summary>No attempt was made. The default: a zeroed record claims nothing.</summary>
    NotSampled = 0,

    /// <summary>The chip answered, identified itself, and its value is plausible.</summary>
    Measured = 1,

    /// <summary>Another chip, or nothing that can be identified, answers at the address.</summary>
    NotPresent = 2,

    /// <summary>Nobody acknowledged the address or a byte: an unplugged probe, a wet connector.</summary>
    NoAcknowledge = 3,

    /// <summary>The bus did not answer before the round's deadline: a stuck clock line.</summary>
    Timeout = 4,

    /// <summary>The chip answers but has no finished conversion yet.</summary>
    NotReady = 5,

    /// <summary>The chip's own check sum does not match its value.</summary>
    BadChecksum = 6,

    /// <summary>The value lies outside what the chip can measure.</summary>
    OutOfRange = 7,

    /// <summary>The value has the pattern of a broken line (all zeros or all ones, no change of the check register).</summary>
    Implausible = 8,
}

/// <summary>The status number that a leaf carries for an <see cref="Outcome"/> (evidence.md: 0 is good, all else is the fault).</summary>
public static class Status
{
    /// <summary>The highest status number in use.</summary>
    public const int Max = (int)Outcome.Implausible;

    /// <summary>Measured is 0 and NotSampled is 1; every other outcome keeps its number.</summary>
    public static int FromOutcome(Outcome outcome) => outcome switch
    {
        Outcome.Measured => 0,
        Outcome.NotSampled => 1,
        _ => (int)outcome,
    };

    /// <summary>The way back.</summary>
    /// <exception cref="MalformedEvidenceException">The number is not in use.</exception>
    public static Outcome ToOutcome(int status) => status switch
    {
        0 => Outcome.Measured,
        1 => Outcome.NotSampled,
        > 1 and <= Max => (Outcome)status,
        _ => throw new MalformedEvidenceException($"Status {status} is not in use; 0 to {Max} are."),
    };
}
