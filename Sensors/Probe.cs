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

    private string? known;

    /// <summary>The chip's own serial number, read now; null when its kind has none, or it could not be read for certain.</summary>
    /// <remarks>One that is not the last one is read twice: a disturbed line is no other chip.</remarks>
    public string? SerialNumber()
    {
        try
        {
            var first = chip.SerialNumber();
            return first is not null && (first == known || chip.SerialNumber() == first) ? known = first : null;
        }
        catch (IOException)
        {
            return null; // F-34: who could not be asked is not another. The next sample meets the fault, and says it.
        }
    }

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
