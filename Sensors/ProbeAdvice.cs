using Evidence;

namespace Sensors;

/// <summary>What an outcome means to the person beside the truck: the fact, and what to do next.</summary>
public static class ProbeAdvice
{
    /// <summary>One or two sentences; empty for Measured.</summary>
    public static string For(Outcome outcome) => outcome switch
    {
        Outcome.Measured => "",
        Outcome.NotSampled => "No attempt has been made yet.",
        Outcome.NotPresent => "Another chip answers than the one configured, or the bus is missing. Check type and address.",
        Outcome.NoAcknowledge => "Nobody answers. Check the plug, the address and the supply.",
        Outcome.Timeout => "The bus did not answer in time. Look for a wet connector or pinched cable: the clock line (SCL) is low.",
        Outcome.NotReady => "The chip has just been powered and has no value yet. If this stays, its supply is failing again and again.",
        Outcome.BadChecksum => "The value arrived damaged. Look for a long or unshielded cable, or a loose plug.",
        Outcome.OutOfRange => "The value lies outside what this probe can measure. Look for a broken thermocouple or a wrong type.",
        Outcome.Implausible => "Only zeros, only ones, or values that contradict each other. Look for a data line (SDA) shorted or open.",
        _ => throw new ArgumentOutOfRangeException(nameof(outcome), outcome, "There is no advice for this outcome."),
    };
}
