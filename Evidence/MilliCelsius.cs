using System.Globalization;

namespace Evidence;

/// <summary>A temperature in thousandths of a degree Celsius. Evidence holds integers only; floating point is for pixels.</summary>
/// <param name="Value">Milli-degrees Celsius; −273,150 is absolute zero. The type does not limit it: a calibration may push it
/// anywhere.</param>
/// <remarks>The default value is 0.000 °C, which for a vaccine is a freeze alarm: never use it to mean "no temperature", use
/// null.</remarks>
public readonly record struct MilliCelsius(int Value) : IComparable<MilliCelsius>
{
    public int CompareTo(MilliCelsius other) => Value.CompareTo(other.Value);

    public static bool operator <(MilliCelsius left, MilliCelsius right) => left.Value < right.Value;

    public static bool operator >(MilliCelsius left, MilliCelsius right) => left.Value > right.Value;

    public static bool operator <=(MilliCelsius left, MilliCelsius right) => left.Value <= right.Value;

    public static bool operator >=(MilliCelsius left, MilliCelsius right) => left.Value >= right.Value;

    /// <summary>All three decimals, a point, no unit: "-0.500".</summary>
    public override string ToString() => (Value / 1000m).ToString("0.000", CultureInfo.InvariantCulture);
}
