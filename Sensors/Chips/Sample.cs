using Evidence;

namespace Sensors.Chips;

/// <summary>What one attempt to read a chip gave: how it ended, and the code that stood in the data register.</summary>
/// <param name="Outcome">Measured, or the reason why the code is not a temperature.</param>
/// <param name="Code">The data register, sign-extended, before any formula; 0 where nothing was read.</param>
/// <remarks>The default value is a sample that was never taken.</remarks>
public readonly record struct Sample(Outcome Outcome, int Code)
{
    /// <summary>A chip may warm up between two transactions, but not by this much: more is a bit that flipped on the wire.</summary>
    internal const int AgreementMilliCelsius = 1_000;

    /// <summary>No temperature was read, for this reason.</summary>
    internal static Sample Without(Outcome reason) => new(reason, 0);

    /// <summary>Whether two readings of one data register, taken milliseconds apart, can both be true.</summary>
    internal static bool Agree(MilliCelsius first, MilliCelsius second) => Math.Abs(first.Value - second.Value) <= AgreementMilliCelsius;
}
