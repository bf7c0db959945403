using System.Collections.Immutable;
using System.Globalization;
using Evidence;

namespace Anchoring;

/// <summary>What happens when a channel leaves its limits, or is inside them again: an Alarm event, and the batch is sealed at once.</summary>
/// <remarks>Per session: at each start every channel counts as in range until a reading says otherwise, so that an excursion that lasts over a
/// power cut is told in every session that sees it, and none needs the one before (docs/decisions/0085).</remarks>
public sealed partial class Logbook
{
    /// <summary>The code of an Alarm event: a reading is outside the manifest's limits, and the one before was not.</summary>
    public const string LimitPassed = "limit.passed";

    /// <summary>The code of an Alarm event: a reading is inside the limits again.</summary>
    public const string LimitKept = "limit.kept";

    private readonly bool[] outside = new bool[BatchLimits.ChannelsMax];


    /// <summary>The alarms of a round that is recorded, each durable when this returns.</summary>
    /// <returns>Whether there was one.</returns>
    private bool WriteAlarms(Manifest manifest, ImmutableArray<BatchSample> samples, Moment now)
    {
        var crossed = false;
        for (var i = 0; i < samples.Length; i++)
        {
            // A slot without a temperature neither begins nor ends an excursion.
            if (samples[i].Temperature is { } temperature && IsBeyond(manifest.Channels[i], temperature) is var beyond && beyond != outside[i])
            {
                crossed = true;
                Write(Alarm(i, manifest.Channels[i], temperature, now.WallMs, ""), now);
                outside[i] = beyond;
            }
        }

        return crossed;
    }

    /// <summary>F-87: power went between a round that passed a limit and its alarm. The next session says it.</summary>
    private List<(int Channel, ManifestChannel Limits, MilliCelsius Temperature, long WallMs)> UntoldAlarms()
    {
        List<(int, ManifestChannel, MilliCelsius, long)> untold = [];
        if (chain.Open.LastRoundMs is not { } lastMs || chain.ManifestFor(chain.Open.Number)?.Manifest is not { } manifest)
        {
            return untold;
        }

        for (var i = 0; i < manifest.Channels.Length; i++)
        {
            var (last, before) = chain.Open.LastTemperatures(i);
            if (last is { } temperature && IsBeyond(manifest.Channels[i], temperature) && !chain.Open.IsTold(i)
                && !(before is { } earlier && IsBeyond(manifest.Channels[i], earlier)))
            {
                untold.Add((i, manifest.Channels[i], temperature, lastMs));
            }
        }

        return untold;
    }

    private static bool IsBeyond(ManifestChannel limits, MilliCelsius temperature) => temperature < limits.Low || temperature > limits.High;

    private static BatchEvent Alarm(int channel, ManifestChannel limits, MilliCelsius temperature, long wallMs, string after)
    {
        var isBeyond = IsBeyond(limits, temperature);
        var words = string.Create(CultureInfo.InvariantCulture, $"{limits.Place}: {temperature} °C is "
            + $"{(isBeyond ? "outside" : "inside")} {limits.Low} to {limits.High} °C{after}.");
        return new(new((ushort)channel), EventKind.Alarm, wallMs, EventDetail.Note(isBeyond ? LimitPassed : LimitKept, words));
    }
}
