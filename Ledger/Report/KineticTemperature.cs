using System.Collections.Immutable;
using Evidence;

namespace Ledger.Report;

/// <summary>Mean kinetic temperature and time-weighted mean of a channel: information for a person, never a verdict.</summary>
/// <remarks>Haynes' formula: T = (ΔH/R) / −ln(Σ wᵢ·exp(−ΔH/(R·Tᵢ)) / Σ wᵢ). Each reading counts until the next, for at
/// most two intervals; a gap counts for nothing. The browser's verifier computes the same (Golden/kinetic.json holds both).</remarks>
/// <param name="MeanMilliCelsius">Mean, weighted by time.</param>
/// <param name="KineticMilliCelsius">Mean kinetic temperature, weighted by time.</param>
public readonly record struct KineticTemperature(double MeanMilliCelsius, double KineticMilliCelsius)
{
    /// <summary>Activation enthalpy that the pages state, in kJ/mol: ΔH/R is 10,000 K.</summary>
    public const double DeltaH = 83.144;

    /// <summary>The gas constant, in kJ/(mol·K), as the loggers of this field round it.</summary>
    private const double GasConstant = 0.0083144;
    private const double Kelvin = 273.15;

    /// <summary>Null when nothing was measured.</summary>
    /// <param name="deltaH">Activation enthalpy, in kJ/mol.</param>
    public static KineticTemperature? Of(ImmutableArray<ShownReading> readings, int intervalMs, double deltaH = DeltaH)
    {
        var enthalpy = deltaH / GasConstant;
        var (time, sum, rate) = (0.0, 0.0, 0.0);
        for (var i = 0; i < readings.Length; i++)
        {
            if (readings[i].Temperature is not { } temperature)
            {
                continue;
            }

            var until = i + 1 < readings.Length ? readings[i + 1].TimeMs : readings[i].TimeMs + intervalMs;
            var weight = Math.Min(until - readings[i].TimeMs, 2L * intervalMs);
            if (weight <= 0)
            {
                continue; // The wall clock was stepped back here.
            }

            time += weight;
            sum += weight * (double)temperature.Value;
            rate += weight * Math.Exp(-enthalpy / ((temperature.Value / 1000.0) + Kelvin));
        }

        return time == 0 ? null : new(sum / time, 1000 * ((enthalpy / -Math.Log(rate / time)) - Kelvin));
    }
}
