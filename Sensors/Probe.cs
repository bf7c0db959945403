using Evidence;
using Sensors.Chips;

namespace Sensors;

/// <summary>A chip, its calibration and its place on a channel: step 2 of the straight line, code → milli-degrees.</summary>
public sealed class Probe(ProbeSettings settings, IThermometer chip)
{
    private readonly ChannelId channel = new(settings.Channel);
    private readonly Calibration calibration = settings.Calibration?.ToCalibration() ?? Calibration.None;
    private readonly MilliCelsius coldest = settings.ColdestMilliCelsius is { } cold ? new(cold) : chip.Coldest;
    private readonly MilliCelsius warmest = settings.WarmestMilliCelsius is { } warm ? new(warm) : chip.Warmest;

    /// <summary>One reading, always: a temperature, or the reason why there is none. The raw code is kept either way.</summary>
    public Reading Read(Moment moment)
    {
        var sample = chip.Read();
        if (sample.Outcome != Outcome.Measured)
        {
            return Reading.Missing(channel, moment, sample.Outcome, sample.Code);
        }

        var shown = chip.ToTemperature(sample.Code);
        return shown < coldest || shown > warmest
            ? Reading.Missing(channel, moment, Outcome.OutOfRange, sample.Code)
            : Reading.Measured(channel, moment, calibration.Apply(shown), sample.Code);
    }
}
