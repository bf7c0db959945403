namespace Evidence;

/// <summary>What one channel gave at one moment: a temperature, or the reason there is none.</summary>
/// <remarks>The default value is a reading that was never taken.</remarks>
public readonly record struct Reading
{
    private Reading(ChannelId channel, Moment moment, Outcome outcome, MilliCelsius? temperature, int rawCode)
    {
        Channel = channel;
        Moment = moment;
        Outcome = outcome;
        Temperature = temperature;
        RawCode = rawCode;
    }

    public ChannelId Channel { get; }

    /// <summary>The round's moment: all channels of a round share it.</summary>
    public Moment Moment { get; }

    public Outcome Outcome { get; }

    /// <summary>Calibrated, in milli-degrees Celsius; null unless <see cref="Outcome"/> is Measured.</summary>
    public MilliCelsius? Temperature { get; }

    /// <summary>What the chip's data register held, sign-extended, before formula and calibration; 0 where nothing was read.</summary>
    /// <remarks>Kept so that a formula or calibration error found later can be corrected beside the evidence, never inside it.</remarks>
    public int RawCode { get; }

    public static Reading Measured(ChannelId channel, Moment moment, MilliCelsius temperature, int rawCode) =>
        new(channel, moment, Outcome.Measured, temperature, rawCode);

    /// <summary>A slot in which there is no temperature.</summary>
    /// <exception cref="ArgumentException">The outcome is Measured: that needs a temperature.</exception>
    public static Reading Missing(ChannelId channel, Moment moment, Outcome outcome, int rawCode = 0) =>
        outcome == Outcome.Measured
            ? throw new ArgumentException("A missing reading needs the reason why it is missing.", nameof(outcome))
            : new(channel, moment, outcome, null, rawCode);
}
